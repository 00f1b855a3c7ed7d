package queuelog

import (
	"slices"
	"strconv"

	"ringside/queueapp"
)

// enter writes that a caller came into a queue, at the place where he stands among those who were not gone by then: what
// was due before the event has left.
func (f *Fold) enter(ev queueapp.Enter, effects []queueapp.Effect) {
	if f.visits[ev.Call] != nil {
		// What was due either ended the visit, or the call enters twice, of which the floor takes no notice.
		i := slices.IndexFunc(effects, func(e queueapp.Effect) bool { l, ok := e.(queueapp.Leave); return ok && l.Call == ev.Call })
		f.effects(effects[:i+1])
		effects = effects[i+1:]
		if i < 0 {
			f.effects(effects)
			return
		}
	}
	i := slices.IndexFunc(effects, func(e queueapp.Effect) bool { return concerns(e, ev.Call) })
	if i < 0 {
		i = len(effects)
	}
	f.effects(effects[:i])
	effects = effects[i:]
	if !turnedAway(effects) {
		f.admit(ev, effects)
	}
	f.effects(effects)
}

// concerns reports whether an effect is the floor's first about a caller who has just come.
func concerns(e queueapp.Effect, call queueapp.CallID) bool {
	switch e := e.(type) {
	case queueapp.Regained:
		return e.Call == call
	case queueapp.Announce:
		return e.Call == call
	case queueapp.Leave:
		return e.Call == call
	}
	return false
}

// turnedAway reports whether the caller who has just come was not let in: of that the queue_log says nothing. One who was
// let in and left at once, since nobody is there, did come in.
func turnedAway(effects []queueapp.Effect) bool {
	if len(effects) == 0 {
		return false
	}
	l, left := effects[0].(queueapp.Leave)
	return left && l.Outcome != queueapp.OutcomeLeftEmpty
}

func (f *Fold) admit(ev queueapp.Enter, effects []queueapp.Effect) {
	v := &visit{
		call: ev.Call, channel: ev.Channel, queue: ev.Queue, entry: ev.Entry, priority: ev.Priority, entered: f.at,
	}
	for _, e := range effects {
		if r, ok := e.(queueapp.Regained); ok && r.Call == ev.Call {
			v.entry = r.Entry
		}
	}
	f.visits[v.call] = v
	f.stand(v)
	v.original = f.standing(v)
	url := ""
	if len(ev.Customers) > 0 {
		url = ev.Customers[0].URL
	}
	data := []string{url, ev.Caller.Number, strconv.Itoa(v.original)}
	if ev.Caller.Name != "" {
		data = append(data, ev.Caller.Name)
	}
	f.write(string(v.channel), v.queue, "", EnterQueue, data...)
}

// restoreVisit takes over a caller who came before. One whose first place is not known, since an earlier release let him
// in, counts as having come where he stands.
func (f *Fold) restoreVisit(ev queueapp.RestoreVisit) {
	if f.visits[ev.Call] != nil {
		return
	}
	v := &visit{
		call: ev.Call, channel: ev.Channel, queue: ev.Queue, entry: ev.Entry, priority: ev.Priority, entered: ev.Entered,
		original: f.past.Original[ev.Call],
	}
	f.visits[v.call] = v
	f.stand(v)
	if v.original == 0 {
		v.original = f.standing(v)
	}
}

func (f *Fold) prioritise(ev queueapp.Prioritise) {
	v := f.visits[ev.Call]
	switch {
	case v == nil:
	case v.connected.IsZero():
		f.unline(v)
		v.priority = ev.Priority
		f.stand(v)
	}
}

// leave writes how a caller left whom nobody talked to; of a conversation, its end was written.
func (f *Fold) leave(e queueapp.Leave) {
	v := f.visits[e.Call]
	if v == nil {
		return
	}
	delete(f.visits, e.Call)
	if !v.connected.IsZero() {
		return
	}
	data := []string{strconv.Itoa(f.standing(v)), strconv.Itoa(v.original), seconds(v.entered, f.at)}
	f.unline(v)
	event := Withdraw
	switch e.Outcome {
	case queueapp.OutcomeAbandoned:
		event = Abandon
	case queueapp.OutcomeTimeout:
		event = ExitWithTimeout
	case queueapp.OutcomeLeftEmpty:
		event = ExitEmpty
	case queueapp.OutcomeKey:
		event, data = ExitWithKey, append([]string{""}, data...) // which key is not the floor's to know
	case queueapp.OutcomeWithdrawn:
		data = append(data, "")
	case queueapp.OutcomeMoved:
		data = append(data, short("moved to "+string(e.Next)))
	default: // app_queue knows no such way out; to it somebody took the caller out of the queue
		data = append(data, string(e.Outcome))
	}
	f.write(string(v.channel), v.queue, "", event, data...)
}

// short cuts what app_queue cuts at 40 characters.
func short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
