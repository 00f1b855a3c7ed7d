package queueapp_test

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// row is something that can happen to an attempt, or to a visit.
type row struct {
	name   string
	before []queueapp.Event // what the visit's table needs first
	event  queueapp.Event
	due    dueKind // time passes instead
	hits   func(queueapp.Event, subject) bool
}

// subject is an attempt, or a visit, at the moment of an event.
type subject struct {
	queueapp.Open
	deadline, time bool // is due: the visit's, the attempt's
}

// dueKind is what a row's time makes due.
type dueKind string

const (
	nothing     dueKind = ""
	theDeadline dueKind = "deadline" // the visit's
	theAttempt  dueKind = "attempt"  // the end of a ring, of the wait for a bridge, of a hang-up
)

// attemptColumns are an attempt's states.
func attemptColumns() []string {
	return []string{"committed", "ringing", "briefing", "asked", "up", "connected", "ending", "gone"}
}

// visitColumns are a visit's states: offered is an attempt committed or ringing, or whose agent is asked to accept; answered
// one that is up, or whose agent is told something before.
func visitColumns() []string { return []string{"waiting", "offered", "answered", "talking", "gone"} }

func attemptRows() []row {
	id := tableAttempt()
	rows := []row{
		{name: "published, or over budget", event: queueapp.Offered{Attempt: id, Publish: queueapp.PublishOK}},
		{name: "phone rings", event: queueapp.Ringing{Attempt: id}},
		{name: "agent answers", event: queueapp.Up{Attempt: id}},
		{name: "agent has heard all", event: queueapp.Briefed{Attempt: id}},
		{name: "agent accepts", event: queueapp.Accepted{Attempt: id}},
		{name: "both are in the bridge", event: queueapp.Connected{Attempt: id}},
	}
	for _, c := range []struct {
		what  string
		cause queueapp.EndCause
	}{
		{"no answer", queueapp.EndNoAnswer}, {"busy", queueapp.EndBusy}, {"refused", queueapp.EndRefused},
		{"not reached", queueapp.EndUnreachable}, {"hung up", queueapp.EndHangup}, {"lost", queueapp.EndLost},
	} {
		rows = append(rows, row{name: "leg gone: " + c.what, event: queueapp.Ended{Attempt: id, Cause: c.cause}})
	}
	for i, r := range rows {
		rows[i].hits = func(ev queueapp.Event, s subject) bool { return sameAttempt(ev, r.event, s) }
	}
	rows = append(rows, callRows()...)
	rows = append(rows,
		row{name: "time is over", due: theAttempt, hits: func(_ queueapp.Event, s subject) bool { return s.time }},
		leavesRow(),
	)
	rows = append(rows, agentRows()...)
	return append(rows, floorRows()...)
}

// sameAttempt reports whether ev is what want is, and of the subject's attempt.
func sameAttempt(ev, want queueapp.Event, s subject) bool {
	switch ev := ev.(type) {
	case queueapp.Offered:
		_, ok := want.(queueapp.Offered)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Ringing:
		_, ok := want.(queueapp.Ringing)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Up:
		_, ok := want.(queueapp.Up)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Briefed:
		_, ok := want.(queueapp.Briefed)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Accepted:
		_, ok := want.(queueapp.Accepted)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Connected:
		_, ok := want.(queueapp.Connected)
		return ok && ev.Attempt == s.Attempt
	case queueapp.Ended:
		w, ok := want.(queueapp.Ended)
		return ok && ev.Attempt == s.Attempt && ev.Cause == w.Cause
	}
	return false
}

// callRows are what happens to a caller.
func callRows() []row {
	withdrawn := func(outcomes ...queueapp.Outcome) func(queueapp.Event, subject) bool {
		return func(ev queueapp.Event, s subject) bool {
			w, ok := ev.(queueapp.Withdraw)
			return ok && w.Call == s.Call && slices.Contains(outcomes, w.Outcome)
		}
	}
	return []row{
		{name: "caller hangs up", event: queueapp.Hangup{Call: "c1"}, hits: func(ev queueapp.Event, s subject) bool {
			h, ok := ev.(queueapp.Hangup)
			return ok && h.Call == s.Call
		}},
		{
			name: "caller is withdrawn", event: queueapp.Withdraw{Call: "c1"},
			hits: withdrawn(queueapp.OutcomeWithdrawn, ""),
		},
		{
			name: "caller presses the exit key", event: queueapp.Withdraw{Call: "c1", Outcome: queueapp.OutcomeKey},
			hits: withdrawn(queueapp.OutcomeKey),
		},
		{
			name: "floor is released", event: queueapp.Withdraw{Call: "c1", Outcome: queueapp.OutcomeUnavailable},
			hits: withdrawn(queueapp.OutcomeUnavailable),
		},
		{name: "caller is raised", event: queueapp.Prioritise{Call: "c1", Priority: 7}, hits: func(ev queueapp.Event, s subject) bool {
			p, ok := ev.(queueapp.Prioritise)
			return ok && p.Call == s.Call
		}},
		{name: "caller is pulled to a phone", event: queueapp.Pull{Call: "c1", Extension: "2000"}, hits: func(ev queueapp.Event, s subject) bool {
			p, ok := ev.(queueapp.Pull)
			return ok && p.Call == s.Call
		}},
		{name: "caller enters again", event: tableEnter(time.Hour), hits: func(ev queueapp.Event, s subject) bool {
			e, ok := ev.(queueapp.Enter)
			return ok && e.Call == s.Call
		}},
		{name: "deadline", due: theDeadline, hits: func(_ queueapp.Event, s subject) bool { return s.deadline }},
	}
}

// agentRows are what an agent does while an attempt is open.
func agentRows() []row {
	return []row{
		{name: "agent logs off", event: queueapp.LogOff{Agent: "1000"}, hits: func(ev queueapp.Event, s subject) bool {
			l, ok := ev.(queueapp.LogOff)
			return ok && l.Agent == s.Agent
		}},
		{
			name: "agent logs on elsewhere", event: queueapp.LogOn{Agent: "1000", Extension: "2000"},
			hits: func(ev queueapp.Event, s subject) bool {
				l, ok := ev.(queueapp.LogOn)
				return ok && l.Agent == s.Agent && l.Extension != "" && l.Extension != s.Extension
			},
		},
		{name: "agent pauses", event: queueapp.Pause{Agent: "1000", Reason: "lunch"}, hits: func(ev queueapp.Event, s subject) bool {
			p, ok := ev.(queueapp.Pause)
			return ok && p.Agent == s.Agent
		}},
		{name: "agent is ready", event: queueapp.Ready{Agent: "1000"}, hits: func(ev queueapp.Event, s subject) bool {
			r, ok := ev.(queueapp.Ready)
			return ok && r.Agent == s.Agent
		}},
		{
			name: "agent leaves the plan", event: without(func(p *queueapp.Plan) { p.Agents = nil }),
			hits: func(ev queueapp.Event, s subject) bool {
				a, ok := ev.(queueapp.Apply)
				return ok && !slices.ContainsFunc(a.Plan.Agents, func(x queueapp.Agent) bool { return x.ID == s.Agent })
			},
		},
		{
			name: "phone leaves the plan", event: without(func(p *queueapp.Plan) { p.Extensions = nil }),
			hits: func(ev queueapp.Event, s subject) bool {
				a, ok := ev.(queueapp.Apply)
				return ok && !slices.ContainsFunc(a.Plan.Extensions, func(x queueapp.Extension) bool { return x.ID == s.Extension })
			},
		},
	}
}

// floorRows are what happens to phones and switches, and to the floor as a whole.
func floorRows() []row {
	device := func(states ...queueapp.DeviceState) func(queueapp.Event, subject) bool {
		return func(ev queueapp.Event, s subject) bool {
			d, ok := ev.(queueapp.Device)
			return ok && d.Extension == s.Extension && slices.Contains(states, d.State)
		}
	}
	return []row{
		{
			name: "phone is in use", event: queueapp.Device{Extension: "1000", State: queueapp.DeviceInUse},
			hits: device(queueapp.DeviceInUse, queueapp.DeviceBusy),
		},
		{
			name: "phone is not registered", event: queueapp.Device{Extension: "1000", State: queueapp.DeviceUnavailable},
			hits: device(queueapp.DeviceUnavailable),
		},
		{name: "hold", event: queueapp.Hold{}, hits: func(ev queueapp.Event, _ subject) bool {
			_, ok := ev.(queueapp.Hold)
			return ok
		}},
		{name: "hold ends", before: []queueapp.Event{queueapp.Hold{}}, event: queueapp.Unhold{}, hits: func(ev queueapp.Event, _ subject) bool {
			_, ok := ev.(queueapp.Unhold)
			return ok
		}},
		{name: "switch is not heard", event: queueapp.SwitchDown{Switch: "main"}, hits: func(ev queueapp.Event, s subject) bool {
			d, ok := ev.(queueapp.SwitchDown)
			return ok && d.Switch == s.Switch
		}},
		{
			name: "switch is heard again", before: []queueapp.Event{queueapp.SwitchDown{Switch: "main"}},
			event: queueapp.SwitchUp{Switch: "main"},
			hits: func(ev queueapp.Event, s subject) bool {
				u, ok := ev.(queueapp.SwitchUp)
				return ok && u.Switch == s.Switch
			},
		},
	}
}

// visitRows are what the visit's table has, besides what happens to attempts.
func visitRows() []row {
	free := queueapp.LogOn{Agent: "1001"}
	rows := []row{
		{name: "another agent is free", event: free},
		{name: "the same, on hold", before: []queueapp.Event{queueapp.Hold{}}, event: free},
		{name: "the same, caller's switch not heard", before: []queueapp.Event{queueapp.SwitchDown{Switch: "main"}}, event: free},
		{name: "attempt fails", event: queueapp.Ended{Attempt: tableAttempt(), Cause: queueapp.EndBusy}},
		{name: "both are in the bridge", event: queueapp.Connected{Attempt: tableAttempt()}},
	}
	rows = append(rows, callRows()...)
	return append(rows, leavesRow())
}

func without(change func(*queueapp.Plan)) queueapp.Event {
	p := tablePlan()
	change(&p)
	return queueapp.Apply{Plan: p}
}

func leavesRow() row {
	return row{
		name: "queue leaves the plan", event: without(func(p *queueapp.Plan) { p.Queues = nil }),
		hits: func(ev queueapp.Event, s subject) bool {
			a, ok := ev.(queueapp.Apply)
			return ok && s.Queue != "" && !slices.ContainsFunc(a.Plan.Queues, func(q queueapp.Queue) bool { return q.Name == s.Queue })
		},
	}
}
