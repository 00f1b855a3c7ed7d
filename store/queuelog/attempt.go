package queuelog

import (
	"slices"
	"strconv"
	"time"

	"ringside/queueapp"
	"ringside/store/projection"
)

// attempt is one offer of a visit to an agent, until its record closes.
type attempt struct {
	visit    *visit
	agent    queueapp.AgentID
	rang     time.Time // when its leg was asked for; zero: not yet
	answered time.Time
	talks    bool      // CONNECT is written
	held     time.Time // since when the caller is on hold; zero: is not
}

func (f *Fold) offer(e queueapp.Offer) {
	if v := f.visits[e.Attempt.Call]; v != nil {
		f.attempts[e.Attempt] = &attempt{visit: v, agent: memberAt(e.Agent, e.Extension)}
	}
}

// memberAt is the name of who is rung: the extension's number where nobody is logged on there.
func memberAt(a queueapp.AgentID, x queueapp.ExtensionID) queueapp.AgentID {
	if a == "" {
		return queueapp.AgentID(x)
	}
	return a
}

func (f *Fold) ring(e queueapp.Ring) {
	if a := f.attempts[e.Attempt]; a != nil && a.rang.IsZero() {
		a.rang = f.at
	}
}

// answered notes when the phone stopped ringing, whatever the agent hears before he has the caller.
func (f *Fold) answered(id queueapp.AttemptID) {
	if a := f.attempts[id]; a != nil && a.answered.IsZero() {
		a.answered = f.at
	}
}

// connected writes that caller and agent talk. An attempt that was given up before the event was heard, because that was
// due, came to nothing.
func (f *Fold) connected(ev queueapp.Connected, effects []queueapp.Effect) {
	a := f.attempts[ev.Attempt]
	late := slices.ContainsFunc(effects, func(e queueapp.Effect) bool { r, ok := e.(queueapp.Revoke); return ok && r.Attempt == ev.Attempt })
	if a == nil || late || a.answered.IsZero() || !a.visit.connected.IsZero() {
		return
	}
	f.talk(a, f.at)
	leg := projection.Leg{Attempt: ev.Attempt, N: 1}.Channel()
	ring := strconv.FormatInt(int64(max(0, a.answered.Sub(a.rang))/time.Second), 10)
	f.write(string(a.visit.channel), a.visit.queue, a.agent, Connect, seconds(a.visit.entered, f.at), string(leg), ring)
}

func (f *Fold) talk(a *attempt, since time.Time) {
	f.unline(a.visit)
	a.talks, a.visit.connected, a.visit.agent = true, since, a.agent
}

// restoreAttempt takes over an attempt. That one is connected was written with its entry.
func (f *Fold) restoreAttempt(ev queueapp.RestoreAttempt) {
	v := f.visits[ev.Attempt.Call]
	if v == nil || ev.State == queueapp.AttemptEnding || f.attempts[ev.Attempt] != nil {
		return
	}
	if ev.From != 0 { // of which app_queue would know nothing any more
		v.over = true
		f.talk(&attempt{visit: v}, f.at)
		return
	}
	a := &attempt{visit: v, agent: memberAt(ev.Agent, ev.Extension), rang: ev.Rang, answered: ev.Answered, held: ev.HeldSince}
	f.attempts[ev.Attempt] = a
	if ev.State == queueapp.AttemptConnected && v.connected.IsZero() {
		since := ev.Connected
		if since.IsZero() {
			since = f.at
		}
		f.talk(a, since)
	}
}

// revoke writes that an agent's phone rang in vain. Where it never did there is nothing to write, and nothing of phones
// that stop because another was answered: app_queue does not, either.
func (f *Fold) revoke(e queueapp.Revoke) {
	a := f.attempts[e.Attempt]
	delete(f.attempts, e.Attempt)
	if a == nil || a.rang.IsZero() {
		return
	}
	stopped := f.at
	if !a.answered.IsZero() {
		stopped = a.answered
	}
	v, rang := a.visit, milliseconds(a.rang, stopped)
	switch e.Reason {
	case queueapp.RevokeNoAnswer, queueapp.RevokeBusy, queueapp.RevokeRefused, queueapp.RevokeUnreachable:
		if !a.answered.IsZero() && e.Reason != queueapp.RevokeNoAnswer { // picked up, and put down before the caller was there
			f.write(string(v.channel), v.queue, a.agent, AgentDump)
			return
		}
		f.write(string(v.channel), v.queue, a.agent, RingNoAnswer, rang)
	case queueapp.RevokeCallerGone, queueapp.RevokeWithdrawn, queueapp.RevokeLoggedOff, queueapp.RevokeLost:
		f.write(string(v.channel), v.queue, a.agent, RingCanceled, rang)
	case queueapp.RevokeElsewhere:
	}
}

func (f *Fold) hold(e queueapp.OnHold) {
	a := f.attempts[e.Attempt]
	if a == nil || !a.talks || !a.held.IsZero() {
		return
	}
	a.held = f.at
	f.write(string(a.visit.channel), a.visit.queue, a.agent, Hold)
}

// unhold writes the end of a hold, where there is one.
func (f *Fold) unhold(a *attempt) {
	if a == nil || a.held.IsZero() {
		return
	}
	f.write(string(a.visit.channel), a.visit.queue, a.agent, Unhold, seconds(a.held, f.at))
	a.held = time.Time{}
}

// handOver writes that a conversation ended by a transfer: app_queue follows the call no further. It goes on in the bridge
// that it was in, whoever is there now.
func (f *Fold) handOver(e queueapp.HandOver) {
	v := f.visits[e.Attempt.Call]
	if v == nil || v.over || v.connected.IsZero() {
		return
	}
	v.over = true
	times := []string{seconds(v.entered, v.connected), seconds(v.connected, f.at), strconv.Itoa(v.original)}
	if e.Attended {
		bridge := "rs1." + string(e.Attempt.Call)
		f.write(string(v.channel), v.queue, v.agent, AttendedTransfer, append([]string{"BRIDGE", bridge}, times...)...)
		return
	}
	f.write(string(v.channel), v.queue, v.agent, BlindTransfer, append([]string{e.Number, e.Context}, times...)...)
}

// close writes the end of a conversation. One that ended because the leg was lost counts as the agent's: app_queue knows
// two sides only.
func (f *Fold) close(e queueapp.Close) {
	a := f.attempts[e.Attempt]
	delete(f.attempts, e.Attempt)
	if a == nil || !a.talks || a.visit.over {
		return
	}
	v, event := a.visit, CompleteAgent
	f.unhold(a)
	switch e.By {
	case queueapp.ByTransfer:
		return // whither, the hand-over says
	case queueapp.ByCaller:
		event = CompleteCaller
	case queueapp.ByAgent, queueapp.BySystem:
	}
	v.over = true
	f.write(string(v.channel), v.queue, a.agent, event,
		seconds(v.entered, v.connected), seconds(v.connected, f.at), strconv.Itoa(v.original))
}
