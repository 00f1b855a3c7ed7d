package transcript

import (
	"fmt"

	"ringside/queueapp"
)

// AppendEffect appends e as one line, without the line's end, times being absolute. It panics on an effect of a type that
// it does not know, which a test of this package rules out.
func AppendEffect(b []byte, e queueapp.Effect) []byte { return Clock{}.AppendEffect(b, e) }

// FormatEffect writes e as one line, times being absolute.
func FormatEffect(e queueapp.Effect) string { return string(AppendEffect(nil, e)) }

// ParseEffect reads what [AppendEffect] wrote.
func ParseEffect(line string) (queueapp.Effect, error) { return Clock{}.ParseEffect(line) }

// AppendEffect appends e as one line, without the line's end.
func (c Clock) AppendEffect(b []byte, e queueapp.Effect) []byte {
	w := writer{b: b, origin: c.Origin}
	switch e := e.(type) {
	case queueapp.Announce:
		w.verb("announce")
		w.word(string(e.Call))
		if len(e.Agents) > 0 {
			w.key("to")
		}
		for _, a := range e.Agents {
			w.word(string(a))
		}
	case queueapp.Leave:
		w.verb("leave")
		w.word(string(e.Call))
		w.word(string(e.Queue))
		known, then := outcomes(), thens()
		named(&w, e.Outcome, known[:])
		named(&w, e.Then, then[:])
		w.optWord("by", string(e.Agent))
		w.optWord("next", string(e.Next))
		w.optInt("entry", e.Entry)
		w.optInt("priority", int64(e.Priority))
	case queueapp.HandOver, queueapp.Located:
		w.handOver(e)
	case queueapp.Regained:
		w.verb("regained")
		w.word(string(e.Call))
		w.int(e.Entry)
	case queueapp.Offer, queueapp.Ring, queueapp.Brief, queueapp.Connect, queueapp.Revoke, queueapp.HangUp, queueapp.OnHold, queueapp.OffHold, queueapp.Close:
		w.attemptEffect(e)
	case queueapp.LoggedOn, queueapp.LoggedOff, queueapp.Serves, queueapp.Paused, queueapp.Unpaused, queueapp.WrapUp, queueapp.Missed,
		queueapp.Refused:
		w.agentEffect(e)
	default:
		panic(fmt.Sprintf("transcript: an effect of type %T", e))
	}
	return w.b
}

func (w *writer) attemptEffect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		w.verb("offer")
		w.attempt(e.Attempt)
		w.seat(e.Agent, e.Extension)
		w.optWord("queue", string(e.Queue))
		w.optTime("expires", e.Expires)
		if e.Pulled {
			w.key("pulled")
		}
	case queueapp.Ring:
		w.verb("ring")
		w.attempt(e.Attempt)
		w.word(string(e.Extension))
		w.optDuration("for", e.For)
	case queueapp.Brief:
		w.verb("brief")
		w.attempt(e.Attempt)
	case queueapp.Connect:
		w.verb("connect")
		w.attempt(e.Attempt)
	case queueapp.Revoke:
		w.verb("revoke")
		w.attempt(e.Attempt)
		known := revokeReasons()
		named(w, e.Reason, known[:])
		w.optInt("cause", int64(e.Q850))
	case queueapp.HangUp:
		w.verb("hang-up")
		w.attempt(e.Attempt)
		if e.Reason != "" {
			w.word(e.Reason)
		}
	case queueapp.OnHold:
		w.verb("on-hold")
		w.attempt(e.Attempt)
	case queueapp.OffHold:
		w.verb("off-hold")
		w.attempt(e.Attempt)
		w.duration(e.For)
	case queueapp.Close:
		w.verb("close")
		w.attempt(e.Attempt)
		known := endedBys()
		named(w, e.By, known[:])
		w.optInt("cause", int64(e.Q850))
		w.optDuration("held", e.Held)
	}
}

func (w *writer) agentEffect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.LoggedOn:
		w.verb("logged-on")
		w.seat(e.Agent, e.Extension)
	case queueapp.LoggedOff:
		w.verb("logged-off")
		w.seat(e.Agent, e.Extension)
	case queueapp.Serves:
		w.verb("serves")
		w.word(string(e.Agent))
		w.word(string(e.Queue))
		if e.Out {
			w.key("no-more")
		}
	case queueapp.Paused:
		w.verb("paused")
		w.word(string(e.Agent))
		w.reason(e.Reason)
		if e.Auto {
			w.key("auto")
		}
		w.optWord("queue", string(e.Queue))
	case queueapp.Unpaused:
		w.verb("unpaused")
		w.word(string(e.Agent))
		w.optWord("queue", string(e.Queue))
	case queueapp.WrapUp:
		w.verb("wrap-up")
		w.word(string(e.Agent))
		w.optTime("until", e.Until)
		w.optTime("last", e.Last)
		w.optInt("calls", int64(e.Calls))
		w.optDuration("talked", e.Talked)
	case queueapp.Missed:
		w.verb("missed")
		w.word(string(e.Agent))
		w.int(int64(e.Count))
	case queueapp.Refused:
		if e.Call != "" {
			w.verb("refused-call")
			w.word(string(e.Call))
		} else {
			w.verb("refused")
			w.word(string(e.Agent))
		}
		known := refusalReasons()
		named(w, e.Reason, known[:])
	}
}

// seat writes an agent and where, unless it is the extension of the agent's own number.
func (w *writer) seat(a queueapp.AgentID, x queueapp.ExtensionID) {
	w.word(string(a))
	if string(a) != string(x) {
		w.key("at")
		w.word(string(x))
	}
}

// ParseEffect reads what [Clock.AppendEffect] wrote.
func (c Clock) ParseEffect(line string) (queueapp.Effect, error) {
	r := newReader(line, c.Origin)
	verb := r.key()
	e := r.effect(verb)
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("read effect %.40q: %w", line, err)
	}
	return e, nil
}

func (r *reader) effect(verb string) queueapp.Effect {
	switch verb {
	case "announce":
		e := queueapp.Announce{Call: r.call()}
		if r.skip("to") {
			for _, a := range r.rest("an agent") {
				e.Agents = append(e.Agents, queueapp.AgentID(a))
			}
		}
		return e
	case "leave":
		known, then := outcomes(), thens()
		e := queueapp.Leave{
			Call: r.call(), Queue: queueapp.QueueName(r.word("a queue")),
			Outcome: readNamed(r, "an outcome", known[:]), Then: readNamed(r, "what becomes of the caller", then[:]),
			Agent: queueapp.AgentID(r.optWord("by")), Next: queueapp.QueueName(r.optWord("next")),
		}
		if r.skip("entry") {
			e.Entry = r.int64("an entry number")
		}
		e.Priority = r.optInt("priority")
		return e
	case "hand-over", "located":
		return r.handOver(verb)
	case "regained":
		return queueapp.Regained{Call: r.call(), Entry: r.int64("an entry number")}
	case "offer", "ring", "brief", "connect", "revoke", "hang-up", "on-hold", "off-hold", "close":
		return r.attemptEffect(verb)
	case "refused-call":
		known := refusalReasons()
		return queueapp.Refused{Call: r.call(), Reason: readNamed(r, "a reason", known[:])}
	case "logged-on", "logged-off", "serves", "paused", "unpaused", "wrap-up", "missed", "refused":
		return r.agentEffect(verb)
	}
	r.fail("%.40q is no effect", verb)
	return nil
}

func (r *reader) attemptEffect(verb string) queueapp.Effect {
	a := r.attempt()
	switch verb {
	case "offer":
		e := queueapp.Offer{Attempt: a}
		e.Agent, e.Extension = r.seat()
		e.Queue, e.Expires, e.Pulled = queueapp.QueueName(r.optWord("queue")), r.optTime("expires"), r.skip("pulled")
		return e
	case "ring":
		e := queueapp.Ring{Attempt: a, Extension: r.extension()}
		if r.skip("for") {
			e.For = r.duration("how long it rings")
		}
		return e
	case "connect":
		return queueapp.Connect{Attempt: a}
	case "brief":
		return queueapp.Brief{Attempt: a}
	case "revoke":
		known := revokeReasons()
		return queueapp.Revoke{Attempt: a, Reason: readNamed(r, "a reason", known[:]), Q850: r.cause()}
	case "hang-up":
		e := queueapp.HangUp{Attempt: a}
		if r.more() {
			e.Reason = r.word("a reason")
		}
		return e
	case "on-hold":
		return queueapp.OnHold{Attempt: a}
	case "off-hold":
		return queueapp.OffHold{Attempt: a, For: r.duration("how long")}
	}
	known := endedBys()
	return queueapp.Close{Attempt: a, By: readNamed(r, "who ended it", known[:]), Q850: r.cause(), Held: r.optDuration("held")}
}

func (r *reader) agentEffect(verb string) queueapp.Effect {
	switch verb {
	case "logged-on":
		a, x := r.seat()
		return queueapp.LoggedOn{Agent: a, Extension: x}
	case "logged-off":
		a, x := r.seat()
		return queueapp.LoggedOff{Agent: a, Extension: x}
	}
	a := r.agent()
	switch verb {
	case "paused":
		why, _ := r.quoted()
		return queueapp.Paused{Agent: a, Reason: why, Auto: r.skip("auto"), Queue: r.optQueue()}
	case "unpaused":
		return queueapp.Unpaused{Agent: a, Queue: r.optQueue()}
	case "serves":
		return queueapp.Serves{Agent: a, Queue: queueapp.QueueName(r.word("a queue")), Out: r.skip("no-more")}
	case "wrap-up":
		e := queueapp.WrapUp{Agent: a, Until: r.optTime("until"), Last: r.optTime("last"), Calls: r.optInt("calls")}
		e.Talked = r.optDuration("talked")
		return e
	case "missed":
		return queueapp.Missed{Agent: a, Count: r.int("a count")}
	}
	known := refusalReasons()
	return queueapp.Refused{Agent: a, Reason: readNamed(r, "a reason", known[:])}
}

func (r *reader) seat() (queueapp.AgentID, queueapp.ExtensionID) {
	a := r.agent()
	if r.skip("at") {
		return a, r.extension()
	}
	return a, queueapp.ExtensionID(a)
}
