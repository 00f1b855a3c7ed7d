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
		t.Run(name, func(t *testing.T) { play(t, ivr.NewAgent(c.command), c.lines) })
	}
}
