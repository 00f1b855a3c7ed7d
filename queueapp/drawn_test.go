package queueapp_test

import (
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

func queueNames() []queueapp.QueueName { return []queueapp.QueueName{"support", "sales", "vip"} }

func agentIDs() []queueapp.AgentID {
	return []queueapp.AgentID{"1000", "1001", "1002", "1003", "1004"}
}

func extensionIDs() []queueapp.ExtensionID {
	return []queueapp.ExtensionID{"1000", "1001", "1002", "1003", "1004", "2000"}
}

func endCauses() []queueapp.EndCause {
	return []queueapp.EndCause{
		queueapp.EndHangup, queueapp.EndNoAnswer, queueapp.EndNoAnswer, queueapp.EndBusy, queueapp.EndRefused,
		queueapp.EndUnreachable, queueapp.EndLost,
	}
}

func deviceStates() []queueapp.DeviceState {
	free := queueapp.DeviceNotInUse
	return []queueapp.DeviceState{
		free, free, free, free, free, free, free, free, free, free, queueapp.DeviceUnknown, queueapp.DeviceInUse, queueapp.DeviceBusy,
		queueapp.DeviceInvalid, queueapp.DeviceUnavailable, queueapp.DeviceRinging, queueapp.DeviceRingInUse,
		queueapp.DeviceOnHold,
	}
}

func drawDuration(t *rapid.T, least, most time.Duration) time.Duration {
	return time.Duration(rapid.Int64Range(int64(least/time.Millisecond), int64(most/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
}

func drawSwitch(t *rapid.T) queueapp.SwitchName {
	return rapid.SampledFrom([]queueapp.SwitchName{"a", "a", "b"}).Draw(t, "switch")
}

// drawSome picks a part of all, in their order, mostly most of them.
func drawSome[T any](t *rapid.T, all []T, name string) []T {
	var some []T
	for _, x := range all {
		if rapid.IntRange(0, 9).Draw(t, name) > 0 {
			some = append(some, x)
		}
	}
	return some
}

func drawPlan(t *rapid.T) queueapp.Plan {
	var p queueapp.Plan
	agents := drawSome(t, agentIDs(), "agent in the plan")
	for _, id := range agents {
		p.Agents = append(p.Agents, queueapp.Agent{ID: id})
	}
	for _, id := range drawSome(t, extensionIDs(), "extension in the plan") {
		p.Extensions = append(p.Extensions, queueapp.Extension{
			ID: id, Switch: drawSwitch(t), Dial: "PJSIP/" + string(id), Device: "PJSIP/" + string(id),
		})
	}
	for _, name := range drawSome(t, queueNames(), "queue in the plan") {
		members := rapid.Permutation(drawSome(t, agents, "member")).Draw(t, "members")
		p.Queues = append(p.Queues, drawQueue(t, name, members))
	}
	return p
}

func drawQueue(t *rapid.T, name queueapp.QueueName, members []queueapp.AgentID) queueapp.Queue {
	return queueapp.Queue{
		Name: name, Strategy: queueapp.LeastRecent, Members: members, Music: "default",
		Ring:             drawDuration(t, 2*time.Second, 20*time.Second),
		Wrapup:           rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "wrapup"),
		Timeout:          rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 10 * time.Minute}).Draw(t, "timeout"),
		JoinEmpty:        rapid.IntRange(0, 3).Draw(t, "joinempty") > 0,
		Weight:           rapid.IntRange(0, 2).Draw(t, "weight") / 2,
		Retry:            rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second}).Draw(t, "retry"),
		NoAnswerDelay:    rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "no answer delay"),
		BusyDelay:        rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(t, "busy delay"),
		RejectDelay:      2 * time.Second,
		UnreachableDelay: rapid.SampledFrom([]time.Duration{2 * time.Second, 7 * time.Second}).Draw(t, "unreachable delay"),
		MaxNoAnswer:      rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "maxnoanswer"),
	}
}
