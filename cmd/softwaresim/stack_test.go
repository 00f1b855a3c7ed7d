package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// buildSoftwaresim builds the command under test.
func buildSoftwaresim(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "softwaresim")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build softwaresim: %v\n%s", err, out)
	}
	return path
}

// A stack ends by a signal, and when whoever started it has gone.
func TestStackEnds(t *testing.T) {
	softwaresim := buildSoftwaresim(t)
	for _, test := range []struct {
		name  string
		shell string // starts softwaresim as its child, or becomes it
		sig   syscall.Signal
	}{
		{"Ctrl-C", `exec "$@"`, syscall.SIGINT},
		{"SIGTERM", `exec "$@"`, syscall.SIGTERM},
		{"its parent is killed", `"$@"; true`, syscall.SIGKILL},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a  stack's dir")
			cmd := exec.Command("/bin/sh", "-c", test.shell, "sh", softwaresim, "stack", "--only", "prosody,postgres", "--dir", dir)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stderr = os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			if line, err := lines.ReadString('\n'); err != nil || line != "stack ready\n" {
				t.Fatalf("first line %q: %v", line, err)
			}
			if err := cmd.Process.Signal(test.sig); err != nil {
				t.Fatal(err)
			}
			// Its output ends when softwaresim itself has.
			if _, err := io.ReadAll(lines); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if killed := test.sig == syscall.SIGKILL; (err != nil) != killed {
				t.Errorf("ended with %v", err)
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its directory is left: %v", err)
			}
		})
	}
}

func TestStackFailsWithARemedy(t *testing.T) {
	softwaresim := buildSoftwaresim(t)
	for want, args := range map[string][]string{
		"run install/root.sh":                   {"--root", t.TempDir()},
		"go build -o":                           {},
		"is no IPv4 address":                    {"--bind", "nowhere", "--only", "prosody"},
		`there is no server "ejabberd"`:         {"--only", "ejabberd"},
		"name a directory that is new or empty": {"--only", "prosody", "--dir", "."},
	} {
		out, err := exec.Command(softwaresim, append([]string{"stack"}, args...)...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), want) {
			t.Errorf("stack %q: %v, %s; want exit status 1 and %q", args, err, out, want)
		}
	}
}
