package engine

import (
	"time"

	"ringside/queueapp"
)

// visited is a call that went on in the dialplan: what it must have again when it comes back (DESIGN §5, Dialplan).
type visited struct {
	id    queueapp.CallID
	entry int64
	tried int
	seq   int64
	at    time.Time
}

// mostVisited is how many calls in the dialplan are kept in mind, and longestAway for how long. Who is forgotten comes back
// as a new call.
const (
	mostVisited = 10_000
	longestAway = 4 * time.Hour
)

// sendOff keeps a call in mind that goes on in the dialplan.
func (t *tenure) sendOff(c *call) {
	if len(t.visited) >= mostVisited {
		for at, v := range t.visited {
			if t.Now().Sub(v.at) > longestAway {
				delete(t.visited, at)
			}
		}
	}
	if len(t.visited) < mostVisited {
		t.visited[c.at()] = visited{id: c.id, entry: c.entry, tried: c.tried, seq: c.seq, at: t.Now()}
	}
}

// welcome admits a channel's call: the one that it was before, where it comes back from the dialplan.
func (t *tenure) welcome(sw Switch, ch Channel) *call {
	at := channelAt{sw.Name(), ch.ID}
	v, back := t.visited[at]
	delete(t.visited, at)
	if !back || t.calls[v.id] != nil {
		return t.admit(t.NewID(), sw, ch)
	}
	c := t.admit(v.id, sw, ch)
	c.entry, c.tried, c.seq = v.entry, v.tried, v.seq
	return c
}
