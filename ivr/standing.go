package ivr

import (
	"slices"
	"time"
)

// located says what is due, now that it is known where the caller stands.
func (w *Waiting) located(at Located) {
	if w.state != waitingInLine || w.playing != 0 {
		return
	}
	var prompts []string
	if w.due(w.placeAt) {
		prompts = w.standing(at)
	}
	if w.due(w.periodicAt) {
		i := w.turn % len(w.say.Periodic)
		if w.say.PeriodicRandom {
			i = int(at.Draw % uint64(len(w.say.Periodic)))
		}
		w.turn++
		prompts = append(prompts, w.say.Periodic[i])
		w.periodicAt = w.now.Add(w.say.PeriodicFrequency)
	}
	w.play(longestPlay, prompts)
}

// standing says place and wait, where that is new or long enough ago.
func (w *Waiting) standing(at Located) []string {
	again := w.saidAt.Add(w.say.Frequency)
	w.placeAt = w.now.Add(w.least())
	switch {
	case at.Position <= 0, at.Position == 1 && !w.say.ToFirst:
		return nil
	case w.say.OnlyUp && w.said != 0 && at.Position >= w.said:
		return nil
	case at.Position == w.said && w.now.Before(again):
		if w.placeAt.After(again) {
			w.placeAt = again
		}
		return nil
	}
	w.saidAt, w.said = w.now, at.Position
	out := slices.Clone(w.say.place(at.Position))
	if at.Known && (w.say.Holdtime == HoldtimeAlways || w.say.Holdtime == HoldtimeOnce && !w.saidWait) {
		w.saidWait = true
		out = append(out, w.say.wait(at.Wait)...)
	}
	if len(out) > 0 {
		out = append(out, w.say.Words.ThankYou...)
	}
	return out
}

// least is how long it is at least from one announcement of the place to the next.
func (w *Waiting) least() time.Duration {
	return max(time.Second, min(w.say.MinFrequency, w.say.Frequency))
}
