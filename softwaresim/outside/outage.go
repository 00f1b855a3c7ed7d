package outside

import "time"

// Outage is a time in which something that the floor needs was taken away, up to when all was well again.
type Outage struct {
	What     string
	From, To time.Time
}

// Outages are all of a run.
type Outages []Outage

// touch reports whether one of them overlaps the time between two moments, in whichever order, some of which may be zero.
func (o Outages) touch(moments ...time.Time) bool {
	var from, to time.Time
	for _, m := range moments {
		if m.IsZero() {
			continue
		}
		if from.IsZero() || m.Before(from) {
			from = m
		}
		if m.After(to) {
			to = m
		}
	}
	for _, one := range o {
		if !one.From.After(to) && !one.To.Before(from) {
			return true
		}
	}
	return false
}
