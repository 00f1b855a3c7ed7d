package floorplan

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

const menuKeys = "0123456789ABCD*#"

func menu(t *table) ivr.Menu {
	defer t.done()
	checkName(t)
	m := ivr.Menu{Name: t.name(), Prompts: prompts(t, "prompt", nil)}
	if keys, ok := t.table("keys"); ok {
		for _, name := range slices.Sorted(maps.Keys(keys.values)) {
			if len(name) != 1 || !strings.Contains(menuKeys, name) {
				keys.problem(name, `name one key: 0 to 9, A to D, "*" or "#"`, "%q is no key of a phone", name)
				continue
			}
			m.Keys = append(m.Keys, ivr.Choice{Key: name[0], Step: stepAt(keys, name, hangUp(ivr.PromptGoodbye), true)})
		}
	}
	m.Silence = silence(t)
	m.Invalid = invalid(t)
	return m
}

func hangUp(prompt string) ivr.Step {
	return ivr.Step{Verb: ivr.VerbHangUp, Play: []string{prompt}}
}

// silence is 3 s, and the step that is named; without one the menu is played again before the caller is hung up.
func silence(t *table) ivr.Silence {
	s := ivr.Silence{After: ivr.DefaultSilence, Tries: ivr.DefaultTries, Step: hangUp(ivr.PromptGoodbye)}
	in, ok := t.table("silence")
	if !ok {
		return s
	}
	defer in.done()
	if step, ok := stepOf(in, s.Step, false); ok {
		s.Step, s.Tries = step, 1
	}
	s.After = in.duration("after", s.After, 0, 5*time.Minute)
	s.Tries = in.int("tries", s.Tries, 1, 100)
	return s
}

func invalid(t *table) ivr.Invalid {
	v := ivr.Invalid{Tries: ivr.DefaultTries, Step: hangUp(ivr.PromptGoodbye)}
	in, ok := t.table("invalid")
	if !ok {
		return v
	}
	defer in.done()
	if step, ok := stepOf(in, v.Step, false); ok {
		v.Step = step
	}
	v.Tries = in.int("tries", v.Tries, 1, 100)
	v.Prompts = prompts(in, "prompt", nil)
	return v
}

// stepAt reads the step under a key: a table, or just "hangup".
func stepAt(t *table, key string, hang ivr.Step, ask bool) ivr.Step {
	const remedy = `write { queue = "…" }, { goto = "context,extension,1" }, { menu = "…" } or "hangup"`
	if s, ok := t.values[key].(string); ok {
		t.has(key)
		if s != string(ivr.VerbHangUp) {
			t.problem(key, remedy, "%q is no step", s)
		}
		return hang
	}
	if !t.has(key) {
		t.problem(key, remedy, "is missing")
		return hang
	}
	in, ok := t.table(key)
	if !ok {
		return hang
	}
	defer in.done()
	step, ok := stepOf(in, hang, ask)
	if !ok {
		in.problem("", remedy, "does not say what to do")
		in.leave()
	}
	return step
}

// stepOf reads the keys of a step, which may stand among others; false: there are none.
func stepOf(t *table, hang ivr.Step, ask bool) (ivr.Step, bool) {
	var s ivr.Step
	var found []string
	verbs := []string{"queue", "goto", "menu", "hangup"}
	if ask {
		verbs = append(verbs, "ask")
	}
	for _, v := range verbs {
		if t.has(v) {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return s, false
	}
	if len(found) > 1 {
		t.problem(found[1], "keep one of "+strings.Join(found, ", "), "stands beside %s", found[0])
	}
	s.Verb = ivr.Verb(found[0])
	switch s.Verb {
	case ivr.VerbQueue:
		s.Queue = queueapp.QueueName(t.text("queue", ""))
		s.Priority = t.int("priority", 0, -mostWeight, mostWeight)
		s.Needs = needs(t, "skills")
	case ivr.VerbGoto:
		s.Goto = destination(t)
	case ivr.VerbMenu:
		s.Menu = t.text("menu", "")
	case ivr.VerbHangUp:
		if !t.bool("hangup", true) {
			t.problem("hangup", "write hangup = true, or something else to do", "false says nothing")
		}
		s.Play = hang.Play
	case ivr.VerbAsk:
		s.Ask = question(t)
	}
	s.Play = prompts(t, "play", s.Play)
	s.Data = stepData(t)
	return s, true
}

// destination reads "context,extension,priority".
func destination(t *table) ivr.Place {
	const remedy = `write "context,extension,priority", as "ringside-extensions,2000,1"`
	s := t.text("goto", "")
	parts := strings.Split(s, ",")
	if len(parts) == 2 {
		parts = append(parts, "1")
	}
	if len(parts) != 3 {
		t.problem("goto", remedy, "%q is no place in the dialplan", s)
		return ivr.Place{}
	}
	p := ivr.Place{Context: strings.TrimSpace(parts[0]), Extension: strings.TrimSpace(parts[1])}
	n, err := strconv.Atoi(strings.TrimSpace(parts[2]))
	if p.Priority = n; err != nil || n < 1 || n > 10000 {
		t.problem("goto", remedy, "%q is no priority", parts[2])
	}
	for _, s := range []string{p.Context, p.Extension} {
		if !dialplanWord(s) {
			t.problem("goto", remedy, "%q is no context or extension", s)
		}
	}
	return p
}

// dialplanWord reports whether a text can be a context or an extension.
func dialplanWord(s string) bool {
	return s != "" && len(s) <= 80 && !strings.ContainsAny(s, " \t\n,()${}\"'") && unfit(s, 80) == ""
}

func question(t *table) *ivr.Ask {
	if what := t.text("ask", ""); what != "code" {
		t.problem("ask", `write ask = "code"`, "%q is nothing that can be asked for", what)
	}
	a := &ivr.Ask{
		Tries: t.int("tries", ivr.DefaultTries, 1, 100), Digits: t.int("digits", 0, 0, ivr.MaxDigits),
		Response: t.duration("response", ivr.DefaultResponse, time.Second, 5*time.Minute),
		Digit:    t.duration("digit", ivr.DefaultDigit, time.Second, time.Minute),
		Prompts:  prompts(t, "prompt", []string{ivr.PromptEnterCode}), Wrong: prompts(t, "wrong", []string{ivr.PromptWrongCode}),
		Then: stepAt(t, "then", hangUp(ivr.PromptGoodbye), false),
		Fail: hangUp(ivr.PromptGoodbye),
	}
	if t.has("fail") {
		a.Fail = stepAt(t, "fail", a.Fail, false)
	}
	a.Barred = a.Fail
	if t.has("barred") {
		a.Barred = stepAt(t, "barred", hangUp(ivr.PromptPleaseTryLater), false)
	}
	a.Unavailable = a.Then
	if t.has("unavailable") {
		a.Unavailable = stepAt(t, "unavailable", hangUp(ivr.PromptPleaseTryLater), false)
	}
	return a
}

func stepData(t *table) []queueapp.Datum {
	in, ok := t.table("data")
	if !ok {
		return nil
	}
	defer in.done()
	var data []queueapp.Datum
	for _, key := range slices.Sorted(maps.Keys(in.values)) {
		if !named(key) {
			in.problem(key, "use letters a-z, digits, _ . and -", "%q is no name", key)
		}
		data = append(data, queueapp.Datum{Key: key, Value: in.text(key, "")})
	}
	return data
}

// Sound reports whether a text can be the name of one of Asterisk's sounds.
func Sound(s string) bool {
	bad := func(r rune) bool { return !named(string(r)) && r != '/' }
	return s != "" && len(s) <= 200 && !strings.ContainsFunc(s, bad) && !strings.Contains(s, "..")
}

// prompts reads one sound or several, which are played one after the other.
func prompts(t *table, key string, def []string) []string {
	list, paths := t.texts(key)
	if !t.has(key) {
		return def
	}
	for i, p := range list {
		if !Sound(p) {
			t.problemAt(paths[i], `write it as "ringside/menu", without the file's ending`, "%q is no sound", p)
		}
	}
	return list
}
