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
			if _, there := now.levels[membership{q.Name, m.Agent}]; !there {
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
	case !there && f.paused[m.Agent]:
		f.write(realtime, queue, m.Agent, AddMember, "PAUSED")
	case !there:
		f.write(realtime, queue, m.Agent, AddMember)
	case level != m.Level:
		f.write("", queue, m.Agent, Penalty, strconv.Itoa(m.Level))
	}
}

func (f *Fold) loggedOn(e queueapp.LoggedOn) {
	s := seat{channel: f.channelOf(e.Extension), began: f.at}
	f.seats[e.Agent] = s
	f.write("", "", e.Agent, AgentLogin, s.channel)
}

// loggedOff writes the end of a session. One whose begin is not known was ended by the floor as soon as it was told of it.
func (f *Fold) loggedOff(e queueapp.LoggedOff) {
	s, ok := f.seats[e.Agent]
	delete(f.seats, e.Agent)
	if !ok {
		s = seat{channel: f.channelOf(e.Extension), began: f.at}
	}
	f.write("", "", e.Agent, AgentLogoff, s.channel, seconds(s.began, f.at))
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
		f.paused[ev.Agent] = true
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

// pause writes what app_queue does where a member is paused in all queues: that, and each of them.
func (f *Fold) pause(e queueapp.Paused) {
	f.paused[e.Agent] = true
	reason := e.Reason
	if e.Auto && reason == noAnswerPause {
		reason = autoPause
	}
	f.write("", "", e.Agent, PauseAll)
	for _, q := range f.plan.memberOf[e.Agent] {
		f.write("", q, e.Agent, Pause, reason)
	}
}

func (f *Fold) unpause(e queueapp.Unpaused) {
	delete(f.paused, e.Agent)
	f.write("", "", e.Agent, UnpauseAll)
	for _, q := range f.plan.memberOf[e.Agent] {
		f.write("", q, e.Agent, Unpause)
	}
}
