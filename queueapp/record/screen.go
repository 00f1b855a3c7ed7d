package record

import (
	"cmp"
	"slices"
	"time"
)

// Mode says what a node keeps, and so what a CRM that comes late still finds there.
type Mode string

// The modes of a node.
const (
	Transient Mode = "transient" // nothing is kept; the item's id is the call's
	Current   Mode = "current"   // the extension's latest record is kept, as the item CurrentItem
)

// CurrentItem is the item id of every record on a node of mode Current.
const CurrentItem = "current"

// ItemID is the pubsub item id of the record c on a node of mode m.
func (m Mode) ItemID(c Call) string {
	if m == Current {
		return CurrentItem
	}
	return c.ID
}

// MaxLife is the longest that a Screen shows a record which nobody closes, whatever its Expires says.
const MaxLife = 24 * time.Hour

const (
	rememberClosed = 10 * time.Minute // how late a record may come and still be known as late
	rememberCalls  = 4096             // how many closed ones are remembered
)

// Verb says what a record did to the screen.
type Verb string

// What a record can do to the screen.
const (
	Opens   Verb = "opens"   // show it
	Changes Verb = "changes" // show it anew
	Closes  Verb = "closes"  // put it away
	Drops   Verb = "drops"   // nothing: the record is too old, or repeated, or of no use
)

// Why says why a record was dropped, or why a pop-up closed without a record that says so.
type Why string

// Why a Change is as it is; empty where the record itself says it.
const (
	Repeated    Why = "repeated"     // seq is the one on the screen
	Late        Why = "late"         // seq is below the one on the screen
	NeverOpened Why = "never-opened" // it closes what was not shown
	WasClosed   Why = "was-closed"   // what it belongs to has already been closed
	Expired     Why = "expired"      // its life was over
	Superseded  Why = "superseded"   // another call's record took its place on a node of mode Current
	Retracted   Why = "retracted"    // its item was taken back
	NoAccess    Why = "no-access"    // its node is closed to the viewer now
	Invalid     Why = "invalid"      // Validate refuses it
)

// Change is one thing that happened on a Screen.
type Change struct {
	Verb   Verb
	Why    Why
	Node   string
	Call   Call // the record that did it; the one shown before, where none did
	Before Call // what was shown until now, with customers that a closing record may lack; zero for Opens
}

// Screen is a CRM's view of the records that it receives: which pop-ups are open. It keeps the record with the highest
// seq of a call on a node and drops the rest; applies an event that it does not know by its state; opens and closes each
// attempt once, in whatever order the records come; and closes by itself what has outlived its life. The zero value is
// not usable; a Screen is not safe for concurrent use.
type Screen struct {
	mode   Mode
	open   map[place]entry
	gone   map[place]entry // closed lately, so that what comes late does not open it again
	forget []place         // the places of gone, the first to be forgotten first; some twice
}

// place tells the records of one call on two nodes apart: with ring-all, one CRM account that watches several nodes
// sees the same call ring at several extensions at once.
type place struct{ node, call string }

// entry is the newest record at a place, and until when it is open or remembered.
type entry struct {
	call  Call
	until time.Time
}

// NewScreen returns an empty screen for nodes of mode m.
func NewScreen(m Mode) *Screen {
	return &Screen{mode: m, open: map[place]entry{}, gone: map[place]entry{}}
}

// Apply takes the record c, received now from node (where there are no nodes, from its extension), and returns what it
// did, in order: at least one Change.
func (s *Screen) Apply(now time.Time, node string, c Call) []Change {
	out := s.Expire(now)
	if c.Validate() != nil {
		return append(out, Change{Verb: Drops, Why: Invalid, Node: node, Call: c})
	}
	at := place{node, c.ID}
	if was, open := s.open[at]; open {
		return append(out, s.follow(now, at, was.call, c)...)
	}
	return append(out, s.begin(now, at, c)...)
}

// follow applies c to the call that is shown at the place at as was.
func (s *Screen) follow(now time.Time, at place, was, c Call) []Change {
	change := Change{Verb: Changes, Node: at.node, Call: c, Before: was}
	switch {
	case c.Seq <= was.Seq:
		return []Change{{Verb: Drops, Why: old(c, was), Node: at.node, Call: c}}
	case c.State == Closed:
		s.put(now, at, c)
		change.Verb = Closes
		return []Change{change}
	}
	s.open[at] = entry{c, now.Add(min(max(c.Life(), 0), MaxLife))}
	return append([]Change{change}, s.Expire(now)...)
}

// begin applies c where nothing is shown at the place at.
func (s *Screen) begin(now time.Time, at place, c Call) []Change {
	drop := Change{Verb: Drops, Node: at.node, Call: c}
	was, known := s.gone[at]
	switch {
	case known && c.Seq <= was.call.Seq:
		drop.Why = old(c, was.call)
		return []Change{drop}
	case known && !opensAgain(was.call, c):
		drop.Why = WasClosed
	case c.State == Closed:
		drop.Why = NeverOpened
	case c.Life() <= 0:
		drop.Why = Expired
	}
	if drop.Why != "" {
		c.Attempt = max(c.Attempt, was.call.Attempt)
		s.put(now, at, c)
		return []Change{drop}
	}
	var out []Change
	if s.mode == Current {
		out = s.close(now, Superseded, func(p place) bool { return p.node == at.node })
	}
	delete(s.gone, at)
	s.open[at] = entry{c, now.Add(min(c.Life(), MaxLife))}
	return append(out, Change{Verb: Opens, Node: at.node, Call: c})
}

func old(c, newest Call) Why {
	if c.Seq == newest.Seq {
		return Repeated
	}
	return Late
}

// opensAgain says whether c is another attempt at an extension where an attempt of the same call was closed: a call
// that nobody answers comes back.
func opensAgain(closed, c Call) bool {
	if c.Attempt != 0 && closed.Attempt != 0 {
		return c.Attempt > closed.Attempt
	}
	return c.Event == Offered
}

// Retract tells the screen that node took the item back, and returns what that closed.
func (s *Screen) Retract(now time.Time, node, item string) []Change {
	return append(s.Expire(now), s.close(now, Retracted, func(p place) bool {
		return p.node == node && (p.call == item || s.mode == Current && item == CurrentItem)
	})...)
}

// Lose tells the screen that node is closed to it now, and returns what that closed: nobody would tell how it ends. If
// the node is open again later, what is still published there opens again.
func (s *Screen) Lose(now time.Time, node string) []Change {
	out := s.Expire(now)
	for _, change := range s.close(now, NoAccess, func(p place) bool { return p.node == node }) {
		delete(s.gone, place{node, change.Call.ID})
		out = append(out, change)
	}
	return out
}

// Expire closes what is open and has outlived its life, and returns what that closed, the oldest first.
func (s *Screen) Expire(now time.Time) []Change {
	for len(s.forget) > 0 {
		p := s.forget[0]
		if e, still := s.gone[p]; still && now.Before(e.until) && len(s.forget) <= rememberCalls {
			break
		}
		delete(s.gone, p)
		s.forget = s.forget[1:]
	}
	return s.close(now, Expired, func(p place) bool { return !now.Before(s.open[p].until) })
}

// Next is when Expire next has something to close; zero where nothing is open.
func (s *Screen) Next() time.Time {
	var next time.Time
	for _, e := range s.open {
		if next.IsZero() || e.until.Before(next) {
			next = e.until
		}
	}
	return next
}

// Open returns the records that are shown, the oldest first.
func (s *Screen) Open() []Call {
	out := make([]Call, 0, len(s.open))
	for _, e := range s.open {
		out = append(out, e.call)
	}
	slices.SortFunc(out, func(a, b Call) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Extension, b.Extension))
	})
	return out
}

// close closes the open ones that which names, in the order in which they would have ended.
func (s *Screen) close(now time.Time, why Why, which func(place) bool) []Change {
	var closing []place
	for p := range s.open {
		if which(p) {
			closing = append(closing, p)
		}
	}
	slices.SortFunc(closing, func(a, b place) int {
		return cmp.Or(s.open[a].until.Compare(s.open[b].until), cmp.Compare(a.call, b.call), cmp.Compare(a.node, b.node))
	})
	var out []Change
	for _, p := range closing {
		c := s.open[p].call
		s.put(now, p, c)
		out = append(out, Change{Verb: Closes, Why: why, Node: p.node, Call: c, Before: c})
	}
	return out
}

// put moves the place at, whose newest record is c, from what is open to what is remembered as closed.
func (s *Screen) put(now time.Time, at place, c Call) {
	delete(s.open, at)
	s.gone[at] = entry{c, now.Add(rememberClosed)}
	s.forget = append(s.forget, at)
}
