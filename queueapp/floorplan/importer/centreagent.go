package importer

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// A centreAgent is an agent with what is a queue's in the floor plan.
type centreAgent struct {
	*queueapp.Agent
	noAnswers            int
	reject, busy, missed time.Duration
	accept               string
}

// lent is which of a queue's values come from its agents.
type lent struct{ noAnswers, reject, busy, missed bool }

// lend gives a queue what is said of the agent: the longest delays, and the lowest number of misses.
func (a *centreAgent) lend(q *queueapp.Queue, l *lent) {
	longest := func(own time.Duration, of *time.Duration, lent *bool) {
		if own > 0 && (!*lent || own > *of) {
			*of, *lent = own, true
		}
	}
	longest(a.reject, &q.RejectDelay, &l.reject)
	longest(a.busy, &q.BusyDelay, &l.busy)
	longest(a.missed, &q.NoAnswerDelay, &l.missed)
	if a.accept != "" {
		q.Briefing.Accept, q.Briefing.Within = a.accept, floorplan.DefaultWithin
	}
	if a.noAnswers > 0 && (!l.noAnswers || a.noAnswers < q.MaxNoAnswer) {
		q.MaxNoAnswer, l.noAnswers = a.noAnswers, true
	}
}

func (c *centre) readAgents(n *node) {
	for _, k := range n.kids {
		l := line{file: n.attrs[0].file, n: k.n, key: "<" + k.name + ">", value: k.attr("name")}
		switch {
		case k.name != "agent":
			c.add(l, "agents", notUnderstood("write <agent name=… contact=…/>", "is no agent"))
		case k.attr("name") == "":
			c.add(l, "agents", unused("it has no name"))
		case c.agents[k.attr("name")] != nil:
			c.add(l, "agents", unused("the agent is there already; the first counts"))
		default:
			c.agent(k, l)
		}
	}
}

func (c *centre) agent(k *node, l line) {
	name := k.attr("name")
	p, say := centrePhone(k.attr("contact"), name)
	agent, fresh := c.draft.agent(p)
	a := &centreAgent{Agent: agent, accept: confirmKey(k.attr("contact"))}
	if a.accept != "" {
		say.why += "; its group_confirm_key is accept of the agent's queues, where it holds for all members"
	}
	c.agents[name] = a
	place := string(agent.ID)
	c.add(l, place, renamed("agent", name, place))
	if !fresh {
		c.add(l, place, near("agent."+place, "has a phone that another agent has; a phone has one agent at a time, and both are one here", "give one of them a phone of its own"))
	}
	if k.attr("contact") == "" {
		say.became = "extension." + place + ".dial"
		c.add(l, place, say)
	}
	for _, at := range k.attrs {
		switch at.name() {
		case "name":
		case "contact":
			say.became = "extension." + place + ".dial"
			c.add(at, place, say)
		default:
			c.add(at, place, a.set(at))
		}
	}
}

// set puts an attribute into an agent.
func (a *centreAgent) set(at line) said {
	const longest = "it is the queue's: the longest of its members'"
	switch at.name() {
	case "type":
		if strings.EqualFold(at.value, "uuid-standby") {
			return none("agents are called for each caller; none stays on the line", "")
		}
		return needless("agents are called for each caller")
	case "status":
		if strings.EqualFold(at.value, "Available (On Demand)") {
			a.OnDemand = true
			return carried("agent." + string(a.ID) + ".on_demand")
		}
		return elsewhere("who is there is no matter of the floor plan", "have the agent dial *56466*, or run `queueapp agent "+string(a.ID)+" logon`")
	case "max-no-answer":
		return a.number(at.value, &a.noAnswers, "maxnoanswer", "it is the queue's: the lowest of its members' that is not 0")
	case "wrap-up-time":
		a.OwnWrapup = true
		return a.span(at.value, &a.Wrapup, "agent."+string(a.ID)+".wrapup", longestWait, "")
	case "reject-delay-time":
		return a.span(at.value, &a.reject, "queue.*.reject_delay", longestDelay, longest)
	case "busy-delay-time":
		return a.span(at.value, &a.busy, "queue.*.busy_delay", longestDelay, longest)
	case "no-answer-delay-time":
		return a.span(at.value, &a.missed, "queue.*.no_answer_delay", longestDelay, longest)
	}
	return centreStranger(at, []string{
		"type", "status", "contact", "max-no-answer", "wrap-up-time", "reject-delay-time", "busy-delay-time", "no-answer-delay-time",
	})
}

func (a *centreAgent) span(value string, into *time.Duration, became string, most time.Duration, why string) said {
	d, within, ok := seconds(value, 0, most)
	switch {
	case !ok:
		return notUnderstood("write it yourself", "%q is no number of seconds", tidy(value))
	case !within:
		why = strings.TrimPrefix(why+"; it can be 0s to "+floorplan.Brief(most), "; ")
	}
	if *into = d; why != "" {
		return near(became, why, "")
	}
	return carried(became)
}

func (a *centreAgent) number(value string, into *int, key, why string) said {
	n, _, ok := number(value, 0, mostMisses)
	if !ok {
		return notUnderstood("write it yourself", "%q is no number", tidy(value))
	}
	*into = n
	return near("queue.*."+key, why, "")
}

// centrePhone makes Asterisk's dial string of FreeSWITCH's.
func centrePhone(contact, agent string) (phone, said) {
	who, _, _ := strings.Cut(agent, "@")
	p := phone{number: digits(who), name: named(who), resource: who}
	guess := "PJSIP/" + identifier(cmp.Or(p.number, who), "agent")
	first, several := alone(contact)
	dial, number := asteriskDial(first)
	p.dial = cmp.Or(dial, guess)
	switch {
	case p.number != "":
		p.name = ""
	case len(who) == 36 && strings.Count(who, "-") == 4: // a UUID, which nobody wants to dial or read
		p.number, p.name = number, ""
	}
	say := near("", "FreeSWITCH's dial string is in Asterisk's words", "see that Asterisk has an endpoint "+p.dial)
	switch {
	case contact == "":
		say = near("", "there is no contact; "+p.dial+" was guessed", "write what is to be dialled")
	case dial == "":
		say = near("", "Asterisk dials nothing like it; "+p.dial+" was guessed", "write what is to be dialled")
	case several:
		say.why += "; of several phones the first"
	}
	if strings.ContainsAny(contact, "[{<") {
		say.why += "; variables such as leg_timeout have no equal: ring is the queue's"
	}
	return p, say
}

// alone is the first of several dial strings, without the variables before it.
func alone(contact string) (first string, several bool) {
	s := strings.TrimSpace(contact)
	for _, pair := range []string{"<>", "{}", "[]"} {
		for strings.HasPrefix(s, pair[:1]) {
			_, rest, ok := strings.Cut(s, pair[1:])
			if !ok {
				return "", false
			}
			s = strings.TrimSpace(rest)
		}
	}
	if i := strings.IndexAny(s, ",|"); i >= 0 {
		return s[:i], true
	}
	return s, false
}

// asteriskDial turns user/1000@domain, sofia/profile/1000@host, sofia/gateway/trunk/number and loopback/number/context
// into Asterisk's words; "" where there are none.
func asteriskDial(s string) (dial, number string) {
	part := strings.Split(s, "/")
	last := part[len(part)-1]
	who, _, _ := strings.Cut(strings.Replace(last, "%", "@", 1), "@")
	who = strings.TrimPrefix(who, "sip:")
	switch {
	case strings.Contains(s, "${") || strings.Contains(s, "$$"):
	case len(part) == 2 && strings.EqualFold(part[0], "user"), len(part) == 3 && strings.EqualFold(part[0], "sofia"):
		dial = "PJSIP/" + who
	case len(part) == 4 && strings.EqualFold(part[0], "sofia") && strings.EqualFold(part[1], "gateway"):
		dial = "PJSIP/" + last + "@" + part[2]
	case len(part) >= 3 && strings.EqualFold(part[0], "loopback"):
		who = part[1]
		dial = "Local/" + part[1] + "@" + part[2] + "/n"
	}
	if !dialable(dial) {
		return "", ""
	}
	return dial, digits(who)
}

// digits is s where it is all digits, else "".
func digits(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || !unicode.IsDigit(r) }) {
		return ""
	}
	return s
}
