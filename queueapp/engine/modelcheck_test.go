package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"ringside/queueapp"
)

// mayRing asserts invariant 3: before a leg is asked for its attempt is durable, and its publish answered or over budget.
func (m *model) mayRing(p *port, g Leg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := attemptOf(g.Channel)
	if p.dead || m.pbx.port != p {
		return
	}
	if a := m.db.attempts[id]; !ok || a == nil || !a.Closed.IsZero() {
		m.fail("%s is asked for, whose attempt is not open: %+v", g.Channel, a)
	}
	if !m.crm.settled[id] {
		m.fail("%s is asked for before its publish is settled", g.Channel)
	}
}

// outage reports whether the engine holds the database for away: then what is durable already goes on (DESIGN §4.10).
func (m *model) outage() bool {
	if m.db.away || m.commit != nil && time.Since(m.commit.at) >= beatLimit {
		return true
	}
	return slices.ContainsFunc(m.life.eng.Ready().Parts, func(p Part) bool { return p.Name == "database" && !p.OK })
}

// mayBridge asserts that an answer is durable before it is acted on.
func (m *model) mayBridge(p *port, leg queueapp.ChannelID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, _ := attemptOf(leg)
	if p.dead || m.pbx.port != p {
		return
	}
	if a := m.db.attempts[id]; !m.outage() && (a == nil || a.Answered.IsZero()) {
		m.fail("%s is bridged before that is durable: %+v", leg, a)
	}
	m.accepted(leg)
}

// mayDismiss asserts that a visit's outcome is durable before its caller is moved.
func (m *model) mayDismiss(p *port, ch queueapp.ChannelID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.dead || m.pbx.port != p || m.outage() {
		return
	}
	if l := m.pbx.callers[ch]; l == nil || !l.inApp {
		return // nobody is moved: he was quicker
	}
	for c := range m.db.visits {
		if v := m.db.openVisit(c); v != nil && v.Channel == ch {
			m.fail("%s is sent on while %s waits, as far as the database knows", ch, c)
		}
	}
}

// calm mends all that is broken and gives the world time to come to rest: longer than any grace of the floor's.
func (m *model) calm() {
	m.mend()
	m.locked(func() { m.life.fuse = 0 })
	m.reap()
	for range 8 {
		m.all()
		m.wait(2500 * time.Millisecond)
	}
	for range 4 { // what nobody waits for is written after a lull
		m.all()
		m.wait(2 * lull)
	}
	m.all()
}

func (m *model) settleDown() {
	m.all()
	m.wait(time.Second)
	m.all()
}

// look asserts that engine, switch and database are of one mind once the world has come to rest.
func (m *model) look() {
	m.calm()
	m.seen["looked"]++
	if err := m.life.eng.ask(context.Background(), func(t *tenure) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.lookAtCallers(t)
		m.lookAtLegs(t)
		m.lookAtRows(t)
		m.lookAtCalls(t)
	}); err != nil {
		m.t.Fatalf("the engine does not answer: %v", err)
	}
	m.rest()
}

// lookAtCallers asserts that nobody in the application is forgotten, and that whoever waits hears music.
func (m *model) lookAtCallers(t *tenure) {
	for _, id := range keysOf(m.pbx.callers) {
		l := m.pbx.callers[id]
		if !l.inApp {
			continue
		}
		if m.swapped(t, l) {
			continue
		}
		if l.half != nil {
			m.lookAtHalf(t, l)
			continue
		}
		c := t.channels[channelAt{"main", id}]
		if c == nil || c.gone {
			m.fail("%s is in the application, and the engine does not know it", id)
			continue
		}
		v, waits := t.floor.Call(c.id)
		switch {
		case c.dialogue != nil && c.waiting() == nil:
		case !waits:
			m.fail("%s (%s) is in the application, and nobody does anything for it", id, c.id)
		case v.State == "talking", c.handed():
			if len(m.pbx.bridges[c.bridge()]) != 2 || l.absolute != seconds(m.db.plan.Settings.MaxCall) {
				m.fail("%s talks, and the bridge has %v: %+v", c.id, m.pbx.bridges[c.bridge()], *l)
			}
		case v.State == "waiting" && m.pbx.in(id) != "":
			m.fail("%s waits in bridge %s", c.id, m.pbx.in(id))
		case !l.up || !l.music && !c.spoken() || l.absolute == "" || l.absolute == seconds(m.db.plan.Settings.MaxCall):
			m.fail("%s is %s, and not received: %+v", c.id, v.State, *l)
		}
	}
}

// lookAtLegs asserts invariants 1 and 8: every leg is an open attempt's, one a phone, and no bridge is left behind.
func (m *model) lookAtLegs(t *tenure) {
	phones := map[string]queueapp.ChannelID{}
	for _, id := range keysOf(m.pbx.legs) {
		l := m.pbx.legs[id]
		if phones[l.dial] != "" {
			m.fail("%s has %s and %s", l.dial, phones[l.dial], id)
		}
		phones[l.dial] = id
		a, _ := attemptOf(id)
		if _, known := t.attempt(a); known == nil || !known.rung {
			m.fail("%s lives, and nobody owns it", id)
		}
	}
	for _, a := range t.floor.Agents() {
		id := queueapp.AttemptID{Call: a.Call, N: a.Attempt}
		if a.Call != "" && a.Status != queueapp.StatusOffered && !m.pbx.hasLeg(t, id) {
			m.fail("%s is %s with %s, which has no leg", a.Agent, a.Status, id)
		}
	}
	for _, id := range keysOf(m.pbx.bridges) {
		if c, ok := callOf(id); !ok || t.calls[c] == nil {
			m.fail("bridge %s is left behind with %v", id, m.pbx.bridges[id])
		}
	}
}

// hasLeg reports whether an attempt has a leg that lives: one that we made, or one that a transfer has brought.
func (p *pbx) hasLeg(t *tenure, id queueapp.AttemptID) bool {
	_, a := t.attempt(id)
	if a == nil {
		return false
	}
	return p.legs[a.leg()] != nil || p.callers[a.leg()] != nil
}

// lookAtRows asserts that what is open in the database is open on the floor, and the other way round.
func (m *model) lookAtRows(t *tenure) {
	for _, id := range keysOf(m.db.visits) {
		if _, waits := t.floor.Call(id); waits != (m.db.openVisit(id) != nil) {
			m.fail("%s is on the floor: %t; and open in the database: %t", id, waits, !waits)
		}
	}
	open := map[queueapp.AttemptID]bool{}
	for _, a := range t.floor.Agents() {
		if a.Call != "" {
			open[queueapp.AttemptID{Call: a.Call, N: a.Attempt}] = true
		}
	}
	for _, c := range t.floor.Calls() {
		if c.Attempt > 0 {
			open[queueapp.AttemptID{Call: c.Call, N: c.Attempt}] = true
		}
	}
	for id, a := range m.db.attempts {
		if _, known := t.attempt(id); a.Agent == "" { // nobody of the floor's: no listing tells of a leg that ends
			open[id] = known != nil
		}
		if a.Ended.IsZero() != open[id] {
			m.fail("attempt %s is open on the floor: %t; in the database: %t", id, open[id], a.Ended.IsZero())
		}
	}
	for id, a := range m.db.attempts {
		closed, opened := len(m.crm.closes[id]), m.crm.opened[id]
		switch {
		case closed > 1:
			m.fail("the record of %s closed %d times", id, closed)
		case opened && closed == 0 && !a.Closed.IsZero():
			m.fail("the record of %s was opened, and never closed", id)
		}
	}
}

// lookAtCalls asserts that the engine holds on to no call that is over.
func (m *model) lookAtCalls(t *tenure) {
	for _, id := range keysOf(t.calls) {
		c := t.calls[id]
		alive := m.pbx.callers[c.channel.ID] != nil && m.pbx.callers[c.channel.ID].inApp
		for _, a := range c.attempts {
			alive = alive || m.pbx.hasLeg(t, a.id)
		}
		if !alive {
			m.fail("%s is over, and held on to: %+v", id, *c)
		}
	}
}

// end has everybody hang up: nothing may be left.
func (m *model) end() {
	m.reap()
	m.calm()
	m.locked(func() {
		for _, id := range keysOf(m.pbx.callers) {
			m.pbx.callerGone(id, true)
		}
		for _, id := range keysOf(m.pbx.legs) {
			m.pbx.legGone(id, 16)
		}
	})
	m.look()
	m.locked(func() {
		for _, c := range keysOf(m.db.visits) {
			if m.db.openVisit(c) != nil {
				m.fail("%s is open, and everybody has gone", c)
			}
		}
		if len(m.pbx.legs)+len(m.pbx.bridges) > 0 {
			m.fail("left on the switch: %v %v", m.pbx.legs, m.pbx.bridges)
		}
	})
	m.rest()
}

// keysOf gives a map's keys in order.
func keysOf[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
