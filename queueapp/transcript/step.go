package transcript

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/queueapp"
)

// AppendEffects appends effects, one a line, each with its line's end.
func AppendEffects(b []byte, effects []queueapp.Effect) []byte {
	for _, e := range effects {
		b = append(AppendEffect(b, e), '\n')
	}
	return b
}

// ParseEffects reads what [AppendEffects] wrote.
func ParseEffects(text string) ([]queueapp.Effect, error) {
	var effects []queueapp.Effect
	for line := range strings.Lines(text) {
		e, err := ParseEffect(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		effects = append(effects, e)
	}
	return effects, nil
}

// AppendStep appends a whole step as one line, without the line's end: number, time, event, then each effect after "=>".
func AppendStep(b []byte, s queueapp.Step) []byte {
	w := writer{b: strconv.AppendInt(b, s.N, 10)}
	w.time(s.At)
	w.b = append(w.b, ' ')
	w.b = AppendEvent(w.b, s.Event)
	for _, e := range s.Effects {
		w.key(effectSeparator)
		w.b = append(w.b, ' ')
		w.b = AppendEffect(w.b, e)
	}
	return w.b
}

// FormatStep writes a whole step as one line.
func FormatStep(s queueapp.Step) string { return string(AppendStep(nil, s)) }

// ParseStep reads what [AppendStep] wrote.
func ParseStep(line string) (queueapp.Step, error) {
	s, err := parseStep(line)
	if err != nil {
		return queueapp.Step{}, fmt.Errorf("read step %.40q: %w", line, err)
	}
	return s, nil
}

func parseStep(line string) (queueapp.Step, error) {
	r := newReader(line, time.Time{})
	s := queueapp.Step{N: r.int64("the step's number"), At: r.time("the step's time")}
	words := r.toks
	next := func() {
		end := slices.IndexFunc(words, func(t token) bool { return !t.quoted && t.text == effectSeparator })
		if end < 0 {
			r.toks, words = words, nil
			return
		}
		r.toks, words = words[:end], words[end:]
	}
	next()
	verb := r.key()
	s.Event = r.event(verb)
	for r.end() == nil && len(words) > 0 {
		words = words[1:]
		next()
		verb := r.key()
		s.Effects = append(s.Effects, r.effect(verb))
	}
	return s, r.end()
}
