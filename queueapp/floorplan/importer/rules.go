package importer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
)

// rules are those of queuerules.conf.
type rules struct {
	files bool // there is such a file
	named map[string]*rule
	order []*rule
}

// A rule says how the penalties that count change as a caller waits.
type rule struct {
	*section
	changes []change
	used    bool
}

// A change is one penaltychange.
type change struct {
	line
	after           time.Duration
	max, min, raise amount
}

// An amount is a number to be set or to be added.
type amount struct {
	there, relative, within bool
	n                       int
}

func readRules(d *draft, c *conf) *rules {
	out := &rules{files: len(c.sections) > 0, named: map[string]*rule{}}
	for _, s := range c.sections {
		if strings.EqualFold(s.name, "general") {
			d.add(s.line, s.name, needless("what holds for all rules"))
			for _, l := range d.last(s.name, s.lines) {
				if l.is("realtime_rules") {
					d.add(l, s.name, off(none("rules are read from files alone", "write what the table holds as stages"))(l.value))
				} else {
					d.add(l, s.name, stranger(l, []string{"realtime_rules"}, nil, "in [general]"))
				}
			}
			continue
		}
		r := &rule{section: s}
		for _, l := range s.lines {
			r.read(d, l)
		}
		slices.SortStableFunc(r.changes, func(a, b change) int { return cmp.Compare(a.after, b.after) })
		if s.template {
			continue
		}
		out.named[strings.ToLower(s.name)] = r
		out.order = append(out.order, r)
	}
	return out
}

// read reads penaltychange => seconds,max,min,raise.
func (r *rule) read(d *draft, l line) {
	if !l.is("penaltychange") {
		d.add(l, r.name, stranger(l, []string{"penaltychange"}, nil, "in a rule"))
		return
	}
	field := append(strings.Split(l.value, ","), "", "", "")
	after, within, ok := seconds(field[0], 0, longestWait)
	if !ok || !within {
		d.add(l, r.name, notUnderstood("write it as a stage yourself", "%q is no number of seconds from 0 to a day", tidy(field[0])))
		return
	}
	c := change{line: l, after: after}
	for i, into := range []*amount{&c.max, &c.min, &c.raise} {
		if *into, ok = readAmount(field[i+1]); !ok {
			d.add(l, r.name, notUnderstood("write it as a stage yourself", "%q is no penalty", tidy(field[i+1])))
			return
		}
	}
	r.changes = append(r.changes, c)
}

func readAmount(s string) (amount, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return amount{}, true
	}
	rest, within := strings.CutPrefix(strings.ToLower(s), "r")
	n, _, ok := number(rest, -1<<20, 1<<20)
	return amount{there: true, relative: strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-"), within: within, n: n}, ok
}

// of applies an amount to what held before.
func (a amount) of(before int) int {
	switch {
	case !a.there:
		return before
	case a.relative:
		return min(max(before+a.n, 0), mostLevel)
	}
	return min(max(a.n, 0), mostLevel)
}

// apply makes the stages of a queue of the rule that its defaultrule names.
func (r *rules) apply(d *draft, q *appQueue) said {
	name := q.rule.value
	switch found := r.named[strings.ToLower(name)]; {
	case name == "":
		return needless("it names no rule")
	case found == nil && !r.files:
		return notUnderstood("name queuerules.conf in the same import", "what the rule says stands in another file")
	case found == nil:
		return notUnderstood("app_queue would not find it either", "there is no rule [%s]", tidy(name))
	case q.Strategy == queueapp.WeightedRandom:
		return none("under wrandom penalties became weights, and stages go by levels", "choose another strategy, or write stages by levels of your own")
	default:
		found.used = true
		q.Stages, q.Patient = found.stages(d, string(q.Name)), len(found.changes) > 0
		return near("queue."+string(q.Name)+".stages", "until the first stage all members may be asked, whatever QUEUE_MAX_PENALTY the dialplan sets",
			`where it sets one, write a stage with after = "0s" for it`)
	}
}

// stages makes a stage of each change: stages stand for themselves, changes add up.
func (r *rule) stages(d *draft, place string) []queueapp.Stage {
	var out []queueapp.Stage
	var now queueapp.Stage
	d.add(r.line, r.name, carried("queue."+place+".stages"))
	for _, c := range r.changes {
		say := carried("queue." + place + ".stages")
		if c.max.relative || c.min.relative || c.raise.relative {
			say = near(say.became, "what is added is counted from the change before, and from 0 at first; what the dialplan set is not known", "see that the numbers are meant")
		}
		if c.raise.within {
			say = near(say.became, "members below min are raised too, though not asked", "")
		}
		now.After = c.after
		now.Max, now.Only = c.max.of(now.Max), now.Only || c.max.there
		now.Min, now.Raise = c.min.of(now.Min), c.raise.of(now.Raise)
		if now.Only {
			now.Min = min(now.Min, now.Max)
		}
		if n := len(out); n > 0 && out[n-1].After == now.After {
			out[n-1] = now
		} else {
			out = append(out, now)
		}
		d.add(c.line, r.name, say)
	}
	return out
}

// leftOver says what becomes of rules that no queue names.
func (r *rules) leftOver(d *draft) {
	for _, rule := range r.order {
		if rule.used {
			continue
		}
		say := none("no queue has it as defaultrule; which rule Queue() asks for is not known", "write stages into the queues that it was meant for")
		d.add(rule.line, rule.name, say)
		for _, c := range rule.changes {
			d.add(c.line, rule.name, say)
		}
	}
}
