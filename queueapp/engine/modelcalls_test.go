package engine

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// restart ends all that the switch held.
func (p *pbx) restart() {
	for id := range p.callers {
		delete(p.callers, id)
	}
	clear(p.legs)
	clear(p.bridges)
	p.started = time.Now()
	p.disconnect()
}

// arrive has somebody call, or come back from the dialplan.
func (p *pbx) arrive(l *line) {
	l.inApp, l.music, l.absolute = true, false, ""
	p.callers[l.id] = l
	p.report(l.id, Arrived{p.channel(l, false)})
}

// callerGone takes a caller out of the application.
func (p *pbx) callerGone(id queueapp.ChannelID, hungUp bool) {
	l := p.callers[id]
	if l == nil {
		return
	}
	p.leaveBridges(id)
	q850 := 0
	if hungUp {
		q850 = 16
	}
	if l.inApp {
		p.report(id, Gone{Channel: id, HungUp: hungUp, Q850: q850})
	}
	if l.inApp = false; hungUp {
		delete(p.callers, id)
	}
	if l.half != nil {
		p.halfGone(l, hungUp)
	}
}

func (p *pbx) legGone(id queueapp.ChannelID, q850 int) {
	if p.legs[id] == nil {
		return
	}
	dial := p.legs[id].dial
	p.leaveBridges(id)
	delete(p.legs, id)
	p.report(id, LegGone{Channel: id, Q850: q850})
	p.tellDevice(dial)
}

// tellDevice reports a phone's state.
func (p *pbx) tellDevice(dial string) {
	state := queueapp.DeviceNotInUse
	for _, l := range p.legs {
		switch {
		case l.dial != dial || l.prepared:
		case l.up:
			state = queueapp.DeviceInUse
		default:
			state = queueapp.DeviceRinging
		}
	}
	switch rings, up := p.rings(dial); {
	case up:
		state = queueapp.DeviceInUse
	case rings && state == queueapp.DeviceNotInUse:
		state = queueapp.DeviceRinging
	}
	if p.away[dial] {
		state = queueapp.DeviceUnavailable
	}
	p.report(queueapp.ChannelID(dial), DeviceChanged{Device: dial, State: state})
}

func (p *pbx) leaveBridges(id queueapp.ChannelID) {
	for b, members := range p.bridges {
		if slices.Contains(members, id) {
			p.bridges[b] = slices.DeleteFunc(slices.Clone(members), func(x queueapp.ChannelID) bool { return x == id })
			p.report(id, Left{Bridge: b, Channel: id})
		}
	}
}

// in is the bridge that a channel is in; empty: none.
func (p *pbx) in(id queueapp.ChannelID) BridgeID {
	for b, members := range p.bridges {
		if slices.Contains(members, id) {
			return b
		}
	}
	return ""
}

// expire ends the rings whose time is over.
func (p *pbx) expire() {
	for _, id := range keysOf(p.legs) {
		if l := p.legs[id]; !l.up && !l.prepared && !l.until.After(time.Now()) {
			p.legGone(id, 19)
		}
	}
}

// prepare makes a leg's channel that calls nobody yet.
func (p *pbx) prepare(g Leg) {
	switch {
	case p.legs[g.Channel] != nil:
	case g.Originator != "" && p.callers[g.Originator] == nil:
		p.answer(g.Channel, LegGone{Channel: g.Channel, Q850: 3, Absent: true})
	case p.away[g.Dial]:
		p.answer(g.Channel, LegGone{Channel: g.Channel, Q850: 20, Absent: true})
	default:
		p.legs[g.Channel] = &line{id: g.Channel, dial: g.Dial, prepared: true}
	}
}

// originate calls a phone, by a channel that was prepared or by a new one.
func (p *pbx) originate(g Leg) {
	if !g.Prepared && p.legs[g.Channel] == nil {
		p.prepare(g)
	}
	l := p.legs[g.Channel]
	switch {
	case l == nil && g.Prepared: // it was taken away meanwhile, or could not be made
		p.answer(g.Channel, LegGone{Channel: g.Channel, Absent: true})
	case l == nil || !l.prepared:
	default:
		for _, other := range p.legs {
			if other.dial == g.Dial && !other.prepared {
				p.m.fail("%s rings %s, which has %s", g.Channel, g.Dial, other.id)
			}
		}
		l.prepared, l.until = false, time.Now().Add(g.Ring)
		p.tellDevice(g.Dial)
	}
}

// bridge puts both into the bridge, or says that it could not.
func (p *pbx) bridge(id BridgeID, caller, leg queueapp.ChannelID) {
	c, l := p.callers[caller], p.legs[leg]
	if c == nil || !c.inApp || l == nil || !l.up {
		if c != nil {
			c.music = false // that went first
		}
		p.answer(caller, Failed{Command: "bridge", Channel: caller, Leg: leg, Status: 404})
		return
	}
	for _, other := range p.bridges[id] {
		if other != caller && other != leg {
			p.m.fail("%s is put into %s, where %s is", leg, id, other)
		}
	}
	c.music = false
	for _, ch := range []queueapp.ChannelID{caller, leg} {
		if !slices.Contains(p.bridges[id], ch) {
			p.bridges[id] = append(p.bridges[id], ch)
		}
		p.report(caller, Entered{Bridge: id, Channel: ch})
	}
}
