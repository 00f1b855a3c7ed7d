package queueapp_test

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// forget drops agents and phones that are neither in the plan nor on a call.
func (l *ledger) forget() {
	for id := range l.agents {
		if !l.inPlan(id) && l.agents[id].seat == "" && l.open(id) == nil {
			delete(l.agents, id)
		}
	}
	for id := range l.phones {
		if !l.extension(id) && l.on(id) == nil {
			delete(l.phones, id)
			delete(l.devices, id)
		}
	}
}

func (l *ledger) agentEvent(ev queueapp.Event, effects []queueapp.Effect) {
	switch ev := ev.(type) {
	case queueapp.Ready:
		if a := l.agents[ev.Agent]; a != nil && !refuses(effects) && ev.Queue == "" {
			a.delay, a.misses = time.Time{}, 0
		}
	case queueapp.Pause:
		if a := l.agents[ev.Agent]; a != nil && !refuses(effects) && ev.Queue == "" && (!a.paused || a.reason != ev.Reason) &&
			!slices.Contains(effects, queueapp.Effect(queueapp.Paused{Agent: ev.Agent, Reason: ev.Reason})) {
			l.fail("%s paused, and it was not said", ev.Agent)
		}
	case queueapp.Device:
		l.device(ev)
	}
}

func (l *ledger) device(ev queueapp.Device) {
	if _, ok := l.phones[ev.Extension]; !ok {
		return
	}
	was := l.devices[ev.Extension]
	l.devices[ev.Extension] = ev.State
	away := was == "" || was == queueapp.DeviceUnavailable || was == queueapp.DeviceInvalid || was == queueapp.DeviceUnknown
	if was == ev.State || !away || !ev.State.Free() {
		return
	}
	for _, a := range l.agents {
		if a.seat == ev.Extension && a.delayWhy == queueapp.RevokeUnreachable && !a.delayOld {
			a.delay = time.Time{}
		}
	}
}

func (l *ledger) agentEffect(ev queueapp.Event, e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.LoggedOn:
		l.loggedOn(e)
	case queueapp.LoggedOff:
		a := l.agents[e.Agent]
		if a == nil || a.seat != e.Extension {
			l.fail("%s logged off at %s, where he was not", e.Agent, e.Extension)
			return
		}
		if _, restored := ev.(queueapp.RestoreAgent); !restored && len(a.pauses) > 0 {
			l.fail("%s logged off, and is paused for a queue", e.Agent)
		}
		a.seat = ""
		clear(a.out)
	case queueapp.Serves:
		l.serves(e)
	case queueapp.Paused:
		if e.Queue != "" {
			l.pauseIn(e.Agent, e.Queue, e.Reason, true)
			return
		}
		l.pause(ev, e)
	case queueapp.Unpaused:
		if e.Queue != "" {
			l.pauseIn(e.Agent, e.Queue, "", false)
			return
		}
		if a := l.agents[e.Agent]; a != nil {
			a.paused, a.reason = false, ""
		}
	case queueapp.WrapUp:
		a := l.agents[e.Agent]
		if r, ok := ev.(queueapp.Ready); ok && r.Agent == e.Agent && e.Until.Equal(l.now) {
			a.wrap = e.Until
		}
		if x, ok := ev.(queueapp.WrapUpFor); ok && a != nil && x.Agent == e.Agent && a.wrap.After(l.now) {
			if a.wrap = l.now.Add(max(0, x.For)); !a.most.IsZero() && a.wrap.After(a.most) {
				a.wrap = a.most
			}
		}
		if a == nil || !a.last.Equal(e.Last) || !a.wrap.Equal(e.Until) {
			l.fail("%s wraps up until %s, last call %s", e.Agent, e.Until, e.Last)
		}
	}
}

func (l *ledger) pause(ev queueapp.Event, e queueapp.Paused) {
	a := l.agents[e.Agent]
	if a == nil || a.seat == "" || (a.paused && a.reason == e.Reason) {
		l.fail("%s paused, who is off or paused", e.Agent)
		return
	}
	asked, _ := ev.(queueapp.Pause)
	if !e.Auto && (asked.Agent != e.Agent || asked.Reason != e.Reason) || e.Auto != (a.tooMany || a.demanded) {
		l.fail("%s paused for %q with auto %t", e.Agent, e.Reason, e.Auto)
	}
	a.paused, a.reason = true, e.Reason
	if a.demanded {
		a.demanded = false
		return
	}
	if e.Auto {
		a.misses, a.tooMany = 0, false
	}
}

func (l *ledger) loggedOn(e queueapp.LoggedOn) {
	a := l.agents[e.Agent]
	switch {
	case a == nil || !l.inPlan(e.Agent) || !l.extension(e.Extension):
		l.fail("%s logged on at %s, not in the plan", e.Agent, e.Extension)
		return
	case a.seat != "" || l.open(e.Agent) != nil:
		l.fail("%s logged on with a seat or a call", e.Agent)
	}
	for _, other := range l.agents {
		if other.seat == e.Extension {
			l.fail("%s logged on at %s, where %s sits", e.Agent, e.Extension, other.id)
		}
	}
	a.seat, a.delay, a.away, a.misses, a.calls, a.talk = e.Extension, time.Time{}, time.Time{}, 0, 0, 0
}

// inPlan reports whether the agent is in the floor plan.
func (l *ledger) inPlan(id queueapp.AgentID) bool {
	return slices.ContainsFunc(l.plan.Agents, func(a queueapp.Agent) bool { return a.ID == id })
}

// extension reports whether the extension is in the floor plan.
func (l *ledger) extension(id queueapp.ExtensionID) bool {
	return slices.ContainsFunc(l.plan.Extensions, func(x queueapp.Extension) bool { return x.ID == id })
}
