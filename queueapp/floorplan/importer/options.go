package importer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// A handler puts an option of queues.conf into a queue, and says what became of it.
type handler func(q *queueapp.Queue, value string) said

// queueOptions are the options of a queue in queues.conf, but for members.
func queueOptions() map[string]handler {
	out := map[string]handler{
		"strategy":       appStrategy,
		"timeout":        appTimeout,
		"retry":          span("retry", func(q *queueapp.Queue) *time.Duration { return &q.Retry }, time.Second, longestDelay, nearRetry()),
		"wrapuptime":     span("wrapup", func(q *queueapp.Queue) *time.Duration { return &q.Wrapup }, 0, longestWait, nearWrapup()),
		"weight":         count("weight", func(q *queueapp.Queue) *int { return &q.Weight }, mostWeight, nearWeight()),
		"maxlen":         count("maxlen", func(q *queueapp.Queue) *int { return &q.MaxLen }, mostWeight, carried("queue.*.maxlen")),
		"autopause":      appAutopause,
		"joinempty":      empties("joinempty", func(q *queueapp.Queue) *queueapp.Empty { return &q.Join }, "yes"),
		"leavewhenempty": empties("leaveempty", func(q *queueapp.Queue) *queueapp.Empty { return &q.Leave }, "no"),
		"defaultrule":    func(*queueapp.Queue, string) said { return said{} }, // once the members are known
		"monitor-format": func(*queueapp.Queue, string) said { return said{} }, // stands beside the queue
	}
	for _, name := range []string{"musicclass", "musiconhold", "music"} {
		out[name] = appMusic
	}
	for name, say := range plainOptions() {
		out[name] = func(_ *queueapp.Queue, value string) said { return say(value) }
	}
	for name, handle := range briefings() {
		out[name] = handle
	}
	return out
}

func nearRetry() said {
	return near("queue.*.retry", "app_queue tries nobody for so long; here the next agent is tried at once, and only the same one not before", "")
}

func nearWrapup() said {
	return near("queue.*.wrapup", "holds for the agent in all queues, as with shared_lastcall=yes", "")
}

func nearWeight() said {
	return near("queue.*.weight", "the heavier queue is always served first, not only while its callers outnumber its free members", "")
}

// span is a handler of a number of seconds.
func span(key string, of func(*queueapp.Queue) *time.Duration, least, most time.Duration, good said) handler {
	return func(q *queueapp.Queue, value string) said {
		d, within, ok := seconds(value, least, most)
		say := good
		switch {
		case !ok:
			return notUnderstood("write queue."+string(q.Name)+"."+key+" yourself", "%q is no number of seconds; %s stays", tidy(value), floorplan.Brief(*of(q)))
		case !within:
			say = near(good.became, fmt.Sprintf("it can be %s to %s; %s was written", floorplan.Brief(least), floorplan.Brief(most), floorplan.Brief(d)), "")
		}
		if *of(q) = d; d == 0 && within {
			say = carried(good.became) // nothing means the same everywhere
		}
		return say.in(q)
	}
}

// count is a handler of a number.
func count(key string, of func(*queueapp.Queue) *int, most int, good said) handler {
	return func(q *queueapp.Queue, value string) said {
		n, within, ok := number(value, 0, most)
		say := good
		switch {
		case !ok:
			return notUnderstood("write queue."+string(q.Name)+"."+key+" yourself", "%q is no number; %d stays", tidy(value), *of(q))
		case !within:
			say = near(good.became, fmt.Sprintf("it can be 0 to %d; %d was written", most, n), "")
		}
		if *of(q) = n; n == 0 && within {
			say = carried(good.became) // nothing means the same everywhere
		}
		return say.in(q)
	}
}

// in names the queue in what is said.
func (s said) in(q *queueapp.Queue) said { return s.of(q.Name) }

func (s said) of(q queueapp.QueueName) said {
	s.became = strings.Replace(s.became, "queue.*", "queue."+string(q), 1)
	return s
}

func appTimeout(q *queueapp.Queue, value string) said {
	if n, _, ok := number(value, 0, 1); ok && n == 0 {
		q.Ring = longestRing
		return near("queue.*.ring", "0 rings without end; "+floorplan.Brief(longestRing)+" is the longest", "").in(q)
	}
	return span("ring", func(q *queueapp.Queue) *time.Duration { return &q.Ring }, time.Second, longestRing, carried("queue.*.ring"))(q, value)
}

func appStrategy(q *queueapp.Queue, value string) said {
	const became = "queue.*.strategy"
	say := carried(became)
	switch s := strings.ToLower(value); s {
	case "ringall", "random", "linear":
		q.Strategy = queueapp.Strategy(s)
	case "leastrecent":
		q.Strategy = queueapp.LeastRecent
		say = near(became, "counts an agent's calls of all queues, as with shared_lastcall=yes", "")
	case "fewestcalls":
		q.Strategy = queueapp.FewestCalls
		say = near(became, "counts from the log-on", "")
	case "rrmemory", "rrordered", "roundrobin":
		q.Strategy = queueapp.RoundRobin
		if s != "rrmemory" {
			say = near(became, "is rrmemory here, which goes by the order of members", "")
		}
	case "wrandom":
		q.Strategy = queueapp.WeightedRandom
		say = near(became, "members have weights in place of penalties: one of weight 2 is chosen twice as often as one of weight 1", "")
	default:
		var words []string
		for _, k := range queueapp.Strategies() {
			words = append(words, string(k))
		}
		say = notUnderstood("write one of "+strings.Join(words, ", "), "app_queue knows no such strategy, and would not load the queue; ringall stays")
	}
	return say.in(q)
}

func appAutopause(q *queueapp.Queue, value string) said {
	const became = "queue.*.maxnoanswer"
	switch {
	case strings.EqualFold(value, "all"):
		q.MaxNoAnswer = 1
		return carried(became).in(q)
	case truth(value):
		q.MaxNoAnswer = 1
		return near(became, "an agent is paused in all queues, not in this one alone", "").in(q)
	}
	q.MaxNoAnswer = 0
	return carried(became).in(q)
}

func appMusic(q *queueapp.Queue, value string) said {
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) || tidy(value) != value || value == "" {
		return notUnderstood("write a class of musiconhold.conf", "%q can be no music class; default stays", tidy(value))
	}
	q.Music = value
	return carried("queue.*.music").in(q)
}

// stranger says of an option that no table has it, and which one was probably meant.
func stranger(l line, here, there []string, place string) said {
	if slices.Contains(there, l.name()) {
		return unused("app_queue does not read it " + place)
	}
	why := "app_queue has no option of this name " + place
	best, least := "", 3
	for _, k := range slices.Concat(here, []string{"member"}) {
		if n := floorplan.Distance(l.name(), k); len(l.key) < longestName && n < least && n < len(k) {
			best, least = k, n
		}
	}
	if best != "" {
		return notUnderstood("write "+best+" and import again, if that is meant", "%s", why)
	}
	return notUnderstood("nothing is lost: it had no effect", "%s", why)
}

func where(l line) string { return fmt.Sprintf("%s:%d", l.file, l.n) }

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
