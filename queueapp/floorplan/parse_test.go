package floorplan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestBadPlansAreRefusedInWords(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad plans: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = floorplan.Parse(filepath.Base(path), data)
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, strings.TrimSuffix(path, ".toml")+".txt", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestTheDefaultPlan(t *testing.T) {
	got, err := floorplan.Parse("floorplan.toml", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	goodbye := ivr.Step{Verb: ivr.VerbHangUp, Play: []string{"ringside/goodbye"}}
	support := ivr.Step{Verb: ivr.VerbQueue, Queue: "support"}
	place := func(x string) ivr.Step {
		return ivr.Step{Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "ringside-extensions", Extension: x, Priority: 1}}
	}
	extension := func(n string) queueapp.Extension {
		return queueapp.Extension{ID: queueapp.ExtensionID(n), Dial: "PJSIP/" + n, Device: "PJSIP/" + n}
	}
	want := floorplan.Plan{
		Floor: queueapp.Plan{
			Queues: []queueapp.Queue{{
				Name: "support", Strategy: "leastrecent", Ring: 20 * time.Second, Wrapup: 5 * time.Second, Timeout: 10 * time.Minute,
				Music: "default", Members: []queueapp.Member{{Agent: "1000"}, {Agent: "2000"}, {Agent: "3000"}}, Retry: 5 * time.Second,
				NoAnswerDelay: time.Second, BusyDelay: 2 * time.Second, RejectDelay: 2 * time.Second,
				UnreachableDelay: 5 * time.Second, MaxNoAnswer: 3,
			}},
			Agents: []queueapp.Agent{
				{ID: "1000", Name: "Ana", JIDs: []string{"user1@localhost"}},
				{ID: "2000", Name: "Bruno", JIDs: []string{"user2@localhost"}},
				{ID: "3000", Name: "Carla", JIDs: []string{"user3@localhost"}},
			},
			Extensions: []queueapp.Extension{extension("1000"), extension("2000"), extension("3000")},
		},
		Menus: []ivr.Menu{{
			Name: "main", Prompts: []string{"ringside/menu"},
			Keys: []ivr.Choice{
				{Key: '1', Step: ivr.Step{Verb: ivr.VerbAsk, Ask: &ivr.Ask{
					Tries: 3, Response: 10 * time.Second, Digit: 3 * time.Second,
					Prompts: []string{"ringside/enter-code"}, Wrong: []string{"ringside/wrong-code"},
					Then: support, Fail: goodbye, Unavailable: support, Barred: goodbye,
				}}},
				{Key: '2', Step: place("2000")},
			},
			Silence: ivr.Silence{After: 3 * time.Second, Tries: 1, Step: place("3000")},
			Invalid: ivr.Invalid{Tries: 3, Step: goodbye},
		}},
		Codes: ivr.Limits{
			Call: 9, Slow: time.Second, Number: 20, Withheld: 100, Window: 15 * time.Minute, Bar: 15 * time.Minute,
		},
		Customers: floorplan.Customers{Timeout: 500 * time.Millisecond},
		Settings: floorplan.Settings{
			Node:    "extension{{.Extension}}",
			Chat:    "{{title .Queue}}: {{with .Customer}}Customer {{.}}{{else}}unknown customer{{end}}{{with .Number}}, caller {{.}}{{end}}, call {{.Call}}",
			Display: `{{.Queue}}: {{or .Customer .Name .Number "unknown"}}`,
			MaxCall: 4 * time.Hour, Outage: 30 * time.Second, Budget: 300 * time.Millisecond,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What the default plan says in comments must be what holds where nothing is said.
func TestTheDefaultPlanSaysTheDefaults(t *testing.T) {
	var said []string
	for line := range strings.Lines(string(floorplan.Default())) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			key, value, ok := strings.Cut(rest, " = ")
			if !ok || strings.ContainsAny(key, " :") || strings.HasPrefix(value, "…") || strings.HasPrefix(value, `"SELECT`) || key == "dsn_file" {
				continue
			}
			line = rest
		}
		said = append(said, line)
	}
	text := strings.Join(said, "\n")
	got, err := floorplan.Parse("said.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want, err := floorplan.Parse("floorplan.toml", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	for _, key := range []string{"lead", "unreachable_delay", "invalid", "device", "timeout"} {
		if !strings.Contains(text, "\n"+key+" = ") {
			t.Errorf("%s is not said", key)
		}
	}
}

func TestPlans(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		look func(p floorplan.Plan) any
		want any
	}{
		"an empty plan": {"", func(p floorplan.Plan) any { return p.Floor }, queueapp.Plan{}},
		"names are in order": {
			"[agent.b]\n[agent.a]\n[agent.1000]", func(p floorplan.Plan) any { return p.Floor.Agents },
			[]queueapp.Agent{{ID: "1000"}, {ID: "a"}, {ID: "b"}},
		},
		"members stay in theirs": {
			"[queue.q]\nmembers = ['b', 'a']\n[agent.b]\n[agent.a]", func(p floorplan.Plan) any { return p.Floor.Queues[0].Members },
			[]queueapp.Member{{Agent: "b"}, {Agent: "a"}},
		},
		"a device is what is dialled, without a contact": {
			"[extension.1]\ndial = 'PJSIP/1/sip:1@192.0.2.1'", func(p floorplan.Plan) any { return p.Floor.Extensions[0].Device },
			"PJSIP/1",
		},
		"a device of its own": {
			"[extension.1]\ndial = 'Local/1@phones/n'\ndevice = 'SIP/1'", func(p floorplan.Plan) any { return p.Floor.Extensions[0].Device },
			"SIP/1",
		},
		"an agent needs no extension, and may have another": {
			"[agent.1]\n[agent.2]\nextension = '7'\n[extension.7]", func(p floorplan.Plan) any { return p.Floor.Agents },
			[]queueapp.Agent{{ID: "1"}, {ID: "2", Extension: "7"}},
		},
		"a silence without a step is given two more chances": {
			"[menu.m]\nsilence = { after = '1s' }", func(p floorplan.Plan) any { return p.Menus[0].Silence },
			ivr.Silence{After: time.Second, Tries: 3, Step: ivr.Step{Verb: ivr.VerbHangUp, Play: []string{"ringside/goodbye"}}},
		},
		"a hang-up without a word": {
			"[menu.m.keys]\n'#' = { hangup = true, play = [] }", func(p floorplan.Plan) any { return p.Menus[0].Keys },
			[]ivr.Choice{{Key: '#', Step: ivr.Step{Verb: ivr.VerbHangUp}}},
		},
		"a code that cannot be looked up": {
			"[menu.m.keys]\n1 = { ask = 'code', then = { queue = 'q' }, unavailable = 'hangup' }\n[queue.q]",
			func(p floorplan.Plan) any { return p.Menus[0].Keys[0].Step.Ask.Unavailable },
			ivr.Step{Verb: ivr.VerbHangUp, Play: []string{"ringside/please-try-later"}},
		},
		"who is barred goes where who fails does": {
			"[menu.m.keys]\n1 = { ask = 'code', then = { queue = 'q' }, fail = { queue = 'q' } }\n[queue.q]",
			func(p floorplan.Plan) any { return p.Menus[0].Keys[0].Step.Ask.Barred },
			ivr.Step{Verb: ivr.VerbQueue, Queue: "q"},
		},
		"who is barred": {
			"[menu.m.keys]\n1 = { ask = 'code', then = { queue = 'q' }, barred = 'hangup' }\n[queue.q]",
			func(p floorplan.Plan) any { return p.Menus[0].Keys[0].Step.Ask.Barred },
			ivr.Step{Verb: ivr.VerbHangUp, Play: []string{"ringside/please-try-later"}},
		},
		"codes without limits": {
			"[codes]\ncall = 0\nslow = '0s'\nnumber = 0\nwithheld = 0", func(p floorplan.Plan) any { return p.Codes },
			ivr.Limits{Window: 15 * time.Minute, Bar: 15 * time.Minute},
		},
		"a place without a priority": {
			"[menu.m.keys]\n1 = { goto = 'a, b' }", func(p floorplan.Plan) any { return p.Menus[0].Keys[0].Step.Goto },
			ivr.Place{Context: "a", Extension: "b", Priority: 1},
		},
		"a DSN without a password": {
			"[customers]\ndsn = 'postgres://reader@db:5432/crm?sslmode=verify-full'\nby_number = 'SELECT id FROM a WHERE phone = $1'",
			func(p floorplan.Plan) any { return p.Customers.DSN }, "postgres://reader@db:5432/crm?sslmode=verify-full",
		},
	} {
		p, err := floorplan.Parse("x", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, c.look(p)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestPasswordsInADSN(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:p@h/d", "postgres://u@h/d?password=p", "host=h password=p", "host=h password = 'p'",
	} {
		_, err := floorplan.Parse("x", []byte("[customers]\nby_code = '$1'\ndsn = \""+dsn+"\""))
		if err == nil || !strings.Contains(err.Error(), "x:3: customers.dsn: holds a password") {
			t.Errorf("%s: %v", dsn, err)
		}
		if err != nil && strings.Contains(err.Error(), dsn) {
			t.Errorf("the message shows the password: %v", err)
		}
	}
}
