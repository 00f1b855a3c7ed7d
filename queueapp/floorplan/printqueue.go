package floorplan

import (
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"ringside/queueapp"
)

func queueFields(q queueapp.Queue) []field {
	var f fields
	f.text("strategy", string(q.Strategy))
	f.duration("ring", q.Ring)
	f.duration("wrapup", q.Wrapup)
	f.duration("timeout", q.Timeout)
	f.text("music", q.Music)
	f.empty("joinempty", q.Join, true)
	f.int("weight", q.Weight)
	f.members(q.Members)
	f.duration("retry", q.Retry)
	f.duration("no_answer_delay", q.NoAnswerDelay)
	f.duration("busy_delay", q.BusyDelay)
	f.duration("reject_delay", q.RejectDelay)
	f.duration("unreachable_delay", q.UnreachableDelay)
	f.int("maxnoanswer", q.MaxNoAnswer)
	f.optDuration("wrapup_max", q.MostWrap)
	if q.Sticky {
		f.bool("sticky", true)
	}
	f.stages(q)
	if q.Leave.Matters {
		f.empty("leaveempty", q.Leave, false)
	}
	f.optDuration("leaveempty_after", q.LeaveAfter)
	f.optInt("maxlen", q.MaxLen)
	f.optInt("maxratio", q.MaxRatio)
	f.optDuration("max_expected_wait", q.MaxExpect)
	f.optDuration("regain", q.Regain)
	f.briefing(q.Briefing)
	if len(q.Overflow) > 0 {
		var over fields
		for _, o := range q.Overflow {
			over.text(toml.Key{string(o.Outcome)}.String(), string(o.Queue))
		}
		f.add("overflow", value{table: over})
	}
	return f
}

func (f *fields) optInt(key string, n int) {
	if n != 0 {
		f.int(key, n)
	}
}

func (f *fields) optDuration(key string, d time.Duration) {
	if d != 0 {
		f.duration(key, d)
	}
}

// members writes a list of names where no more is to be said of anybody.
func (f *fields) members(members []queueapp.Member) {
	names := make([]string, len(members))
	items := make([]value, len(members))
	more := false
	for i, m := range members {
		names[i], items[i] = string(m.Agent), value{word: string(m.Agent)}
		if m.Level == 0 && m.Weight == 0 {
			continue
		}
		var t fields
		t.text("agent", string(m.Agent))
		t.optInt("level", m.Level)
		t.optInt("weight", m.Weight)
		items[i], more = value{table: t}, true
	}
	if more {
		f.add("members", value{items: items})
		return
	}
	f.list("members", names)
}

func (f *fields) stages(q queueapp.Queue) {
	f.optDuration("progress", q.Progress)
	items := make([]value, 0, len(q.Stages))
	for _, s := range q.Stages {
		var t fields
		t.duration("after", s.After)
		t.optInt("min", s.Min)
		if s.Only || s.Max != 0 {
			t.int("max", s.Max)
		}
		t.optInt("raise", s.Raise)
		t.needs("skills", s.Needs)
		t.optInt("ease", s.Ease)
		t.optInt("boost", s.Boost)
		items = append(items, value{table: t})
	}
	if len(items) > 0 {
		f.add("stages", value{items: items})
	}
	if q.Patient {
		f.bool("patient", true)
	}
}

func (f *fields) needs(key string, needs []queueapp.Need) {
	skills := make([]queueapp.Skill, 0, len(needs))
	for _, n := range needs {
		skills = append(skills, queueapp.Skill{Name: n.Skill, Level: n.Least})
	}
	f.skills(key, skills)
}

func (f *fields) skills(key string, skills []queueapp.Skill) {
	if len(skills) == 0 {
		return
	}
	var t fields
	for _, s := range skills {
		t.int(toml.Key{s.Name}.String(), s.Level)
	}
	f.add(key, value{table: t})
}

// empty writes true or false, or the states that count as not there.
func (f *fields) empty(key string, e queueapp.Empty, never bool) {
	if len(e.Absent) == 0 {
		f.bool(key, e.Matters != never)
		return
	}
	var list []string
	for _, a := range e.Absent {
		list = append(list, string(a))
	}
	f.list(key, slices.Clone(list))
}
