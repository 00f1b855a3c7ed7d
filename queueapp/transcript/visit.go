package transcript

import (
	"time"

	"ringside/queueapp"
)

// enter writes a visit; entered and deadline are those of one that is restored.
func (w *writer) enter(e queueapp.Enter, entered, deadline time.Time) {
	w.word(string(e.Call))
	w.word(string(e.Queue))
	w.optInt("entry", e.Entry)
	w.optInt("priority", int64(e.Priority))
	w.optDuration("timeout", e.Timeout)
	w.optInt("attempts", int64(e.Attempts))
	w.optTime("entered", entered)
	w.optTime("deadline", deadline)
	w.optWord("on", string(e.Switch))
	w.optWord("channel", string(e.Channel))
	if e.Caller.Number != "" || e.Caller.Name != "" {
		w.key("from")
		w.word(e.Caller.Number)
		w.reason(e.Caller.Name)
	}
	w.optWord("dialled", e.Caller.Dialled)
	w.needs(e.Needs)
	w.optWord("for-agent", string(e.Agent))
	w.optWord("prefer", string(e.Prefer))
	if e.Closed {
		w.key("closed")
	}
	w.known(e.Customers, e.Data)
}

// known writes what is known of a caller.
func (w *writer) known(customers []queueapp.Customer, data []queueapp.Datum) {
	w.data(data)
	for i := range customers {
		w.customer(&customers[i])
	}
}

// customer writes a customer: by its code and name, where that is how it was found. Its data follow it.
func (w *writer) customer(c *queueapp.Customer) {
	if c.Match == queueapp.MatchCode {
		w.key("code")
	} else {
		known := matches()
		w.key("customer")
		named(w, c.Match, known[:])
	}
	w.word(c.Code)
	w.reason(c.Name)
	w.optWord("id", c.ID)
	w.optWord("url", c.URL)
	w.data(c.Data)
}

func (w *writer) data(data []queueapp.Datum) {
	for i := range data {
		w.key("data")
		w.word(data[i].Key)
		w.word(data[i].Value)
	}
}

// enter reads a visit; entered and deadline only where it is restored.
func (r *reader) enter(restored bool) queueapp.RestoreVisit {
	v := queueapp.RestoreVisit{Enter: queueapp.Enter{Call: r.call(), Queue: queueapp.QueueName(r.word("a queue"))}}
	for r.more() {
		key := r.key()
		switch {
		case restored && key == "entered":
			v.Entered = r.time("when the caller entered")
		case restored && key == "deadline":
			v.Deadline = r.time("the deadline")
		case restored && key == "answered":
			v.Answered = r.agent()
		case restored && key == "spared":
			v.Spared = append(v.Spared, queueapp.Spared{
				Agent: queueapp.AgentID(r.word("who let it pass")), Until: r.time("until when"),
			})
		default:
			r.enterKey(&v.Enter, key)
		}
	}
	return v
}

func (r *reader) identify() queueapp.Event {
	e := queueapp.Enter{Call: r.call()}
	for r.more() {
		if key := r.key(); !r.knownKey(&e, key) {
			r.fail("%.40q says nothing of who a caller is", key)
		}
	}
	return queueapp.Identify{Call: e.Call, Customers: e.Customers, Data: e.Data}
}

func (r *reader) enterKey(e *queueapp.Enter, key string) {
	switch key {
	case "entry":
		e.Entry = r.int64("an entry number")
	case "priority":
		e.Priority = r.int("a priority")
	case "timeout":
		e.Timeout = r.duration("a time-out")
	case "attempts":
		e.Attempts = r.int("a count of attempts")
	case "on":
		e.Switch = queueapp.SwitchName(r.word("a switch"))
	case "channel":
		e.Channel = queueapp.ChannelID(r.word("a channel"))
	case "from":
		e.Caller.Number = r.word("the caller's number")
		e.Caller.Name, _ = r.quoted()
	case "dialled":
		e.Caller.Dialled = r.word("what the caller dialled")
	case "needs":
		e.Needs = append(e.Needs, queueapp.Need{Skill: r.word("a skill"), Least: r.int("how well")})
	case "closed":
		e.Closed = true
	case "for-agent":
		e.Agent = r.agent()
	case "prefer":
		e.Prefer = r.agent()
	default:
		if !r.knownKey(e, key) {
			r.fail("%.40q is nothing that a caller enters with", key)
		}
	}
}

// knownKey reads a part of what [writer.known] wrote; it reports false where the key is none of its own.
func (r *reader) knownKey(e *queueapp.Enter, key string) bool {
	switch key {
	case "code":
		e.Customers = append(e.Customers, r.customer(queueapp.MatchCode))
	case "customer":
		known := matches()
		match := readNamed(r, "how the customer was found", known[:])
		e.Customers = append(e.Customers, r.customer(match))
	case "data":
		d := queueapp.Datum{Key: r.word("a datum's key"), Value: r.word("a datum's value")}
		if n := len(e.Customers); n > 0 {
			e.Customers[n-1].Data = append(e.Customers[n-1].Data, d)
		} else {
			e.Data = append(e.Data, d)
		}
	case "id", "url":
		r.customerKey(e, key)
	default:
		return false
	}
	return true
}

func (r *reader) customer(match queueapp.Match) queueapp.Customer {
	c := queueapp.Customer{Match: match, Code: r.word("a code")}
	c.Name, _ = r.quoted()
	return c
}

func (r *reader) customerKey(e *queueapp.Enter, key string) {
	if len(e.Customers) == 0 {
		r.fail("%s stands before the customer that it belongs to", key)
		return
	}
	c := &e.Customers[len(e.Customers)-1]
	if key == "id" {
		c.ID = r.word("a customer's id")
	} else {
		c.URL = r.word("a customer's URL")
	}
}

func (w *writer) restore(e queueapp.Event) {
	switch e := e.(type) {
	case queueapp.RestoreVisit:
		w.verb("restore-visit")
		w.enter(e.Enter, e.Entered, e.Deadline)
		for _, s := range e.Spared {
			w.key("spared")
			w.word(string(s.Agent))
			w.time(s.Until)
		}
		w.optWord("answered", string(e.Answered))
	case queueapp.RestoreAgent:
		w.verb("restore-agent")
		w.word(string(e.Agent))
		w.optWord("at", string(e.Extension))
		if e.Paused {
			w.key("paused")
		}
		w.optText("reason", e.Reason)
		w.optTime("last", e.LastCall)
		w.optTime("wrapup", e.WrapUntil)
		w.optInt("missed", int64(e.NoAnswers))
		w.optInt("calls", int64(e.Calls))
		w.optDuration("talked", e.Talked)
		w.optTime("delayed", e.Delayed)
		if e.Why != "" {
			w.key("after")
			known := revokeReasons()
			named(w, e.Why, known[:])
		}
	case queueapp.RestoreMember:
		w.verb("restore-member")
		w.word(string(e.Agent))
		w.word(string(e.Queue))
		if e.Out {
			w.key("out")
		}
		if e.Paused {
			w.key("paused")
		}
		w.optText("reason", e.Reason)
	case queueapp.RestoreAttempt:
		w.verb("restore-attempt")
		w.attempt(e.Attempt)
		w.word(string(e.Agent))
		known := attemptStates()
		named(w, e.State, known[:])
		w.optWord("at", string(e.Extension))
		w.optTime("offered", e.Offered)
		w.optTime("rang", e.Rang)
		w.optTime("answered", e.Answered)
		w.optTime("connected", e.Connected)
		w.optDuration("holds", e.Holds)
		w.optTime("held", e.HeldSince)
		w.optInt("from", int64(e.From))
		w.optWord("channel", string(e.Channel))
		if e.Pulled {
			w.key("pulled")
		}
	}
}

func (r *reader) restoreAgent() queueapp.RestoreAgent {
	e := queueapp.RestoreAgent{Agent: r.agent(), Extension: queueapp.ExtensionID(r.optWord("at")), Paused: r.skip("paused")}
	if r.skip("reason") {
		e.Reason = r.word("a reason")
	}
	e.LastCall, e.WrapUntil = r.optTime("last"), r.optTime("wrapup")
	if r.skip("missed") {
		e.NoAnswers = r.int("a count")
	}
	e.Calls, e.Talked = r.optInt("calls"), r.optDuration("talked")
	e.Delayed = r.optTime("delayed")
	if r.skip("after") {
		known := revokeReasons()
		e.Why = readNamed(r, "a reason", known[:])
	}
	return e
}

func (r *reader) restoreMember() queueapp.RestoreMember {
	e := queueapp.RestoreMember{Agent: r.agent(), Queue: queueapp.QueueName(r.word("a queue")), Out: r.skip("out"), Paused: r.skip("paused")}
	if r.skip("reason") {
		e.Reason = r.word("a reason")
	}
	return e
}

func (r *reader) restoreAttempt() queueapp.RestoreAttempt {
	e := queueapp.RestoreAttempt{Attempt: r.attempt(), Agent: r.agent()}
	known := attemptStates()
	e.State = readNamed(r, "an attempt's state", known[:])
	e.Extension = queueapp.ExtensionID(r.optWord("at"))
	e.Offered, e.Rang = r.optTime("offered"), r.optTime("rang")
	e.Answered, e.Connected = r.optTime("answered"), r.optTime("connected")
	e.Holds, e.HeldSince, e.From = r.optDuration("holds"), r.optTime("held"), r.optInt("from")
	e.Channel, e.Pulled = queueapp.ChannelID(r.optWord("channel")), r.skip("pulled")
	return e
}
