package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/store"
	"ringside/store/storetest"
)

func TestApplyAndExport(t *testing.T) {
	t.Parallel()
	address := storetest.New(t)
	s, conn := storetest.OpenAt(t, address, "a:1"), connect(t, address)
	if _, err := s.Export(t.Context(), "main"); !errors.Is(err, store.ErrNoPlan) {
		t.Errorf("export before any apply: %v", err)
	}
	if _, _, err := s.Plan(t.Context(), "main"); !errors.Is(err, store.ErrNoPlan) || !strings.Contains(err.Error(), "queueapp apply") {
		t.Errorf("plan before any apply: %v", err)
	}
	plan := apply(t, s, "main")
	got, version, err := s.Plan(t.Context(), "main")
	if err != nil || version != 1 {
		t.Fatalf("version %d, %v", version, err)
	}
	if diff := cmp.Diff(plan, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the plan: %s", diff)
	}
	source, err := s.Export(t.Context(), "main")
	if err != nil || string(source) != string(floorplan.Default()) {
		t.Errorf("the export differs from what was applied: %v", err)
	}
	if v, err := s.Apply(t.Context(), "main", plan, floorplan.Default()); err != nil || v != 1 {
		t.Errorf("the same again: version %d, %v", v, err)
	}
	for sql, want := range map[string]string{
		"SELECT string_agg(name || ' ' || ring || ' ' || timeout, ',') FROM queueapp.queues":                        "support 00:00:20 00:10:00",
		"SELECT string_agg(agent, ',' ORDER BY place) FROM queueapp.members":                                        "1000,2000,3000",
		"SELECT string_agg(number || '@' || extension, ',' ORDER BY number) FROM queueapp.agents":                   "1000@1000,2000@2000,3000@3000",
		"SELECT string_agg(number || ' ' || dial, ',' ORDER BY number) FROM queueapp.extensions":                    "1000 PJSIP/1000,2000 PJSIP/2000,3000 PJSIP/3000",
		"SELECT string_agg(agent || ' ' || jid, ',' ORDER BY agent) FROM queueapp.agent_jids":                       "1000 user1@localhost,2000 user2@localhost,3000 user3@localhost",
		"SELECT definition -> 'keys' -> '1' -> 'ask' -> 'then' ->> 'queue' FROM queueapp.menus":                     "support",
		"SELECT definition -> 'silence' -> 'then' ->> 'goto' FROM queueapp.menus":                                   "ringside-extensions,3000,1",
		"SELECT string_agg(floor || ' ' || version || ' ' || (applied_by = session_user), ',') FROM queueapp.plans": "main 1 true",
	} {
		if got := value[string](t, conn, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// What one floor exports, another is given and exports again: the same text, with every key and comment, that means the
// same. Plans that were imported from other queues, with levels, weights and stages, are among them.
func TestExportApplyExportIsTheIdentity(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	sources := map[string][]byte{"default": floorplan.Default()}
	imported, err := filepath.Glob("../queueapp/floorplan/importer/testdata/*/floorplan.toml")
	if err != nil || len(imported) < 3 {
		t.Fatalf("imported plans: %v, %v", imported, err)
	}
	for _, file := range imported {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Base(filepath.Dir(file))] = text
	}
	for name, text := range sources {
		if _, err := s.Apply(t.Context(), name, parse(t, text), text); err != nil {
			t.Fatalf("%s: apply: %v", name, err)
		}
		first, err := s.Export(t.Context(), name)
		if err != nil {
			t.Fatalf("%s: export: %v", name, err)
		}
		if _, err := s.Apply(t.Context(), name+"-2", parse(t, first), first); err != nil {
			t.Fatalf("%s: apply what was exported: %v", name, err)
		}
		again, err := s.Export(t.Context(), name+"-2")
		if diff := cmp.Diff(string(first), string(again)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		before, _, err1 := s.Plan(t.Context(), name)
		after, _, err2 := s.Plan(t.Context(), name+"-2")
		if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); err1 != nil || err2 != nil || diff != "" {
			t.Errorf("%s: %v %v\n%s", name, err1, err2, diff)
		}
		if v, err := s.Apply(t.Context(), name, after, again); err != nil || v != 1 {
			t.Errorf("%s: the same again is version %d, %v", name, v, err)
		}
	}
}

// Agents and queues leave; what they did stays.
func TestHistoryStays(t *testing.T) {
	t.Parallel()
	s, o, address := owned(t)
	call := newCall(t)
	commit(t, o, enter(1, call, "3000"), queueapp.Step{N: 2, At: noon(), Event: queueapp.LogOn{Agent: "3000"}, Effects: []queueapp.Effect{
		queueapp.LoggedOn{Agent: "3000", Extension: "3000"},
	}})
	small := []byte("[queue.sales]\nmembers = [\"1000\"]\n[agent.1000]\n[extension.1000]\ndial = \"PJSIP/1000\"\n")
	plan := parse(t, small)
	v, err := s.Apply(t.Context(), "main", plan, small)
	if err != nil || v != 2 {
		t.Fatalf("version %d, %v", v, err)
	}
	conn := connect(t, address)
	if n := value[int](t, conn, "SELECT count(*) FROM queueapp.agents"); n != 1 {
		t.Errorf("%d agents", n)
	}
	r := load(t, o)
	if len(r.Visits) != 1 || len(r.Attempts) != 1 || len(r.Agents) != 1 || r.Agents[0].Extension != "3000" {
		t.Errorf("what was there is gone: %+v", r)
	}
	if inForce := value[int64](t, conn, "SELECT plan_version FROM queueapp.floors"); inForce != 0 {
		t.Errorf("version %d is told to be in force before the floor was told", inForce)
	}
	commit(t, o, queueapp.Step{N: 3, At: noon(), Event: queueapp.Apply{Plan: plan.Floor}})
	if inForce := value[int64](t, conn, "SELECT plan_version FROM queueapp.floors"); inForce != 2 {
		t.Errorf("version %d is in force", inForce)
	}
}

func TestAppliesAtOnce(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	plan := parse(t, floorplan.Default())
	var versions sync.Map
	var running sync.WaitGroup
	for i := range 4 {
		running.Go(func() {
			v, err := s.Apply(t.Context(), "main", plan, append([]byte(strings.Repeat("#\n", i)), floorplan.Default()...))
			if err != nil {
				t.Errorf("apply: %v", err)
			}
			if _, twice := versions.LoadOrStore(v, true); twice {
				t.Errorf("version %d twice", v)
			}
		})
	}
	running.Wait()
}

// A plan that the tables refuse changes nothing.
func TestApplyIsAtomic(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	plan := apply(t, s, "main")
	plan.Floor.Queues[0].Members = append(plan.Floor.Queues[0].Members, queueapp.Member{Agent: "4000"})
	if _, err := s.Apply(t.Context(), "main", plan, []byte("# wrong")); err == nil {
		t.Error("a member who is no agent was accepted")
	}
	if _, v, err := s.Plan(t.Context(), "main"); err != nil || v != 1 {
		t.Errorf("version %d, %v", v, err)
	}
}
