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
		p.Agents = append(p.Agents, drawAgent(t, id))
	}
	for _, id := range drawSome(t, extensionIDs(), "extension in the plan") {
		p.Extensions = append(p.Extensions, queueapp.Extension{
			ID: id, Switch: drawSwitch(t), Dial: "PJSIP/" + string(id), Device: "PJSIP/" + string(id),
		})
	}
	for _, name := range drawSome(t, queueNames(), "queue in the plan") {
		var members []queueapp.Member
		for _, id := range rapid.Permutation(drawSome(t, agents, "member")).Draw(t, "members") {
			members = append(members, queueapp.Member{
				Agent: id, Level: rapid.IntRange(0, 5).Draw(t, "level") / 3, Weight: rapid.IntRange(0, 3).Draw(t, "weight"),
			})
		}
		p.Queues = append(p.Queues, drawQueue(t, name, members))
	}
	return p
}

func drawQueue(t *rapid.T, name queueapp.QueueName, members []queueapp.Member) queueapp.Queue {
	return queueapp.Queue{
		Name: name, Strategy: rapid.SampledFrom(queueapp.Strategies()).Draw(t, "strategy"), Members: members, Music: "default",
		Ring:             drawDuration(t, 2*time.Second, 20*time.Second),
		Wrapup:           rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "wrapup"),
		MostWrap:         rapid.SampledFrom([]time.Duration{0, 6 * time.Second}).Draw(t, "most wrap"),
		Timeout:          rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 10 * time.Minute}).Draw(t, "timeout"),
		Sticky:           rapid.Bool().Draw(t, "sticky"),
		Progress:         3 * time.Second,
		Stages:           drawStages(t),
		Patient:          rapid.IntRange(0, 3).Draw(t, "patient") == 0,
		Join:             drawEmpty(t, "joinempty"),
		Leave:            drawEmpty(t, "leaveempty"),
		LeaveAfter:       rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "leaveempty after"),
		MaxLen:           rapid.SampledFrom([]int{0, 0, 0, 3}).Draw(t, "maxlen"),
		MaxRatio:         rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "maxratio"),
		MaxExpect:        rapid.SampledFrom([]time.Duration{0, 0, time.Second, 10 * time.Second}).Draw(t, "max expected wait"),
		Regain:           rapid.SampledFrom([]time.Duration{0, 30 * time.Second}).Draw(t, "regain"),
		Overflow:         drawOverflow(t, name),
		Weight:           rapid.IntRange(0, 2).Draw(t, "weight") / 2,
		Retry:            rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second}).Draw(t, "retry"),
		NoAnswerDelay:    rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "no answer delay"),
		BusyDelay:        rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(t, "busy delay"),
		RejectDelay:      2 * time.Second,
		UnreachableDelay: rapid.SampledFrom([]time.Duration{2 * time.Second, 7 * time.Second}).Draw(t, "unreachable delay"),
		MaxNoAnswer:      rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "maxnoanswer"),
		Briefing:         drawBriefing(t),
	}
}

func drawAgent(t *rapid.T, id queueapp.AgentID) queueapp.Agent {
	a := queueapp.Agent{ID: id, OnDemand: rapid.IntRange(0, 9).Draw(t, "on demand") == 0}
	for _, name := range []string{"english", "french"} {
		if rapid.Bool().Draw(t, name) {
			a.Skills = append(a.Skills, queueapp.Skill{Name: name, Level: rapid.IntRange(0, 4).Draw(t, "level") * 25})
		}
	}
	a.Away = rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Second}).Draw(t, "away")
	if rapid.IntRange(0, 3).Draw(t, "own wrapup") == 0 {
		a.OwnWrapup, a.Wrapup = true, 8*time.Second
	}
	return a
}

func drawStages(t *rapid.T) []queueapp.Stage {
	var out []queueapp.Stage
	after := time.Duration(0)
	for range rapid.IntRange(0, 3).Draw(t, "stages") {
		s := queueapp.Stage{
			After: after, Min: rapid.IntRange(0, 5).Draw(t, "min") / 5, Max: rapid.IntRange(0, 1).Draw(t, "max"),
			Only: rapid.IntRange(0, 2).Draw(t, "only") == 0, Raise: rapid.IntRange(0, 5).Draw(t, "raise") / 4,
			Needs: drawNeeds(t), Ease: rapid.SampledFrom([]int{0, 0, 50, 100}).Draw(t, "ease"),
			Boost: rapid.IntRange(0, 3).Draw(t, "boost") / 3,
		}
		out = append(out, s)
		after += drawDuration(t, time.Second, 20*time.Second)
	}
	return out
}

func drawBriefing(t *rapid.T) queueapp.Briefing {
	kind := rapid.IntRange(0, 5).Draw(t, "briefing")
	var b queueapp.Briefing
	if kind == 1 || kind == 2 {
		b.Announce = []string{"ringside/queue-support"}
	}
	if kind == 3 {
		b.Delay = time.Second
	}
	if kind == 2 || kind == 4 {
		b.Accept, b.Within = "1", rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second}).Draw(t, "accept within")
	}
	return b
}

func drawNeeds(t *rapid.T) []queueapp.Need {
	if rapid.IntRange(0, 3).Draw(t, "needs") > 0 {
		return nil
	}
	return []queueapp.Need{{
		Skill: rapid.SampledFrom([]string{"english", "french"}).Draw(t, "skill"), Least: rapid.IntRange(0, 4).Draw(t, "least") * 25,
	}}
}

func drawEmpty(t *rapid.T, name string) queueapp.Empty {
	e := queueapp.Empty{Matters: rapid.IntRange(0, 3).Draw(t, name) == 0}
	if e.Matters {
		e.Absent = drawSome(t, []queueapp.Absence{
			queueapp.AbsentPaused, queueapp.AbsentInUse, queueapp.AbsentRinging, queueapp.AbsentUnavailable, queueapp.AbsentWrapUp,
		}, "absent")
	}
	return e
}

func drawOverflow(t *rapid.T, from queueapp.QueueName) []queueapp.Overflow {
	to := rapid.SampledFrom(queueNames()).Draw(t, "overflow")
	if to <= from || rapid.Bool().Draw(t, "overflows") { // so that there is no circle
		return nil
	}
	return []queueapp.Overflow{{
		Outcome: rapid.SampledFrom([]queueapp.Outcome{
			queueapp.OutcomeTimeout, queueapp.OutcomeFull, queueapp.OutcomeNoAgents, queueapp.OutcomeLeftEmpty, queueapp.OutcomeKey,
			queueapp.OutcomeClosed,
		}).Draw(t, "outcome"), Queue: to,
	}}
}
