package queuelog

import (
	"cmp"
	"slices"
	"time"

	"ringside/queueapp"
)

// visit is one stay of a caller in a queue.
type visit struct {
	call      queueapp.CallID
	channel   queueapp.ChannelID
	queue     queueapp.QueueName
	entry     int64
	priority  int
	entered   time.Time
	original  int              // the place at which the caller entered
	connected time.Time        // zero: not yet
	agent     queueapp.AgentID // who answered
	over      bool             // the end of its conversation is written
}

// line is the callers of a queue whom nobody talks to yet, in the order of service but for what a stage adds.
type line []*visit

func (v *visit) compare(w *visit) int {
	return cmp.Or(cmp.Compare(w.priority, v.priority), cmp.Compare(v.entry, w.entry), cmp.Compare(v.call, w.call))
}

func (l *line) add(v *visit) {
	i, _ := slices.BinarySearchFunc(*l, v, (*visit).compare)
	*l = slices.Insert(*l, i, v)
}

func (l *line) remove(v *visit) {
	if i, found := slices.BinarySearchFunc(*l, v, (*visit).compare); found {
		*l = slices.Delete(*l, i, i+1)
	}
}

// place is a caller's place in line, from 1, where what their stages add to their priorities counts.
func (l *line) place(v *visit, q queueapp.Queue, now time.Time) int {
	if !boosts(q) {
		i, _ := slices.BinarySearchFunc(*l, v, (*visit).compare)
		return i + 1
	}
	n, mine := 1, v.priority+boost(q, now.Sub(v.entered))
	for _, w := range *l {
		theirs := w.priority + boost(q, now.Sub(w.entered))
		if w != v && (theirs > mine || theirs == mine && w.entry < v.entry) {
			n++
		}
	}
	return n
}

func boosts(q queueapp.Queue) bool {
	return slices.ContainsFunc(q.Stages, func(s queueapp.Stage) bool { return s.Boost != 0 })
}

// boost is what the stage that has come by now adds to a caller's priority. The floor may be a stage ahead, where nobody who
// is logged on may be asked by this one: who can do what is not known here.
func boost(q queueapp.Queue, waited time.Duration) int {
	add := 0
	for _, s := range q.Stages {
		if s.After <= waited {
			add = s.Boost
		}
	}
	return add
}

// stand puts a visit into its queue's line.
func (f *Fold) stand(v *visit) {
	l := f.lines[v.queue]
	if l == nil {
		l = &line{}
		f.lines[v.queue] = l
	}
	l.add(v)
}

// unline takes a visit out of its queue's line. A queue that is in no floor plan any more goes with its last caller.
func (f *Fold) unline(v *visit) {
	l := f.lines[v.queue]
	l.remove(v)
	if len(*l) == 0 {
		delete(f.lines, v.queue)
	}
}

// standing is a waiting visit's place in line, from 1.
func (f *Fold) standing(v *visit) int {
	return f.lines[v.queue].place(v, f.plan.queues[v.queue], f.at)
}
