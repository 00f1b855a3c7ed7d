//go:build failpoints

package failpoint_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ringside/queueapp/failpoint"
)

// TestItDiesOnce passes a point twice in processes of its own: the first dies there, the second lives.
func TestItDiesOnce(t *testing.T) {
	if os.Getenv("PASS") != "" {
		failpoint.Here("heard", struct{ error }{})
		failpoint.Here("do", "originate")
		return
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "do originate"), []byte(failpoint.Kill), 0o600); err != nil {
		t.Fatal(err)
	}
	pass := func() error {
		cmd := exec.Command(os.Args[0], "-test.run=^TestItDiesOnce$")
		cmd.Env = append(os.Environ(), "PASS=1", failpoint.Variable+"="+dir)
		return cmd.Run()
	}
	var exit *exec.ExitError
	if err := pass(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the first: %v", err)
	}
	if err := pass(); err != nil {
		t.Errorf("the second: %v", err)
	}
}
