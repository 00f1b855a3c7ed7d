package transcript_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// hostile draws texts as callers, CRMs and configuration files may hold them: empty, with quotes, separators, control
// characters, invalid UTF-8, and words of our own grammar.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z0-9.]{0,8}`),
		rapid.String(),
		rapid.SampledFrom([]string{
			"", " ", `"`, `\`, ";", "=>", "-- events --", "Company 1", "code", "to", "at", "a\nb", "\x00", "\xff\xfe", "é\u202e",
			"c1.1", "+20s", "-", strings.Repeat("x", 300), `" code 1111 "`, "🙂", "paused", "members", "none",
		}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 12), func(b []byte) string { return string(b) }),
	)
}

func text[T ~string](t *rapid.T, label string) T { return T(hostile().Draw(t, label)) }

// pick draws one of a closed set, or something hostile instead.
func pick[T ~string](t *rapid.T, label string, known ...T) T {
	if rapid.IntRange(0, 4).Draw(t, label+" hostile") == 0 {
		return text[T](t, label)
	}
	return rapid.SampledFrom(known).Draw(t, label)
}

func number(t *rapid.T, label string) int { return rapid.Int().Draw(t, label) }

func instant(t *rapid.T, label string) time.Time {
	switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(0, rapid.Int64().Draw(t, label)).UTC()
	default:
		return origin.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, label)))
	}
}

func span(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1e9, 20e9, 600e9, 3600e9})).Draw(t, label))
}

func list[T any](t *rapid.T, label string, draw func() T) []T {
	var out []T
	for range rapid.IntRange(0, 3).Draw(t, label) {
		out = append(out, draw())
	}
	return out
}

func attempt(t *rapid.T) queueapp.AttemptID {
	return queueapp.AttemptID{Call: text[queueapp.CallID](t, "call"), N: number(t, "n")}
}

func data(t *rapid.T) []queueapp.Datum {
	return list(t, "data", func() queueapp.Datum {
		return queueapp.Datum{Key: text[string](t, "key"), Value: text[string](t, "value")}
	})
}

func customer(t *rapid.T) queueapp.Customer {
	return queueapp.Customer{
		ID: text[string](t, "id"), Code: text[string](t, "code"), Name: text[string](t, "name"), URL: text[string](t, "url"),
		Match: pick(t, "match", queueapp.MatchCode, queueapp.MatchNumber, queueapp.MatchUnknown), Data: data(t),
	}
}

func enter(t *rapid.T) queueapp.Enter {
	return queueapp.Enter{
		Call: text[queueapp.CallID](t, "call"), Queue: text[queueapp.QueueName](t, "queue"),
		Entry: rapid.Int64().Draw(t, "entry"), Priority: number(t, "priority"), Timeout: span(t, "timeout"),
		Attempts: number(t, "attempts"), Switch: text[queueapp.SwitchName](t, "switch"),
		Channel: text[queueapp.ChannelID](t, "channel"),
		Caller: queueapp.Caller{
			Number: text[string](t, "number"), Name: text[string](t, "name"), Dialled: text[string](t, "dialled"),
		},
		Customers: list(t, "customers", func() queueapp.Customer { return customer(t) }), Data: data(t), Needs: needs(t),
		Closed: rapid.Bool().Draw(t, "closed"), Agent: text[queueapp.AgentID](t, "for"), Prefer: text[queueapp.AgentID](t, "prefer"),
	}
}

func jids(t *rapid.T) []string {
	return list(t, "jids", func() string { return text[string](t, "jid") })
}

func queue(t *rapid.T) queueapp.Queue {
	return queueapp.Queue{
		Name: text[queueapp.QueueName](t, "queue"), Strategy: pick(t, "strategy", queueapp.Strategies()...),
		Ring: span(t, "ring"), Wrapup: span(t, "wrapup"), MostWrap: span(t, "most wrap"), Timeout: span(t, "timeout"), Music: text[string](t, "music"),
		Weight: number(t, "weight"), Members: list(t, "members", func() queueapp.Member {
			return queueapp.Member{Agent: text[queueapp.AgentID](t, "member"), Level: few(t, "level"), Weight: few(t, "weight")}
		}),
		Sticky: rapid.Bool().Draw(t, "sticky"), Progress: span(t, "progress"), Stages: list(t, "stages", func() queueapp.Stage { return stage(t) }),
		Patient: rapid.Bool().Draw(t, "patient"), Join: empty(t, "joinempty"), Leave: empty(t, "leaveempty"),
		LeaveAfter: span(t, "leaveempty after"), MaxLen: number(t, "maxlen"), MaxRatio: number(t, "maxratio"),
		MaxExpect: span(t, "max expected wait"), Regain: span(t, "regain"),
		Overflow: list(t, "overflow", func() queueapp.Overflow {
			return queueapp.Overflow{Outcome: pick(t, "outcome", queueapp.OutcomeTimeout, queueapp.OutcomeFull), Queue: text[queueapp.QueueName](t, "queue")}
		}),
		Retry: span(t, "retry"), NoAnswerDelay: span(t, "no answer"), BusyDelay: span(t, "busy"),
		RejectDelay: span(t, "reject"), UnreachableDelay: span(t, "unreachable"), MaxNoAnswer: number(t, "max"),
		Briefing: queueapp.Briefing{
			Announce: list(t, "announce", func() string { return text[string](t, "sound") }), HoldTime: rapid.Bool().Draw(t, "hold time"),
			Delay: span(t, "member delay"), Accept: text[string](t, "accept"), Within: span(t, "within"),
		},
	}
}

// few is nothing, mostly.
func few(t *rapid.T, name string) int {
	return rapid.SampledFrom([]int{0, 0, 0, 1, -7}).Draw(t, name)
}

func stage(t *rapid.T) queueapp.Stage {
	return queueapp.Stage{
		After: span(t, "after"), Min: number(t, "min"), Max: number(t, "max"), Only: rapid.Bool().Draw(t, "only"),
		Raise: number(t, "raise"), Needs: needs(t), Ease: number(t, "ease"), Boost: number(t, "boost"),
	}
}

func needs(t *rapid.T) []queueapp.Need {
	return list(t, "needs", func() queueapp.Need { return queueapp.Need{Skill: text[string](t, "skill"), Least: number(t, "least")} })
}

func empty(t *rapid.T, name string) queueapp.Empty {
	return queueapp.Empty{Matters: rapid.Bool().Draw(t, name), Absent: list(t, "absent", func() queueapp.Absence {
		return pick(t, "state", queueapp.AbsentPaused, queueapp.AbsentInUse, queueapp.AbsentWrapUp)
	})}
}

func plan(t *rapid.T) queueapp.Plan {
	return queueapp.Plan{
		Queues: list(t, "queues", func() queueapp.Queue { return queue(t) }),
		Agents: list(t, "agents", func() queueapp.Agent {
			own, wrapup := rapid.Bool().Draw(t, "own"), time.Duration(0)
			if own {
				wrapup = span(t, "wrapup")
			}
			return queueapp.Agent{
				ID: text[queueapp.AgentID](t, "agent"), Name: text[string](t, "name"),
				Extension: text[queueapp.ExtensionID](t, "extension"), JIDs: jids(t),
				Skills: list(t, "skills", func() queueapp.Skill {
					return queueapp.Skill{Name: text[string](t, "skill"), Level: number(t, "level")}
				}),
				OnDemand: rapid.Bool().Draw(t, "on demand"), Away: span(t, "away"), OwnWrapup: own, Wrapup: wrapup,
			}
		}),
		Extensions: list(t, "extensions", func() queueapp.Extension {
			return queueapp.Extension{
				ID: text[queueapp.ExtensionID](t, "extension"), Switch: text[queueapp.SwitchName](t, "switch"),
				Dial: text[string](t, "dial"), Device: text[string](t, "device"), JIDs: jids(t),
			}
		}),
	}
}

func restoreAgent(t *rapid.T) queueapp.RestoreAgent {
	return queueapp.RestoreAgent{
		Agent: text[queueapp.AgentID](t, "agent"), Extension: text[queueapp.ExtensionID](t, "extension"),
		Paused: rapid.Bool().Draw(t, "paused"), Reason: text[string](t, "reason"), LastCall: instant(t, "last"),
		WrapUntil: instant(t, "wrap"), NoAnswers: number(t, "missed"), Calls: number(t, "calls"), Talked: span(t, "talked"), Delayed: instant(t, "delayed"),
		Why: pick(t, "why", "", queueapp.RevokeBusy, queueapp.RevokeUnreachable),
	}
}

func queueName(t *rapid.T) queueapp.QueueName { return text[queueapp.QueueName](t, "queue") }

// events has a drawer for every type of event: a test counts them against the source.
func events() []func(t *rapid.T) queueapp.Event {
	type T = rapid.T
	call := func(t *T) queueapp.CallID { return text[queueapp.CallID](t, "call") }
	agent := func(t *T) queueapp.AgentID { return text[queueapp.AgentID](t, "agent") }
	extension := func(t *T) queueapp.ExtensionID { return text[queueapp.ExtensionID](t, "extension") }
	return []func(t *T) queueapp.Event{
		func(t *T) queueapp.Event { return queueapp.Apply{Plan: plan(t)} },
		func(t *T) queueapp.Event { return enter(t) },
		func(t *T) queueapp.Event {
			return queueapp.Offered{Attempt: attempt(t), Publish: pick(t, "publish",
				queueapp.PublishOK, queueapp.PublishRefused, queueapp.PublishLate)}
		},
		func(t *T) queueapp.Event { return queueapp.Ringing{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Up{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Briefed{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Accepted{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Connected{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Held{Attempt: attempt(t)} },
		func(t *T) queueapp.Event { return queueapp.Resumed{Attempt: attempt(t)} },
		func(t *T) queueapp.Event {
			return queueapp.Transferred{Attempt: attempt(t), Extension: extension(t), Number: text[string](t, "number"),
				Context: text[string](t, "context"), Channel: text[queueapp.ChannelID](t, "channel"), Attended: rapid.Bool().Draw(t, "attended")}
		},
		func(t *T) queueapp.Event { return queueapp.Reached{Attempt: attempt(t), Extension: extension(t)} },
		func(t *T) queueapp.Event {
			return queueapp.Replaced{Call: call(t), Channel: text[queueapp.ChannelID](t, "channel")}
		},
		func(t *T) queueapp.Event {
			return queueapp.Ended{Attempt: attempt(t), Q850: number(t, "q850"), Cause: pick(t, "cause",
				queueapp.EndHangup, queueapp.EndNoAnswer, queueapp.EndBusy, queueapp.EndRefused, queueapp.EndUnreachable,
				queueapp.EndLost)}
		},
		func(t *T) queueapp.Event { return queueapp.Hangup{Call: call(t), Q850: number(t, "q850")} },
		func(t *T) queueapp.Event {
			return queueapp.LogOn{Agent: agent(t), Extension: extension(t), Queue: queueName(t)}
		},
		func(t *T) queueapp.Event { return queueapp.LogOff{Agent: agent(t), Queue: queueName(t)} },
		func(t *T) queueapp.Event {
			return queueapp.Pause{Agent: agent(t), Reason: text[string](t, "reason"), Queue: queueName(t)}
		},
		func(t *T) queueapp.Event { return queueapp.Ready{Agent: agent(t), Queue: queueName(t)} },
		func(t *T) queueapp.Event { return queueapp.WrapUpFor{Agent: agent(t), For: span(t, "for")} },
		func(t *T) queueapp.Event {
			return queueapp.RestoreMember{Agent: agent(t), Queue: queueName(t), Out: rapid.Bool().Draw(t, "out"),
				Paused: rapid.Bool().Draw(t, "paused"), Reason: text[string](t, "reason")}
		},
		func(t *T) queueapp.Event {
			return queueapp.Device{Extension: extension(t), State: pick(t, "state",
				queueapp.DeviceNotInUse, queueapp.DeviceInUse, queueapp.DeviceUnavailable, queueapp.DeviceRinging)}
		},
		func(t *T) queueapp.Event {
			return queueapp.Withdraw{Call: call(t), Outcome: pick(t, "outcome", queueapp.OutcomeWithdrawn, queueapp.OutcomeKey)}
		},
		func(t *T) queueapp.Event {
			return queueapp.Move{Call: call(t), Queue: text[queueapp.QueueName](t, "queue")}
		},
		func(t *T) queueapp.Event { return queueapp.Pull{Call: call(t), Extension: extension(t)} },
		func(t *T) queueapp.Event { return queueapp.Prioritise{Call: call(t), Priority: number(t, "priority")} },
		func(t *T) queueapp.Event {
			e := enter(t)
			return queueapp.Identify{Call: e.Call, Customers: e.Customers, Data: e.Data}
		},
		func(t *T) queueapp.Event { return queueapp.Hold{Why: text[string](t, "why")} },
		func(*T) queueapp.Event { return queueapp.Unhold{} },
		func(t *T) queueapp.Event { return queueapp.SwitchDown{Switch: text[queueapp.SwitchName](t, "switch")} },
		func(t *T) queueapp.Event { return queueapp.SwitchUp{Switch: text[queueapp.SwitchName](t, "switch")} },
		func(t *T) queueapp.Event { return restoreAgent(t) },
		func(t *T) queueapp.Event {
			v := queueapp.RestoreVisit{Enter: enter(t), Entered: instant(t, "entered"), Deadline: instant(t, "deadline"), Answered: agent(t)}
			for range rapid.IntRange(0, 2).Draw(t, "spared") {
				v.Spared = append(v.Spared, queueapp.Spared{Agent: agent(t), Until: instant(t, "until")})
			}
			return v
		},
		func(t *T) queueapp.Event {
			return queueapp.RestoreAttempt{
				Attempt: attempt(t), Agent: agent(t), Extension: extension(t), Offered: instant(t, "offered"),
				Rang: instant(t, "rang"), Answered: instant(t, "answered"), Connected: instant(t, "connected"),
				Holds: span(t, "holds"), HeldSince: instant(t, "held"), From: number(t, "from"), Channel: text[queueapp.ChannelID](t, "channel"),
				Pulled: rapid.Bool().Draw(t, "pulled"),
				State: pick(t, "state", queueapp.AttemptCommitted, queueapp.AttemptRinging, queueapp.AttemptUp,
					queueapp.AttemptConnected, queueapp.AttemptEnding, queueapp.AttemptHanded),
			}
		},
		func(*T) queueapp.Event { return queueapp.Tick{} },
	}
}

// effects has a drawer for every type of effect: a test counts them against the source.
func effects() []func(t *rapid.T) queueapp.Effect {
	type T = rapid.T
	agent := func(t *T) queueapp.AgentID { return text[queueapp.AgentID](t, "agent") }
	extension := func(t *T) queueapp.ExtensionID { return text[queueapp.ExtensionID](t, "extension") }
	return []func(t *T) queueapp.Effect{
		func(t *T) queueapp.Effect {
			return queueapp.Announce{Call: text[queueapp.CallID](t, "call"),
				Agents: list(t, "agents", func() queueapp.AgentID { return agent(t) })}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Offer{Attempt: attempt(t), Queue: text[queueapp.QueueName](t, "queue"), Agent: agent(t),
				Extension: extension(t), Expires: instant(t, "expires"), Pulled: rapid.Bool().Draw(t, "pulled")}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Ring{Attempt: attempt(t), Extension: extension(t), For: span(t, "for")}
		},
		func(t *T) queueapp.Effect { return queueapp.Brief{Attempt: attempt(t)} },
		func(t *T) queueapp.Effect { return queueapp.Connect{Attempt: attempt(t)} },
		func(t *T) queueapp.Effect {
			return queueapp.HandOver{Attempt: attempt(t), From: number(t, "from"), Queue: text[queueapp.QueueName](t, "queue"),
				Agent: agent(t), Extension: extension(t), Number: text[string](t, "number"), Context: text[string](t, "context"),
				Channel: text[queueapp.ChannelID](t, "channel"), Attended: rapid.Bool().Draw(t, "attended"), Expires: instant(t, "expires")}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Located{Attempt: attempt(t), Agent: agent(t), Extension: extension(t), Expires: instant(t, "expires")}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Revoke{Attempt: attempt(t), Q850: number(t, "q850"), Reason: pick(t, "reason",
				queueapp.RevokeNoAnswer, queueapp.RevokeElsewhere, queueapp.RevokeLost)}
		},
		func(t *T) queueapp.Effect {
			return queueapp.HangUp{Attempt: attempt(t), Reason: text[string](t, "reason")}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Close{Attempt: attempt(t), Q850: number(t, "q850"), Held: span(t, "held"),
				By: pick(t, "by", queueapp.ByCaller, queueapp.ByAgent, queueapp.BySystem, queueapp.ByTransfer)}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Leave{
				Call: text[queueapp.CallID](t, "call"), Queue: text[queueapp.QueueName](t, "queue"), Agent: agent(t),
				Outcome: pick(t, "outcome", queueapp.OutcomeAnswered, queueapp.OutcomeTimeout),
				Then:    pick(t, "then", queueapp.ThenNothing, queueapp.ThenContinue, queueapp.ThenHangUp, queueapp.ThenQueue),
				Next:    text[queueapp.QueueName](t, "next"), Entry: rapid.Int64().Draw(t, "entry"), Priority: number(t, "priority"),
			}
		},
		func(t *T) queueapp.Effect {
			return queueapp.Regained{Call: text[queueapp.CallID](t, "call"), Entry: rapid.Int64().Draw(t, "entry")}
		},
		func(t *T) queueapp.Effect { return queueapp.OnHold{Attempt: attempt(t)} },
		func(t *T) queueapp.Effect { return queueapp.OffHold{Attempt: attempt(t), For: span(t, "for")} },
		func(t *T) queueapp.Effect { return queueapp.LoggedOn{Agent: agent(t), Extension: extension(t)} },
		func(t *T) queueapp.Effect { return queueapp.LoggedOff{Agent: agent(t), Extension: extension(t)} },
		func(t *T) queueapp.Effect {
			return queueapp.Paused{Agent: agent(t), Reason: text[string](t, "reason"), Auto: rapid.Bool().Draw(t, "auto"), Queue: queueName(t)}
		},
		func(t *T) queueapp.Effect { return queueapp.Unpaused{Agent: agent(t), Queue: queueName(t)} },
		func(t *T) queueapp.Effect {
			return queueapp.Serves{Agent: agent(t), Queue: queueName(t), Out: rapid.Bool().Draw(t, "out")}
		},
		func(t *T) queueapp.Effect {
			return queueapp.WrapUp{Agent: agent(t), Until: instant(t, "until"), Last: instant(t, "last"), Calls: number(t, "calls"), Talked: span(t, "talked")}
		},
		func(t *T) queueapp.Effect { return queueapp.Missed{Agent: agent(t), Count: number(t, "count")} },
		func(t *T) queueapp.Effect {
			e := queueapp.Refused{Call: text[queueapp.CallID](t, "call"), Reason: pick(t, "reason",
				queueapp.RefusedOnCall, queueapp.RefusedAlready, queueapp.RefusedNotLoggedOn, queueapp.RefusedNotWaiting)}
			if e.Call == "" {
				e.Agent = agent(t)
			}
			return e
		},
	}
}
