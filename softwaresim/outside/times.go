package outside

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"ringside/queueapp"
)

// tolerance is how far the journal may be from what the phones saw, on one host (DESIGN §6, 10).
const tolerance = 50 * time.Millisecond

// deviations are how long after what was seen the tables say that it was, by what it is.
type deviations map[string][]deviation

type deviation struct {
	of string
	id queueapp.CallID
	by time.Duration
}

// compare notes how far apart two times are, unless one of them is not known, or an outage lies between.
func (j *judge) compare(what, of string, id queueapp.CallID, seen, told time.Time) {
	switch {
	case seen.IsZero() || told.IsZero():
	case beyond(told.Sub(seen)) && j.outages.touch(seen, told):
		j.v.Excused[Times]++
	default:
		j.times[what] = append(j.times[what], deviation{of, id, told.Sub(seen)})
	}
}

func beyond(by time.Duration) bool { return by < -time.Millisecond || by > tolerance }

// judgeTimes: a machine with other things to do may stop anybody for a moment, so that one in a hundred may be off; but
// not by more than a second.
func (j *judge) judgeTimes() {
	var off []deviation
	for _, what := range slices.Sorted(maps.Keys(j.times)) {
		all := j.times[what]
		slices.SortFunc(all, func(a, b deviation) int { return cmp.Compare(a.by, b.by) })
		var spans []time.Duration
		for _, one := range all {
			spans = append(spans, one.by)
			if one.of = what + " of " + one.of; beyond(one.by) {
				off = append(off, one)
			}
		}
		j.v.Cases[Times] += len(all)
		j.v.Spreads = append(j.v.Spreads, spread(what, spans))
	}
	tooMany := len(off)*100 > j.v.Cases[Times]
	for _, one := range off {
		if tooMany || one.by.Abs() > 20*tolerance {
			j.find(Times, one.id, "%s: %v", one.of, one.by)
		}
	}
}

// find notes that something does not hold.
func (j *judge) find(c Check, id queueapp.CallID, format string, args ...any) {
	j.v.Findings = append(j.v.Findings, Finding{c, id, fmt.Sprintf(format, args...)})
}

// findUnless notes that something does not hold, unless there was an outage at one of the moments or between them.
func (j *judge) findUnless(moments []time.Time, c Check, id queueapp.CallID, format string, args ...any) {
	if j.outages.touch(moments...) {
		j.v.Excused[c]++
		return
	}
	j.find(c, id, format, args...)
}
