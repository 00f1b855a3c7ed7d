package transcript

import (
	"reflect"
	"slices"
	"time"

	"ringside/queueapp"
)

// defaultQueue is a queue whose rules a transcript does not give: the floor plan's defaults, which a test keeps equal.
func defaultQueue() queueapp.Queue {
	return queueapp.Queue{
		Strategy: queueapp.LeastRecent, Ring: 20 * time.Second, Wrapup: 5 * time.Second, Timeout: 10 * time.Minute,
		Music: "default", Retry: 5 * time.Second, NoAnswerDelay: time.Second, BusyDelay: 2 * time.Second,
		RejectDelay: 2 * time.Second, UnreachableDelay: 5 * time.Second, MaxNoAnswer: 3,
	}
}

// A brevity says whether what equals the defaults is written.
type brevity bool

const (
	exact brevity = false // for the journal: a later change of the defaults must not change what was
	short brevity = true  // for people
)

// plan writes a plan on one line, exactly.
func (w *writer) plan(p queueapp.Plan) {
	first := true
	next := func() {
		if !first {
			w.key(itemSeparator)
		}
		first = false
	}
	for i := range p.Queues {
		next()
		w.key("queue")
		w.queue(&p.Queues[i], exact, p.Agents)
	}
	have := extensionIDs(p)
	for i := range p.Agents {
		next()
		w.key("agent")
		w.agent(&p.Agents[i], have)
	}
	for i := range p.Extensions {
		next()
		w.key("extension")
		w.extension(&p.Extensions[i], exact)
	}
}

func (w *writer) queue(q *queueapp.Queue, brief brevity, all []queueapp.Agent) {
	d := defaultQueue()
	w.word(string(q.Name))
	known := strategies()
	named(w, q.Strategy, known)
	duration := func(key string, v, def time.Duration) {
		if brief == exact || v != def {
			w.key(key)
			w.duration(v)
		}
	}
	w.key("ring") // always: it is what a reader looks for
	w.duration(q.Ring)
	duration("wrapup", q.Wrapup, d.Wrapup)
	w.optDuration("wrapup_max", q.MostWrap)
	duration("timeout", q.Timeout, d.Timeout)
	if brief == exact || q.Music != d.Music {
		w.key("music")
		w.word(q.Music)
	}
	w.optInt("weight", int64(q.Weight))
	duration("retry", q.Retry, d.Retry)
	duration("no_answer_delay", q.NoAnswerDelay, d.NoAnswerDelay)
	duration("busy_delay", q.BusyDelay, d.BusyDelay)
	duration("reject_delay", q.RejectDelay, d.RejectDelay)
	duration("unreachable_delay", q.UnreachableDelay, d.UnreachableDelay)
	if brief == exact || q.MaxNoAnswer != d.MaxNoAnswer {
		w.key("maxnoanswer")
		w.int(int64(q.MaxNoAnswer))
	}
	w.patience(q)
	w.briefing(q.Briefing)
	w.members(q, brief, all)
}

// agent writes an agent; one who has no extension in the plan is marked, because a transcript gives every agent one.
func (w *writer) agent(a *queueapp.Agent, have map[queueapp.ExtensionID]bool) {
	w.word(string(a.ID))
	w.optText("name", a.Name)
	w.optWord("extension", string(a.Extension))
	for _, s := range a.Skills {
		w.key("skill")
		w.word(s.Name)
		w.int(int64(s.Level))
	}
	if a.OwnWrapup || a.Wrapup != 0 {
		w.key("own-wrapup")
		w.duration(a.Wrapup)
	}
	w.optDuration("away", a.Away)
	if a.OnDemand {
		w.key("on-demand")
	}
	if !have[seatOf(a)] {
		w.key("no-extension")
	}
	w.jids(a.JIDs)
}

func extensionIDs(p queueapp.Plan) map[queueapp.ExtensionID]bool {
	ids := make(map[queueapp.ExtensionID]bool, len(p.Extensions))
	for i := range p.Extensions {
		ids[p.Extensions[i].ID] = true
	}
	return ids
}

func (w *writer) extension(x *queueapp.Extension, brief brevity) {
	d := defaultExtension(x.ID)
	w.word(string(x.ID))
	w.optWord("switch", string(x.Switch))
	if brief == exact || x.Dial != d.Dial {
		w.key("dial")
		w.word(x.Dial)
	}
	if brief == exact || x.Device != x.Dial {
		w.key("device")
		w.word(x.Device)
	}
	w.jids(x.JIDs)
}

func (w *writer) jids(jids []string) {
	if len(jids) > 0 {
		w.key("jids")
		for _, j := range jids {
			w.word(j)
		}
	}
}

func seatOf(a *queueapp.Agent) queueapp.ExtensionID {
	if a.Extension != "" {
		return a.Extension
	}
	return queueapp.ExtensionID(a.ID)
}

func defaultExtension(id queueapp.ExtensionID) queueapp.Extension {
	return queueapp.Extension{ID: id, Dial: "PJSIP/" + string(id), Device: "PJSIP/" + string(id)}
}

func everyone(agents []queueapp.Agent) []queueapp.Member {
	members := make([]queueapp.Member, len(agents))
	for i := range agents {
		members[i].Agent = agents[i].ID
	}
	return members
}

// shown returns the extensions that a floor's lines must show, so that expand gives back all of them in their order.
func shown(p queueapp.Plan) []queueapp.Extension {
	have := extensionIDs(p)
	seats := make(map[queueapp.ExtensionID]bool, len(p.Agents))
	f := floor{plan: queueapp.Plan{Agents: p.Agents}, nowhere: make([]bool, len(p.Agents))}
	for i := range p.Agents {
		seat := seatOf(&p.Agents[i])
		seats[seat] = true
		f.nowhere[i] = !have[seat]
	}
	var out []queueapp.Extension
	for _, x := range p.Extensions {
		if !seats[x.ID] || !reflect.DeepEqual(x, defaultExtension(x.ID)) {
			out = append(out, x)
		}
	}
	f.plan.Extensions = slices.Clone(out)
	f.expand()
	if !reflect.DeepEqual(f.plan.Extensions, p.Extensions) {
		return p.Extensions
	}
	return out
}
