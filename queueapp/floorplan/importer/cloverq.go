package importer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// cloverQ reads CloverQ's three files. Members are agents; a queue's weight is turned round, since the lowest is served
// first there.
func (d *draft) cloverQ(confs, queues, members []File) error {
	for _, f := range confs {
		if err := d.cloverConf(f); err != nil {
			return err
		}
	}
	known := map[string]queueapp.AgentID{}
	for _, f := range members {
		root, err := readXML(f.Name, f.Text)
		if err != nil {
			return err
		}
		for _, list := range root.find(isMembers) {
			for _, k := range list.kids {
				d.cloverMember(f.Name, k, known)
			}
			d.strayNodes(f.Name, list)
		}
	}
	if len(queues)+len(members) == 0 {
		return fmt.Errorf("%s: says how to connect, and nothing of the floor; name datos-queues.xml and datos-members.xml too", confs[0].Name)
	}
	return d.cloverQueues(queues, known)
}

// fields are the children of a record, as lines.
func (n *node) fields(file string) []line {
	var out []line
	for _, k := range n.kids {
		out = append(out, line{file: file, n: k.n, key: k.name, value: strings.TrimSpace(k.text), secret: k.name == "Password"})
	}
	return out
}

// value is the text of a child, "" where there is none.
func (n *node) value(name string) string {
	if k := n.kid(name); k != nil {
		return strings.TrimSpace(k.text)
	}
	return ""
}

func (d *draft) cloverMember(file string, k *node, known map[string]queueapp.AgentID) {
	id := k.value("Id")
	l := line{file: file, n: k.n, key: "<" + k.name + ">", value: id}
	switch {
	case k.name != "DTOMember" || id == "":
		d.add(l, "members", notUnderstood("nothing is lost: it had no effect", "is no DTOMember with an Id"))
		return
	case known[id] != "":
		d.add(l, "members", unused("the member is there already; the first counts"))
		return
	}
	p, say := cloverPhone(k.value("Contact"), id)
	p.name = named(k.value("Name"))
	a, fresh := d.agent(p)
	known[id] = a.ID
	place := string(a.ID)
	d.add(l, place, renamed("agent", id, place))
	if !fresh {
		d.add(l, place, near("extension."+place, "is the phone of another member; a phone has one agent at a time", ""))
	}
	say.became = "extension." + place + ".dial"
	if k.kid("Contact") == nil {
		d.add(l, place, say)
	}
	for _, f := range d.last(place, k.fields(file)) {
		d.add(f, place, cloverMemberField(f.key, place, say))
	}
}

func cloverMemberField(key, place string, contact said) said {
	switch key {
	case "Id":
		return carried("agent." + place)
	case "Name":
		return carried("agent." + place + ".name")
	case "Contact":
		return contact
	case "User", "Password":
		return elsewhere("an agent is who the phone's endpoint says", "keep log-on codes in a context that only authenticated phones reach")
	case "IsLogedIn", "IsAvailable":
		return elsewhere("who is there is no matter of the floor plan", "have the agent dial *56466*, or run `queueapp agent "+place+" logon`")
	case "DeviceState":
		return needless("Asterisk says it")
	}
	return notUnderstood("nothing is lost: it had no effect", "CloverQ's members have no such field")
}

// cloverPhone makes a phone of a member's contact, or of its number where it has none: there one logs on anywhere.
func cloverPhone(contact, id string) (phone, said) {
	p := phone{number: id, dial: "PJSIP/" + identifier(id, "agent")}
	user := strings.TrimLeft(contact, "<\" ")
	for _, prefix := range []string{"sip:", "sips:"} {
		user = strings.TrimPrefix(user, prefix)
	}
	if i := strings.IndexAny(user, "@;>"); i >= 0 {
		user = user[:i]
	}
	if contact == "" {
		return p, near("", "there is no contact, since members log on at any phone; "+p.dial+" was guessed",
			"an agent can log on at another extension: `queueapp agent NUMBER logon --help`")
	}
	if !dialable("PJSIP/" + user) {
		return p, near("", "it is no address of a phone; "+p.dial+" was guessed", "write what is to be dialled")
	}
	p.dial = "PJSIP/" + user
	return p, near("", "CloverQ dials the address, by chan_sip, and Ringside the endpoint", "see that Asterisk has an endpoint "+p.dial)
}

func (d *draft) cloverQueues(files []File, known map[string]queueapp.AgentID) error {
	type found struct {
		file string
		*node
	}
	var all []found
	heaviest := 0
	for _, f := range files {
		root, err := readXML(f.Name, f.Text)
		if err != nil {
			return err
		}
		for _, list := range root.find(isQueues) {
			for _, k := range list.kids {
				all = append(all, found{f.Name, k})
				w, _, _ := number(k.value("Weight"), 0, mostWeight)
				heaviest = max(heaviest, w)
			}
		}
		d.add(line{file: f.Name}, "", elsewhere("how long a caller may wait stands in the dialplan", "write Stasis(queueapp,queue,NAME,timeout=S) for Stasis(cloverq,NAME,S); without one it is "+floorplan.Brief(longestWait)))
		d.add(line{file: f.Name}, "", near("queue.*.no_answer_delay, busy_delay, reject_delay, unreachable_delay",
			"who did not take a call is left alone for a moment, which CloverQ knows nothing of", ""))
	}
	for _, k := range all {
		d.cloverQueue(k.file, k.node, heaviest, known)
		d.strayNodes(k.file, k.node)
	}
	return nil
}

func (d *draft) cloverQueue(file string, k *node, heaviest int, known map[string]queueapp.AgentID) {
	id := k.value("Id")
	l := line{file: file, n: k.n, key: "<" + k.name + ">", value: id}
	if k.name != "DTOQueue" || id == "" {
		d.add(l, "queues", notUnderstood("nothing is lost: it had no effect", "is no DTOQueue with an Id"))
		return
	}
	q := d.queue(id)
	q.Strategy, q.Ring, q.Wrapup, q.MaxNoAnswer = queueapp.RoundRobin, 20*time.Second, 0, 0
	d.add(l, string(q.Name), renamed("queue", id, string(q.Name)))
	for _, f := range d.last(string(q.Name), k.fields(file)) {
		if f.key == "QueueMembers" {
			d.cloverSeats(file, q, k.kid("QueueMembers"), known)
			continue
		}
		d.add(f, string(q.Name), cloverQueueField(q, f, heaviest))
	}
}

func cloverQueueField(q *queueapp.Queue, f line, heaviest int) said {
	switch f.key {
	case "Id":
		return carried("queue." + string(q.Name))
	case "Media":
		return appMusic(q, cmp.Or(f.value, "default"))
	case "MediaType":
		return needless("callers hear music")
	case "Weight":
		n, within, ok := number(f.value, 0, mostWeight)
		if !ok || !within {
			return notUnderstood("write its weight yourself", "%q is no weight from 0 to %d", tidy(f.value), mostWeight)
		}
		q.Weight = max(heaviest-n, 0)
		return near("queue.*.weight", "CloverQ serves the lowest weight first, Ringside the highest; the order is kept", "").in(q)
	case "WrapupTime":
		return span("wrapup", func(q *queueapp.Queue) *time.Duration { return &q.Wrapup }, 0, longestWait, carried("queue.*.wrapup"))(q, f.value)
	case "MemberStrategy":
		if f.value != "rrmemory" {
			return notUnderstood("write its strategy yourself", "CloverQ knows rrmemory alone; that stays")
		}
		return carried("queue.*.strategy").in(q)
	case "CallOrderStrategy":
		return needless("who came first is served first")
	}
	return notUnderstood("nothing is lost: it had no effect", "CloverQ's queues have no such field")
}

func (d *draft) cloverSeats(file string, q *queueapp.Queue, list *node, known map[string]queueapp.AgentID) {
	seen := map[queueapp.AgentID]bool{}
	for _, k := range list.kids {
		id := known[k.value("MemberId")]
		for _, f := range d.last(string(q.Name), k.fields(file)) {
			say := notUnderstood("nothing is lost: it had no effect", "CloverQ's queue members have no such field")
			switch {
			case f.key == "MemberId" && id == "":
				say = unused("datos-members.xml has no such member, or was not named in the same import")
			case f.key == "MemberId" && seen[id]:
				say = unused("agent " + string(id) + " is a member already")
			case f.key == "MemberId":
				say = carried("queue." + string(q.Name) + ".members")
			case f.key == "Priority":
				say = unused("CloverQ never looks at it")
			}
			d.add(f, string(q.Name), say)
		}
		if id != "" && !seen[id] {
			seen[id] = true
			q.Members = append(q.Members, queueapp.Member{Agent: id})
		}
	}
}
