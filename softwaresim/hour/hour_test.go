package hour

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"ringside/softwaresim/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A few minutes of the hour: the queue_log tells what the phones saw.
func TestAnHour(t *testing.T) {
	queueapp := filepath.Join(t.TempDir(), "queueapp")
	if out, err := exec.Command("go", "build", "-o", queueapp, "ringside/cmd/queueapp").CombinedOutput(); err != nil {
		t.Fatalf("build queueapp: %v\n%s", err, out)
	}
	r, err := Run(t.Context(), Options{Calls: 40, Rate: 6, Seed: 1, Stack: stack.Options{Queueapp: queueapp, Unlisted: true},
		Report: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", out.String())
	for _, d := range r.Differences {
		t.Error(d)
	}
	for _, end := range []string{
		"COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "ABANDON", "EXITWITHTIMEOUT",
	} {
		if r.Ends[end] == 0 {
			t.Errorf("no call ended by %s: the hour tried too little", end)
		}
	}
	if r.Calls != 40 || r.Holds == 0 || r.InVain["RINGNOANSWER"] == 0 || r.InVain["RINGCANCELED"] == 0 {
		t.Errorf("%d calls, %d holds, rings in vain %v: the hour tried too little", r.Calls, r.Holds, r.InVain)
	}
}
