package transcript

import (
	"fmt"
	"time"

	"ringside/queueapp"
)

// Clock says how times are written and read: absolute as RFC 3339, or relative to Origin ("+20s") where it is set. The
// zero Clock is the journal's. Durations in columns and lines are the same under both.
type Clock struct{ Origin time.Time }

// AppendEvent appends e as one line, without the line's end, times being absolute. It panics on an event of a type that it
// does not know, which a test of this package rules out.
func AppendEvent(b []byte, e queueapp.Event) []byte { return Clock{}.AppendEvent(b, e) }

// FormatEvent writes e as one line, times being absolute.
func FormatEvent(e queueapp.Event) string { return string(AppendEvent(nil, e)) }

// ParseEvent reads what [AppendEvent] wrote.
func ParseEvent(line string) (queueapp.Event, error) { return Clock{}.ParseEvent(line) }

// AppendEvent appends e as one line, without the line's end.
func (c Clock) AppendEvent(b []byte, e queueapp.Event) []byte {
	w := writer{b: b, origin: c.Origin}
	switch e := e.(type) {
	case queueapp.Apply:
		w.verb("apply")
		w.plan(e.Plan)
	case queueapp.Enter:
		w.verb("enter")
		w.enter(e, time.Time{}, time.Time{})
	case queueapp.Offered, queueapp.Ringing, queueapp.Up, queueapp.Briefed, queueapp.Accepted, queueapp.Connected, queueapp.Held, queueapp.Resumed, queueapp.Ended:
		w.attemptEvent(e)
	case queueapp.Hangup:
		w.verb("hangup")
		w.word(string(e.Call))
		w.optInt("cause", int64(e.Q850))
	case queueapp.LogOn, queueapp.LogOff, queueapp.Pause, queueapp.Ready, queueapp.WrapUpFor, queueapp.Device:
		w.agentEvent(e)
	case queueapp.Withdraw:
		w.verb("withdraw")
		w.word(string(e.Call))
		known := outcomes()
		named(&w, e.Outcome, known[:])
	case queueapp.Move:
		w.verb("move")
		w.word(string(e.Call))
		w.word(string(e.Queue))
	case queueapp.Pull:
		w.verb("pull")
		w.word(string(e.Call))
		w.word(string(e.Extension))
	case queueapp.Transferred, queueapp.Reached, queueapp.Replaced:
		w.transfer(e)
	case queueapp.Prioritise:
		w.verb("prioritise")
		w.word(string(e.Call))
		w.int(int64(e.Priority))
	case queueapp.Identify:
		w.verb("identify")
		w.word(string(e.Call))
		w.known(e.Customers, e.Data)
	case queueapp.RestoreAgent, queueapp.RestoreMember, queueapp.RestoreVisit, queueapp.RestoreAttempt:
		w.restore(e)
	case queueapp.Hold, queueapp.Unhold, queueapp.SwitchDown, queueapp.SwitchUp, queueapp.Tick:
		w.floorEvent(e)
	default:
		panic(fmt.Sprintf("transcript: an event of type %T", e))
	}
	return w.b
}

func (w *writer) attemptEvent(e queueapp.Event) {
	switch e := e.(type) {
	case queueapp.Offered:
		w.verb("offered")
		w.attempt(e.Attempt)
		known := publishResults()
		named(w, e.Publish, known[:])
	case queueapp.Ringing:
		w.verb("ringing")
		w.attempt(e.Attempt)
	case queueapp.Up:
		w.verb("up")
		w.attempt(e.Attempt)
	case queueapp.Briefed:
		w.verb("briefed")
		w.attempt(e.Attempt)
	case queueapp.Accepted:
		w.verb("accepted")
		w.attempt(e.Attempt)
	case queueapp.Connected:
		w.verb("connected")
		w.attempt(e.Attempt)
	case queueapp.Held:
		w.verb("held")
		w.attempt(e.Attempt)
	case queueapp.Resumed:
		w.verb("resumed")
		w.attempt(e.Attempt)
	case queueapp.Ended:
		w.verb("ended")
		w.attempt(e.Attempt)
		known := endCauses()
		named(w, e.Cause, known[:])
		w.optInt("cause", int64(e.Q850))
	}
}

func (w *writer) agentEvent(e queueapp.Event) {
	switch e := e.(type) {
	case queueapp.LogOn:
		w.verb("logon")
		w.word(string(e.Agent))
		w.optWord("at", string(e.Extension))
		w.optWord("queue", string(e.Queue))
	case queueapp.LogOff:
		w.verb("logoff")
		w.word(string(e.Agent))
		w.optWord("queue", string(e.Queue))
	case queueapp.Pause:
		w.verb("pause")
		w.word(string(e.Agent))
		w.reason(e.Reason)
		w.optWord("queue", string(e.Queue))
	case queueapp.Ready:
		w.verb("ready")
		w.word(string(e.Agent))
		w.optWord("queue", string(e.Queue))
	case queueapp.WrapUpFor:
		w.verb("wrap-up-for")
		w.word(string(e.Agent))
		w.duration(e.For)
	case queueapp.Device:
		w.verb("device")
		w.word(string(e.Extension))
		known := deviceStates()
		named(w, e.State, known[:])
	}
}

func (w *writer) floorEvent(e queueapp.Event) {
	switch e := e.(type) {
	case queueapp.Hold:
		w.verb("hold")
		w.reason(e.Why)
	case queueapp.Unhold:
		w.verb("unhold")
	case queueapp.SwitchDown:
		w.verb("switch-down")
		w.word(string(e.Switch))
	case queueapp.SwitchUp:
		w.verb("switch-up")
		w.word(string(e.Switch))
	case queueapp.Tick:
		w.verb("tick")
	}
}

// reason writes a text that may be missing.
func (w *writer) reason(s string) {
	if s != "" {
		w.text(s)
	}
}

// ParseEvent reads what [Clock.AppendEvent] wrote.
func (c Clock) ParseEvent(line string) (queueapp.Event, error) {
	r := newReader(line, c.Origin)
	verb := r.key()
	e := r.event(verb)
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("read event %.40q: %w", line, err)
	}
	return e, nil
}

func (r *reader) event(verb string) queueapp.Event {
	switch verb {
	case "apply":
		return queueapp.Apply{Plan: r.plan()}
	case "enter":
		v := r.enter(false)
		return v.Enter
	case "restore-visit":
		return r.enter(true)
	case "restore-agent":
		return r.restoreAgent()
	case "restore-member":
		return r.restoreMember()
	case "restore-attempt":
		return r.restoreAttempt()
	case "offered", "ringing", "up", "briefed", "accepted", "connected", "held", "resumed", "ended":
		return r.attemptEvent(verb)
	case "hangup":
		return queueapp.Hangup{Call: r.call(), Q850: r.cause()}
	case "withdraw":
		known := outcomes()
		return queueapp.Withdraw{Call: r.call(), Outcome: readNamed(r, "an outcome", known[:])}
	case "move":
		return queueapp.Move{Call: r.call(), Queue: queueapp.QueueName(r.word("a queue"))}
	case "pull":
		return queueapp.Pull{Call: r.call(), Extension: r.extension()}
	case "transferred", "reached", "replaced":
		return r.transfer(verb)
	case "prioritise":
		return queueapp.Prioritise{Call: r.call(), Priority: r.int("a priority")}
	case "identify":
		return r.identify()
	case "logon", "logoff", "pause", "ready", "wrap-up-for", "device":
		return r.agentEvent(verb)
	case "hold":
		why, _ := r.quoted()
		return queueapp.Hold{Why: why}
	case "unhold":
		return queueapp.Unhold{}
	case "switch-down":
		return queueapp.SwitchDown{Switch: queueapp.SwitchName(r.word("a switch"))}
	case "switch-up":
		return queueapp.SwitchUp{Switch: queueapp.SwitchName(r.word("a switch"))}
	case "tick":
		return queueapp.Tick{}
	}
	r.fail("%.40q is no event", verb)
	return nil
}

func (r *reader) attemptEvent(verb string) queueapp.Event {
	a := r.attempt()
	switch verb {
	case "offered":
		known := publishResults()
		return queueapp.Offered{Attempt: a, Publish: readNamed(r, "a publish's result", known[:])}
	case "ringing":
		return queueapp.Ringing{Attempt: a}
	case "up":
		return queueapp.Up{Attempt: a}
	case "briefed":
		return queueapp.Briefed{Attempt: a}
	case "accepted":
		return queueapp.Accepted{Attempt: a}
	case "connected":
		return queueapp.Connected{Attempt: a}
	case "held":
		return queueapp.Held{Attempt: a}
	case "resumed":
		return queueapp.Resumed{Attempt: a}
	}
	known := endCauses()
	return queueapp.Ended{Attempt: a, Cause: readNamed(r, "a cause", known[:]), Q850: r.cause()}
}

func (r *reader) agentEvent(verb string) queueapp.Event {
	if verb == "device" {
		known := deviceStates()
		return queueapp.Device{Extension: r.extension(), State: readNamed(r, "a device state", known[:])}
	}
	a := r.agent()
	switch verb {
	case "logon":
		return queueapp.LogOn{Agent: a, Extension: queueapp.ExtensionID(r.optWord("at")), Queue: r.optQueue()}
	case "logoff":
		return queueapp.LogOff{Agent: a, Queue: r.optQueue()}
	case "pause":
		why, _ := r.quoted()
		return queueapp.Pause{Agent: a, Reason: why, Queue: r.optQueue()}
	case "wrap-up-for":
		return queueapp.WrapUpFor{Agent: a, For: r.duration("how long")}
	}
	return queueapp.Ready{Agent: a, Queue: r.optQueue()}
}

func (r *reader) call() queueapp.CallID   { return queueapp.CallID(r.word("a call")) }
func (r *reader) agent() queueapp.AgentID { return queueapp.AgentID(r.word("an agent")) }
func (r *reader) extension() queueapp.ExtensionID {
	return queueapp.ExtensionID(r.word("an extension"))
}

// skip takes the next word away where it is key.
func (r *reader) skip(key string) bool {
	if !r.more() || r.toks[0].quoted || r.toks[0].text != key {
		return false
	}
	r.toks = r.toks[1:]
	return true
}

func (r *reader) optWord(key string) string {
	if !r.skip(key) {
		return ""
	}
	return r.word("what " + key + " names")
}

func (r *reader) optQueue() queueapp.QueueName { return queueapp.QueueName(r.optWord("queue")) }

func (r *reader) optTime(key string) time.Time {
	if !r.skip(key) {
		return time.Time{}
	}
	return r.time("when " + key + " was")
}

// cause reads Asterisk's hang-up cause where one stands.
func (r *reader) cause() int {
	if !r.skip("cause") {
		return 0
	}
	return r.int("a hang-up cause")
}
