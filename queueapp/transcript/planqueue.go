package transcript

import (
	"slices"
	"time"

	"ringside/queueapp"
)

// members writes who serves a queue: as a list where all are of one level and weight, else one by one.
func (w *writer) members(q *queueapp.Queue, brief brevity, all []queueapp.Agent) {
	plainly := !slices.ContainsFunc(q.Members, func(m queueapp.Member) bool { return m.Level != 0 || m.Weight != 0 })
	if brief == short && plainly && slices.Equal(q.Members, everyone(all)) {
		return
	}
	if plainly {
		w.key("members")
	}
	for _, m := range q.Members {
		if !plainly {
			w.key("member")
		}
		w.word(string(m.Agent))
		w.optInt("level", int64(m.Level))
		w.optInt("weight", int64(m.Weight))
	}
}

// patience writes what a queue does with callers who wait for long, or for nobody.
func (w *writer) patience(q *queueapp.Queue) {
	if q.Sticky {
		w.key("sticky")
	}
	w.optDuration("progress", q.Progress)
	for _, s := range q.Stages {
		w.stage(s)
	}
	if q.Patient {
		w.key("patient")
	}
	w.empty("joinempty", "no", q.Join)
	w.empty("leaveempty", "yes", q.Leave)
	w.optDuration("leaveempty_after", q.LeaveAfter)
	w.optInt("maxlen", int64(q.MaxLen))
	w.optInt("maxratio", int64(q.MaxRatio))
	w.optDuration("max_expected_wait", q.MaxExpect)
	w.optDuration("regain", q.Regain)
	for _, o := range q.Overflow {
		w.key("overflow")
		known := outcomes()
		named(w, o.Outcome, known[:])
		w.word(string(o.Queue))
	}
}

func (w *writer) stage(s queueapp.Stage) {
	w.key("after")
	w.duration(s.After)
	w.optInt("min", int64(s.Min))
	w.optInt("max", int64(s.Max))
	if s.Only {
		w.key("only")
	}
	w.optInt("raise", int64(s.Raise))
	w.needs(s.Needs)
	w.optInt("ease", int64(s.Ease))
	w.optInt("boost", int64(s.Boost))
}

func (w *writer) needs(needs []queueapp.Need) {
	for _, n := range needs {
		w.key("needs")
		w.word(n.Skill)
		w.int(int64(n.Least))
	}
}

// empty writes whether an empty queue matters, and who counts as not there besides who is not logged on.
func (w *writer) empty(key, yes string, e queueapp.Empty) {
	if !e.Matters && len(e.Absent) == 0 {
		return
	}
	w.key(key)
	if e.Matters {
		w.key(yes)
	} else {
		w.key("never")
	}
	known := absences()
	for _, a := range e.Absent {
		w.key("but")
		named(w, a, known[:])
	}
}

// patience reads what writer.patience wrote. It reports whether the key is of that kind.
func (r *reader) patience(q *queueapp.Queue, key string) bool {
	switch key {
	case "after":
		q.Stages = append(q.Stages, r.stage())
	case "sticky":
		q.Sticky = true
	case "patient":
		q.Patient = true
	case "joinempty":
		q.Join = r.empty("no")
	case "leaveempty":
		q.Leave = r.empty("yes")
	case "maxlen":
		q.MaxLen = r.int("a length")
	case "maxratio":
		q.MaxRatio = r.int("a ratio")
	case "overflow":
		known := outcomes()
		q.Overflow = append(q.Overflow, queueapp.Overflow{
			Outcome: readNamed(r, "an outcome", known[:]), Queue: queueapp.QueueName(r.word("a queue")),
		})
	default:
		return r.briefing(&q.Briefing, key)
	}
	return true
}

func (r *reader) stage() queueapp.Stage {
	s := queueapp.Stage{After: r.duration("when it begins")}
	s.Min, s.Max = r.optInt("min"), r.optInt("max")
	s.Only = r.skip("only")
	s.Raise = r.optInt("raise")
	s.Needs = r.needs()
	s.Ease, s.Boost = r.optInt("ease"), r.optInt("boost")
	return s
}

func (r *reader) needs() (needs []queueapp.Need) {
	for r.skip("needs") {
		needs = append(needs, queueapp.Need{Skill: r.word("a skill"), Least: r.int("how well")})
	}
	return needs
}

func (r *reader) empty(yes string) (e queueapp.Empty) {
	if e.Matters = r.skip(yes); !e.Matters && !r.skip("never") && !r.skip("yes") { // joinempty yes: as it once was written
		r.fail("%s or never is missing", yes)
	}
	known := absences()
	for r.skip("but") {
		e.Absent = append(e.Absent, readNamed(r, "a state", known[:]))
	}
	return e
}

func (r *reader) optInt(key string) int {
	if !r.skip(key) {
		return 0
	}
	return r.int("a number")
}

func (r *reader) optDuration(key string) time.Duration {
	if !r.skip(key) {
		return 0
	}
	return r.duration("how long")
}

func (r *reader) member() queueapp.Member {
	return queueapp.Member{Agent: r.agent(), Level: r.optInt("level"), Weight: r.optInt("weight")}
}
