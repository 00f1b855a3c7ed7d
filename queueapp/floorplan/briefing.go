package floorplan

import (
	"strings"
	"time"

	"ringside/queueapp"
)

// DefaultWithin is how long an agent has to accept a call, where he has to and the floor plan does not say.
const DefaultWithin = 5 * time.Second

// LongestMoment is the longest that may be said of what keeps a caller from an agent who has answered.
const LongestMoment = time.Minute

// briefing reads what an agent hears who answers, and how he accepts.
func briefing(t *table) queueapp.Briefing {
	b := queueapp.Briefing{
		Announce: prompts(t, "agent_announce", nil), HoldTime: t.bool("reportholdtime", false),
		Delay: t.duration("memberdelay", 0, 0, LongestMoment), Accept: t.text("accept", ""),
	}
	switch {
	case b.Accept != "":
		if !Key(b.Accept) {
			t.problem("accept", `name one key: 0 to 9, A to D, "*" or "#"`, "%q is no key of a phone", b.Accept)
		}
		b.Within = t.duration("accept_timeout", DefaultWithin, time.Second, LongestMoment)
	case t.has("accept_timeout"):
		t.problem("accept_timeout", `write accept = "1", or remove it`, "means nothing where agents need not accept")
	}
	return b
}

// Key reports whether a text is one key of a phone.
func Key(s string) bool { return len(s) == 1 && strings.Contains(menuKeys, s) }

// briefing writes what is not the default.
func (f *fields) briefing(b queueapp.Briefing) {
	f.prompts("agent_announce", b.Announce, nil)
	if b.HoldTime {
		f.bool("reportholdtime", true)
	}
	f.optDuration("memberdelay", b.Delay)
	if b.Accept == "" {
		return
	}
	f.text("accept", b.Accept)
	if b.Within != DefaultWithin {
		f.duration("accept_timeout", b.Within)
	}
}
