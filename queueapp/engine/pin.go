package engine

import (
	"crypto/subtle"
	"slices"

	"ringside/ivr"
	"ringside/queueapp"
)

// The limits of guessing PINs: four digits take years at this pace.
const mostWrongPINs = 5

// askOf is what an agent must key in before a code counts: the number where the dialplan says that anybody may sit at the
// phone, and the PIN of whoever has one.
func (t *tenure) askOf(c *call, args ivr.Args) ivr.AgentAsk {
	if args.Command.Verb != ivr.AgentLogOn {
		return ivr.AgentAsk{}
	}
	if args.AskAgent {
		return ivr.AgentAsk{Number: true, PIN: len(t.plan.PINs) > 0}
	}
	x, ok := t.extensionAt(c.sw.Name(), c.channel.Endpoint)
	_, has := t.plan.PIN(t.agentOf(x, args.Command))
	return ivr.AgentAsk{PIN: ok && has}
}

// knows reports whether there is such an agent.
func (t *tenure) knows(id queueapp.AgentID) bool {
	return slices.ContainsFunc(t.plan.Floor.Agents, func(a queueapp.Agent) bool { return a.ID == id })
}

// proves reports whether an agent's PIN was keyed in, where he has one. What was wrong is counted by agent, and who has
// guessed too often is barred whatever he keys in.
func (t *tenure) proves(c *call, agent queueapp.AgentID, do ivr.Do) bool {
	if do.Command.Verb != ivr.AgentLogOn {
		return true
	}
	want, has := t.plan.PIN(agent)
	if !has && (do.Command.Agent == "" || t.knows(agent)) {
		return true
	}
	who := "agent " + string(agent) // also one who is none: which numbers are agents' is not to be found out so
	if t.guard.Barred(t.Now(), who) {
		t.input(c, ivr.Barred{N: do.N})
		return false
	}
	if has && subtle.ConstantTimeCompare([]byte(want), []byte(do.Command.PIN)) == 1 {
		return true
	}
	t.log.Warn("wrong PIN", "agent", agent, "call", c.id, "endpoint", c.channel.Endpoint)
	if t.guard.Wrong(t.Now(), who, mostWrongPINs, t.plan.Codes.Window, t.plan.Codes.Bar) {
		t.log.Warn("too many wrong PINs", "agent", agent, "barred", t.plan.Codes.Bar)
		if t.Observer != nil {
			t.Observer.Barred("pin")
		}
	}
	t.input(c, ivr.WrongPIN{N: do.N})
	return false
}
