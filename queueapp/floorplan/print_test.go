package floorplan_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// plans draws plans that could stand in a file, their parts in order.
func plans(t *rapid.T) floorplan.Plan {
	agents := names(t, "agents", `[a-z0-9_.-]{1,5}`, 4)
	queues := names(t, "queues", `[A-Za-z0-9]{1,5}`, 3)
	menus := names(t, "menus", `[a-z0-9.]{1,4}`, 3)
	extensions := names(t, "extensions", `[0-9]{1,4}`, 4)
	p := floorplan.Plan{Settings: settings(t), Codes: codes(t), Customers: customers(t)}
	p.Hours = hours(t)
	for _, q := range queues {
		p.Floor.Queues = append(p.Floor.Queues, queue(t, q, agents))
		if l, hears := line(t, q, queues, p.Hours); hears {
			p.Lines = append(p.Lines, l)
		}
		if rapid.Bool().Draw(t, "recorded") {
			p.Recordings = append(p.Recordings, floorplan.Recording{
				Queue: queueapp.QueueName(q), Format: rapid.SampledFrom([]string{"wav", "gsm", "sln16"}).Draw(t, "format"),
				Name: rapid.SampledFrom([]string{floorplan.DefaultRecording("").Name, `a "b"/{{.Call}}.{{.Attempt}}`}).Draw(t, "file"),
			})
		}
	}
	for _, a := range agents {
		x := ""
		if len(extensions) > 0 && rapid.Bool().Draw(t, "seated") {
			x = rapid.SampledFrom(extensions).Draw(t, "seat")
		}
		p.Floor.Agents = append(p.Floor.Agents, queueapp.Agent{
			ID: queueapp.AgentID(a), Name: words(t, "name"), Extension: queueapp.ExtensionID(x), JIDs: jids(t),
		})
	}
	for _, x := range extensions {
		p.Floor.Extensions = append(p.Floor.Extensions, queueapp.Extension{
			ID: queueapp.ExtensionID(x), Switch: queueapp.SwitchName(rapid.SampledFrom([]string{"", "pbx-1"}).Draw(t, "switch")),
			Dial:   rapid.SampledFrom([]string{"PJSIP/", "Local/"}).Draw(t, "tech") + x + rapid.SampledFrom([]string{"", "@trunk/n"}).Draw(t, "at"),
			Device: rapid.SampledFrom([]string{"PJSIP/", "Custom:seat/"}).Draw(t, "device") + x, JIDs: jids(t),
		})
	}
	for _, m := range menus {
		p.Menus = append(p.Menus, menu(t, m, menus, queues))
	}
	return p
}

func names(t *rapid.T, label, pattern string, most int) []string {
	list := rapid.SliceOfNDistinct(rapid.StringMatching(pattern), 0, most, rapid.ID[string]).Draw(t, label)
	slices.Sort(list)
	if len(list) == 0 {
		return nil
	}
	return list
}

// words draws a text without control characters.
func words(t *rapid.T, label string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffd {
			return '"'
		}
		return r
	}, strings.ToValidUTF8(rapid.OneOf(rapid.StringN(0, 20, 60), rapid.SampledFrom([]string{"", `a"b\c`, "# no comment", "''' \t\n"})).Draw(t, label), "?"))
}

func jids(t *rapid.T) []string {
	list := rapid.SliceOfN(rapid.SampledFrom([]string{"ana@localhost", "crm+x@example.org", "é@[::1]"}), 0, 3).Draw(t, "jids")
	if len(list) == 0 {
		return nil
	}
	return list
}

func span(t *rapid.T, label string, least, most time.Duration) time.Duration {
	const step = time.Millisecond
	return time.Duration(rapid.Int64Range(int64(least/step), int64(most/step)).Draw(t, label)) * step
}

func settings(t *rapid.T) floorplan.Settings {
	return floorplan.Settings{
		Node: "x/" + strings.NewReplacer("{", "", "\n", "").Replace(words(t, "node")) + "-{{.Extension}}", Chat: "Hello\n{{.Name}}",
		Display: rapid.SampledFrom([]string{"", `{{.Queue | title | printf "%q"}}`}).Draw(t, "display"),
		MaxCall: span(t, "max call", time.Minute, 24*time.Hour), Outage: span(t, "outage", 0, time.Hour),
		Budget: span(t, "budget", 0, 10*time.Second), Lead: span(t, "lead", 0, 10*time.Second), Lamps: rapid.Bool().Draw(t, "lamps"),
	}
}

func codes(t *rapid.T) ivr.Limits {
	return ivr.Limits{
		Call: rapid.IntRange(0, 1000).Draw(t, "call"), Slow: span(t, "slow", 0, 10*time.Second),
		Number: rapid.IntRange(0, 1e6).Draw(t, "number"), Withheld: rapid.IntRange(0, 1e6).Draw(t, "withheld"),
		Window: span(t, "window", time.Second, 24*time.Hour), Bar: span(t, "bar", time.Second, 24*time.Hour),
	}
}

func customers(t *rapid.T) floorplan.Customers {
	c := floorplan.Customers{Timeout: span(t, "look-up", 10*time.Millisecond, 10*time.Second)}
	if rapid.Bool().Draw(t, "own") {
		c.DSNFile, c.ByCode, c.ByNumber = "/etc/x", "SELECT \"id\"\n\tFROM t -- \\\nWHERE c = $1", words(t, "sql")+"$1"
	}
	return c
}

func queue(t *rapid.T, name string, agents []string) queueapp.Queue {
	q := queueapp.Queue{
		Name: queueapp.QueueName(name), Strategy: rapid.SampledFrom(queueapp.Strategies()).Draw(t, "strategy"), Ring: span(t, "ring", time.Second, 10*time.Minute),
		Wrapup: span(t, "wrapup", 0, 24*time.Hour), Music: rapid.StringMatching(`[a-z_-]{0,9}`).Draw(t, "music"),
		Weight: rapid.IntRange(0, 1e6).Draw(t, "weight"),
		Retry:  span(t, "retry", time.Second, time.Hour), NoAnswerDelay: span(t, "no answer", 0, time.Hour),
		BusyDelay: span(t, "busy", 0, time.Hour), RejectDelay: span(t, "reject", 0, time.Hour),
		UnreachableDelay: span(t, "unreachable", 0, time.Hour), MaxNoAnswer: rapid.IntRange(0, 1000).Draw(t, "max"),
	}
	q.Timeout = span(t, "timeout", q.Ring, 24*time.Hour)
	for _, a := range agents {
		if rapid.Bool().Draw(t, "member") {
			m := queueapp.Member{Agent: queueapp.AgentID(a), Level: rapid.IntRange(0, 2).Draw(t, "level"), Weight: rapid.IntRange(0, 2).Draw(t, "share")}
			q.Members = append([]queueapp.Member{m}, q.Members...)
		}
	}
	patience(t, &q)
	q.Briefing = briefing(t)
	return q
}

// briefing draws what an agent hears who answers.
func briefing(t *rapid.T) queueapp.Briefing {
	b := queueapp.Briefing{
		Announce: prompts(t, "agent announce"), HoldTime: rapid.Bool().Draw(t, "hold time"), Delay: span(t, "member delay", 0, time.Minute),
	}
	if rapid.Bool().Draw(t, "has to accept") {
		b.Accept = rapid.SampledFrom([]string{"1", "#", "*", "D"}).Draw(t, "key")
		b.Within = span(t, "within", time.Second, time.Minute)
	}
	return b
}

// patience draws what a queue does with callers who wait for long, or for nobody.
func patience(t *rapid.T, q *queueapp.Queue) {
	if q.Strategy == queueapp.Progressive {
		q.Progress = span(t, "progress", time.Second, time.Hour)
	}
	q.MostWrap = span(t, "most wrap", 0, time.Hour)
	after := time.Duration(0)
	for range rapid.IntRange(0, 3).Draw(t, "stages") {
		s := queueapp.Stage{After: after, Min: rapid.IntRange(0, 3).Draw(t, "min"), Raise: rapid.IntRange(0, 3).Draw(t, "raise"),
			Ease: rapid.IntRange(0, 100).Draw(t, "ease"), Boost: rapid.IntRange(-5, 5).Draw(t, "boost")}
		if s.Only = rapid.Bool().Draw(t, "only"); s.Only {
			s.Max = s.Min + rapid.IntRange(0, 3).Draw(t, "max")
		}
		q.Stages = append(q.Stages, s)
		after += span(t, "until", time.Second, time.Hour)
	}
	q.Patient = rapid.Bool().Draw(t, "patient")
	for _, e := range []*queueapp.Empty{&q.Join, &q.Leave} {
		if e.Matters = rapid.Bool().Draw(t, "empty"); e.Matters && rapid.Bool().Draw(t, "but") {
			e.Absent = []queueapp.Absence{queueapp.AbsentWrapUp, queueapp.AbsentPaused}
		}
	}
	q.LeaveAfter, q.Regain = span(t, "leave after", 0, time.Hour), span(t, "regain", 0, time.Hour)
	q.Sticky = rapid.Bool().Draw(t, "sticky")
	q.MaxExpect = span(t, "max expected wait", 0, time.Hour)
	q.MaxLen, q.MaxRatio = rapid.IntRange(0, 9).Draw(t, "maxlen"), rapid.IntRange(0, 9).Draw(t, "maxratio")
}

func prompts(t *rapid.T, label string) []string {
	list := rapid.SliceOfN(rapid.SampledFrom([]string{"ringside/menu", "a", "B/c_1.2"}), 0, 2).Draw(t, label)
	if len(list) == 0 {
		return nil
	}
	return list
}

func menu(t *rapid.T, name string, menus, queues []string) ivr.Menu {
	m := ivr.Menu{
		Name: name, Prompts: prompts(t, "prompts"),
		Silence: ivr.Silence{
			After: span(t, "after", 0, 5*time.Minute), Tries: rapid.IntRange(1, 100).Draw(t, "tries"), Step: step(t, nil, queues, false),
		},
		Invalid: ivr.Invalid{
			Tries: rapid.IntRange(1, 100).Draw(t, "tries"), Prompts: prompts(t, "invalid"), Step: step(t, menus, queues, false),
		},
	}
	for _, k := range "#*0123456789ABCD" {
		if rapid.IntRange(0, 3).Draw(t, "key") == 0 {
			m.Keys = append(m.Keys, ivr.Choice{Key: byte(k), Step: step(t, menus, queues, true)})
		}
	}
	return m
}

func step(t *rapid.T, menus, queues []string, ask bool) ivr.Step {
	verbs := []ivr.Verb{ivr.VerbHangUp, ivr.VerbGoto}
	if len(menus) > 0 {
		verbs = append(verbs, ivr.VerbMenu)
	}
	if len(queues) > 0 {
		verbs = append(verbs, ivr.VerbQueue)
	}
	if ask {
		verbs = append(verbs, ivr.VerbAsk)
	}
	s := ivr.Step{Verb: rapid.SampledFrom(verbs).Draw(t, "verb"), Play: prompts(t, "play")}
	switch s.Verb {
	case ivr.VerbGoto:
		s.Goto = ivr.Place{Context: "ctx-1", Extension: "_X.", Priority: rapid.IntRange(1, 10000).Draw(t, "priority")}
	case ivr.VerbMenu:
		s.Menu = rapid.SampledFrom(menus).Draw(t, "menu")
	case ivr.VerbQueue:
		s.Queue = queueapp.QueueName(rapid.SampledFrom(queues).Draw(t, "queue"))
		s.Priority = rapid.IntRange(-1e6, 1e6).Draw(t, "priority")
	case ivr.VerbAsk:
		s.Ask = &ivr.Ask{
			Tries: rapid.IntRange(1, 100).Draw(t, "tries"), Digits: rapid.IntRange(0, ivr.MaxDigits).Draw(t, "digits"),
			Response: span(t, "response", time.Second, 5*time.Minute), Digit: span(t, "digit", time.Second, time.Minute),
			Prompts: prompts(t, "ask"), Wrong: prompts(t, "wrong"), Then: step(t, menus, queues, false),
			Fail: step(t, menus, queues, false), Unavailable: step(t, menus, queues, false), Barred: step(t, menus, queues, false),
		}
	case ivr.VerbHangUp:
	}
	for _, key := range names(t, "data", `[a-z.]{1,3}`, 2) {
		s.Data = append(s.Data, queueapp.Datum{Key: key, Value: words(t, "value")})
	}
	return s
}

func TestEveryPlanIsReadBackAsItWasPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := plans(t)
		text := floorplan.Print(want)
		got, err := floorplan.Parse("x", text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s", text, diff)
		}
		if changes := floorplan.Diff(want, got); len(changes) > 0 {
			t.Fatalf("differs from itself: %v", changes)
		}
	})
}

// Two plans are the same if and only if Diff says nothing.
func TestNoDifferenceIsOverlooked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := plans(t), plans(t)
		if same, said := cmp.Equal(a, b), floorplan.Diff(a, b); same != (len(said) == 0) {
			t.Fatalf("equal %t, said %v", same, said)
		}
	})
}

func TestDifferencesInWords(t *testing.T) {
	before, err := floorplan.Parse("x", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(
		`ring = "20s" `, `ring = "10s" `, `"2000", "3000"]`, `"3000"]`, `[agent.2000]`, `[agent.2001]`, `"Ana"`, `"Ana Maria"`,
		`["user1@localhost"]`, `["user1@localhost", "crm@localhost"]`, `tries = 3, then = { queue`, `tries = 2, digits = 4, then = { priority = 5, queue`,
		`[extension.3000]`, `[queue.sales]`, `dial = "PJSIP/3000"`, ``, `[menu.main]`, "[menu.night]\n[menu.main]", `prompt = "ringside/menu"`, ``,
		`[floor]`, "[floor]\nlead = '200ms'",
	).Replace(string(floorplan.Default()))
	after, err := floorplan.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, c := range floorplan.Diff(before, after) {
		said.WriteString(c.String() + "\n")
	}
	golden(t, "testdata/diff.txt", said.String())
}

func TestPrintedPlan(t *testing.T) {
	p, err := floorplan.Parse("x", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/default.toml", string(floorplan.Print(p)))
}

func FuzzParse(f *testing.F) {
	f.Add(string(floorplan.Default()))
	for _, name := range []string{"values", "unknown", "menus", "members", "syntax", "hears"} {
		data, err := os.ReadFile("testdata/bad/" + name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := floorplan.Parse("x", []byte(text))
		if err != nil {
			if ps, ok := err.(floorplan.Problems); !ok || len(ps) == 0 || err.Error() == "" {
				t.Fatalf("no problems: %#v", err)
			}
			return
		}
		printed := floorplan.Print(p)
		again, err := floorplan.Parse("x", printed)
		if err != nil {
			t.Fatalf("%s\n%v", printed, err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("%s\n%s", printed, diff)
		}
		texts, err := p.Settings.Texts()
		if err != nil {
			t.Fatal(err)
		}
		texts.Chat(floorplan.Words{})
	})
}

func BenchmarkALargePlan(b *testing.B) {
	var p floorplan.Plan
	p.Settings.Node, p.Settings.MaxCall = "extension{{.Extension}}", time.Hour
	p.Customers.Timeout = time.Second
	for i := range 10_000 {
		n := strconv.Itoa(10_000 + i)
		p.Floor.Agents = append(p.Floor.Agents, queueapp.Agent{ID: queueapp.AgentID(n), JIDs: []string{"user" + n + "@localhost"}})
		p.Floor.Extensions = append(p.Floor.Extensions, queueapp.Extension{
			ID: queueapp.ExtensionID(n), Dial: "PJSIP/" + n, Device: "PJSIP/" + n,
		})
		if i%20 == 0 {
			p.Floor.Queues = append(p.Floor.Queues, queueapp.Queue{
				Name: queueapp.QueueName("q" + n), Strategy: queueapp.LeastRecent, Ring: time.Second, Timeout: time.Minute,
			})
		}
		for j := range 5 {
			q := &p.Floor.Queues[(i/20+j*7)%len(p.Floor.Queues)]
			if m := (queueapp.Member{Agent: queueapp.AgentID(n)}); !slices.Contains(q.Members, m) {
				q.Members = append(q.Members, m)
			}
		}
	}
	for b.Loop() {
		got, err := floorplan.Parse("x", floorplan.Print(p))
		if err != nil {
			b.Fatal(err)
		}
		if changes := floorplan.Diff(p, got); len(changes) > 0 {
			b.Fatal(changes[0])
		}
	}
}
