package queueapp

import (
	"cmp"
	"strings"
)

// Lamps says what keys on desk phones are to show, by name: queue_<name> whether callers wait or talk, queue_<name>_avail
// whether somebody is free for them, and agent_<id> what an agent does. before is what they showed last: what is over in a
// moment changes nothing.
func (f *Floor) Lamps(before map[string]DeviceState) map[string]DeviceState {
	lamps := make(map[string]DeviceState, 2*len(f.order)+len(f.roll))
	for _, q := range f.order {
		lamps[QueueLamp(q.Name)], lamps[AvailLamp(q.Name)] = q.lamp(), q.availLamp()
	}
	for _, a := range f.roll {
		if !a.removed {
			name := "agent_" + string(a.ID)
			lamps[name] = cmp.Or(a.lamp(f), before[name], DeviceInUse)
		}
	}
	return lamps
}

// QueueLamp names the lamp that shows whether callers wait or talk.
func QueueLamp(q QueueName) string { return "queue_" + string(q) }

// AvailLamp names the lamp that shows whether somebody is free for a queue.
func AvailLamp(q QueueName) string { return QueueLamp(q) + "_avail" }

// IsLamp reports whether a name can be a lamp's.
func IsLamp(name string) bool {
	return (strings.HasPrefix(name, "queue_") || strings.HasPrefix(name, "agent_")) && !strings.Contains(name, ":")
}

// lamp is what the queue shows. Callers who wait go before callers who talk: phones do not blink for both at once.
func (q *queue) lamp() DeviceState {
	switch {
	case q.visits > q.talking:
		return DeviceRinging
	case q.talking > 0:
		return DeviceInUse
	}
	return DeviceNotInUse
}

func (q *queue) availLamp() DeviceState {
	if q.free > 0 {
		return DeviceNotInUse
	}
	return DeviceBusy
}

// lamp is what the agent shows; empty: what he showed before.
func (a *agent) lamp(f *Floor) DeviceState {
	switch status, _ := a.status(f); status {
	case StatusFree:
		return DeviceNotInUse
	case StatusOffered, StatusRinging:
		return DeviceRinging
	case StatusTalking:
		return DeviceInUse
	case StatusWrapUp, StatusDelayed:
		return DeviceBusy
	case StatusPaused:
		return DeviceOnHold
	case StatusUnavailable:
		return a.seat.lamp(f)
	case StatusEnding:
		return ""
	case StatusLoggedOff:
	}
	return DeviceUnavailable
}

// lamp is what a phone shows that cannot be rung: somebody is on it, or it is not there.
func (x *extension) lamp(f *Floor) DeviceState {
	switch {
	case f.down[x.Switch], x.state.unreachable():
		return DeviceUnavailable
	case x.state == DeviceRinging:
		return DeviceRinging
	}
	return DeviceInUse
}
