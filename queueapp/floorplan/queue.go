package floorplan

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"ringside/queueapp"
)

// queue reads a queue's rules. What its callers hear stands in the same table: see [line].
func queue(t *table) queueapp.Queue {
	checkName(t)
	const minute = time.Minute
	q := queueapp.Queue{
		Name: queueapp.QueueName(t.name()), Strategy: strategy(t),
		Ring:   t.duration("ring", 20*time.Second, time.Second, 10*minute),
		Wrapup: t.duration("wrapup", 5*time.Second, 0, day), MostWrap: t.duration("wrapup_max", 0, 0, day), Timeout: t.duration("timeout", 10*minute, time.Second, day),
		Music:  t.text("music", "default"),
		Weight: t.int("weight", 0, 0, mostWeight), Members: members(t),
		Sticky:           t.bool("sticky", false),
		Retry:            t.duration("retry", 5*time.Second, time.Second, time.Hour),
		NoAnswerDelay:    t.duration("no_answer_delay", time.Second, 0, time.Hour),
		BusyDelay:        t.duration("busy_delay", 2*time.Second, 0, time.Hour),
		RejectDelay:      t.duration("reject_delay", 2*time.Second, 0, time.Hour),
		UnreachableDelay: t.duration("unreachable_delay", 5*time.Second, 0, time.Hour),
		MaxNoAnswer:      t.int("maxnoanswer", 3, 0, 1000),
		Join:             empty(t, "joinempty", true), Stages: stages(t), Patient: t.bool("patient", false), Leave: empty(t, "leaveempty", false),
		LeaveAfter: t.duration("leaveempty_after", 0, 0, day),
		MaxLen:     t.int("maxlen", 0, 0, mostWeight), MaxRatio: t.int("maxratio", 0, 0, mostWeight),
		MaxExpect: t.duration("max_expected_wait", 0, 0, day), Regain: t.duration("regain", 0, 0, day),
		Overflow: overflow(t), Briefing: briefing(t),
	}
	q.Progress = progress(t, q.Strategy)
	if q.Ring > q.Timeout {
		t.problem("ring", "write a shorter ring or a longer timeout",
			"%s is longer than the timeout of %s", Brief(q.Ring), Brief(q.Timeout))
	}
	if strings.ContainsFunc(q.Music, unicode.IsSpace) || unfit(q.Music, 80) != "" {
		t.problem("music", "write a class of musiconhold.conf", "%q is no music class", q.Music)
	}
	return q
}

// strategyWords are the peers' words for our strategies.
func strategyWords() map[string]queueapp.Strategy {
	return map[string]queueapp.Strategy{
		"longest-idle-agent": queueapp.LeastRecent, "agent-with-fewest-calls": queueapp.FewestCalls,
		"agent-with-least-talk-time": queueapp.LeastTalk, "round-robin": queueapp.RoundRobin, "roundrobin": queueapp.RoundRobin,
		"rrordered": queueapp.RoundRobin, "top-down": queueapp.Linear, "sequentially-by-agent-order": queueapp.Linear,
		"ring-all": queueapp.RingAll, "ring-progressively": queueapp.Progressive, "random-weighted": queueapp.WeightedRandom,
	}
}

func strategy(t *table) queueapp.Strategy {
	s := queueapp.Strategy(t.text("strategy", string(queueapp.LeastRecent)))
	known := queueapp.Strategies()
	if slices.Contains(known, s) {
		return s
	}
	var words []string
	for _, k := range known {
		words = append(words, string(k))
	}
	remedy := "write one of " + strings.Join(words, ", ")
	if ours, ok := strategyWords()[string(s)]; ok {
		remedy = `write "` + string(ours) + `"`
	} else if near := nearest(string(s), words); near != "" {
		remedy = `write "` + near + `"`
	}
	t.problem("strategy", remedy, "%q is no strategy", s)
	return queueapp.LeastRecent
}

const defaultProgress = 10 * time.Second

// progress is how long one more phone waits, where phones ring one after the other; it means nothing elsewhere.
func progress(t *table, s queueapp.Strategy) time.Duration {
	if s == queueapp.Progressive {
		return t.duration("progress", defaultProgress, time.Second, time.Hour)
	}
	if t.has("progress") {
		t.problem("progress", `write strategy = "progressive", or remove it`, "means nothing under %s", s)
	}
	return 0
}

// The limits of what a member, a skill or a stage may say.
const (
	mostLevel    = 1000
	mostShare    = 1000
	mostSkill    = 100
	mostPriority = 1_000_000
)

func members(t *table) []queueapp.Member {
	if !t.has("members") {
		return nil
	}
	var out []queueapp.Member
	seen := map[queueapp.AgentID]bool{}
	for _, e := range t.list("members", `as ["1000", { agent = "1001", level = 1 }]`) {
		m := queueapp.Member{}
		if e.text != "" {
			m.Agent = queueapp.AgentID(e.text)
		} else if e.table != nil {
			m = queueapp.Member{
				Agent: queueapp.AgentID(e.table.text("agent", "")), Level: e.table.int("level", 0, 0, mostLevel),
				Weight: e.table.int("weight", 0, 0, mostShare),
			}
			e.table.done()
		}
		switch {
		case m.Agent == "":
			t.problemAt(e.path, `write "1000" or { agent = "1000", level = 1 }`, "names no agent")
			continue
		case seen[m.Agent]:
			t.problemAt(e.path, "remove it", "agent %s is a member already", m.Agent)
			continue
		}
		seen[m.Agent] = true
		out = append(out, m)
	}
	return out
}

func stages(t *table) []queueapp.Stage {
	if !t.has("stages") {
		return nil
	}
	var out []queueapp.Stage
	last := time.Duration(-1)
	for _, e := range t.list("stages", `as [{ after = "30s", max = 1 }]`) {
		if e.table == nil {
			t.problemAt(e.path, `write { after = "30s", max = 1 }`, "is no table")
			continue
		}
		s := stage(e.table)
		if s.After <= last {
			e.table.problem("after", "write the stages in the order in which they come", "%s is not after the one before", Brief(s.After))
		}
		last = s.After
		out = append(out, s)
	}
	return out
}

func stage(t *table) queueapp.Stage {
	defer t.done()
	if !t.has("after") {
		t.problem("", `write after = "30s"`, "does not say when it begins")
	}
	s := queueapp.Stage{
		After: t.duration("after", 0, 0, day), Min: t.int("min", 0, 0, mostLevel), Only: t.has("max"),
		Max: t.int("max", 0, 0, mostLevel), Raise: t.int("raise", 0, 0, mostLevel), Needs: needs(t, "skills"),
		Ease: t.int("ease", 0, 0, 100), Boost: t.int("boost", 0, -mostPriority, mostPriority),
	}
	if s.Only && s.Min > s.Max {
		t.problem("min", "write a lower one, or a higher max", "%d is more than the max of %d", s.Min, s.Max)
	}
	return s
}

// needs reads skills and how well they are asked for, in the order of their names.
func needs(t *table, key string) []queueapp.Need {
	var out []queueapp.Need
	for _, s := range skills(t, key) {
		out = append(out, queueapp.Need{Skill: s.Name, Least: s.Level})
	}
	return out
}

func skills(t *table, key string) []queueapp.Skill {
	if !t.has(key) {
		return nil
	}
	in, ok := t.table(key)
	if !ok {
		return nil
	}
	defer in.done()
	var out []queueapp.Skill
	for _, name := range slices.Sorted(maps.Keys(in.values)) {
		if !named(name) {
			in.problem(name, "use letters a-z, digits, _ . and -", "%q is no name", name)
		}
		out = append(out, queueapp.Skill{Name: name, Level: in.int(name, 0, 0, mostSkill)})
	}
	return out
}

// empty reads what an empty queue means: true, false, or the states in which a member counts as not there.
func empty(t *table, key string, never bool) queueapp.Empty {
	if !t.has(key) {
		return queueapp.Empty{}
	}
	if _, ok := t.values[key].([]any); !ok {
		return queueapp.Empty{Matters: t.bool(key, never) != never}
	}
	e := queueapp.Empty{Matters: true}
	known := []string{
		string(queueapp.AbsentPaused), string(queueapp.AbsentInUse), string(queueapp.AbsentRinging),
		string(queueapp.AbsentUnavailable), string(queueapp.AbsentWrapUp),
	}
	list, paths := t.texts(key)
	for i, s := range list {
		if !slices.Contains(known, s) || slices.Contains(e.Absent, queueapp.Absence(s)) {
			t.problemAt(paths[i], "write each of "+strings.Join(known, ", ")+" once at most", "%q is no state that can be written here", s)
			continue
		}
		e.Absent = append(e.Absent, queueapp.Absence(s))
	}
	return e
}

// mayOverflow are the outcomes after which a caller may go on into another queue.
func mayOverflow() []queueapp.Outcome {
	return []queueapp.Outcome{
		queueapp.OutcomeClosed, queueapp.OutcomeFull, queueapp.OutcomeKey, queueapp.OutcomeLeftEmpty, queueapp.OutcomeNoAgents,
		queueapp.OutcomeTimeout,
	}
}

// overflow reads which queue takes the callers of which outcome, in the order of the outcomes' words.
func overflow(t *table) []queueapp.Overflow {
	if !t.has("overflow") {
		return nil
	}
	in, ok := t.table("overflow")
	if !ok {
		return nil
	}
	defer in.done()
	var out []queueapp.Overflow
	for _, o := range mayOverflow() {
		if in.has(string(o)) {
			out = append(out, queueapp.Overflow{Outcome: o, Queue: queueapp.QueueName(in.text(string(o), ""))})
		}
	}
	slices.SortFunc(out, func(a, b queueapp.Overflow) int { return cmp.Compare(a.Outcome, b.Outcome) })
	return out
}
