package engine

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// pbx plays an Asterisk and the adapter that speaks to it, as far as the engine can tell. What it is ordered waits in lanes,
// what it reports waits on its way: the model says what comes next. All is under the model's lock.
type pbx struct {
	m       *model
	started time.Time
	callers map[queueapp.ChannelID]*line
	legs    map[queueapp.ChannelID]*line
	bridges map[BridgeID][]queueapp.ChannelID
	away    map[string]bool // phones that are not registered, by dial string
	trouble bool            // requests get no answer
	cut     bool            // the event stream cannot come up

	target  string                      // of the attended transfer that is being made, where that is told first
	port    *port                       // of whoever listens; nil: nobody
	up      bool                        // its stream
	known   map[queueapp.ChannelID]bool // what the adapter has been asked for or told of, and has not told the end of
	lanes   map[queueapp.ChannelID][]order
	reports map[queueapp.ChannelID][]SwitchEvent
}

// line is a channel.
type line struct {
	id       queueapp.ChannelID
	name     string
	half     *half              // of a transfer
	told     queueapp.ChannelID // the caller's channel that it has replaced: what is told of it comes behind
	args     []string
	endpoint string
	caller   queueapp.Caller
	dial     string
	inApp    bool
	up       bool
	prepared bool // a leg that calls nobody yet
	pressed  bool // the key by which an agent accepts
	ringing  bool
	music    bool
	absolute string // the dead man's switch, in seconds
	vars     map[string]string
	until    time.Time // of the ring
}

// order is a command in a lane.
type order struct {
	name string
	lane queueapp.ChannelID
	at   time.Time
	do   func() // nil result: done
	fail func()
}

// set keeps variables, and the dead man's switch apart.
func (l *line) set(vars []Variable) {
	if l.vars == nil {
		l.vars = map[string]string{}
	}
	for _, v := range vars {
		if l.vars[v.Name] = v.Value; v.Name == "TIMEOUT(absolute)" {
			l.absolute = v.Value
		}
	}
}

func newPBX(m *model) *pbx {
	return &pbx{
		m: m, started: time.Now(), callers: map[queueapp.ChannelID]*line{}, legs: map[queueapp.ChannelID]*line{},
		bridges: map[BridgeID][]queueapp.ChannelID{}, away: map[string]bool{}, lanes: map[queueapp.ChannelID][]order{},
		known:   map[queueapp.ChannelID]bool{},
		reports: map[queueapp.ChannelID][]SwitchEvent{},
	}
}

// stale is how long an order may wait in its lane that must not be done late.
const stale = 3 * time.Second

// serve does the oldest order of a lane.
func (p *pbx) serve(lane queueapp.ChannelID) {
	if len(p.lanes[lane]) == 0 {
		return
	}
	o := p.lanes[lane][0]
	if p.lanes[lane] = p.lanes[lane][1:]; len(p.lanes[lane]) == 0 {
		delete(p.lanes, lane)
	}
	late := time.Since(o.at) > stale && (o.name == "originate" || o.name == "prepare leg" || o.name == "continue" || o.name == "play")
	p.m.note("%s %s, trouble %t late %t", o.name, lane, p.trouble, late)
	if !p.trouble && !late {
		o.do()
		return
	}
	if p.trouble && o.name != "originate" && o.name != "prepare leg" && rapid.IntRange(0, 2).Draw(p.m.t, "done all the same") == 0 {
		o.do() // only its answer is lost
	}
	o.fail()
}

// report puts an event on its way, where anybody listens.
func (p *pbx) report(ch queueapp.ChannelID, ev SwitchEvent) {
	if p.port != nil && p.up {
		ch = p.laneOf(ch)
		p.reports[ch] = append(p.reports[ch], ev)
	}
}

// laneOf is the channel behind whose reports those of another come: that which it has replaced.
func (p *pbx) laneOf(ch queueapp.ChannelID) queueapp.ChannelID {
	for l := p.callers[ch]; l != nil; l = p.callers[ch] {
		switch {
		case l.half != nil && l.half.lane != ch:
			ch = l.half.lane
		case l.told != "":
			ch = l.told
		default:
			return ch
		}
	}
	return ch
}

// answer puts what became of an order on its way: that is told also where the stream is away.
func (p *pbx) answer(ch queueapp.ChannelID, ev SwitchEvent) {
	if p.port != nil {
		ch = p.laneOf(ch)
		p.reports[ch] = append(p.reports[ch], ev)
	}
}

// connect brings the event stream up.
func (p *pbx) connect() SwitchUp {
	p.up = true
	up := SwitchUp{Started: p.started, Version: "22.10.1"}
	for _, l := range p.callers {
		if l.inApp {
			up.Channels = append(up.Channels, p.channel(l, false))
		}
	}
	for _, l := range p.legs {
		up.Channels = append(up.Channels, p.channel(l, true))
	}
	for lane, orders := range p.lanes { // still being asked for
		if slices.ContainsFunc(orders, asksForLeg) && p.legs[lane] == nil {
			up.Channels = append(up.Channels, Channel{ID: lane, Ours: true})
		}
	}
	for id, members := range p.bridges {
		up.Bridges = append(up.Bridges, Bridge{ID: id, Channels: slices.Clone(members)})
	}
	for _, ch := range up.Channels {
		p.known[ch.ID] = true
	}
	p.settleSuspects()
	slices.SortFunc(up.Channels, func(a, b Channel) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.SortFunc(up.Bridges, func(a, b Bridge) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return up
}

func asksForLeg(o order) bool { return o.name == "originate" || o.name == "prepare leg" }

// settleSuspects tells the end of what the adapter knew and the switch does not have any more.
func (p *pbx) settleSuspects() {
	for _, id := range keysOf(p.known) {
		if _, leg := attemptOf(id); !leg {
			if l := p.callers[id]; l == nil || !l.inApp {
				p.report(id, Gone{Channel: id, HungUp: true})
			}
			continue
		}
		asked := slices.ContainsFunc(p.lanes[id], asksForLeg)
		if p.legs[id] == nil && !asked {
			p.answer(id, LegGone{Channel: id, Absent: true})
		}
	}
}

// tell takes a channel's oldest report as the adapter does: an end is told once.
func (p *pbx) tell(ch queueapp.ChannelID) SwitchEvent {
	ev := p.reports[ch][0]
	if p.reports[ch] = p.reports[ch][1:]; len(p.reports[ch]) == 0 {
		delete(p.reports, ch)
	}
	var ended queueapp.ChannelID
	switch ev := ev.(type) {
	case Arrived:
		p.known[ev.ID] = true
	case Replaced:
		p.known[ev.Channel.ID] = true
	case LegGone:
		ended = ev.Channel
	case Gone:
		ended = ev.Channel
	}
	if ended != "" && !p.known[ended] {
		return nil
	}
	delete(p.known, ended)
	return ev
}

func (p *pbx) channel(l *line, ours bool) Channel {
	return Channel{
		ID: l.id, Name: l.name, Ours: ours, Up: l.up, Ringing: l.ringing && !l.up, Args: l.args, Caller: l.caller, Endpoint: l.endpoint,
	}
}

// disconnect ends the stream: what was on its way is lost.
func (p *pbx) disconnect() {
	p.up = false
	for ch, evs := range p.reports {
		evs = slices.DeleteFunc(slices.Clone(evs), func(ev SwitchEvent) bool { return !answers(ev) })
		if p.reports[ch] = evs; len(evs) == 0 {
			delete(p.reports, ch)
		}
	}
}

// answers reports whether an event is what an order gave, and no event of Asterisk's.
func answers(ev SwitchEvent) bool {
	switch ev := ev.(type) {
	case Failed, PlayDone, Recorded:
		return true
	case LegGone:
		return ev.Absent
	}
	return false
}
