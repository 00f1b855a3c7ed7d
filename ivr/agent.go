package ivr

import (
	"time"

	"ringside/queueapp"
)

// Agent is the dialogue of an agent who dialled a code: it asks for what the code stands for, says what came of it, and
// hangs up. One that is taken over from another process asks again. It implements [Dialogue].
type Agent struct {
	command  Command
	state    agentState
	deadline time.Time
}

type agentState int

const (
	agentNew agentState = iota
	agentAsking
	agentTold
	agentOver
)

// The numbers of an agent's dialogue: it does one thing and says one.
const (
	agentDo   = 1
	agentPlay = 2
)

// NewAgent begins with a command.
func NewAgent(c Command) *Agent { return &Agent{command: c} }

// Over reports whether the dialogue has ended.
func (a *Agent) Over() bool { return a.state == agentOver }

// Next is when the dialogue wants a Tick at the latest.
func (a *Agent) Next() time.Time {
	if a.state == agentNew || a.state == agentOver {
		return time.Time{}
	}
	return a.deadline
}

// Handle takes one input. Keys are not heeded.
func (a *Agent) Handle(now time.Time, in Input) []Action {
	if a.state != agentNew && a.state != agentOver && !now.Before(a.deadline) {
		return a.due(now)
	}
	switch in := in.(type) {
	case Start:
		if a.state == agentNew {
			a.state, a.deadline = agentAsking, now.Add(longestWait)
			return []Action{Do{N: agentDo, Command: a.command}}
		}
	case Granted:
		if in.N == agentDo {
			return a.tell(now, granted(a.command.Verb))
		}
	case Refused:
		if in.N == agentDo {
			return a.tell(now, refused(a.command.Verb, in.Reason))
		}
	case DoFailed:
		if in.N == agentDo {
			return a.tell(now, PromptPleaseTryLater)
		}
	case Played:
		if a.state == agentTold && in.N == agentPlay {
			return a.hangUp()
		}
	case Key, Found, NotFound, LookupFailed, Barred, Tick, Located, Answered, Unanswered:
	}
	return nil
}

func (a *Agent) due(now time.Time) []Action {
	if a.state == agentAsking {
		return a.tell(now, PromptPleaseTryLater)
	}
	return a.hangUp()
}

func (a *Agent) tell(now time.Time, prompt string) []Action {
	if a.state != agentAsking {
		return nil
	}
	a.state, a.deadline = agentTold, now.Add(longestPlay)
	return []Action{Play{N: agentPlay, Prompts: []string{prompt}}}
}

func (a *Agent) hangUp() []Action {
	a.state = agentOver
	return []Action{HangUp{}}
}

func granted(v AgentVerb) string {
	switch v {
	case AgentLogOn:
		return PromptLoggedOn
	case AgentLogOff:
		return PromptLoggedOff
	case AgentPause:
		return PromptPaused
	case AgentReady:
		return PromptReady
	}
	return PromptRefused
}

// refused says why: an agent who is already what was wished for hears so.
func refused(v AgentVerb, why queueapp.RefusalReason) string {
	switch {
	case why == queueapp.RefusedNotLoggedOn, why == queueapp.RefusedAlready && v == AgentLogOff:
		return PromptNotLoggedOn
	case why == queueapp.RefusedAlready && v == AgentLogOn:
		return PromptAlreadyLoggedOn
	case why == queueapp.RefusedAlready:
		return granted(v)
	}
	return PromptRefused
}
