package aritest

import (
	"math/rand/v2"
	"time"
)

// Behaviour is what a phone does with a call that comes in. The zero value rings and answers at once, and stays until told or
// until the other side hangs up.
type Behaviour struct {
	Ring   time.Duration // how long it rings before it does what it does
	Never  bool          // it rings until the caller gives up, or a test says otherwise
	Refuse int           // the code of SIP's final response to refuse with: 486 busy, 603 declined; 0 answers
	Talk   time.Duration // how long it stays in the call before it hangs up, 0 for ever
}

// Phone is what an endpoint leads to.
type Phone struct {
	x        *exchange
	endpoint string
	absent   bool // it is not registered
	behave   func(*rand.Rand) Behaviour
	channels map[*channel]bool
	told     string // the state that was told last
}

// Phone is the phone of an endpoint, "PJSIP/1000". One that is asked for the first time is registered and answers at once.
func (a *Asterisk) Phone(endpoint string) *Phone {
	var p *Phone
	a.do(func(x *exchange) {
		if p = x.phones[endpoint]; p != nil {
			return
		}
		p = &Phone{x: x, endpoint: endpoint, channels: map[*channel]bool{}, absent: true}
		x.phones[endpoint] = p
		p.told = p.state()
		p.absent = false
		p.changed()
	})
	return p
}

// Behave sets what it does with the calls that come from now on.
func (p *Phone) Behave(b Behaviour) { p.BehaveBy(func(*rand.Rand) Behaviour { return b }) }

// BehaveBy has f decide for each call that comes. What it draws from the source depends on the seed and the call's id alone.
func (p *Phone) BehaveBy(f func(*rand.Rand) Behaviour) {
	p.x.a.do(func(*exchange) { p.behave = f })
}

// Register registers it, or takes that back.
func (p *Phone) Register(yes bool) {
	p.x.a.do(func(*exchange) {
		p.absent = !yes
		p.changed()
	})
}

// Answer answers what rings there, Refuse refuses it with the code of a final response, HangUp ends what is answered. Each
// says how many calls that were.
func (p *Phone) Answer() int { return p.each(stateRinging, (*channel).answer) }

// Refuse refuses what rings there with the code of SIP's final response.
func (p *Phone) Refuse(code int) int {
	return p.each(stateRinging, func(ch *channel) { ch.hungUp(causeOfSIP(code)) })
}

// HangUp ends the calls that it has answered.
func (p *Phone) HangUp() int {
	return p.each(stateUp, func(ch *channel) { ch.hungUp(0) })
}

// Hold puts the other side of its calls on hold, or takes that back.
func (p *Phone) Hold(yes bool) int {
	kind := "ChannelUnhold"
	if yes {
		kind = "ChannelHold"
	}
	return p.each(stateUp, func(ch *channel) { ch.tell(kind, nil) })
}

func (p *Phone) each(state string, do func(*channel)) (n int) {
	p.x.a.do(func(*exchange) {
		for _, ch := range p.x.inOrder() {
			if p.channels[ch] && ch.state == state && ch.leg != nil {
				do(ch)
				n++
			}
		}
	})
	return n
}

// state is its device state, as of a phone that is busy with one call (device_state_busy_at=1). One that it makes counts
// once it is answered.
func (p *Phone) state() string {
	for ch := range p.channels {
		if ch.state == stateRinging || ch.state == stateUp {
			return "BUSY"
		}
	}
	if p.absent {
		return "UNAVAILABLE"
	}
	return "NOT_INUSE"
}

// changed tells its state to whoever follows it, where that is another than before.
func (p *Phone) changed() {
	now := p.state()
	if now == p.told {
		return
	}
	p.told = now
	p.x.tellDevice(p.endpoint)
}

// leg is how a channel is dialled.
type leg struct {
	app      *application
	args     []string
	prepared bool        // it was made without a call, and is in the application from then on
	asked    bool        // to call
	next     *time.Timer // what the phone does next
	end      *time.Timer // of the time-out
}

func (l *leg) stopTimers() {
	for _, t := range []*time.Timer{l.next, l.end} {
		if t != nil {
			t.Stop()
		}
	}
}

// dialled tells how far dialling is.
func (ch *channel) dialled(status string) {
	number := ch.phone.endpoint[len("PJSIP/"):]
	if ch.leg.prepared && status != "" {
		number = ""
	}
	ch.tell("Dial", func(b []byte) []byte {
		return pair(pair(pair(b, "dialstatus", status), "forward", ""), "dialstring", number)
	})
}

// dial has the phone take a leg.
func (ch *channel) dial(limit time.Duration) {
	if ch.gone {
		return
	}
	ch.leg.asked = true
	ch.dialled("")
	var b Behaviour
	if f := ch.phone.behave; f != nil {
		b = f(ch.x.a.source("phone " + ch.id))
	}
	if b.Refuse != 0 && b.Ring == 0 {
		ch.hungUp(causeOfSIP(b.Refuse))
		return
	}
	ch.state = stateRinging
	ch.dialled("RINGING")
	ch.phone.changed()
	act := func() { ch.take(b) }
	switch {
	case b.Never:
	case b.Ring == 0:
		act()
	default:
		ch.leg.next = ch.x.later(b.Ring, act)
	}
	if ch.state == stateRinging && limit > 0 {
		ch.leg.end = ch.x.later(limit, func() {
			switch {
			case ch.gone || ch.state != stateRinging:
			case ch.leg.prepared:
				ch.asked(19)
			default:
				ch.destroy(19)
			}
		})
	}
}

// take is what a phone does when it has rung.
func (ch *channel) take(b Behaviour) {
	switch {
	case ch.gone || ch.state != stateRinging:
		return
	case b.Refuse != 0:
		ch.hungUp(causeOfSIP(b.Refuse))
		return
	}
	ch.answer()
	if b.Talk > 0 && !ch.gone {
		ch.leg.next = ch.x.later(b.Talk, func() {
			if !ch.gone {
				ch.hungUp(0)
			}
		})
	}
}

// answer has the phone answer; the leg enters its application, where it is not in it, and ends where nobody listens there.
func (ch *channel) answer() {
	ch.leg.stopTimers()
	ch.state = stateUp
	ch.phone.changed()
	ch.dialled("ANSWER")
	if ch.leg.prepared {
		return
	}
	if !ch.leg.app.active() {
		ch.destroy(16)
		return
	}
	ch.enter(ch.leg.app, ch.leg.args)
}

// causeOfSIP is the Q.850 cause that Asterisk makes of a phone's final response.
func causeOfSIP(code int) int {
	switch code {
	case 404:
		return 1
	case 486, 600:
		return 17
	case 408:
		return 18
	case 480:
		return 19
	case 403, 603:
		return 21
	case 503:
		return 34
	case 500:
		return 38
	case 488:
		return 58
	}
	return 127
}
