package ivr_test

import (
	"testing"

	"ringside/ivr"
)

func TestAgents(t *testing.T) {
	for name, c := range map[string]struct {
		command ivr.Command
		lines   string
	}{
		"logs on": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    start                  | do logon
			0.1s  granted                | play logged-on
			0.5s  key 1                  |
			2s    played                 | hang-up
			3s    granted                |`},
		"logs on twice": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    start                  | do logon
			0.1s  refused already        | play already-logged-on`},
		"logs on from a phone that is taken": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    start                  | do logon
			0.1s  refused extension-taken | play refused`},
		"logs off": {ivr.Command{Verb: ivr.AgentLogOff}, `
			0s    start                  | do logoff
			0.1s  granted                | play logged-off
			2s    unplayable             | hang-up`},
		"logs off without being logged on": {ivr.Command{Verb: ivr.AgentLogOff}, `
			0s    start                  | do logoff
			0.1s  refused not-logged-on  | play not-logged-on`},
		"pauses with a reason": {ivr.Command{Verb: ivr.AgentPause, Reason: "1"}, `
			0s    start                  | do pause 1
			0.1s  granted                | play paused`},
		"pauses when paused": {ivr.Command{Verb: ivr.AgentPause}, `
			0s    start                  | do pause
			0.1s  refused already        | play paused`},
		"is ready": {ivr.Command{Verb: ivr.AgentReady}, `
			0s    start                  | do ready
			0.1s  granted                | play ready`},
		"is no agent": {ivr.Command{Verb: ivr.AgentReady}, `
			0s    start                  | do ready
			0.1s  refused unknown-agent  | play refused`},
		"gets no decision": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    start                  | do logon
			3s    undecided              | play please-try-later
			9s    played                 | hang-up`},
		"gets no answer": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    start                  | do logon
			30s   tick                   | play please-try-later
			31s   granted 1              |
			5m30s tick                   | hang-up`},
		"is not answered for somebody else": {ivr.Command{Verb: ivr.AgentLogOn}, `
			0s    granted 1              |
			0s    start                  | do logon
			1s    granted 7              |
			1s    played 1               |
			2s    granted 1              | play logged-on`},
	} {
		t.Run(name, func(t *testing.T) { play(t, ivr.NewAgent(c.command, ivr.AgentAsk{}), c.lines) })
	}
}

func TestAgentsKeyIn(t *testing.T) {
	logOn := ivr.Command{Verb: ivr.AgentLogOn}
	for name, c := range map[string]struct {
		ask   ivr.AgentAsk
		lines string
	}{
		"a PIN over its prompt": {ivr.AgentAsk{PIN: true}, `
			0s    start                  | play enter-pin
			1s    key 4                  | stop
			1.1s  key 7                  |
			1.2s  key 1                  |
			1.3s  key 1                  |
			1.4s  key #                  | do logon "" "4711"
			1.5s  granted                | play logged-on`},
		"a number and a PIN, ended by silence": {ivr.AgentAsk{Number: true, PIN: true}, `
			0s    start                  | play enter-agent
			2s    played                 |
			3s    key 1                  |
			3.1s  key 2                  |
			6.1s  tick                   | play enter-pin
			6.5s  key 9                  | stop
			9.5s  tick                   | do logon "12" "9"
			9.6s  granted                | play logged-on`},
		"a number alone": {ivr.AgentAsk{Number: true}, `
			0s    start                  | play enter-agent
			1s    key 1                  | stop
			1.1s  key *                  |
			1.2s  key 2                  |
			1.3s  key #                  | do logon "2" ""
			1.4s  refused extension-taken | play refused`},
		"wrong three times": {ivr.AgentAsk{PIN: true}, `
			0s    start                  | play enter-pin
			1s    key 1                  | stop
			1.1s  key #                  | do logon "" "1"
			1.2s  wrong-pin              | play wrong-pin enter-pin
			2s    key 2                  | stop
			2.1s  key #                  | do logon "" "2"
			2.2s  wrong-pin              | play wrong-pin enter-pin
			3s    key 3                  | stop
			3.1s  key #                  | do logon "" "3"
			3.2s  wrong-pin              | play refused
			4s    played                 | hang-up`},
		"nothing": {ivr.AgentAsk{Number: true}, `
			0s    start                  | play enter-agent
			2s    played                 |
			12s   tick                   | play enter-agent
			14s   played                 |
			24s   tick                   | play enter-agent
			26s   played                 |
			36s   tick                   | play refused
			38s   played                 | hang-up`},
		"one that is barred": {ivr.AgentAsk{PIN: true}, `
			0s    start                  | play enter-pin
			1s    key 1                  | stop
			1.1s  key #                  | do logon "" "1"
			1.2s  barred                 | play please-try-later`},
	} {
		t.Run(name, func(t *testing.T) { play(t, ivr.NewAgent(logOn, c.ask), c.lines) })
	}
}
