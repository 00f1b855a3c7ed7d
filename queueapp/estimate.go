package queueapp

import "time"

// How long a caller will wait is told from what has come lately: each answer takes one caller from the line, and while
// somebody waits they follow each other as fast as the agents get free. So a caller waits for as many such times as his place
// says. Times are kept as those of one agent and divided by the agents there are, so that the estimate follows who comes and
// goes at once. A caller who gives up before his turn makes it too long for who stands behind him.

// flow is how fast a queue's callers are answered.
type flow struct {
	since    time.Time // of the last answer, where somebody has waited ever since
	between  mean      // seconds from one answer to the next while somebody waits, times the agents
	staff    int       // members who are there; 0: to be counted
	handling mean      // seconds from an offer to the end of the agent's wrap-up
}

const (
	flowMemory  = 32 // how many samples make a mean
	flowTrusted = 8  // so many answers in a row tell more than what handling takes
	flowOutlier = 8  // times the mean: more is a pause of all agents, and counts as that much
)

// mean is a mean of the last samples, the older ones less and less.
type mean struct {
	value float64
	n     int
}

func (m *mean) add(x float64) {
	if m.n >= flowTrusted {
		x = min(x, flowOutlier*m.value)
	}
	m.n = min(m.n+1, flowMemory)
	m.value += (x - m.value) / float64(m.n)
}

// answered takes in that a caller has met an agent.
func (q *queue) answered(now time.Time) {
	if !q.flow.since.IsZero() {
		q.flow.between.add(now.Sub(q.flow.since).Seconds() * float64(max(1, q.staffed())))
	}
	if q.flow.since = (time.Time{}); q.visits > q.talking {
		q.flow.since = now
	}
}

// handled takes in that a conversation is over, which takes the agent from the offer to the end of the wrap-up. Of one that was
// restored it may not be known when it was offered.
func (q *queue) handled(offered, until time.Time) {
	if !offered.IsZero() {
		q.flow.handling.add(until.Sub(offered).Seconds())
	}
}

// emptied notes that nobody waits any more: the time until the next answer says nothing.
func (q *queue) emptied() {
	if q.visits == q.talking {
		q.flow.since = time.Time{}
	}
}

// staffed counts the members who are there to answer, now or soon. It counts anew only when somebody has come or gone.
func (q *queue) staffed() int {
	if q.flow.staff == 0 {
		for _, m := range q.members {
			if m.serves() && !m.agent.paused && !m.pause {
				q.flow.staff++
			}
		}
	}
	return q.flow.staff
}

// comesOrGoes has the members of an agent's queues counted again.
func (a *agent) comesOrGoes() {
	for _, m := range a.members {
		m.queue.flow.staff = 0
	}
}

// wait estimates how long whoever stands at a place in line will wait; false: nothing is known, or nobody is there.
func (q *queue) wait(position int) (time.Duration, bool) {
	each, staffed := q.flow.between, q.staffed()
	if each.n < flowTrusted && q.flow.handling.n > 0 {
		each = q.flow.handling
	}
	if each.n == 0 || staffed == 0 {
		return 0, false
	}
	return time.Duration(float64(position) * each.value / float64(staffed) * float64(time.Second)), true
}

// expect notes what a caller who has just come may expect: to be offered at once where somebody is free.
func (f *Floor) expect(v *visit) {
	if v.queue.free > 0 || v.level == nil {
		return
	}
	if wait, known := v.queue.wait(f.position(v)); known {
		v.expected = f.now.Add(wait)
	}
}

// foresee estimates how long a caller would wait who has not been let in yet, at the place that he would get; 0: that is not
// known, or somebody is free.
func (f *Floor) foresee(q *queue, ev Enter) time.Duration {
	if q.free > 0 {
		return 0
	}
	if i := q.dropOf(ev.Caller.Number, f.now); i >= 0 {
		ev.Entry = min(ev.Entry, q.drops[i].entry)
	}
	v := &visit{Enter: ev, priority: ev.Priority, entry: ev.Entry, queue: q}
	if at := q.stageAt(v, 0); at >= 0 {
		v.priority += q.Stages[at].Boost
	}
	wait, _ := q.wait(1 + v.ahead())
	return wait
}

// position is a waiting caller's place among those of the queue for whom no phone rings; 0 where one rings for him.
func (f *Floor) position(v *visit) int {
	if v.level == nil || len(v.open) > 0 {
		return 0
	}
	return 1 + v.ahead()
}

// ahead counts those of the queue for whom no phone rings and who are served before v, whether v stands in line or not.
func (v *visit) ahead() int {
	n := 0
	if v.queue.Strategy.rings() { // those for whom phones ring stand in line, too
		for w := range v.queue.waiting {
			if !w.first(v) {
				break
			}
			if len(w.open) == 0 {
				n++
			}
		}
		return n
	}
	for _, l := range v.queue.lenses {
		n += l.line.before(v)
	}
	return n
}

// before counts the visits of a line that are served before v. It walks at most half of those of the same priority.
func (l *line) before(v *visit) int {
	n := 0
	for _, lv := range l.levels {
		if lv.priority <= v.priority {
			if lv.priority == v.priority {
				n += lv.before(v.entry)
			}
			break
		}
		n += lv.length
	}
	return n
}

func (lv *level) before(entry int64) int {
	n := 0
	if entry-lv.first.entry < lv.last.entry-entry {
		for at := lv.first; at != nil && at.entry < entry; at = at.next {
			n++
		}
		return n
	}
	for at := lv.last; at != nil && at.entry >= entry; at = at.prev {
		n++
	}
	return lv.length - n
}

// Standing is where a waiting caller stands, and how long he will wait as far as can be told.
type Standing struct {
	Position int // 1 is the next; 0: a phone rings for him, or he talks
	Wait     time.Duration
	Known    bool // Wait is
}

// Stands tells where a waiting caller stands.
func (f *Floor) Stands(id CallID) Standing {
	v := f.visits[id]
	if v == nil {
		return Standing{}
	}
	s := Standing{Position: f.position(v)}
	if s.Position > 0 {
		s.Wait, s.Known = v.queue.wait(s.Position)
	}
	return s
}

// newcomer is how many seconds a caller without priority would wait who came now; 0: that is not known, or somebody is free.
func (q *queue) newcomer() float64 {
	if q.free > 0 {
		return 0
	}
	position := 1
	for _, l := range q.lenses {
		position += l.line.length
	}
	wait, _ := q.wait(position)
	return wait.Round(time.Second).Seconds()
}
