package transcript

import "ringside/queueapp"

// briefing writes what an agent hears who answers, and how he accepts.
func (w *writer) briefing(b queueapp.Briefing) {
	for _, sound := range b.Announce {
		w.key("agent_announce")
		w.word(sound)
	}
	if b.HoldTime {
		w.key("reportholdtime")
	}
	w.optDuration("memberdelay", b.Delay)
	w.optWord("accept", b.Accept)
	w.optDuration("accept_timeout", b.Within)
}

// briefing reads what writer.briefing wrote. It reports whether the key is of that kind.
func (r *reader) briefing(b *queueapp.Briefing, key string) bool {
	switch key {
	case "agent_announce":
		b.Announce = append(b.Announce, r.word("a sound"))
	case "reportholdtime":
		b.HoldTime = true
	case "memberdelay":
		b.Delay = r.duration("how long")
	case "accept":
		b.Accept = r.word("a key")
	case "accept_timeout":
		b.Within = r.duration("how long")
	default:
		return false
	}
	return true
}
