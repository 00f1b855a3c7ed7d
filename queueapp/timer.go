package queueapp

import (
	"container/heap"
	"time"
)

// timer is one thing that the floor wants to be woken for. Exactly one of visit, attempt, agent and queue is set.
type timer struct {
	at      time.Time
	order   int64 // breaks ties in the order of setting, so that the same events give the same effects
	index   int   // in the heap; -1 when not set
	visit   *visit
	attempt *attempt
	agent   *agent
	queue   *queue
	of      visitTimer
}

// visitTimer is what of a visit a timer is for.
type visitTimer int

const (
	deadlineTimer visitTimer = iota
	retryTimer               // somebody may have it again
	stageTimer               // others may be asked
	moreTimer                // one more phone is to ring
)

// timers is a heap of timers, the next one first.
type timers struct {
	heap  []*timer
	count int64
}

func (t *timers) Len() int { return len(t.heap) }
func (t *timers) Less(i, j int) bool {
	a, b := t.heap[i], t.heap[j]
	if a.at.Equal(b.at) {
		return a.order < b.order
	}
	return a.at.Before(b.at)
}

func (t *timers) Swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].index, t.heap[j].index = i, j
}

// Push is container/heap's; call set.
func (t *timers) Push(x any) {
	tm := x.(*timer)
	tm.index = len(t.heap)
	t.heap = append(t.heap, tm)
}

// Pop is container/heap's; call due or stop.
func (t *timers) Pop() any {
	last := len(t.heap) - 1
	tm := t.heap[last]
	t.heap[last] = nil
	t.heap = t.heap[:last]
	tm.index = -1
	return tm
}

// set puts the timer in force for at, wherever it stood before.
func (t *timers) set(tm *timer, at time.Time) {
	t.count++
	tm.at, tm.order = at, t.count
	if t.has(tm) {
		heap.Fix(t, tm.index)
		return
	}
	heap.Push(t, tm)
}

func (t *timers) stop(tm *timer) {
	if t.has(tm) {
		heap.Remove(t, tm.index)
	}
}

// has reports whether the timer is in force. One that was never set has index 0, which is another's place.
func (t *timers) has(tm *timer) bool {
	return tm.index >= 0 && tm.index < len(t.heap) && t.heap[tm.index] == tm
}

// due takes the next timer that is due at now, or returns nil.
func (t *timers) due(now time.Time) *timer {
	if len(t.heap) == 0 || t.heap[0].at.After(now) {
		return nil
	}
	return heap.Pop(t).(*timer)
}
