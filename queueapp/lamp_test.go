package queueapp_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
)

// checkLamps holds the lamps against what is listed, which is held against the ledger.
func (l *ledger) checkLamps(f *queueapp.Floor) {
	before := l.lamps
	l.lamps = f.Lamps(before)
	names := map[string]bool{}
	is := func(name string, want ...queueapp.DeviceState) {
		names[name] = true
		if got := l.lamps[name]; !slices.Contains(want, got) {
			l.fail("lamp %s shows %q, want one of %s", name, got, want)
		}
	}
	for _, q := range f.Queues() {
		name := "queue_" + string(q.Queue)
		is(name, map[bool]queueapp.DeviceState{true: queueapp.DeviceRinging, false: either(q.Talking > 0)}[q.Waiting > 0])
		is(name+"_avail", map[bool]queueapp.DeviceState{true: queueapp.DeviceNotInUse, false: queueapp.DeviceBusy}[q.Free > 0])
	}
	for _, a := range f.Agents() {
		name := "agent_" + string(a.Agent)
		if !slices.ContainsFunc(l.plan.Agents, func(p queueapp.Agent) bool { return p.ID == a.Agent }) {
			continue // of whom only the last call is left
		}
		is(name, map[queueapp.AgentStatus][]queueapp.DeviceState{
			queueapp.StatusLoggedOff: {queueapp.DeviceUnavailable}, queueapp.StatusFree: {queueapp.DeviceNotInUse},
			queueapp.StatusOffered: {queueapp.DeviceRinging}, queueapp.StatusRinging: {queueapp.DeviceRinging},
			queueapp.StatusTalking: {queueapp.DeviceInUse}, queueapp.StatusEnding: {cmp.Or(before[name], queueapp.DeviceInUse)},
			queueapp.StatusWrapUp: {queueapp.DeviceBusy}, queueapp.StatusDelayed: {queueapp.DeviceBusy},
			queueapp.StatusPaused:      {queueapp.DeviceOnHold},
			queueapp.StatusUnavailable: {queueapp.DeviceUnavailable, queueapp.DeviceInUse, queueapp.DeviceRinging},
		}[a.Status]...)
	}
	if len(l.lamps) != len(names) {
		l.fail("%d lamps, and %d belong to somebody", len(l.lamps), len(names))
	}
}

// either is what a queue shows for which nobody waits.
func either(talks bool) queueapp.DeviceState {
	if talks {
		return queueapp.DeviceInUse
	}
	return queueapp.DeviceNotInUse
}

// panel is a floor of one queue and two agents, and what its lamps show.
type panel struct {
	t     *testing.T
	floor *queueapp.Floor
	now   time.Time
	lamps map[string]queueapp.DeviceState
}

func newPanel(t *testing.T) *panel {
	w := &panel{t: t, floor: queueapp.NewFloor(), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	w.is(queueapp.Apply{Plan: twoAgents()}, "agent_1000 UNAVAILABLE, agent_1001 UNAVAILABLE, queue_support NOT_INUSE, queue_support_avail BUSY")
	return w
}

func twoAgents() queueapp.Plan {
	return queueapp.Plan{
		Queues: []queueapp.Queue{{
			Name: "support", Strategy: queueapp.LeastRecent, Ring: 20 * time.Second, Timeout: time.Hour, Wrapup: 5 * time.Second,
			RejectDelay: 2 * time.Second, Retry: 5 * time.Second, Members: []queueapp.Member{{Agent: "1000"}, {Agent: "1001"}},
		}},
		Agents:     []queueapp.Agent{{ID: "1000"}, {ID: "1001"}},
		Extensions: []queueapp.Extension{{ID: "1000", Switch: "a"}, {ID: "1001", Switch: "a"}},
	}
}

// is tells the floor what happens, and says which lamps change by that, in the order of their names.
func (w *panel) is(ev queueapp.Event, want string) {
	w.t.Helper()
	w.floor.Handle(w.now, ev)
	lamps := w.floor.Lamps(w.lamps)
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(lamps)) {
		if lamps[name] != w.lamps[name] {
			changed = append(changed, fmt.Sprint(name, " ", lamps[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.lamps)) {
		if _, there := lamps[name]; !there {
			changed = append(changed, name+" is gone")
		}
	}
	if got := strings.Join(changed, ", "); got != want {
		w.t.Errorf("%T%+v:\n%s\nwant\n%s", ev, ev, got, want)
	}
	w.lamps = lamps
}

// after lets time go by until something is due.
func (w *panel) after(d time.Duration, want string) {
	w.t.Helper()
	w.now = w.now.Add(d)
	w.is(queueapp.Tick{}, want)
}

func TestLampsFollowACall(t *testing.T) {
	w := newPanel(t)
	one, two := queueapp.AttemptID{Call: "c1", N: 1}, queueapp.AttemptID{Call: "c1", N: 2}
	w.is(queueapp.LogOn{Agent: "1000"}, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Enter{Call: "c1", Queue: "support", Entry: 1, Switch: "a"}, "agent_1000 RINGING, queue_support RINGING, queue_support_avail BUSY")
	w.is(queueapp.LogOn{Agent: "1001"}, "agent_1001 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Offered{Attempt: one, Publish: queueapp.PublishOK}, "")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceRinging}, "")
	w.is(queueapp.Ended{Attempt: one, Cause: queueapp.EndRefused}, "agent_1000 BUSY, agent_1001 RINGING, queue_support_avail BUSY")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceNotInUse}, "")
	w.after(2*time.Second, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Offered{Attempt: two, Publish: queueapp.PublishOK}, "")
	w.is(queueapp.Up{Attempt: two}, "")
	w.is(queueapp.Connected{Attempt: two}, "agent_1001 INUSE, queue_support INUSE")
	w.is(queueapp.Enter{Call: "c2", Queue: "support", Entry: 2, Switch: "a"}, "agent_1000 RINGING, queue_support RINGING, queue_support_avail BUSY")
	w.is(queueapp.Hangup{Call: "c2"}, "agent_1000 NOT_INUSE, queue_support INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Hangup{Call: "c1"}, "queue_support NOT_INUSE")
	w.is(queueapp.Ended{Attempt: two, Cause: queueapp.EndHangup}, "agent_1001 BUSY")
	w.after(5*time.Second, "agent_1001 NOT_INUSE")
}

func TestLampsShowWhyAnAgentGetsNoCall(t *testing.T) {
	w := newPanel(t)
	w.is(queueapp.LogOn{Agent: "1000"}, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Pause{Agent: "1000"}, "agent_1000 ONHOLD, queue_support_avail BUSY")
	w.is(queueapp.Ready{Agent: "1000"}, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceRinging}, "agent_1000 RINGING, queue_support_avail BUSY")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceOnHold}, "agent_1000 INUSE")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceUnavailable}, "agent_1000 UNAVAILABLE")
	w.is(queueapp.Device{Extension: "1000", State: queueapp.DeviceNotInUse}, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	w.is(queueapp.SwitchDown{Switch: "a"}, "agent_1000 UNAVAILABLE, queue_support_avail BUSY")
	w.is(queueapp.SwitchUp{Switch: "a"}, "agent_1000 NOT_INUSE, queue_support_avail NOT_INUSE")
	plan := twoAgents()
	plan.Agents, plan.Queues[0].Name = plan.Agents[1:], "sales"
	plan.Queues[0].Members = plan.Queues[0].Members[1:]
	w.is(queueapp.Apply{Plan: plan},
		"queue_sales NOT_INUSE, queue_sales_avail BUSY, agent_1000 is gone, queue_support is gone, queue_support_avail is gone")
}
