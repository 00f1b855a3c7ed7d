package engine

import (
	"cmp"
	"maps"
	"slices"

	"ringside/queueapp"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/record"
)

// remember gives a fresh floor what the last owner left, as far as the database knows it. Visits wait until their switch
// has told what still lives there: live truth is in Asterisk (DESIGN §4.2).
func (t *tenure) remember(rem Remembered) error {
	t.version = rem.Version
	if err := t.usePlan(rem.Plan); err != nil {
		return err
	}
	for _, m := range rem.Meetings {
		t.acquainted.meet(m)
	}
	t.turn(queueapp.Hold{Why: "recovering"})
	for _, sw := range t.inOrder {
		t.turn(queueapp.SwitchDown{Switch: sw.Name()})
	}
	for _, a := range rem.Agents {
		t.turn(a)
	}
	for _, m := range rem.Members {
		t.turn(m)
	}
	t.remembered, t.homes = rem.Visits, rem.Homes
	for _, a := range rem.Attempts {
		t.attempts[a.Attempt.Call] = append(t.attempts[a.Attempt.Call], a)
		if a.State != queueapp.AttemptEnding { // whoever looks at its pop-up keeps the node, also before its switch has told
			t.showing(&attempt{id: a.Attempt, agent: a.Agent, extension: a.Extension})
		}
	}
	for _, l := range rem.Leaving {
		t.leaving[channelAt{t.switchName(l.Switch), l.Channel}] = l
	}
	t.turn(queueapp.Unhold{})
	for _, out := range rem.Unsent {
		t.resend(out)
	}
	return nil
}

// resend delivers a record that the last owner may not have delivered: again with the same item and seq.
func (t *tenure) resend(out Outgoing) {
	r, err := record.ParseXML(out.Payload)
	if err != nil {
		t.log.Error("a record of the last owner cannot be read; it is dropped", "call", out.Call, "seq", out.Seq, "err", err)
		t.batch.Sent = append(t.batch.Sent, out.RecordKey)
		return
	}
	out.Record = r
	if r.State == record.Closed {
		t.owed[out.RecordKey] = &attempt{agent: queueapp.AgentID(r.Agent), extension: out.Extension}
	}
	t.whenDurable(func() { t.crm.Send(out) })
}

// holdings is what a switch held of ours when its event stream came up.
type holdings struct {
	channels map[queueapp.ChannelID]Channel
	bridges  map[BridgeID]Bridge
}

func (h holdings) bridged(id BridgeID, ch queueapp.ChannelID) bool {
	return slices.Contains(h.bridges[id].Channels, ch)
}

// switchUp makes the floor and a switch agree, at the start as after every break: what is only remembered has ended,
// what is only there is taken up or cleared away.
func (t *tenure) switchUp(sw Switch, up SwitchUp) {
	t.log.Info("switch is heard", "switch", sw.Name(), "version", up.Version, "channels", len(up.Channels))
	h := holdings{channels: map[queueapp.ChannelID]Channel{}, bridges: map[BridgeID]Bridge{}}
	for _, ch := range up.Channels {
		h.channels[ch.ID] = ch
	}
	for _, b := range up.Bridges {
		h.bridges[b.ID] = b
	}
	restarted := !t.started[sw.Name()].IsZero() && !t.started[sw.Name()].Equal(up.Started)
	t.upSwitches[sw.Name()], t.started[sw.Name()] = true, up.Started
	t.turn(queueapp.Hold{Why: "reconciling with " + string(sw.Name())})
	t.restore(sw, h)
	t.findTransfers(sw, h)
	failpoint.Here("recovery", "restored")
	t.reconcileCalls(sw, h)
	t.reconcileLegs(sw, h)
	failpoint.Here("recovery", "reconciled")
	if restarted {
		t.dropLegsTo(sw)
	}
	t.clearAway(sw, up)
	failpoint.Here("recovery", "cleared")
	t.findRecordings(sw)
	sw.Follow(t.devicesOf(sw.Name()))
	t.turn(queueapp.SwitchUp{Switch: sw.Name()})
	t.restLamps()
	if !t.unsure { // else the next confirmed beat lets offers be made again
		t.turn(queueapp.Unhold{})
	}
	t.feel()
}

// restore takes up all that the last owner left, when the first switch tells: also what belongs to others, by the rows
// alone until they tell. An agent who talks on one switch must not be offered a caller of another.
func (t *tenure) restore(first Switch, h holdings) {
	visits := t.remembered
	t.remembered = nil
	for _, v := range visits {
		v.Switch = t.switchName(v.Switch)
		switch home := t.switches[v.Switch]; home {
		case first:
			t.restoreVisit(first, v, &h)
		case nil: // no longer in queueapp.toml: it will never tell, and its calls are over
			t.restoreVisit(first, v, &holdings{})
		default:
			t.restoreVisit(home, v, nil)
		}
	}
	ids := slices.Sorted(maps.Keys(t.attempts)) // of visits that are over, in the same order every time
	for _, id := range ids {
		t.restoreEnding(id, cmp.Or(t.switches[t.switchName(t.homes[id])], first))
	}
	t.homes = nil
}

// ownersRecords is how many records one owner makes of a call at most. Not all that left need have been written when it
// died, so the next owner's seqs begin where its own epoch puts them: gaps are normal, and one that is used twice is not seen.
const ownersRecords = 1_000_000

// restoreVisit takes up a visit of the last owner's; what has ended meanwhile is found by the reconciling that follows.
func (t *tenure) restoreVisit(sw Switch, v queueapp.RestoreVisit, h *holdings) {
	var ch Channel
	lives := false
	if h != nil {
		ch, lives = h.channels[v.Channel]
	}
	if !lives {
		ch = Channel{ID: v.Channel, Caller: v.Caller}
	}
	ch.Caller = v.Caller
	c := t.admit(v.Call, sw, ch)
	c.arrived, c.entered, c.queue = v.Entered, v.Entered, v.Queue
	c.customers, c.data, c.tried = v.Customers, v.Data, v.Attempts
	c.resumed, c.plays.last = true, int(t.owner.Epoch()*ownersPlays)
	c.seq = max(t.seqs[v.Call], t.owner.Epoch()*ownersRecords)
	v.Prefer = t.prefer(v.Enter)
	t.turn(v)
	if len(v.Customers) == 0 {
		t.identify(c, codeIn(v.Data))
	}
	for _, ra := range t.attempts[v.Call] {
		t.restoreAttempt(c, ra, h)
	}
	delete(t.attempts, v.Call)
}

// restoreEnding takes up the legs of a visit that is over, which keep agent and phone reserved until they are seen gone.
func (t *tenure) restoreEnding(id queueapp.CallID, sw Switch) {
	c := &call{id: id, sw: sw, gone: true, attempts: map[int]*attempt{}}
	t.calls[id] = c
	for _, ra := range t.attempts[id] {
		t.restoreAttempt(c, ra, &holdings{})
	}
	delete(t.attempts, id)
}

// restoreAttempt takes up an open attempt in the state that the row and the switch together tell, or the row alone. Of a
// switch that has not told nobody knows how far an attempt is: it counts as ringing until then, which keeps agent and phone.
func (t *tenure) restoreAttempt(c *call, ra queueapp.RestoreAttempt, h *holdings) {
	a := &attempt{
		id: ra.Attempt, agent: ra.Agent, extension: ra.Extension, opened: true,
		offered: ra.Offered, ringing: ra.Rang, connected: ra.Connected, inherited: true,
		onHold: !ra.HeldSince.IsZero(), held: ra.Holds, pickedUp: ra.Answered, other: ra.Channel, told: true,
	}
	var leg Channel
	lives := h == nil
	if h != nil {
		leg, lives = h.channels[a.leg()]
	}
	if a.other != "" {
		t.others[channelAt{c.sw.Name(), a.other}] = a.id
	}
	a.expires = t.Now().Add(t.plan.Settings.MaxCall)
	c.attempts[ra.Attempt.N], c.tried = a, max(c.tried, ra.Attempt.N)
	if ra.State != queueapp.AttemptEnding {
		t.showing(a)
		stands := t.outgoing(c, a, t.standingRecord(c, a))
		t.whenDurable(func() { t.crm.Shown(stands) })
	}
	a.unheard = h == nil && ra.Rang.IsZero()
	switch {
	case ra.State == queueapp.AttemptEnding:
		a.rung, a.ended = true, true
	case ra.State == queueapp.AttemptHanded:
		a.rung = true
	case ra.State == queueapp.AttemptConnected:
		a.rung, a.inBridge, c.inBridge = true, true, true
	case lives && leg.Up:
		ra.State, a.rung = queueapp.AttemptUp, true
	case lives && (leg.Ringing || h == nil || !ra.Rang.IsZero()):
		ra.State, a.rung = queueapp.AttemptRinging, true
	case lives: // prepared only, as far as anybody knows
		ra.State, a.rung = queueapp.AttemptCommitted, true
	default:
		ra.State, a.rung = queueapp.AttemptCommitted, false
	}
	if ra.State == queueapp.AttemptRinging && ra.Rang.IsZero() {
		ra.Rang = t.Now()
	}
	t.turn(ra)
	if ra.State == queueapp.AttemptCommitted {
		t.turn(queueapp.Ended{Attempt: ra.Attempt, Cause: queueapp.EndLost})
	}
}
