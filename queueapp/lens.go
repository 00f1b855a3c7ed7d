package queueapp

import (
	"cmp"
	"slices"
)

// lens is who of a queue's members may be asked for some of its visits, and the line of those visits. Whoever is freed
// finds his callers, and whoever calls finds his agents, without looking at those who do not fit.
type lens struct {
	filter
	queue  *queue
	tiers  []*tier // the lowest level first
	line   line
	seated int  // members who fit and are logged on
	asked  bool // by a call's own needs, not by the plan: it goes when there are too many
}

// tier is the members of one level, as a lens sees it.
type tier struct {
	level  int
	slots  []*slot
	choice chooser
}

// filter is what a lens lets through.
type filter struct {
	min, max, raise int // max < 0: no limit
	needs           []Need
	only            AgentID // nobody else, and nothing else is asked of him
}

func (f filter) equal(g filter) bool {
	return f.min == g.min && f.max == g.max && f.raise == g.raise && f.only == g.only && slices.Equal(f.needs, g.needs)
}

// fits says whether a member may be asked.
func (f filter) fits(m *member) bool {
	if f.only != "" {
		return m.agent.ID == f.only
	}
	return m.Level >= f.min && (f.max < 0 || m.Level <= f.max) && f.lacks(m.agent) == nil
}

// lacks is a skill that an agent does not have, or not well enough; nil: has all.
func (f filter) lacks(a *agent) *Need {
	for i, n := range f.needs {
		has := slices.ContainsFunc(a.Skills, func(s Skill) bool { return s.Name == n.Skill && s.Level >= n.Least })
		if !has {
			return &f.needs[i]
		}
	}
	return nil
}

// filterAt is what a stage lets through of a queue's members for a call, which may ask for skills of its own, or for one
// agent.
func (q *queue) filterAt(stage int, ev *Enter) filter {
	if ev.Agent != "" {
		return filter{max: -1, only: ev.Agent}
	}
	own := ev.Needs
	out, s := filter{max: -1}, Stage{}
	if stage >= 0 {
		s = q.Stages[stage]
		out.min, out.raise = s.Min, s.Raise
		if s.Max > 0 || s.Only {
			out.max = s.Max
		}
	}
	if len(own) == 0 || s.Ease >= 100 {
		out.needs = s.Needs
		return out
	}
	out.needs = slices.Clone(s.Needs)
	for _, n := range own {
		n.Least -= n.Least * s.Ease / 100
		i := slices.IndexFunc(out.needs, func(o Need) bool { return o.Skill == n.Skill })
		if i < 0 {
			out.needs = append(out.needs, n)
		} else {
			out.needs[i].Least = max(out.needs[i].Least, n.Least)
		}
	}
	return out
}

// mostAsked is how many lenses a queue keeps that calls asked for by needs of their own.
const mostAsked = 64

// through is the lens of a stage for a call.
func (q *queue) through(stage int, ev *Enter) *lens {
	want := q.filterAt(stage, ev)
	for _, l := range q.lenses {
		if l.equal(want) {
			return l
		}
	}
	asked := 0
	for _, l := range q.lenses {
		if l.asked {
			asked++
		}
	}
	if asked >= mostAsked {
		q.dropUnused()
	}
	return q.grind(want, len(ev.Needs) > 0 || ev.Agent != "")
}

// grind makes a lens and puts the members behind it.
func (q *queue) grind(want filter, asked bool) *lens {
	l := &lens{filter: want, queue: q, asked: asked}
	for _, m := range q.members {
		if !l.fits(m) {
			continue
		}
		t := l.tier(max(m.Level, l.raise))
		s := &slot{member: m, tier: t, place: len(t.slots), index: -1}
		t.slots = append(t.slots, s)
		m.slots = append(m.slots, s)
		if m.serves() {
			l.seated++
		}
	}
	for _, t := range l.tiers {
		t.choice = newChooser(q, t.slots)
		for _, s := range t.slots {
			if s.free {
				t.choice.put(s)
			}
		}
		for _, s := range t.slots {
			s.lens = l
		}
	}
	q.lenses = append(q.lenses, l)
	return l
}

func (l *lens) tier(level int) *tier {
	i, found := slices.BinarySearchFunc(l.tiers, level, func(t *tier, level int) int { return cmp.Compare(t.level, level) })
	if !found {
		l.tiers = slices.Insert(l.tiers, i, &tier{level: level})
	}
	return l.tiers[i]
}

// dropUnused forgets the lenses that calls asked for and that nobody waits behind.
func (q *queue) dropUnused() {
	unused := func(l *lens) bool { return l.asked && l.line.length == 0 }
	for _, m := range q.members {
		m.slots = slices.DeleteFunc(m.slots, func(s *slot) bool { return unused(s.lens) })
	}
	q.lenses = slices.DeleteFunc(q.lenses, unused)
}

func (l *lens) choose(v *visit) *member {
	for _, t := range l.tiers {
		if s := t.choice.choose(v); s != nil {
			return s.member
		}
	}
	return nil
}

// slotOf is an agent's slot behind the lens; nil where he does not fit.
func (l *lens) slotOf(a *agent) *slot {
	for _, m := range a.members {
		if m.queue == l.queue {
			for _, s := range m.slots {
				if s.lens == l {
					return s
				}
			}
		}
	}
	return nil
}
