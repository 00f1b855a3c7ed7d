package engine

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// half is what makes a line a half of the Local channel by which Asterisk transfers a call.
type half struct {
	lane queueapp.ChannelID // in which what is told of it has its order: behind what it has replaced
	peer queueapp.ChannelID // the other half; empty: it leads straight to somebody
	far  bool
	dial string // of a far half that is on its way: the phone that it rings
}

// transfers reports whether Asterisk transfers a call now: where it knows that nobody listens it refuses.
func (p *pbx) transfers() bool {
	return p.port != nil && (p.up || rapid.Bool().Draw(p.m.t, "not noticed yet"))
}

// sendOn has an agent's phone send its caller on.
func (p *pbx) sendOn(leg queueapp.ChannelID) {
	switch b := p.in(leg); {
	case b == "" || len(p.bridges[b]) != 2 || !p.transfers():
	case rapid.IntRange(0, 2).Draw(p.m.t, "attended") == 0:
		p.attended(leg)
	default:
		p.blind(leg)
	}
}

// replace has a caller's phone send on its agent, or its place in the queue.
func (m *model) replace() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rapid.IntRange(0, 2).Draw(m.t, "does") == 0 && m.pbx.transfers() {
		m.pbx.replaceCaller()
	}
}

// blind puts the near half of a channel into a leg's place, whose far half goes through the dialplan.
func (p *pbx) blind(old queueapp.ChannelID) {
	number := rapid.SampledFrom([]string{"1000", "1001", "0015550123"}).Draw(p.m.t, "number")
	near := p.newHalf(old, "Local/"+number+"@phones")
	p.m.seen["blind transfer"]++
	if !rapid.Bool().Draw(p.m.t, "comes by us") {
		near.half.dial = "PJSIP/" + number
		p.tellDevice(near.half.dial)
		return
	}
	far := &line{
		id: near.id + "f", name: near.name[:len(near.name)-1] + "2", endpoint: near.endpoint, inApp: true, up: true,
		args: []string{"transfer", number}, half: &half{lane: near.id + "f", peer: near.id, far: true, dial: "PJSIP/" + number},
	}
	near.half.peer = far.id
	p.callers[far.id] = far
	p.report(far.id, Arrived{p.channel(far, false)})
}

// attended puts a channel into a leg's place that leads to whoever the agent has asked.
func (p *pbx) attended(old queueapp.ChannelID) {
	p.m.seen["attended transfer"]++
	target := rapid.SampledFrom([]string{"PJSIP/1000", "PJSIP/1001", "PJSIP/trunk"}).Draw(p.m.t, "target")
	first := rapid.Bool().Draw(p.m.t, "told first who it is")
	p.target = ""
	if first {
		p.target = target
	}
	near := p.newHalf(old, linkName)
	near.up = true
	if !first {
		p.report(near.id, Reached{Channel: near.id, Target: target})
	}
}

// newHalf puts the near half of a new channel into the place of a leg, which ends by that.
func (p *pbx) newHalf(old queueapp.ChannelID, endpoint string) *line {
	p.m.numbers++
	id := queueapp.ChannelID(fmt.Sprintf("nh%d", p.m.numbers))
	l := &line{
		id: id, name: fmt.Sprintf("%s-%d;1", endpoint, p.m.numbers), endpoint: endpoint, inApp: true,
		up: endpoint == linkName, half: &half{lane: old},
	}
	p.callers[id] = l
	p.report(id, Replaced{Old: old, Channel: p.channel(l, false), Target: p.target})
	p.target = ""
	b := p.in(old)
	p.bridges[b] = append(slices.Clone(p.bridges[b]), id)
	p.report(id, Entered{Bridge: b, Channel: id})
	p.legGone(old, 16)
	return l
}

// replaceCaller puts another channel into the place of a caller's, who talks or waits.
func (p *pbx) replaceCaller() {
	var here []queueapp.ChannelID
	for _, id := range keysOf(p.callers) {
		if l := p.callers[id]; l.inApp && l.half == nil && (len(l.args) == 0 || l.args[0] != "agent") {
			here = append(here, id)
		}
	}
	if len(here) == 0 {
		return
	}
	old := rapid.SampledFrom(here).Draw(p.m.t, "caller")
	p.m.seen["caller replaced"]++
	p.m.numbers++
	l := *p.callers[old]
	l.id = queueapp.ChannelID(fmt.Sprintf("rc%d", p.m.numbers))
	l.name, l.args, l.up, l.music, l.absolute, l.vars = "PJSIP/else-"+string(l.id), nil, true, false, "", nil
	l.told = p.laneOf(old)
	p.callers[l.id] = &l
	p.report(l.id, Replaced{Old: old, Channel: p.channel(&l, false)})
	if b := p.in(old); b != "" {
		p.bridges[b] = append(slices.Clone(p.bridges[b]), l.id)
		p.report(l.id, Entered{Bridge: b, Channel: l.id})
	}
	p.callerGone(old, true)
}

// colleague has whoever a call was sent on to do something.
func (m *model) colleague() {
	m.mu.Lock()
	defer m.mu.Unlock()
	var near []queueapp.ChannelID
	for _, id := range keysOf(m.pbx.callers) {
		if h := m.pbx.callers[id].half; h != nil && !h.far {
			near = append(near, id)
		}
	}
	if len(near) == 0 {
		return
	}
	l := m.pbx.callers[rapid.SampledFrom(near).Draw(m.t, "of")]
	waits := m.pbx.callers[l.half.peer] != nil && m.pbx.callers[l.half.peer].inApp
	switch does := rapid.IntRange(0, 3).Draw(m.t, "does"); {
	case does == 0:
		m.pbx.callerGone(l.id, true)
	case !l.up && !waits:
		l.up = true
		m.seen["answered there"]++
		m.pbx.report(l.id, LegUp{l.id})
		m.pbx.tellDevice(m.pbx.dialOf(l))
	}
}

// swapped reports whether a channel was taken for the other side's: where both sides were replaced while nobody listened, nobody
// can tell them apart, and the call goes on all the same.
func (m *model) swapped(t *tenure, l *line) bool {
	at := channelAt{"main", l.id}
	_, leg := t.attempt(t.others[at])
	return l.half == nil && l.told != "" && leg != nil || l.half != nil && !l.half.far && t.channels[at] != nil
}

// lookAtHalf asserts that no far half is kept from where it goes, and that every near one is an open attempt's.
func (m *model) lookAtHalf(t *tenure, l *line) {
	id, known := t.others[channelAt{"main", l.id}]
	_, a := t.attempt(id)
	switch {
	case l.half.far:
		m.fail("%s is kept from where it goes", l.id)
	case !known || a == nil:
		m.fail("%s is in the application, and nobody owns it", l.id)
	case m.pbx.in(l.id) == "":
		m.fail("%s is in no bridge", l.id)
	case l.up == a.connected.IsZero():
		m.fail("%s is answered: %t; and its attempt %s talks: %t", l.id, l.up, a.id, !a.connected.IsZero())
	case l.absolute != seconds(m.db.plan.Settings.MaxCall):
		m.fail("%s has no dead man's switch: %+v", l.id, *l)
	}
}

// halfGone ends the other half with the one, or has the dialplan ring whom it leads to.
func (p *pbx) halfGone(l *line, hungUp bool) {
	dial := p.dialOf(l)
	if peer := p.callers[l.half.peer]; peer != nil && hungUp {
		peer.half.peer, l.half.peer = "", ""
		p.callerGone(peer.id, true)
	}
	if dial != "" {
		p.tellDevice(dial)
	}
}

// dialOf is the phone that a transfer rings, or that has answered; empty: none yet.
func (p *pbx) dialOf(l *line) string {
	switch peer := p.callers[l.half.peer]; {
	case l.half.far && !l.inApp:
		return l.half.dial
	case peer != nil && peer.half.far && !peer.inApp:
		return peer.half.dial
	}
	return l.half.dial
}

// rings reports whether a transfer rings a phone, and whether it has answered.
func (p *pbx) rings(dial string) (rings, up bool) {
	for _, l := range p.callers {
		if l.half != nil && !l.half.far && p.dialOf(l) == dial {
			rings, up = true, up || l.up
		}
	}
	return rings, up
}
