package ivr

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// Agent is the dialogue of an agent who dialled a code: it asks for what must be keyed in, has done what the code stands
// for, says what came of it, and hangs up. One that is taken over from another process begins again. It implements
// [Dialogue].
type Agent struct {
	command  Command
	ask      AgentAsk
	state    agentState
	deadline time.Time
	n        int // the number given last
	playing  int // of the prompt being played; 0: none
	awaited  int // of what was asked of the floor
	tries    int
	keys     []byte
	heeded   int // keys so far
}

// AgentAsk is what an agent must key in before the code counts, each ended by # or a silence.
type AgentAsk struct {
	Number bool // who he is: a phone at which anybody may sit
	PIN    bool
}

type agentState int

const (
	agentNew agentState = iota
	agentNumber
	agentPIN
	agentAsking
	agentTold
	agentOver
)

// agentTries is how many numbers and PINs an agent may key in, or leave out, in one call.
const agentTries = 3

// NewAgent begins with a command, which counts when what is asked for was keyed in.
func NewAgent(c Command, ask AgentAsk) *Agent { return &Agent{command: c, ask: ask} }

// Over reports whether the dialogue has ended.
func (a *Agent) Over() bool { return a.state == agentOver }

// Next is when the dialogue wants a Tick at the latest.
func (a *Agent) Next() time.Time {
	if a.state == agentNew || a.state == agentOver {
		return time.Time{}
	}
	return a.deadline
}

// Handle takes one input. Keys are heeded while something is to be keyed in, also over its prompt.
func (a *Agent) Handle(now time.Time, in Input) []Action {
	if a.state != agentNew && a.state != agentOver && !now.Before(a.deadline) {
		return a.due(now)
	}
	switch in := in.(type) {
	case Start:
		if a.state == agentNew {
			return a.begin(now, nil)
		}
	case Key:
		return a.key(now, in.Key)
	case Played:
		return a.played(now, in.N)
	case Granted:
		if a.answers(in.N) {
			return a.tell(now, granted(a.command.Verb))
		}
	case Refused:
		if a.answers(in.N) {
			return a.tell(now, refused(a.command.Verb, in.Reason))
		}
	case WrongPIN:
		if a.answers(in.N) {
			return a.again(now, PromptWrongPIN)
		}
	case Barred, DoFailed:
		return a.undecided(now, in)
	case Found, NotFound, LookupFailed, Tick, Located, Answered, Unanswered:
	}
	return nil
}

// undecided ends what could not be decided, or was not: too many PINs were wrong.
func (a *Agent) undecided(now time.Time, in Input) []Action {
	n := 0
	switch in := in.(type) {
	case Barred:
		n = in.N
	case DoFailed:
		n = in.N
	}
	if !a.answers(n) {
		return nil
	}
	return a.tell(now, PromptPleaseTryLater)
}

func (a *Agent) answers(n int) bool { return a.state == agentAsking && n == a.awaited }

func (a *Agent) due(now time.Time) []Action {
	switch a.state {
	case agentNumber, agentPIN:
		if a.playing != 0 { // a prompt whose end was never told
			a.playing = 0
			a.deadline = now.Add(DefaultResponse)
			return nil
		}
		if len(a.keys) > 0 {
			return a.keyed(now)
		}
		return a.again(now, "")
	case agentAsking:
		return a.tell(now, PromptPleaseTryLater)
	case agentNew, agentTold, agentOver:
	}
	return a.hangUp()
}

// begin asks for what is to be keyed in, after what is to be said before it.
func (a *Agent) begin(now time.Time, before []string) []Action {
	a.keys = nil
	switch {
	case a.ask.Number:
		a.state, a.command.Agent = agentNumber, ""
		return a.play(now, append(before, PromptEnterAgent)...)
	case a.ask.PIN:
		a.state = agentPIN
		return a.play(now, append(before, PromptEnterPIN)...)
	}
	return a.do(now)
}

func (a *Agent) do(now time.Time) []Action {
	a.n++
	a.state, a.awaited, a.deadline = agentAsking, a.n, now.Add(longestWait)
	return []Action{Do{N: a.n, Command: a.command}}
}

func (a *Agent) play(now time.Time, prompts ...string) []Action {
	a.n++
	a.playing, a.deadline = a.n, now.Add(longestPlay)
	return []Action{Play{N: a.n, Prompts: slices.Clone(prompts)}}
}

func (a *Agent) played(now time.Time, n int) []Action {
	if a.playing == 0 || n != a.playing {
		return nil
	}
	a.playing = 0
	switch a.state {
	case agentTold:
		return a.hangUp()
	case agentNumber, agentPIN:
		a.deadline = now.Add(DefaultResponse)
	case agentNew, agentAsking, agentOver:
	}
	return nil
}

// key takes a key of a number or PIN: # ends it, * starts it again.
func (a *Agent) key(now time.Time, key byte) []Action {
	if a.state != agentNumber && a.state != agentPIN || !isKey(key) || a.heeded == mostKeys {
		return nil
	}
	a.heeded++
	var out []Action
	if a.playing != 0 {
		out, a.playing = []Action{StopPlay{N: a.playing}}, 0
	}
	a.deadline = now.Add(DefaultDigit)
	switch {
	case key == '#':
		return append(out, a.keyed(now)...)
	case key == '*':
		a.keys, a.deadline = nil, now.Add(DefaultResponse)
	case '0' <= key && key <= '9' && len(a.keys) < MaxDigits:
		a.keys = append(a.keys, key)
	}
	return out
}

// keyed takes what was keyed in: a number is followed by its PIN.
func (a *Agent) keyed(now time.Time) []Action {
	digits := string(a.keys)
	a.keys = nil
	if a.state == agentNumber {
		if digits == "" {
			return a.again(now, "")
		}
		a.command.Agent = queueapp.AgentID(digits)
		if a.ask.PIN {
			a.state = agentPIN
			return a.play(now, PromptEnterPIN)
		}
		return a.do(now)
	}
	a.command.PIN = digits
	return a.do(now)
}

// again counts a try and asks once more, or gives up.
func (a *Agent) again(now time.Time, before string) []Action {
	a.tries++
	if a.tries >= agentTries {
		a.state = agentAsking
		return a.tell(now, PromptRefused)
	}
	if before == "" {
		return a.begin(now, nil)
	}
	return a.begin(now, []string{before})
}

func (a *Agent) tell(now time.Time, prompt string) []Action {
	if a.state != agentAsking {
		return nil
	}
	a.state = agentTold
	return a.play(now, prompt)
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
