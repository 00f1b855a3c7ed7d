package stasis

import (
	"cmp"
	"context"
	"slices"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// caller is a channel from the dialplan that is in our application, or one that we were asked to hang up.
type caller struct {
	unlisted bool // hung up without having been seen in our application
	given    bool // not from the dialplan: it took the place of a channel of ours
	hungUp   bool
	q850     int
	suspect  bool // known since before the stream came up: the listing tells whether it still is
}

// leg is a channel of ours that was asked for, listed or hung up, and is not yet told gone.
type leg struct {
	prepared bool // it is in our application from the begin, and not only from its answer
	settled  bool // Asterisk has said that it exists, or did
	ringing  bool // told
	up       bool // told
	suspect  bool
	replaced bool // by another channel: Asterisk tells nothing of it any more but that it leaves our application
}

// play is a playback that was asked for and is not yet told done.
type play struct {
	channel queueapp.ChannelID
	settled bool
	suspect bool
}

// live is what is known to live in Asterisk, and what was told of it. It belongs to the goroutine that serves the inbox.
type live struct {
	s    *Switch
	sink func(engine.SwitchEvent)

	stream int                     // the connection whose events count
	cancel context.CancelCauseFunc // ends that connection
	isUp   bool                    // its SwitchUp was told
	held   [][]byte                // its events from before that
	why    string                  // what the last SwitchDown said

	callers map[queueapp.ChannelID]*caller
	legs    map[queueapp.ChannelID]*leg
	plays   map[engine.PlaybackID]*play
	strays  map[queueapp.ChannelID]bool   // channels of nobody that are being hung up
	targets map[queueapp.ChannelID]string // who is at the far end of a channel that has taken another's place
	asked   map[string]bool               // devices followed; true while no event has overtaken the question for its state
}

func newLive(s *Switch, sink func(engine.SwitchEvent)) *live {
	return &live{
		s: s, sink: sink,
		callers: make(map[queueapp.ChannelID]*caller),
		legs:    make(map[queueapp.ChannelID]*leg),
		plays:   make(map[engine.PlaybackID]*play),
		strays:  make(map[queueapp.ChannelID]bool),
		targets: make(map[queueapp.ChannelID]string),
		asked:   make(map[string]bool),
	}
}

// handle takes the next item of the inbox.
func (l *live) handle(it item) {
	switch {
	case it.do != nil:
		it.do(l)
	case it.stream != l.stream:
		l.s.inbox.release(1)
	case !l.isUp:
		l.held = append(l.held, it.frame)
	default:
		l.event(it.frame)
		l.s.inbox.release(1)
	}
}

// begin says that a connection stands: its events are held until up.
func (l *live) begin(stream int, cancel context.CancelCauseFunc) {
	l.stream, l.cancel, l.isUp = stream, cancel, false
	for _, c := range l.callers {
		c.suspect = true
	}
	for _, g := range l.legs {
		g.suspect = g.settled
	}
	for _, p := range l.plays {
		p.suspect = p.settled
	}
	clear(l.strays)
	clear(l.targets)
}

// down says that a connection ended, or could not be made. The same reason is told once.
func (l *live) down(err error) {
	l.s.inbox.release(len(l.held))
	l.stream, l.held = 0, nil
	if !l.isUp && l.why == err.Error() {
		return
	}
	l.isUp, l.why = false, err.Error()
	l.sink(engine.SwitchDown{Err: err})
}

// up tells what Asterisk holds, then what happened since, then the end of what was known before and is no longer there.
func (l *live) up(st stock) {
	l.isUp, l.why = true, ""
	ringing := l.take(&st)
	l.sink(engine.SwitchUp{Channels: st.channels, Bridges: st.bridges, Started: st.started, Version: st.version})
	for _, id := range ringing {
		l.legRinging(id)
	}
	held := l.held
	l.held = nil
	for _, frame := range held {
		l.event(frame)
	}
	l.s.inbox.release(len(held))
	l.settleSuspects()
}

// take makes what is known agree with the listing, and adds the legs to it that are still being asked for.
func (l *live) take(st *stock) (ringing []queueapp.ChannelID) {
	shown := make(map[queueapp.ChannelID]bool)
	for _, ch := range st.channels {
		shown[ch.ID] = true
		if !ch.Ours {
			l.callers[ch.ID] = cmp.Or(l.callers[ch.ID], &caller{})
			l.callers[ch.ID].suspect, l.callers[ch.ID].unlisted = false, false
			l.callers[ch.ID].given = len(ch.Args) == 0
			continue
		}
		g := cmp.Or(l.legs[ch.ID], &leg{})
		g.prepared = g.prepared || prepared(ch.Args)
		g.settled, g.suspect = true, false
		if ch.Up {
			g.ringing, g.up = true, true
		}
		l.legs[ch.ID] = g
		if st.ringing[ch.ID] {
			ringing = append(ringing, ch.ID)
		}
	}
	for _, id := range sorted(l.legs) {
		if !l.legs[id].suspect && !shown[id] {
			st.channels = append(st.channels, engine.Channel{ID: id, Ours: true})
		}
	}
	return ringing
}

func (l *live) settleSuspects() {
	for _, id := range sorted(l.callers) {
		if l.callers[id].suspect {
			l.callers[id].hungUp = true
			l.callerGone(id)
		}
	}
	for _, id := range sorted(l.legs) {
		if l.legs[id].suspect {
			l.legAbsent(id, 0)
		}
	}
	for _, id := range sorted(l.plays) {
		if l.plays[id].suspect {
			l.s.checkPlay(l.plays[id].channel, id)
		}
	}
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// arrived takes a channel that entered our application from the dialplan.
func (l *live) arrived(ch engine.Channel) {
	if c := l.callers[ch.ID]; c != nil && !c.unlisted {
		return // listed already
	}
	l.callers[ch.ID] = &caller{}
	l.sink(engine.Arrived{Channel: ch})
}

// callerGone tells the end of a caller once, after the ends of its playbacks.
func (l *live) callerGone(id queueapp.ChannelID) {
	c := l.callers[id]
	if c == nil {
		return
	}
	delete(l.callers, id)
	delete(l.targets, id)
	l.endPlays(id)
	switch {
	case !c.hungUp:
		c.q850 = 0
	case c.q850 == 0:
		c.q850 = normalClearing // a BYE without a reason
	}
	l.sink(engine.Gone{Channel: id, HungUp: c.hungUp, Q850: c.q850})
}

func (l *live) endPlays(ch queueapp.ChannelID) {
	for _, id := range sorted(l.plays) {
		if l.plays[id].channel == ch {
			l.playDone(id, true)
		}
	}
}

func (l *live) playDone(id engine.PlaybackID, failed bool) {
	p := l.plays[id]
	if p == nil {
		return
	}
	delete(l.plays, id)
	l.sink(engine.PlayDone{Channel: p.channel, Playback: id, Failed: failed})
}

func (l *live) legRinging(id queueapp.ChannelID) {
	if g := l.legs[id]; g != nil && !g.ringing {
		g.ringing, g.settled = true, true
		l.sink(engine.LegRinging{Channel: id})
	}
}

// expect takes up a leg that is about to be asked for.
func (l *live) expect(id queueapp.ChannelID, command string) {
	if command != "dial" && l.legs[id] == nil {
		l.legs[id] = &leg{prepared: command == "prepare"}
	}
}

// legMade takes a leg that was prepared and exists.
func (l *live) legMade(id queueapp.ChannelID) {
	if g := l.legs[id]; g != nil {
		g.prepared, g.settled = true, true
		return
	}
	l.stray(id)
}

// legUp takes a leg that entered our application: it was answered. One that was told gone is nobody's.
func (l *live) legUp(id queueapp.ChannelID) {
	g := l.legs[id]
	switch {
	case g == nil:
		l.stray(id)
	case !g.up:
		g.up, g.settled = true, true
		l.sink(engine.LegUp{Channel: id})
	}
}

// legGone tells the end of a leg once. One that was up and has no cause ended normally.
func (l *live) legGone(id queueapp.ChannelID, q850 int) {
	g := l.legs[id]
	if g == nil {
		return
	}
	delete(l.legs, id)
	l.endPlays(id)
	if g.up && q850 == 0 {
		q850 = normalClearing
	}
	l.sink(engine.LegGone{Channel: id, Q850: q850})
}

// legAbsent tells once that a leg does not exist.
func (l *live) legAbsent(id queueapp.ChannelID, q850 int) {
	if l.legs[id] == nil {
		return
	}
	delete(l.legs, id)
	l.endPlays(id)
	l.sink(engine.LegGone{Channel: id, Q850: q850, Absent: true})
}

// stray hangs up a channel that belongs to nobody: a leg that came up after it was given up, or whither Asterisk forwarded it.
func (l *live) stray(id queueapp.ChannelID) {
	if l.strays[id] {
		return
	}
	l.strays[id] = true
	l.s.log.Warn("hanging up a channel that nobody waits for", "channel", id)
	l.s.drop(id)
}
