package queuelog

import (
	"strconv"
	"time"

	"ringside/queueapp"
)

// The reason that app_queue gives where it paused an agent itself, and the floor's word for that.
const (
	autoPause     = "Auto-Pause"
	noAnswerPause = "no-answer"
)

// seat is where an agent is logged on, and since when.
type seat struct {
	channel string
	began   time.Time
}

// plan is what entries need of a floor plan.
type plan struct {
	order    []queueapp.Queue
	queues   map[queueapp.QueueName]queueapp.Queue
	levels   map[membership]int
	memberOf map[queueapp.AgentID][]queueapp.QueueName // in the plan's order
	dial     map[queueapp.ExtensionID]string
}

// membership is an agent's place in a queue.
type membership struct {
	queue queueapp.QueueName
	agent queueapp.AgentID
}

func planOf(p queueapp.Plan) plan {
	out := plan{
		order: p.Queues, queues: make(map[queueapp.QueueName]queueapp.Queue, len(p.Queues)), levels: map[membership]int{},
		memberOf: map[queueapp.AgentID][]queueapp.QueueName{}, dial: make(map[queueapp.ExtensionID]string, len(p.Extensions)),
	}
	for _, q := range p.Queues {
		out.queues[q.Name] = q
		for _, m := range q.Members {
			out.levels[membership{q.Name, m.Agent}] = m.Level
			out.memberOf[m.Agent] = append(out.memberOf[m.Agent], q.Name)
		}
	}
	for _, x := range p.Extensions {
		out.dial[x.ID] = x.Dial
	}
	return out
}

// apply writes that a floor plan came into force, and what it says otherwise of the queues' members.
func (f *Fold) apply(p queueapp.Plan) {
	event := ConfigReload
	if !f.started {
		f.started, event = true, QueueStart
	}
	f.write("", "", "", event)
	before, now := f.plan, planOf(p)
	for id, dial := range before.dial { // whoever sits at one that has left is logged off yet
		if _, there := now.dial[id]; !there {
			now.dial[id] = dial
		}
	}
	f.plan = now
	for _, q := range before.order {
		for _, m := range q.Members {
			at := membership{q.Name, m.Agent}
			if _, there := now.levels[at]; !there && !f.absent[at] {
				f.write(realtime, q.Name, m.Agent, RemoveMember)
			}
		}
	}
	for _, q := range now.order {
		for _, m := range q.Members {
			f.member(before, q.Name, m)
		}
	}
}

func (f *Fold) member(before plan, queue queueapp.QueueName, m queueapp.Member) {
	level, there := before.levels[membership{queue, m.Agent}]
	switch {
	case !there && f.paused[membership{agent: m.Agent}]:
		f.write(realtime, queue, m.Agent, AddMember, "PAUSED")
	case !there:
		f.write(realtime, queue, m.Agent, AddMember)
	case level != m.Level:
		f.write("", queue, m.Agent, Penalty, strconv.Itoa(m.Level))
	}
}

func (f *Fold) agentEffect(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.LoggedOn:
		f.loggedOn(e)
	case queueapp.LoggedOff:
		f.loggedOff(e)
	case queueapp.Serves:
		f.serves(e)
	case queueapp.Paused:
		f.pause(e)
	case queueapp.Unpaused:
		f.unpause(e)
	}
}

func (f *Fold) loggedOn(e queueapp.LoggedOn) {
	s := seat{channel: f.channelOf(e.Extension), began: f.at}
	f.seats[e.Agent] = s
	f.write("", "", e.Agent, AgentLogin, s.channel)
}

// loggedOff writes the end of a session: with it the agent is a member of all of his queues again.
func (f *Fold) loggedOff(e queueapp.LoggedOff) {
	s, ok := f.seats[e.Agent]
	delete(f.seats, e.Agent)
	if !ok { // its begin is not known: the floor ends it as soon as it is told of it
		s = seat{channel: f.channelOf(e.Extension), began: f.at}
	}
	f.write("", "", e.Agent, AgentLogoff, s.channel, seconds(s.began, f.at))
	for _, q := range f.plan.memberOf[e.Agent] {
		f.serves(queueapp.Serves{Agent: e.Agent, Queue: q})
	}
}

// serves writes that an agent has left a queue for as long as he is logged on, or is back: that is how app_queue's agents log
// on and off.
func (f *Fold) serves(e queueapp.Serves) {
	at := membership{e.Queue, e.Agent}
	_, member := f.plan.levels[at]
	switch {
	case e.Out && !f.absent[at]:
		f.absent[at] = true
		f.write(manager, e.Queue, e.Agent, RemoveMember)
	case !e.Out && f.absent[at]:
		delete(f.absent, at)
		if member {
			f.write(manager, e.Queue, e.Agent, AddMember)
		}
	}
}

// channelOf is what an agent's phone is dialled by: the floor hears of no channel where an agent logs on.
func (f *Fold) channelOf(x queueapp.ExtensionID) string {
	if dial := f.plan.dial[x]; dial != "" {
		return dial
	}
	return string(x)
}

func (f *Fold) restoreAgent(ev queueapp.RestoreAgent) {
	if ev.Paused {
		f.paused[membership{agent: ev.Agent}] = true
	}
	if _, there := f.seats[ev.Agent]; there || ev.Extension == "" {
		return
	}
	began, known := f.past.Began[ev.Agent]
	if !known {
		began = f.at
	}
	f.seats[ev.Agent] = seat{channel: f.channelOf(ev.Extension), began: began}
}

func (f *Fold) restoreMember(ev queueapp.RestoreMember) {
	at := membership{ev.Queue, ev.Agent}
	if ev.Paused {
		f.paused[at] = true
	}
	if ev.Out {
		f.absent[at] = true
	}
}

// pause writes what app_queue does where a member is paused in all queues: that, and each of them. For one queue it is the
// latter alone.
func (f *Fold) pause(e queueapp.Paused) {
	f.paused[membership{e.Queue, e.Agent}] = true
	reason := e.Reason
	if e.Auto && reason == noAnswerPause {
		reason = autoPause
	}
	if e.Queue != "" {
		f.write("", e.Queue, e.Agent, Pause, reason)
		return
	}
	f.write("", "", e.Agent, PauseAll)
	for _, q := range f.plan.memberOf[e.Agent] {
		f.write("", q, e.Agent, Pause, reason)
	}
}

// unpause writes the end of a pause, but not of a queue for which there is another: app_queue knows one pause a member.
func (f *Fold) unpause(e queueapp.Unpaused) {
	delete(f.paused, membership{e.Queue, e.Agent})
	if e.Queue != "" {
		if !f.paused[membership{agent: e.Agent}] {
			f.write("", e.Queue, e.Agent, Unpause)
		}
		return
	}
	f.write("", "", e.Agent, UnpauseAll)
	for _, q := range f.plan.memberOf[e.Agent] {
		if !f.paused[membership{q, e.Agent}] {
			f.write("", q, e.Agent, Unpause)
		}
	}
}
