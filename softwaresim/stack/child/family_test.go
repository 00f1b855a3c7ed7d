package child

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func family(t *testing.T) *Family {
	t.Helper()
	f, err := NewFamily()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// close ends the family before the test is over; doing it twice is allowed.
func closeNow(t *testing.T, f *Family) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsChildren(t *testing.T) {
	for _, test := range []struct {
		name, script string
		drop         syscall.Signal
		stop         bool
		want         string
	}{
		{"in order", "trap 'echo goodbye; exit 0' TERM; echo hello; while :; do sleep 0.01; done", syscall.SIGTERM, false, "hello\ngoodbye\n"},
		{"while it is stopped", "trap 'echo goodbye; exit 0' INT; echo hello; while :; do sleep 0.01; done", syscall.SIGINT, true, "hello\ngoodbye\n"},
		{"at once", "trap '' TERM; echo hello; while :; do sleep 0.01; done", syscall.SIGKILL, false, "hello\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := family(t)
			log := filepath.Join(t.TempDir(), "log")
			if err := syscall.Mkfifo(log, 0o600); err != nil {
				t.Fatal(err)
			}
			said, err := os.OpenFile(log, os.O_RDWR, 0) // both, so that opening does not wait
			if err != nil {
				t.Fatal(err)
			}
			defer said.Close()
			p, err := f.Start(exec.Command("/bin/sh", "-c", test.script), log, test.drop)
			if err != nil {
				t.Fatal(err)
			}
			read := func(n int) string {
				buf := make([]byte, n)
				if _, err := said.Read(buf); err != nil {
					t.Fatal(err)
				}
				return strings.TrimRight(string(buf), "\x00")
			}
			got := read(len("hello\n"))
			if test.stop {
				if err := p.Signal(syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
			}
			closeNow(t, f)
			<-p.Ended()
			if len(got) < len(test.want) {
				got += read(len(test.want))
			}
			if got != test.want {
				t.Errorf("it said %q, want %q", got, test.want)
			}
		})
	}
}

// A path is taken as it is: a space too many must not name another file.
func TestCloseRemovesJustWhatWasNamed(t *testing.T) {
	f := family(t)
	dir := t.TempDir()
	names := []string{"a  b", "a b", " c ", "c", `d\n'"$(x)*`, "d", "-e", "full"}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a  b", " c ", `d\n'"$(x)*`, "-e"} {
		if err := f.Clear(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.ClearDir(filepath.Join(dir, "full")); err != nil {
		t.Fatal(err)
	}
	if err := f.Clear("/two\nlines"); err == nil {
		t.Error("a path of two lines was taken")
	}
	closeNow(t, f)
	for name, want := range map[string]bool{"a  b": false, "a b": true, " c ": false, "c": true, `d\n'"$(x)*`: false, "d": true, "-e": false, "full": true} {
		_, err := os.Stat(filepath.Join(dir, name))
		if there := !errors.Is(err, fs.ErrNotExist); there != want {
			t.Errorf("%q is there: %v, want %v", name, there, want)
		}
	}
}

func TestRun(t *testing.T) {
	f := family(t)
	log := filepath.Join(t.TempDir(), "log")
	if err := f.Run(t.Context(), exec.Command("/bin/sh", "-c", "echo done"), log); err != nil {
		t.Error(err)
	}
	if err := f.Run(t.Context(), exec.Command("/bin/sh", "-c", "echo wrong >&2; exit 4"), log); err == nil || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("exit status 4 became %v", err)
	}
	if said, err := os.ReadFile(log); err != nil || string(said) != "done\nwrong\n" {
		t.Errorf("the log holds %q, %v", said, err)
	}
	if err := f.Run(t.Context(), exec.Command("/no/such/program"), log); err == nil {
		t.Error("a program that does not exist was run")
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := f.Run(ctx, exec.Command("/bin/sh", "-c", "while :; do sleep 1; done"), log); !errors.Is(err, cause) {
		t.Errorf("a run that was given up ended with %v", err)
	}
}
