package demo

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole demo on the whole stack, to the handing over.
func TestTheDemo(t *testing.T) {
	queueapp := filepath.Join(t.TempDir(), "queueapp")
	if out, err := exec.Command("go", "build", "-o", queueapp, "ringside/cmd/queueapp").CombinedOutput(); err != nil {
		t.Fatalf("build queueapp: %v\n%s", err, out)
	}
	s, err := stack.Start(t.Context(), stack.Options{Queueapp: queueapp, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var told []Line
	stay := make(chan struct{})
	handed := 0
	result, err := Run(ctx, s.Info(), Options{Queueapp: queueapp, Stay: stay,
		Handover: func(*Result) { handed++; close(stay) },
		Say:      func(l Line) { told = append(told, l) }})
	for _, l := range told {
		t.Logf("%s %-10s %s", l.At.Format("15:04:05.0000"), l.Who, l.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := result.Print(&table); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", table.String())
	if result.Late() || handed != 1 {
		t.Errorf("late %v, handed over %d times", result.Late(), handed)
	}
	ends := ""
	for _, c := range result.Calls {
		for _, r := range c.Rings {
			ends += r.End + " "
		}
		ends += "| "
	}
	if want := "answered | | no-answer answered | answered | answered | "; ends != want {
		t.Errorf("the calls ended %q, want %q", ends, want)
	}
}

func TestLinesAreToldInTheOrderOfTheirTimes(t *testing.T) {
	var told []string
	s := newStory(func(l Line) { told = append(told, l.Text) })
	now := time.Now()
	for _, l := range []Line{{At: now.Add(2), Text: "c"}, {At: now, Text: "a"}, {At: now.Add(1), Text: "b"}} {
		s.add(l)
	}
	s.mute()
	s.tell("", "after the end")
	s.flush()
	s.close()
	if got := strings.Join(told, " "); got != "a b c" {
		t.Errorf("told %q", got)
	}
}

func TestWhatIsLate(t *testing.T) {
	at := time.Now()
	for name, c := range map[string]struct {
		ring Ring
		late bool
	}{
		"in time":             {Ring{Queued: true, Record: at, Ringing: at.Add(time.Millisecond)}, false},
		"after the ring":      {Ring{Queued: true, Record: at.Add(time.Millisecond), Ringing: at}, true},
		"never":               {Ring{Queued: true, Ringing: at}, true},
		"not from the queue":  {Ring{Ringing: at}, false},
		"at the same instant": {Ring{Queued: true, Record: at, Ringing: at}, true},
	} {
		r := Result{Calls: []Shown{{Rings: []Ring{c.ring}}}}
		if r.Late() != c.late {
			t.Errorf("%s: late %v, want %v", name, r.Late(), c.late)
		}
		var table bytes.Buffer
		if err := r.Print(&table); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(table.String(), "NOT EACH"); got != c.late {
			t.Errorf("%s: the table says\n%s", name, table.String())
		}
	}
}

func TestWhichEventsAreTold(t *testing.T) {
	if l, ok := phoneLine(phone.Event{Kind: phone.InviteReceived, Phone: "1000", From: &phone.Party{Number: "1"}}, "phone"); !ok || l.Who != "phone 1000" || l.Tone != Ringing {
		t.Errorf("an INVITE: %+v, %v", l, ok)
	}
	if _, ok := phoneLine(phone.Event{Kind: phone.AckReceived}, "phone"); ok {
		t.Error("an ACK is told")
	}
}
