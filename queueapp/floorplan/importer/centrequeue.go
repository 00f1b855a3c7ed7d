package importer

import (
	"strings"
	"time"

	"ringside/queueapp"
)

// A centreQueue is a queue of mod_callcenter's on its way into the floor plan.
type centreQueue struct {
	*queueapp.Queue
	levels []int // of its members, rising
	lent   lent

	tierRules, multiply, noAgentNoWait bool
	tierWait                           time.Duration
	resume                             bool
	discard                            time.Duration
}

func (c *centre) queues(n *node) {
	for _, k := range n.kids {
		l := line{file: n.attrs[0].file, n: k.n, key: "<" + k.name + ">", value: k.attr("name")}
		if k.name != "queue" || k.attr("name") == "" {
			c.add(l, "queues", notUnderstood("write <queue name=…>", "is no queue"))
			continue
		}
		c.oneQueue(k, l)
	}
}

func (c *centre) oneQueue(k *node, l line) {
	name := k.attr("name")
	plain, domain, _ := strings.Cut(name, "@")
	if c.draft.queues[queueapp.QueueName(identifier(plain, "queue"))] != nil {
		plain += "-" + domain
	}
	q := &centreQueue{Queue: c.queue(plain), noAgentNoWait: true, discard: time.Minute}
	q.Strategy, q.Ring, q.Wrapup, q.MaxNoAnswer = queueapp.LeastRecent, c.ring, 0, 0
	place := string(q.Name)
	c.add(l, place, renamed("queue", name, place))
	c.seat(q, name)
	lines := c.params(k, l.file, place)
	for _, p := range lines { // what the others are measured by
		q.note(p)
	}
	known := centreOptions()
	for _, p := range lines {
		switch say, ok := known[p.name()]; {
		case !ok:
			c.add(p, place, centreStranger(p, keys(known)))
		case p.is("record-template"):
			c.add(p, place, c.centreRecording(q.Name, p.value))
		case p.is("time-base-score"):
			c.add(p, place, c.centreScore(q.Name, p.value))
		default:
			c.add(p, place, say(q, p.value))
		}
	}
	if q.Strategy == queueapp.Progressive && q.Progress == 0 {
		q.Progress = 10 * time.Second
	}
	if q.Strategy != queueapp.Progressive {
		q.Progress = 0
	}
	if q.Ring > q.Timeout {
		q.Ring = q.Timeout
		c.add(l, place, near("queue."+place+".ring", "no phone rings for longer than a caller may wait", ""))
	}
}

// note keeps what several params say together.
func (q *centreQueue) note(p line) {
	switch p.name() {
	case "tier-rules-apply":
		q.tierRules = truth(p.value)
	case "tier-rule-wait-second":
		q.tierWait, _, _ = seconds(p.value, 0, longestWait)
	case "tier-rule-wait-multiply-level":
		q.multiply = truth(p.value)
	case "tier-rule-no-agent-no-wait":
		q.noAgentNoWait = truth(p.value)
	case "abandoned-resume-allowed":
		q.resume = truth(p.value)
	case "discard-abandoned-after":
		q.discard, _, _ = seconds(p.value, 0, longestWait)
	case "strategy":
		q.Strategy, _ = centreStrategy(p.value)
	}
}

// staged reports whether the tier rules make callers wait for anybody.
func (q *centreQueue) staged() bool { return q.tierRules && q.tierWait > 0 && len(q.levels) > 1 }

// stages opens the queue to one level after the other: with multiply each after its number times the wait, else all others
// after one wait.
func (q *centreQueue) stages() []queueapp.Stage {
	out := []queueapp.Stage{{Max: q.levels[0], Only: true}}
	if !q.multiply {
		return append(out, queueapp.Stage{After: q.tierWait})
	}
	for _, level := range q.levels[1:] {
		if after := q.tierWait * time.Duration(level); after > 0 && after <= longestWait {
			out = append(out, queueapp.Stage{After: after, Max: level, Only: true})
		}
	}
	return out
}

func centreStrategy(value string) (queueapp.Strategy, said) {
	const became = "queue.*.strategy"
	switch strings.ToLower(value) {
	case "longest-idle-agent":
		return queueapp.LeastRecent, carried(became)
	case "round-robin":
		return queueapp.RoundRobin, carried(became)
	case "top-down":
		return queueapp.Linear, carried(became)
	case "agent-with-least-talk-time":
		return queueapp.LeastTalk, near(became, "counts from the log-on", "")
	case "agent-with-fewest-calls":
		return queueapp.FewestCalls, near(became, "counts from the log-on", "")
	case "sequentially-by-agent-order":
		return queueapp.Linear, near(became, "the order of the members decides; who was asked last does not count", "")
	case "random":
		return queueapp.Random, carried(became)
	case "ring-all":
		return queueapp.RingAll, carried(became)
	case "ring-progressively":
		return queueapp.Progressive, carried(became)
	}
	return queueapp.Linear, near(became, "mod_callcenter knows no such strategy, and takes sequentially-by-agent-order", "write the one that is meant")
}
