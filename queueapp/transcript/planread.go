package transcript

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// A floor is a plan being read, with what is only said of the agents of a transcript.
type floor struct {
	plan     queueapp.Plan
	everyone []bool // by queue: the line named no members, so all agents are
	nowhere  []bool // by agent: has no extension in the plan
	states   []state
}

// A state is how an agent of a transcript begins.
type state struct {
	off              bool
	at               queueapp.ExtensionID
	paused           bool
	reason           string
	idle, wrapup     time.Duration
	hasIdle, hasWrap bool
	missed           int
	calls            int
	talked           time.Duration
}

// plan reads what writer.plan wrote.
func (r *reader) plan() queueapp.Plan {
	var f floor
	items := r.toks
	for r.err == nil && len(items) > 0 {
		end := slices.IndexFunc(items, func(t token) bool { return !t.quoted && t.text == itemSeparator })
		if end < 0 {
			end = len(items)
		}
		r.toks = items[:end]
		r.item(&f, false)
		if r.end() == nil && end < len(items) {
			end++
		}
		items = items[end:]
	}
	f.expand()
	return f.plan
}

// item reads a line of a floor: a queue, an agent (with the state that it begins in, where states is true), an extension.
func (r *reader) item(f *floor, states bool) {
	switch kind := r.key(); kind {
	case "queue":
		q, named := r.queue()
		f.plan.Queues = append(f.plan.Queues, q)
		f.everyone = append(f.everyone, !named)
	case "agent":
		r.planAgent(f, states)
	case "extension":
		f.plan.Extensions = append(f.plan.Extensions, r.planExtension())
	default:
		r.fail("%.40q is no part of a floor: want queue, agent or extension", kind)
	}
}

func (r *reader) queue() (q queueapp.Queue, members bool) {
	q = defaultQueue()
	q.Name = queueapp.QueueName(r.word("a queue"))
	known := strategies()
	q.Strategy = readNamed(r, "a strategy", known)
	listed := false
	for r.more() && !members {
		switch key := r.key(); key {
		case "music":
			q.Music = r.word("a music class")
		case "weight":
			q.Weight = r.int("a weight")
		case "maxnoanswer":
			q.MaxNoAnswer = r.int("a count")
		case "members":
			members = true
			for _, m := range r.rest("an agent") {
				q.Members = append(q.Members, queueapp.Member{Agent: queueapp.AgentID(m)})
			}
		case "member":
			listed, q.Members = true, append(q.Members, r.member())
		default:
			if !r.patience(&q, key) {
				r.queueDuration(&q, key)
			}
		}
	}
	return q, members || listed
}

func (r *reader) queueDuration(q *queueapp.Queue, key string) {
	into := map[string]*time.Duration{
		"ring": &q.Ring, "wrapup": &q.Wrapup, "timeout": &q.Timeout, "retry": &q.Retry, "no_answer_delay": &q.NoAnswerDelay,
		"busy_delay": &q.BusyDelay, "reject_delay": &q.RejectDelay, "unreachable_delay": &q.UnreachableDelay, "progress": &q.Progress, "wrapup_max": &q.MostWrap, "leaveempty_after": &q.LeaveAfter, "regain": &q.Regain,
		"max_expected_wait": &q.MaxExpect,
	}
	d, ok := into[key]
	if !ok {
		r.fail("%.40q is no option of a queue", key)
		return
	}
	*d = r.duration(key)
}

func (r *reader) planAgent(f *floor, states bool) {
	a := queueapp.Agent{ID: r.agent()}
	var s state
	nowhere := false
	for r.more() {
		switch key := r.key(); key {
		case "name":
			a.Name = r.word("a name")
		case "extension":
			a.Extension = r.extension()
		case "skill":
			a.Skills = append(a.Skills, queueapp.Skill{Name: r.word("a skill"), Level: r.int("how well")})
		case "own-wrapup":
			a.OwnWrapup, a.Wrapup = true, r.duration("how long")
		case "away":
			a.Away = r.duration("how long")
		case "on-demand":
			a.OnDemand = true
		case "no-extension":
			nowhere = true
		case "jids":
			a.JIDs = r.rest("a JID")
		default:
			if !states || !r.state(&s, key) {
				r.fail("%.40q is nothing that is said of an agent here", key)
			}
		}
	}
	f.plan.Agents = append(f.plan.Agents, a)
	f.nowhere = append(f.nowhere, nowhere)
	f.states = append(f.states, s)
}

func (r *reader) state(s *state, key string) bool {
	switch key {
	case "off":
		s.off = true
	case "at":
		s.at = r.extension()
	case "paused":
		s.paused = true
		s.reason, _ = r.quoted()
	case "idle":
		s.hasIdle, s.idle = true, r.duration("how long the agent has been idle")
	case "wrapup":
		s.hasWrap, s.wrapup = true, r.duration("how long the wrap-up still lasts")
	case "missed":
		s.missed = r.int("a count")
	case "calls":
		s.calls = r.int("a count")
	case "talked":
		s.talked = r.duration("how long the agent has talked")
	default:
		return false
	}
	return true
}

func (r *reader) planExtension() queueapp.Extension {
	x := defaultExtension(r.extension())
	device := false
	for r.more() {
		switch key := r.key(); key {
		case "switch":
			x.Switch = queueapp.SwitchName(r.word("a switch"))
		case "dial":
			x.Dial = r.word("a dial string")
		case "device":
			device, x.Device = true, r.word("a device")
		case "jids":
			x.JIDs = r.rest("a JID")
		default:
			r.fail("%.40q is no option of an extension", key)
		}
	}
	if !device {
		x.Device = x.Dial
	}
	return x
}

// expand fills in what a floor's lines leave out: every agent is a member of a queue that names none, and has an extension.
func (f *floor) expand() {
	for i := range f.plan.Queues {
		if f.everyone[i] && len(f.plan.Agents) > 0 {
			f.plan.Queues[i].Members = everyone(f.plan.Agents)
		}
	}
	have := make(map[queueapp.ExtensionID]bool, len(f.plan.Extensions))
	for _, x := range f.plan.Extensions {
		have[x.ID] = true
	}
	for i := range f.plan.Agents {
		id := seatOf(&f.plan.Agents[i])
		if !f.nowhere[i] && !have[id] {
			have[id] = true
			f.plan.Extensions = append(f.plan.Extensions, defaultExtension(id))
		}
	}
}
