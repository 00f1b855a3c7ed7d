package floorplan

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// Line is what callers hear while they wait in a queue, which keys lead out of it, and when it is open. A queue whose callers
// hear nothing but music, and that is never closed, has none.
type Line struct {
	Queue    queueapp.QueueName
	Hours    string // a table of [hours]; empty: always open
	FromCall bool   // callers stand in the order in which they called, and not in which they came into queues
	ivr.Announcements
}

// Line finds what callers of a queue hear.
func (p Plan) Line(queue queueapp.QueueName) (Line, bool) {
	for _, l := range p.Lines {
		if l.Queue == queue {
			return l, true
		}
	}
	return Line{}, false
}

// The defaults of what is said in line, and their limits.
const (
	defaultLimit    = 10
	defaultLeast    = 15 * time.Second
	defaultPeriodic = time.Minute
)

// LeastAnnounce is how much time there is between two announcements: with less nobody would hear any music.
const LeastAnnounce = 5 * time.Second

// DefaultLine is a queue of whose callers nothing is said in the floor plan.
func DefaultLine(queue queueapp.QueueName) Line { return defaultLine(queue) }

func defaultLine(queue queueapp.QueueName) Line {
	return Line{Queue: queue, Announcements: ivr.Announcements{
		Position: ivr.PositionAlways, PositionLimit: defaultLimit, Holdtime: ivr.HoldtimeAlways, MinFrequency: defaultLeast, ToFirst: true,
		PeriodicFrequency: defaultPeriodic, PeriodicStart: defaultPeriodic, Words: ivr.DefaultWords(),
	}}
}

// line reads what callers of a queue hear; false: nothing but music.
func line(t *table) (Line, bool) {
	def := defaultLine(queueapp.QueueName(t.name()))
	l := Line{Queue: def.Queue, Hours: t.text("hours", ""), FromCall: fromCall(t), Announcements: ivr.Announcements{
		Welcome:       prompts(t, "welcome", nil),
		Position:      rule(t, "announce_position", def.Position, ivr.PositionAlways, ivr.PositionNever, ivr.PositionLimit, ivr.PositionMore),
		PositionLimit: t.int("announce_position_limit", def.PositionLimit, 1, 1000),
		OnlyUp:        t.bool("announce_position_only_up", false),
		Holdtime:      rule(t, "announce_holdtime", def.Holdtime, ivr.HoldtimeAlways, ivr.HoldtimeNever, ivr.HoldtimeOnce),
		Frequency:     frequency(t, "announce_frequency", 0),
		MinFrequency:  t.duration("min_announce_frequency", def.MinFrequency, time.Second, time.Hour),
		Round:         round(t), ToFirst: t.bool("announce_to_first", def.ToFirst),
		Periodic: prompts(t, "periodic_announce", nil), PeriodicFrequency: frequency(t, "periodic_announce_frequency", defaultPeriodic),
		PeriodicRandom: t.bool("random_periodic_announce", false), Connect: prompts(t, "connect_announce", nil), Keys: exits(t),
	}}
	l.PeriodicStart = t.duration("periodic_announce_startdelay", l.PeriodicFrequency, 0, time.Hour)
	for _, w := range wordsOf(&l.Words, &def.Words) {
		*w.is = prompts(t, w.key, *w.def)
	}
	return l, !reflect.DeepEqual(l, def)
}

// fromCall reads since when callers stand in line: since they came into the queue, or since they called.
func fromCall(t *table) bool {
	switch base := t.text("time_base", "queue"); base {
	case "call":
		return true
	case "queue":
	default:
		t.problem("time_base", `write "queue" or "call"`, "%q is nothing that a caller's place can count from", base)
	}
	return false
}

// spokenWord is a piece of an announcement and its key.
type spokenWord struct {
	key     string
	is, def *[]string
}

func wordsOf(w, def *ivr.Words) []spokenWord {
	return []spokenWord{
		{"you_are_next", &w.YouAreNext, &def.YouAreNext}, {"there_are", &w.ThereAre, &def.ThereAre},
		{"calls_waiting", &w.CallsWaiting, &def.CallsWaiting}, {"quantity1", &w.Quantity1, &def.Quantity1},
		{"quantity2", &w.Quantity2, &def.Quantity2}, {"holdtime", &w.Holdtime, &def.Holdtime}, {"minute", &w.Minute, &def.Minute},
		{"minutes", &w.Minutes, &def.Minutes}, {"seconds", &w.Seconds, &def.Seconds}, {"thank_you", &w.ThankYou, &def.ThankYou},
		{"report_hold", &w.ReportHold, &def.ReportHold}, {"to_accept", &w.ToAccept, &def.ToAccept},
	}
}

// rule reads true or false, or another of some words.
func rule[R ~string](t *table, key string, def R, known ...R) R {
	if !t.has(key) {
		return def
	}
	said := R("")
	switch v := t.values[key].(type) {
	case bool:
		if said = "false"; v {
			said = "true"
		}
	case string:
		if v != "true" && v != "false" {
			said = R(v)
		}
	}
	if slices.Contains(known, said) {
		return said
	}
	ways := []string{"true", "false"}
	for _, k := range known[2:] {
		ways = append(ways, `"`+string(k)+`"`)
	}
	t.problem(key, "write one of "+strings.Join(ways, ", "), "this cannot be written here")
	return def
}

// frequency is how often something is said; 0: never.
func frequency(t *table, key string, def time.Duration) time.Duration {
	d := t.duration(key, def, 0, time.Hour)
	if d > 0 && d < LeastAnnounce {
		t.problem(key, "write "+Brief(LeastAnnounce)+" or more, or 0s for never", "%s leaves no time to hear anything else", Brief(d))
	}
	return d
}

func round(t *table) int {
	n := t.int("announce_round_seconds", 0, 0, 30)
	if known := []int{0, 5, 10, 15, 20, 30}; !slices.Contains(known, n) {
		t.problem("announce_round_seconds", "write 0 for whole minutes, or 5, 10, 15, 20 or 30", "%d is no part of a minute that is spoken", n)
	}
	return n
}

// exits reads which keys lead out of the queue.
func exits(t *table) []ivr.Exit {
	if !t.has("keys") {
		return nil
	}
	in, ok := t.table("keys")
	if !ok {
		return nil
	}
	var out []ivr.Exit
	for _, name := range slices.Sorted(maps.Keys(in.values)) {
		if len(name) != 1 || !strings.Contains(menuKeys, name) {
			in.problem(name, `name one key: 0 to 9, A to D, "*" or "#"`, "%q is no key of a phone", name)
			continue
		}
		out = append(out, ivr.Exit{Key: name[0], Step: exit(in, name)})
	}
	return out
}

// exitContinue lets a caller go on in the dialplan behind the queue.
const exitContinue = "continue"

func exit(t *table, key string) ivr.Step {
	const remedy = `write { goto = "context,extension,1" }, { queue = "…" }, "hangup" or "continue"`
	if s, ok := t.values[key].(string); ok {
		t.has(key)
		switch s {
		case exitContinue:
			return ivr.Step{}
		case string(ivr.VerbHangUp):
			return ivr.Step{Verb: ivr.VerbHangUp}
		}
		t.problem(key, remedy, "%q is nothing that a key can do in a queue", s)
		return ivr.Step{}
	}
	in, ok := t.tableOr(key, remedy)
	if !ok {
		return ivr.Step{}
	}
	defer in.done()
	switch {
	case in.has("goto") && in.has("queue"):
		in.problem("queue", "keep one of goto, queue", "stands beside goto")
	case in.has("goto"):
		return ivr.Step{Verb: ivr.VerbGoto, Goto: destination(in)}
	case in.has("queue"):
		return ivr.Step{Verb: ivr.VerbQueue, Queue: queueapp.QueueName(in.text("queue", ""))}
	default:
		in.problem("", remedy, "does not say what to do")
		in.leave()
	}
	return ivr.Step{}
}

// sendsOn reports whether callers with an outcome go on into another queue.
func (c checker) sendsOn(queue queueapp.QueueName, o queueapp.Outcome) bool {
	return slices.ContainsFunc(c.plan.Floor.Queues, func(q queueapp.Queue) bool {
		return q.Name == queue && slices.ContainsFunc(q.Overflow, func(over queueapp.Overflow) bool { return over.Outcome == o })
	})
}

// lines finds hours and queues that are not there.
func (c checker) lines() {
	for _, l := range c.plan.Lines {
		at := c.under("queue", string(l.Queue))
		if known := slices.ContainsFunc(c.plan.Hours, func(h Hours) bool { return h.Name == l.Hours }); l.Hours != "" && !known {
			at.problem("hours", "add [hours."+l.Hours+"] or name another", "there are no hours %q", l.Hours)
		}
		for _, e := range l.Keys {
			key := c.under("queue", string(l.Queue), "keys", string(e.Key))
			c.step(key, e.Step)
			switch {
			case e.Step.Verb == ivr.VerbQueue && e.Step.Queue == l.Queue:
				key.problem("queue", "name another", "the caller is in that queue")
			case (e.Step.Verb == ivr.VerbGoto || e.Step.Verb == ivr.VerbHangUp) && c.sendsOn(l.Queue, queueapp.OutcomeKey):
				key.problem("", "remove overflow.key, or this key", "overflow.key takes every caller who leaves by a key")
			}
		}
	}
}
