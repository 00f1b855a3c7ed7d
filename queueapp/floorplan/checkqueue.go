package floorplan

import (
	"slices"
	"strings"

	"ringside/queueapp"
)

// overflows finds queues that are not there, and queues that send callers round in a circle.
func (c checker) overflows() {
	next := map[queueapp.QueueName][]queueapp.Overflow{}
	for _, q := range c.plan.Floor.Queues {
		next[q.Name] = q.Overflow
	}
	told := map[queueapp.QueueName]bool{}
	for _, q := range c.plan.Floor.Queues {
		for _, o := range q.Overflow {
			if _, ok := next[o.Queue]; !ok {
				c.under("queue", string(q.Name), "overflow").problem(string(o.Outcome),
					"add [queue."+string(o.Queue)+"] or name another", "there is no queue %q", o.Queue)
			}
		}
		if round := circle(next, []queueapp.QueueName{q.Name}); round != nil && !told[q.Name] {
			var words []string
			for _, name := range round {
				told[name] = true
				words = append(words, string(name))
			}
			c.under("queue", string(q.Name)).problem("overflow", "let one of them end in the dialplan",
				"callers would go round for ever: %s", strings.Join(words, " → "))
		}
	}
}

// circle follows overflows from the last of a path, and gives the way that leads back to its first; nil: none does.
func circle(next map[queueapp.QueueName][]queueapp.Overflow, path []queueapp.QueueName) []queueapp.QueueName {
	for _, o := range next[path[len(path)-1]] {
		if o.Queue == path[0] {
			return append(slices.Clone(path), o.Queue)
		}
		if slices.Contains(path, o.Queue) {
			continue
		}
		if round := circle(next, append(slices.Clone(path), o.Queue)); round != nil {
			return round
		}
	}
	return nil
}

// lamps finds queues whose lamps would have the same name.
func (c checker) lamps() {
	if !c.plan.Settings.Lamps {
		return
	}
	for _, q := range c.plan.Floor.Queues {
		taken := func(o queueapp.Queue) bool { return queueapp.QueueLamp(o.Name) == queueapp.AvailLamp(q.Name) }
		if i := slices.IndexFunc(c.plan.Floor.Queues, taken); i >= 0 {
			c.under("queue", string(c.plan.Floor.Queues[i].Name)).problem("", "give it another name, or leave floor.lamps out",
				"its lamp has the name of the one that shows who is free for %s", q.Name)
		}
	}
}

// skills finds skills that a queue asks for and none of its members has.
func (c checker) skills() {
	has := map[queueapp.AgentID][]queueapp.Skill{}
	for _, a := range c.plan.Floor.Agents {
		has[a.ID] = a.Skills
	}
	for _, q := range c.plan.Floor.Queues {
		for i, s := range q.Stages {
			for _, n := range s.Needs {
				can := func(m queueapp.Member) bool {
					return slices.ContainsFunc(has[m.Agent], func(s queueapp.Skill) bool { return s.Name == n.Skill && s.Level >= n.Least })
				}
				if !slices.ContainsFunc(q.Members, can) {
					at := append(c.under("queue", string(q.Name), "stages").path, element(i), "skills", n.Skill)
					c.problemAt(at, "give it to a member, or ask for less", "no member of the queue has %s %d", n.Skill, n.Least)
				}
			}
		}
	}
}
