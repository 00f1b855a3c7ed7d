package queueapp_test

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"ringside/queueapp"
)

// checkStands holds the places that callers are told against those that listings show.
func (l *ledger) checkStands(f *queueapp.Floor) {
	for _, c := range f.Calls() {
		if s := f.Stands(c.Call); s.Position != c.Position {
			l.fail("call %s is told place %d and listed at %d", c.Call, s.Position, c.Position)
		}
	}
	for q, counted := range f.Staffed() {
		n := 0
		for _, id := range l.loggedOnIn(l.queues[q]) {
			if _, here := l.agents[id].pauses[q]; !here && !l.agents[id].paused {
				n++
			}
		}
		if n != counted {
			l.fail("%d are there to answer in %s, and %d are counted", n, q, counted)
		}
	}
}

// office is a queue in virtual time: callers come at random, talk for a random time, and may give up (M/M/c, M/M/c+M).
type office struct {
	floor    *queueapp.Floor
	now      time.Time
	random   *rand.Rand
	agents   int
	each     time.Duration // callers come one in
	talk     time.Duration // and talk for
	patience time.Duration // and give up after; 0: never
	due      agenda
	errands  int
	callers  int
	entered  map[queueapp.CallID]guess
	samples  []sample
}

// guess is what was known of a wait at its begin.
type guess struct {
	at, expected time.Time
	ideal        time.Duration // what who knows all rates would expect
}

// sample is a wait that was estimated.
type sample struct{ expected, ideal, came float64 }

type agenda []errand

type errand struct {
	at time.Time
	n  int
	do func()
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(errand)) }
func (a *agenda) Pop() any     { e := (*a)[len(*a)-1]; *a = (*a)[:len(*a)-1]; return e }

func (o *office) after(d time.Duration, do func()) {
	o.errands++
	heap.Push(&o.due, errand{o.now.Add(d), o.errands, do})
}

func (o *office) draw(mean time.Duration) time.Duration {
	return time.Duration(o.random.ExpFloat64() * float64(mean))
}

func (o *office) open() {
	plan := queueapp.Plan{Queues: []queueapp.Queue{{
		Name: "q", Strategy: queueapp.LeastRecent, Ring: time.Minute, Timeout: 24 * time.Hour, Retry: time.Second,
	}}}
	for i := range o.agents {
		id := fmt.Sprint(1000 + i)
		plan.Agents = append(plan.Agents, queueapp.Agent{ID: queueapp.AgentID(id)})
		plan.Extensions = append(plan.Extensions, queueapp.Extension{ID: queueapp.ExtensionID(id), Switch: "a"})
		plan.Queues[0].Members = append(plan.Queues[0].Members, queueapp.Member{Agent: queueapp.AgentID(id)})
	}
	o.floor, o.entered = queueapp.NewFloor(), map[queueapp.CallID]guess{}
	o.tell(queueapp.Apply{Plan: plan})
	for _, a := range plan.Agents {
		o.tell(queueapp.LogOn{Agent: a.ID})
	}
}

func (o *office) tell(ev queueapp.Event) {
	for _, e := range o.floor.Handle(o.now, ev) {
		switch e := e.(type) {
		case queueapp.Offer:
			o.tell(queueapp.Offered{Attempt: e.Attempt, Publish: queueapp.PublishOK})
		case queueapp.Ring:
			o.tell(queueapp.Up{Attempt: e.Attempt})
		case queueapp.Connect:
			o.tell(queueapp.Connected(e))
			o.met(e.Attempt)
		}
	}
}

func (o *office) comes() {
	o.after(o.draw(o.each), o.comes)
	o.callers++
	id := queueapp.CallID(fmt.Sprint(o.callers))
	o.tell(queueapp.Enter{Call: id, Queue: "q", Entry: int64(o.callers), Switch: "a"})
	v, _ := o.floor.Call(id)
	if v.State != "waiting" {
		return
	}
	ideal := time.Duration(float64(o.floor.Stands(id).Position) * float64(o.talk) / float64(o.agents))
	o.entered[id] = guess{o.now, v.Expected, ideal}
	if o.patience > 0 {
		o.after(o.draw(o.patience), func() {
			if v, here := o.floor.Call(id); here && v.State == "waiting" {
				o.tell(queueapp.Hangup{Call: id})
				delete(o.entered, id)
			}
		})
	}
}

func (o *office) met(id queueapp.AttemptID) {
	if g := o.entered[id.Call]; !g.expected.IsZero() {
		o.samples = append(o.samples, sample{g.expected.Sub(g.at).Seconds(), g.ideal.Seconds(), o.now.Sub(g.at).Seconds()})
	}
	delete(o.entered, id.Call)
	o.after(o.draw(o.talk), func() { o.tell(queueapp.Ended{Attempt: id, Cause: queueapp.EndHangup}) })
}

func (o *office) run(callers int) {
	o.open()
	o.after(0, o.comes)
	for o.callers < callers {
		e := heap.Pop(&o.due).(errand)
		o.now = e.at
		e.do()
	}
}

// figures are how good estimates were: the mean of what was expected over that of what came, and how far off one was on the
// average, as a share of the mean wait.
type figures struct{ expected, came, bias, off, ideal float64 }

func (o *office) figures() (f figures) {
	n := float64(len(o.samples))
	for _, s := range o.samples {
		f.expected += s.expected / n
		f.came += s.came / n
		f.off += math.Abs(s.expected-s.came) / n
		f.ideal += math.Abs(s.ideal-s.came) / n
	}
	f.bias, f.off, f.ideal = f.expected/f.came, f.off/f.came, f.ideal/f.came
	return f
}

// The estimate is right on the average where nobody gives up, and one by one hardly further off than that of somebody who
// knows the rates: waits are as random as conversations are. Callers who give up make it too long.
func TestTheEstimateIsHonest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		agents         int
		each, patience time.Duration
		least, most    float64 // of the bias
		further        float64 // than who knows the rates
	}{
		{"one agent, 90 % busy", 1, 200 * time.Second, 0, 0.9, 1.1, 1.25},
		{"5 agents, 90 % busy", 5, 40 * time.Second, 0, 0.9, 1.1, 1.25},
		{"5 agents, 98 % busy", 5, 36735 * time.Millisecond, 0, 0.9, 1.1, 1.6},
		{"50 agents, 98 % busy", 50, 3673 * time.Millisecond, 0, 0.9, 1.1, 1.6},
		{"5 agents, 120 % busy, callers give up after 5 minutes", 5, 30 * time.Second, 5 * time.Minute, 1, 1.6, 1.6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := &office{
				now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(1, 2)),
				agents: c.agents, each: c.each, talk: 3 * time.Minute, patience: c.patience,
			}
			o.run(20_000)
			f := o.figures()
			t.Logf("%d of %d callers waited %.0f s, %.0f s were expected: × %.2f; off by %.0f %% of that, with the rates known by %.0f %%",
				len(o.samples), o.callers, f.came, f.expected, f.bias, 100*f.off, 100*f.ideal)
			if f.bias < c.least || f.bias > c.most {
				t.Errorf("the mean estimate is %.2f times the mean wait", f.bias)
			}
			if f.off > c.further*f.ideal {
				t.Errorf("off by %.2f of the mean wait, where %.2f cannot be helped", f.off, f.ideal)
			}
		})
	}
}

// At first nothing is known, and nothing is said; where somebody is free nobody waits.
func TestNothingIsExpectedOfNothing(t *testing.T) {
	t.Parallel()
	o := &office{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(1, 2)), agents: 1, talk: time.Minute, each: time.Hour}
	o.open()
	o.comes()
	o.comes()
	v, _ := o.floor.Call("2")
	if s := o.floor.Stands("2"); s.Position != 1 || s.Known || !v.Expected.IsZero() || o.floor.Queues()[0].Wait != 0 {
		t.Errorf("expected %+v, %v", s, v.Expected)
	}
	if s := o.floor.Stands("1"); s != (queueapp.Standing{}) {
		t.Errorf("who talks stands at %+v", s)
	}
	o.now = o.now.Add(time.Minute)
	o.tell(queueapp.Ended{Attempt: queueapp.AttemptID{Call: "1", N: 1}, Cause: queueapp.EndHangup})
	o.comes()
	if s := o.floor.Stands("3"); s != (queueapp.Standing{Position: 1, Wait: time.Minute, Known: true}) {
		t.Errorf("after one conversation of a minute: %+v", s)
	}
	if w := o.floor.Queues()[0].Wait; w != 120 {
		t.Errorf("who comes behind one who waits may expect %v s", w)
	}
	o.tell(queueapp.Pause{Agent: "1000", Reason: "lunch"})
	if s := o.floor.Stands("3"); s.Known {
		t.Errorf("nobody is there, and %s are expected", s.Wait)
	}
}
