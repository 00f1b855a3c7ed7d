package versus

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ringside/softwaresim/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A short run on the whole stack. The machine may have much else to do: what may be either way is generous.
func TestRingsideAgainstQueue(t *testing.T) {
	queueapp := filepath.Join(t.TempDir(), "queueapp")
	if out, err := exec.Command("go", "build", "-o", queueapp, "ringside/cmd/queueapp").CombinedOutput(); err != nil {
		t.Fatalf("build queueapp: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	report, err := Run(ctx, Options{Calls: 24, Seed: 7, Fuzz: 400 * time.Millisecond,
		Stack: stack.Options{Queueapp: queueapp, Unlisted: true}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out.String())
	if !report.OK() {
		t.Error("Ringside deviates from its documentation")
	}
	if len(report.Rows) != 2*len(Strategies()) {
		t.Fatalf("%d rows", len(report.Rows))
	}
	for _, r := range report.Rows {
		if r.Callers != 24 || r.Answered < 10 || r.Offers < r.Answered || r.Choices == 0 || r.Right == 0 {
			t.Errorf("%s, %s: %+v", r.Strategy, r.System, r)
		}
	}
}

// The same seed gives the same script, and another one another.
func TestScript(t *testing.T) {
	t.Parallel()
	private := cmp.AllowUnexported(Script{})
	one := write(1, 100, 5)
	if diff := cmp.Diff(one, write(1, 100, 5), private); diff != "" {
		t.Errorf("the same seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(one, write(2, 100, 5), private) {
		t.Error("another seed gives the same script")
	}
	for agent, acts := range one.Acts {
		if len(acts) < 2 || !slices.IsSortedFunc(acts, func(a, b Act) int { return int(a.At - b.At) }) {
			t.Errorf("agent %d does %v", agent, acts)
		}
		for i, a := range acts {
			if back := a.Verb == Ready || a.Verb == LogOn; back != (i%2 == 1) {
				t.Errorf("agent %d is to %s as number %d", agent, a.Verb, i)
			}
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	wrong := verdictCase{strategy: LeastRecent, rules: ours(), rings: everybody(call(1, 3, 5, 6), call(1, 4, 8, 9))}
	late := verdictCase{strategy: LeastRecent, rules: theirs(), rings: wrong.rings}
	right := verdictCase{strategy: LeastRecent, rules: ours(), rings: everybody()}
	for _, c := range []struct {
		system string
		of     verdictCase
		ok     bool
	}{{Ringside, wrong, false}, {Queue, late, true}, {Ringside, right, true}} {
		v := c.of.judge()
		r := Report{Seed: 3, Rows: []Row{{Strategy: LeastRecent, System: c.system, Verdict: v}}}
		if r.OK() != c.ok {
			t.Errorf("%s with %+v: OK is %v", c.system, v.Deviations, r.OK())
		}
		var out bytes.Buffer
		if err := r.Print(&out); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(out.String(), freeLonger+", 2 times (not explained)\n"); told != (len(v.Deviations) > 0) {
			t.Errorf("%+v is told as\n%s", v.Deviations, out.String())
		}
		b, err := json.Marshal(&r)
		var back struct{ OK bool }
		if err != nil || json.Unmarshal(b, &back) != nil || back.OK != c.ok {
			t.Errorf("%s, %v", b, err)
		}
	}
}
