package trial

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tolerance is how far the journal may be from what the phones saw, on one host (DESIGN §6, 10).
const tolerance = 50 * time.Millisecond

// deviations are how long after what was seen the tables say that it was, by what it is.
type deviations map[string][]deviation

type deviation struct {
	of string
	by time.Duration
}

func (d deviations) add(what, of string, from, to time.Time) {
	if !from.IsZero() && !to.IsZero() {
		d[what] = append(d[what], deviation{of, to.Sub(from)})
	}
}

func (d deviations) judge(s *site) {
	s.t.Helper()
	var beyond []string
	total := 0
	for _, what := range slices.Sorted(maps.Keys(d)) {
		all := d[what]
		slices.SortFunc(all, func(a, b deviation) int { return int(a.by - b.by) })
		var spans []time.Duration
		for _, one := range all {
			spans = append(spans, one.by)
			if total++; one.by < -time.Millisecond || one.by > tolerance {
				beyond = append(beyond, fmt.Sprintf("%s of %s: %v", what, one.of, one.by))
			}
			if one.by.Abs() > 20*tolerance {
				s.t.Errorf("%s of %s: %v", what, one.of, one.by)
			}
		}
		s.t.Logf("%-28s %4d times: %s", what, len(all), spread(spans))
	}
	if len(beyond)*100 > total { // a machine with other things to do may stop anybody for a moment
		s.t.Errorf("%d of %d times are beyond what they may be off:\n%s", len(beyond), total, strings.Join(beyond, "\n"))
	}
}

// spread says how sorted times are spread.
func spread(sorted []time.Duration) string {
	if len(sorted) == 0 {
		return "none"
	}
	us := func(i int) time.Duration { return sorted[i].Round(10 * time.Microsecond) }
	return fmt.Sprintf("least %v, median %v, most %v", us(0), us(len(sorted)/2), us(len(sorted)-1))
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("15:04:05.000")
}
