package logfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"ringside/store/logfile"
	"ringside/store/queuelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// table is a queue_log in memory.
type table struct {
	mu      sync.Mutex
	entries []queuelog.Entry
	more    chan struct{}
	read    chan queuelog.Place // where not nil: told of every place that was read from
	away    error
}

func newTable(entries int) *table {
	t := &table{more: make(chan struct{}, 1)}
	t.add(entries)
	return t
}

// add writes entries of which every other one is the one before again, in the same second.
func (t *table) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for range n {
		step := int64(len(t.entries) + 1)
		t.entries = append(t.entries, queuelog.Entry{
			Place: queuelog.Place{Step: step, N: 1}, Time: time.Unix(1000+step/10, 0), Call: "NONE", Queue: "support",
			Agent: fmt.Sprint(1000 + step/2), Event: queuelog.Pause,
		})
	}
	select {
	case t.more <- struct{}{}:
	default:
	}
}

func (t *table) lines(from int) string {
	var b []byte
	for _, e := range t.entries[from:] {
		b = append(e.AppendLine(b), '\n')
	}
	return string(b)
}

func (t *table) QueueLogged() <-chan struct{} { return t.more }

func (t *table) QueueLog(ctx context.Context, _ string, after queuelog.Place, most int) ([]queuelog.Entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.away != nil {
		err := t.away
		t.away = nil // it is back when it is asked next
		return nil, err
	}
	rest := t.entries[min(int(after.Step), len(t.entries)):]
	if t.read != nil && len(rest) == 0 {
		select {
		case t.read <- after:
		case <-ctx.Done():
		}
	}
	return rest[:min(most, len(rest))], nil
}

func (t *table) QueueLogEnd(context.Context, string) (queuelog.Place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.entries) == 0 {
		return queuelog.Place{}, t.away
	}
	return t.entries[len(t.entries)-1].Place, t.away
}

func begin(t testing.TB, name string, of *table) *logfile.File {
	t.Helper()
	f := logfile.New(logfile.Config{Name: name, Floor: "main", Table: of, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(f.Close)
	if err := f.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func follow(t testing.TB, f *logfile.File) {
	t.Helper()
	if err := f.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// before is the place in a file as it is just before more is appended: one in a file that was longer is given up first.
func before(t testing.TB, placed string, size int) string {
	t.Helper()
	var step, n, was int
	if _, err := fmt.Sscanf(placed, "%d %d %d\n", &step, &n, &was); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%020d %010d %020d\n", step, n, min(was, size))
}

func content(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A new file has what is written from now on, and nothing of before; more than is read at once, too.
func TestBegin(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 3} {
		name, tab := filepath.Join(t.TempDir(), "queue_log"), newTable(before)
		f := begin(t, name, tab)
		tab.add(1200)
		follow(t, f)
		if got := content(t, name); got != tab.lines(before) {
			t.Errorf("after %d entries: %d bytes, want %d", before, len(got), len(tab.lines(before)))
		}
	}
}

// A table that was set back to an earlier time writes numbers again that the file has seen.
func TestTableIsSetBack(t *testing.T) {
	t.Parallel()
	name, tab := filepath.Join(t.TempDir(), "queue_log"), newTable(0)
	f := begin(t, name, tab)
	tab.add(9)
	follow(t, f)
	f.Close()
	was := content(t, name)
	tab.entries = tab.entries[:4]
	f = begin(t, name, tab)
	tab.add(2)
	follow(t, f)
	if got := content(t, name); got != was+tab.lines(4) {
		t.Errorf("the file is\n%s", got)
	}
}

// Whatever happens to the file and to whoever writes it: with all that it was rotated into it has every entry once.
func TestNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		name, tab := filepath.Join(dir, "queue_log"), newTable(0)
		f, other := begin(t, name, tab), begin(t, name, tab)
		defer func() { f.Close(); other.Close() }()
		var rotated strings.Builder
		rt.Repeat(map[string]func(*rapid.T){
			"entries": func(rt *rapid.T) { tab.add(rapid.IntRange(1, 9).Draw(rt, "n")) },
			"follow":  func(*rapid.T) { follow(t, f) },
			"standby": func(*rapid.T) { follow(t, other) },
			"killed": func(rt *rapid.T) {
				was := len(content(t, name))
				placed := before(t, content(t, name+".written"), was)
				follow(t, f)
				f.Close()
				cut := rapid.IntRange(was, len(content(t, name))).Draw(rt, "cut")
				if err := errors.Join(os.Truncate(name, int64(cut)), os.WriteFile(name+".written", []byte(placed), 0o600)); err != nil {
					rt.Fatal(err)
				}
				f = begin(t, name, tab)
				follow(t, f)
			},
			"rotated": func(*rapid.T) {
				rotated.WriteString(content(t, name))
				if err := os.Rename(name, name+".1"); err != nil {
					rt.Fatal(err)
				}
				follow(t, f)
			},
			"truncated": func(*rapid.T) { // logrotate's copytruncate
				rotated.WriteString(content(t, name))
				if err := os.Truncate(name, 0); err != nil {
					rt.Fatal(err)
				}
			},
			"asterisk": func(*rapid.T) {
				w, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
				if err == nil {
					_, err = w.WriteString("1|NONE|NONE|NONE|CONFIGRELOAD|\n")
					err = errors.Join(err, w.Close())
				}
				if err != nil {
					rt.Fatal(err)
				}
			},
		})
		follow(t, f)
		got := strings.ReplaceAll(rotated.String()+content(t, name), "1|NONE|NONE|NONE|CONFIGRELOAD|\n", "")
		if want := tab.lines(0); got != want {
			rt.Fatalf("the file is\n%s, want\n%s", got, want)
		}
	})
}

// The file is kept while it runs, opened anew on asking, and what cannot be written is said once and written later.
func TestRun(t *testing.T) {
	t.Parallel()
	name, tab := filepath.Join(t.TempDir(), "queue_log"), newTable(0)
	var said bytes.Buffer
	f := logfile.New(logfile.Config{Name: name, Floor: "main", Table: tab, Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err := f.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	tab.read = make(chan queuelog.Place)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	wait := func(step int64) {
		t.Helper()
		for {
			select {
			case p := <-tab.read:
				if p.Step == step {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("the file does not get to step %d", step)
			}
		}
	}
	tab.add(2)
	wait(2)
	tab.mu.Lock()
	tab.away = errors.New("the database is away")
	tab.mu.Unlock()
	tab.add(1)
	wait(3)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	f.Reopen()
	wait(3)
	if got := content(t, name); got != "" {
		t.Errorf("the new file has %q", got)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(said.String(), "the database is away"); n != 1 || !strings.Contains(said.String(), "written again") {
		t.Errorf("it said: %s", &said)
	}
	if got := content(t, name+".1"); got != tab.lines(0) {
		t.Errorf("the file was %q", got)
	}
}
