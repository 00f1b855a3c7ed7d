package importer

import (
	"strings"
	"unicode"

	"ringside/queueapp"
)

// A penalised member is a member with the penalty as it was written.
type penalised struct {
	agent   queueapp.AgentID
	penalty int
}

// The places of what a member line says: interface, penalty, name, state interface, ringinuse, wrapuptime, paused.
const (
	memberInterface = iota
	memberPenalty
	memberName
	memberState
	memberRingInUse
	memberWrapup
	memberPaused
	memberFields
)

// member makes an agent and an extension of a member line.
func (d *draft) member(q *appQueue, l line) {
	place := q.place
	field := commas(l.value)
	p, say := memberPhone(field[memberInterface], field[memberState], field[memberName])
	if p.dial == "" {
		d.add(l, place, say)
		return
	}
	penalty, said := q.penalty(field[memberPenalty])
	if said.fate != "" {
		d.add(l, place, said)
		if penalty < 0 {
			return
		}
	}
	a, _ := d.agent(p)
	if a.Name == "" {
		a.Name = p.name
	}
	if q.seated[a.ID] {
		d.add(l, place, unused("agent "+string(a.ID)+" is a member already; the first line counts"))
		return
	}
	q.seated[a.ID] = true
	q.members = append(q.members, penalised{a.ID, penalty})
	say.became = "queue." + string(q.Name) + ".members, agent." + string(a.ID) + ", extension." + string(a.ID)
	d.add(l, place, say)
	if dialled := d.phones[a.ID].Dial; dialled != p.dial {
		d.add(l, place, near("extension."+string(a.ID), "is the same phone in other words; each phone is one extension, and "+dialled+" is what is dialled", ""))
	}
	d.extras(place, l, a, field)
}

// extras says what becomes of the fields that make no member.
func (d *draft) extras(place string, l line, a *queueapp.Agent, field []string) {
	if v := field[memberRingInUse]; v != "" {
		if truth(v) {
			d.add(l, place, none("ringinuse: a phone in use is not rung", ""))
		} else {
			d.add(l, place, needless("ringinuse: a phone in use is not rung"))
		}
	}
	if v := field[memberPaused]; truth(v) {
		d.add(l, place, elsewhere("paused: a pause is what an agent does, not what the floor is", "run `queueapp agent "+string(a.ID)+" pause` once it is logged on"))
	}
	if v := field[memberWrapup]; v != "" {
		w, _, ok := seconds(v, 0, longestWait)
		switch {
		case !ok:
			d.add(l, place, notUnderstood("", "wrapuptime: %q is no number of seconds", tidy(v)))
		case w > 0:
			a.Wrapup, a.OwnWrapup = max(a.Wrapup, w), true
			d.add(l, place, near("agent."+string(a.ID)+".wrapup", "wrapuptime: is the agent's in all queues; of several the longest", ""))
		}
	}
	if field[memberFields] != "" {
		d.add(l, place, unused("app_queue reads seven fields; there are more"))
	}
}

// penalty reads a penalty; -1 is a member who counts as logged off.
func (q *appQueue) penalty(s string) (int, said) {
	if s == "" {
		return 0, said{}
	}
	n, _, ok := number(s, -1, 1<<30)
	switch {
	case !ok:
		return 0, notUnderstood("write its level yourself", "%q is no penalty; 0 stays", tidy(s))
	case n < 0 && q.negativeInvalid:
		return -1, unused("its penalty is negative, with negative_penalty_invalid=yes: it counted as logged off, and was left out")
	case n < 0:
		return 0, near("queue."+string(q.Name)+".members", "a negative penalty is 0", "")
	case n > mostLevel:
		return mostLevel, near("queue."+string(q.Name)+".members", "levels end at 1000", "write lower ones that keep the order")
	}
	return n, said{}
}

// seatMembers puts the members into the queue: their penalties are levels, or turned into weights under wrandom.
func (q *appQueue) seatMembers() {
	most, least := 0, 1<<30
	for _, m := range q.members {
		most, least = max(most, m.penalty), min(least, m.penalty)
	}
	for _, m := range q.members {
		member := queueapp.Member{Agent: m.agent, Level: m.penalty}
		if q.Strategy == queueapp.WeightedRandom {
			member.Level = 0
			if most != least {
				member.Weight = max(1, 100/(1+m.penalty))
			}
		}
		q.Members = append(q.Members, member)
	}
}

// custom reports whether a device is one that the dialplan sets, as Custom:door, or another kind than a channel's.
func custom(device string) bool {
	kind, name, ok := strings.Cut(device, ":")
	return ok && kind != "" && name != "" && !strings.ContainsAny(device, " \t&,|")
}

// memberPhone reads the interface that is called, and the one whose state counts.
func memberPhone(iface, state, name string) (phone, said) {
	p, say := appPhone(iface)
	if p.dial == "" {
		return p, say
	}
	p.name = named(name)
	hint, isHint := strings.CutPrefix(state, "hint:")
	extension, _, _ := strings.Cut(hint, "@")
	device := modern(state)
	switch {
	case state == "":
		if strings.HasPrefix(p.dial, "Local/") {
			say = near("", "a Local channel has no state, so a phone that is in use is rung", "name the phone as device of the extension")
		}
	case isHint && dialable("PJSIP/"+extension):
		p.device = "PJSIP/" + extension
		say = near("", "a hint has no state that Ringside could hear; the device was guessed from it", "see `core show hints` whether "+p.device+" is behind it")
	case dialable(device), custom(device):
		p.device = device
	default:
		say = near("", tidy(state)+" cannot be a device here: one is written technology/resource", "name the phone behind it as device of the extension")
	}
	return p, say
}

// appPhone reads an interface of Asterisk's.
func appPhone(iface string) (phone, said) {
	dial := modern(iface)
	tech, resource, _ := strings.Cut(dial, "/")
	if !dialable(dial) {
		return phone{}, none("it is no technology/resource that could be dialled, and was left out", "add its agent and extension yourself")
	}
	say := carried("")
	switch was, _, _ := strings.Cut(iface, "/"); {
	case strings.EqualFold(was, "SIP"):
		say = near("", "chan_sip is gone from Asterisk; PJSIP is dialled", "see that the endpoint has the same name")
	case strings.EqualFold(was, "Agent"):
		say = near("", "an agent's channel cannot be dialled; PJSIP is dialled, and the agent logs on at it", "name the phone as dial of the extension")
	case strings.EqualFold(tech, "Local") && strings.Count(dial, "/") == 1:
		dial += "/n"
		say = near("", "/n was added: Asterisk must not take the Local channel out of the call", "")
	}
	number, _, _ := strings.Cut(resource, "@")
	number = number[strings.LastIndexAny(number, "/:")+1:]
	if number == "" || strings.ContainsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) }) || strings.EqualFold(tech, "DAHDI") {
		number = ""
	}
	return phone{dial: dial, number: number, resource: tech + "-" + resource}, say
}

// modern writes an interface with a technology that Asterisk still has.
func modern(iface string) string {
	tech, resource, ok := strings.Cut(strings.TrimSpace(iface), "/")
	if ok && (strings.EqualFold(tech, "SIP") || strings.EqualFold(tech, "Agent")) {
		return "PJSIP/" + resource
	}
	return strings.TrimSpace(iface)
}

// commas splits at commas that stand in no quotes, and gives memberFields fields and one with the rest.
func commas(s string) []string {
	out := make([]string, memberFields+1)
	var field strings.Builder
	n, quoted := 0, false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted && n < memberFields:
			out[n] = strings.TrimSpace(field.String())
			field.Reset()
			n++
		default:
			field.WriteRune(r)
		}
	}
	out[n] = strings.TrimSpace(field.String())
	return out
}
