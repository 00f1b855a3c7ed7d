package queueapp_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
)

// told is one event of a day that can be told again to any number of floors.
type told struct {
	at time.Time
	ev queueapp.Event
}

// BenchmarkHandle is DESIGN §7's row: 10 000 agents in 500 queues, two each, and 50 000 callers waiting. Agents answer,
// refuse, are busy, don't answer, wrap up, pause; callers give up; phones report their states. ns/op is one event.
func BenchmarkHandle(b *testing.B) {
	day := newDay(10_000, 500, 60_000)
	day.run(200_000)
	b.ReportAllocs()
	b.ResetTimer()
	var used time.Duration
	for done := 0; done < b.N; {
		b.StopTimer()
		f := queueapp.NewFloor()
		for _, t := range day.morning {
			f.Handle(t.at, t.ev)
		}
		runtime.GC()
		before := cpuTime(b)
		b.StartTimer()
		for _, t := range day.events[:min(len(day.events), b.N-done)] {
			f.Handle(t.at, t.ev)
			done++
		}
		used += cpuTime(b) - before
	}
	b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/used.Seconds(), "events/cpu-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// cpuTime is the processor time that the process has used: the clock says little on a machine that is shared.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpu reports the processor time of an operation from now on.
func cpu(b *testing.B) (report func()) {
	before := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkPick has a caller enter a queue in which n agents are free, and hang up before the phone rings: one choice, and
// one agent free again. Where all phones ring it is n choices: each op is one of them.
func BenchmarkPick(b *testing.B) {
	for _, s := range queueapp.Strategies() {
		for _, n := range []int{10, 100, 1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/agents=%d", s, n), func(b *testing.B) { pick(b, s, n) })
		}
	}
}

func pick(b *testing.B, s queueapp.Strategy, agents int) {
	b.Helper()
	plan := largePlan(agents, 1)
	plan.Queues[0].Strategy, plan.Queues[0].Progress = s, time.Minute
	day := newDayOf(plan, 0)
	f, now := day.floor, day.now
	b.ReportAllocs()
	b.ResetTimer()
	defer cpu(b)()
	for i := 0; i < b.N; {
		n := 0
		for _, e := range f.Handle(now, queueapp.Enter{Call: "c", Queue: "q0", Entry: int64(i), Attempts: i}) {
			if _, ok := e.(queueapp.Offer); ok {
				n++
			}
		}
		f.Handle(now, queueapp.Hangup{Call: "c"})
		i += max(n, 1)
	}
}

// BenchmarkSkills is BenchmarkPick where each call asks for one of ten skills, which one agent in ten has.
func BenchmarkSkills(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) {
			plan := largePlan(n, 1)
			for i := range plan.Agents {
				plan.Agents[i].Skills = []queueapp.Skill{{Name: fmt.Sprint("s", i%10), Level: 50}}
			}
			day := newDayOf(plan, 0)
			f, now := day.floor, day.now
			b.ReportAllocs()
			b.ResetTimer()
			defer cpu(b)()
			for i := range b.N {
				f.Handle(now, queueapp.Enter{
					Call: "c", Queue: "q0", Entry: int64(i), Attempts: i, Needs: []queueapp.Need{{Skill: fmt.Sprint("s", i%10), Least: 20}},
				})
				f.Handle(now, queueapp.Hangup{Call: "c"})
			}
		})
	}
}

// BenchmarkFreed has an agent become free while n callers wait in each of his two queues, and the caller he gets hang up.
func BenchmarkFreed(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", n), func(b *testing.B) {
			day := newDay(2, 2, n)
			f, now := day.floor, day.now
			ids := day.waiting
			entry := day.entries
			b.ReportAllocs()
			b.ResetTimer()
			defer cpu(b)()
			for i := range b.N {
				c := ids[i%len(ids)] // the first in line has just been offered to the agent who became free
				f.Handle(now, queueapp.Hangup{Call: c})
				f.Handle(now, queueapp.Enter{Call: c, Queue: queueapp.QueueName(fmt.Sprint("q", i%2)), Entry: entry + int64(i)})
			}
		})
	}
}

// day makes up the events of a busy call centre from what the floor says, in simulated time.
type day struct {
	floor   *queueapp.Floor
	now     time.Time
	morning []told // the floor as the busy hour finds it
	events  []told
	out     *[]told
	rnd     *rand.Rand
	plans   plans
	entries int64
	queues  int
	waiting []queueapp.CallID
	seats   map[queueapp.AttemptID]queueapp.ExtensionID
}

// newDay logs agents on, and has them all talk and so many callers wait.
func newDay(agents, queues, waiting int) *day { return newDayOf(largePlan(agents, queues), waiting) }

func newDayOf(plan queueapp.Plan, waiting int) *day {
	d := &day{
		floor: queueapp.NewFloor(), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), rnd: rand.New(rand.NewPCG(1, 2)),
		queues: len(plan.Queues), seats: map[queueapp.AttemptID]queueapp.ExtensionID{},
	}
	d.out = &d.morning
	d.tell(queueapp.Apply{Plan: plan})
	for _, a := range plan.Agents {
		d.tell(queueapp.LogOn{Agent: a.ID})
	}
	for range waiting {
		d.enter()
	}
	for len(d.plans) > 0 && d.plans[0].at.Equal(d.now) {
		d.step()
	}
	return d
}

func largePlan(agents, queues int) queueapp.Plan {
	var p queueapp.Plan
	members := make([][]queueapp.Member, queues)
	for i := range agents {
		id := queueapp.AgentID(fmt.Sprint(100_000 + i))
		p.Agents = append(p.Agents, queueapp.Agent{ID: id})
		p.Extensions = append(p.Extensions, queueapp.Extension{ID: queueapp.ExtensionID(id), Device: "PJSIP/" + string(id)})
		for _, q := range slices.Compact([]int{i % queues, (i*7 + 1) % queues}) {
			members[q] = append(members[q], queueapp.Member{Agent: id})
		}
	}
	for i, m := range members {
		p.Queues = append(p.Queues, queueapp.Queue{
			Name: queueapp.QueueName(fmt.Sprint("q", i)), Strategy: queueapp.LeastRecent, Members: slices.Compact(m),
			Ring: 20 * time.Second, Wrapup: 5 * time.Second, Timeout: time.Hour, Retry: 5 * time.Second,
			NoAnswerDelay: time.Second, BusyDelay: 2 * time.Second, RejectDelay: 2 * time.Second,
			UnreachableDelay: 5 * time.Second, MaxNoAnswer: 3,
		})
	}
	return p
}

// run goes on until n events were told.
func (d *day) run(n int) {
	d.out = &d.events
	for len(d.events) < n {
		d.step()
	}
}

func (d *day) step() {
	p := heap.Pop(&d.plans).(planned)
	for next := d.floor.Next(); !next.IsZero() && !next.After(p.at); next = d.floor.Next() {
		d.now = next
		d.tell(queueapp.Tick{})
	}
	d.now = p.at
	d.tell(p.ev)
}

func (d *day) tell(ev queueapp.Event) {
	*d.out = append(*d.out, told{d.now, ev})
	for _, e := range d.floor.Handle(d.now, ev) {
		d.follow(e)
	}
}

func (d *day) follow(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.Offer:
		d.seats[e.Attempt] = e.Extension
		d.soon(3*time.Millisecond, queueapp.Offered{Attempt: e.Attempt, Publish: queueapp.PublishOK})
	case queueapp.Ring:
		d.ring(e.Attempt)
	case queueapp.Connect:
		d.soon(4*time.Millisecond, queueapp.Connected(e))
		d.report(5*time.Millisecond, e.Attempt, queueapp.DeviceInUse)
		talk := time.Second + time.Duration(d.rnd.ExpFloat64()*float64(3*time.Minute))
		if d.rnd.IntN(10) < 3 {
			d.soon(talk, queueapp.Ended{Attempt: e.Attempt, Cause: queueapp.EndHangup, Q850: 16})
		} else {
			d.soon(talk, queueapp.Hangup{Call: e.Attempt.Call, Q850: 16})
		}
	case queueapp.HangUp:
		d.soon(20*time.Millisecond, queueapp.Ended{Attempt: e.Attempt, Cause: queueapp.EndHangup, Q850: 16})
		d.report(30*time.Millisecond, e.Attempt, queueapp.DeviceNotInUse)
	case queueapp.Leave:
		d.enter()
	case queueapp.Paused:
		d.soon(time.Minute, queueapp.Ready{Agent: e.Agent})
	}
}

// ring has an agent answer, mostly.
func (d *day) ring(id queueapp.AttemptID) {
	ended := func(after time.Duration, cause queueapp.EndCause) {
		d.soon(after, queueapp.Ended{Attempt: id, Cause: cause})
		d.report(after+10*time.Millisecond, id, queueapp.DeviceNotInUse)
	}
	switch d.rnd.IntN(20) {
	case 0:
		ended(40*time.Millisecond, queueapp.EndBusy)
		return
	case 1:
		ended(2*time.Second, queueapp.EndRefused)
	case 2, 3:
		ended(20*time.Second, queueapp.EndNoAnswer)
	default:
		d.soon(time.Duration(1+d.rnd.IntN(9))*time.Second, queueapp.Up{Attempt: id})
	}
	d.report(90*time.Millisecond, id, queueapp.DeviceRinging)
	d.soon(100*time.Millisecond, queueapp.Ringing{Attempt: id})
}

// enter has somebody call, who may give up: as many as wait leave and come.
func (d *day) enter() {
	d.entries++
	ev := queueapp.Enter{
		Call: queueapp.CallID(fmt.Sprintf("0198c0de-0000-7000-8000-%012d", d.entries)), Entry: d.entries,
		Queue:  queueapp.QueueName(fmt.Sprint("q", d.rnd.IntN(d.queues))),
		Caller: queueapp.Caller{Number: "5551234", Name: "Ana", Dialled: "0000"},
	}
	d.waiting = append(d.waiting, ev.Call)
	d.soon(0, ev)
	d.soon(time.Duration(d.rnd.ExpFloat64()*float64(2*time.Hour)), queueapp.Hangup{Call: ev.Call, Q850: 16})
}

func (d *day) report(after time.Duration, id queueapp.AttemptID, s queueapp.DeviceState) {
	d.soon(after, queueapp.Device{Extension: d.seats[id], State: s})
}

func (d *day) soon(after time.Duration, ev queueapp.Event) {
	heap.Push(&d.plans, planned{d.now.Add(after), d.entries<<20 | int64(len(d.plans)), ev})
}

// planned is an event that is to come.
type planned struct {
	at    time.Time
	order int64
	ev    queueapp.Event
}

type plans []planned

func (p plans) Len() int { return len(p) }
func (p plans) Less(i, j int) bool {
	if p[i].at.Equal(p[j].at) {
		return p[i].order < p[j].order
	}
	return p[i].at.Before(p[j].at)
}
func (p plans) Swap(i, j int) { p[i], p[j] = p[j], p[i] }

// Push is container/heap's.
func (p *plans) Push(x any) { *p = append(*p, x.(planned)) }

// Pop is container/heap's.
func (p *plans) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
