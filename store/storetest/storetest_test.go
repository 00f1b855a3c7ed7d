package storetest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"ringside/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func TestEachTestHasItsOwn(t *testing.T) {
	t.Parallel()
	a, b := storetest.New(t), storetest.New(t)
	if a == b {
		t.Errorf("two tests share %s", a)
	}
	if err := storetest.Open(t).Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// Without a server the tests fail, and say what to do; they are never skipped.
func TestNoServer(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{
		{storetest.Variable + "=", "RINGSIDE_ROOT=/nonexistent"},
		{storetest.Variable + "=postgres://nobody@127.0.0.1:1/none"},
	} {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestEachTestHasItsOwn$")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%v: %v", env, err)
		}
		if !strings.Contains(string(out), "install/root.sh") || !strings.Contains(string(out), storetest.Variable) {
			t.Errorf("%v: no remedy in %s", env, out)
		}
	}
}
