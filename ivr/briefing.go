package ivr

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// Brief says what an agent hears who has answered: what the queue has for him, how long the caller has waited, and by which
// key he accepts the call. It is nothing where none of that is said.
func (w Words) Brief(b queueapp.Briefing, waited time.Duration) []string {
	out := slices.Clone(b.Announce)
	if waited = waited.Round(time.Second); b.HoldTime && waited > 0 {
		out = append(append(out, w.ReportHold...), w.span(waited)...)
	}
	if b.Accept != "" && len(w.ToAccept) > 0 {
		out = append(append(out, w.ToAccept...), "characters:"+b.Accept)
	}
	return out
}
