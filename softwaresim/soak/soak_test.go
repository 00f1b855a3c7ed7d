package soak

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/softwaresim/outside"
	"ringside/softwaresim/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build makes the queueapp that a test's stack runs.
func build(t *testing.T) stack.Options {
	t.Helper()
	queueapp := filepath.Join(t.TempDir(), "queueapp")
	if out, err := exec.Command("go", "build", "-o", queueapp, "ringside/cmd/queueapp").CombinedOutput(); err != nil {
		t.Fatalf("build queueapp: %v\n%s", err, out)
	}
	return stack.Options{Queueapp: queueapp, Unlisted: true}
}

// A crowd on the whole stack, while queueapp is killed, PostgreSQL restarted, the XMPP server frozen and ARI cut.
func TestASoak(t *testing.T) {
	faults, err := Choose([]string{"kill queueapp", "restart postgres", "freeze prosody", "cut asterisk"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), Options{For: 20 * time.Second, Rate: 4, Seed: 1, Faults: faults, Every: 4 * time.Second,
		Stack: build(t), Report: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out.String())
	for _, f := range r.Findings {
		if f.Check != outside.Times && f.Check != outside.Leads { // these are the machine's too, which may have other things to do
			t.Errorf("%s: %s", f.Check, f.What)
		}
	}
	inflicted := 0
	for _, f := range r.Faults {
		inflicted += f.Times
	}
	if r.Calls < 40 || r.Rings == 0 || inflicted < 3 || r.Samples == 0 {
		t.Errorf("%d calls, %d rings, %d faults, %d samples: the soak tried too little", r.Calls, r.Rings, inflicted, r.Samples)
	}
}

// Each blow once: nobody is lost, and each is measured.
func TestRecover(t *testing.T) {
	r, err := Recover(t.Context(), RecoveryOptions{Times: 1, Stack: build(t), Report: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Blows) != len(blows())+len(takeOvers()) || !r.OK() {
		t.Errorf("%+v", r.Blows)
	}
	for _, b := range r.Blows {
		if b.Median <= 0 || b.Worst < b.Median {
			t.Errorf("%+v", b)
		}
	}
}

func TestAnUnknownFaultIsRefused(t *testing.T) {
	if _, err := Choose([]string{"flood"}); err == nil || !strings.Contains(err.Error(), `"kill queueapp"`) {
		t.Errorf("got %v, want the names of those that are known", err)
	}
	if all, err := Choose(nil); err != nil || len(all) != len(Faults()) {
		t.Errorf("%d faults, %v", len(all), err)
	}
}

func TestOptionsNeedAnEnd(t *testing.T) {
	if err := new(Options).complete(); err == nil {
		t.Error("a soak without an end is accepted")
	}
	o := Options{Calls: 10, Rate: 10}
	if err := o.complete(); err != nil || o.Agents != 15 || o.Stack.Agents != 12 || o.Seed == 0 {
		t.Errorf("%+v, %v", o, err)
	}
}

// What grows by more than a twentieth from the first quarter of a run to the last is found.
func TestMemoryIsFlat(t *testing.T) {
	run := func(grow float64) *Report {
		r := &Report{}
		r.Rest.Before.Goroutines, r.Rest.After.Goroutines = 30, 31
		var samples []Sample
		for i := range 4 * enough {
			samples = append(samples, Sample{RSS: 1e8 * (1 + grow*float64(i)/float64(4*enough)), Goroutines: 60})
		}
		r.judgeMemory(samples)
		return r
	}
	if r := run(0.05); !r.OK() {
		t.Errorf("flat: %+v", r.Findings)
	}
	if r := run(0.10); len(r.Findings) != 1 || r.Findings[0].Check != Memory || r.Lines[0].Broken != 1 {
		t.Errorf("growing by a tenth: %+v", r.Findings)
	}
	leak := &Report{}
	leak.Rest.Before.Goroutines, leak.Rest.After.Goroutines = 30, 40
	if leak.judgeMemory(nil); len(leak.Findings) != 1 {
		t.Errorf("ten goroutines more at rest: %+v", leak.Findings)
	}
}

// A server that ends when no fault has ended it is found, and so is a panic.
func TestDeathsAreTold(t *testing.T) {
	w := &world{}
	w.expect(stack.Prosody)
	w.told("prosody ended (signal: terminated)")
	w.told("queueapp is ready again, pid 7")
	w.expect("")
	if len(w.strange) != 0 {
		t.Errorf("found %q", w.strange)
	}
	w.told("queueapp ended (exit status 2); starting it again")
	if len(w.strange) != 1 {
		t.Errorf("found %q", w.strange)
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("all is well\npanic: assignment to entry in nil map\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := panics(log); len(found) != 1 || !strings.Contains(found[0], "nil map") {
		t.Errorf("found %q", found)
	}
}

func TestReportForPeople(t *testing.T) {
	r := &Report{Seed: 7, Calls: 3, Lines: []Line{{Check: outside.Calls, Cases: 3, Broken: 12}}}
	for range 12 {
		r.Findings = append(r.Findings, Finding{outside.Finding{Check: outside.Calls, Call: "c1", What: "somebody was cut off"}, "0s enter c1", "kill queueapp begins\n"})
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"seed 7", "no call lost", "somebody was cut off", "0s enter c1", "kill queueapp begins", "12 cases do not hold"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "0s enter c1"); n != maxFindings {
		t.Errorf("%d findings printed", n)
	}
}
