package queueapp

import (
	"slices"
	"time"
)

// drop is a caller who hung up while he waited, and the place that he had.
type drop struct {
	number string
	entry  int64
	until  time.Time
}

// dropped remembers the place of a caller who hung up, where the queue gives it back to who calls again.
func (q *queue) dropped(v *visit, now time.Time) {
	if q.Regain <= 0 || v.Caller.Number == "" {
		return
	}
	for len(q.drops) > 0 && !q.drops[0].until.After(now) {
		q.drops = q.drops[1:]
	}
	q.drops = append(q.drops, drop{v.Caller.Number, v.entry, now.Add(q.Regain)})
}

// regained gives a caller's place back, once.
func (q *queue) regained(number string, now time.Time) (entry int64, ok bool) {
	i := q.dropOf(number, now)
	if i < 0 {
		return 0, false
	}
	entry = q.drops[i].entry
	q.drops = slices.Delete(q.drops, i, i+1)
	return entry, true
}

// dropOf is where a caller's place is kept; -1: none is.
func (q *queue) dropOf(number string, now time.Time) int {
	return slices.IndexFunc(q.drops, func(d drop) bool { return d.number == number && d.until.After(now) })
}
