package trial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ringside/softwaresim/stack"
)

// TestUpgradedWithACallerAtEveryStep puts another build in queueapp's place, as a package manager does, and restarts it, as
// systemd does: there and back, with calls of the one adopted by the other.
func TestUpgradedWithACallerAtEveryStep(t *testing.T) {
	const stamp = "99.1.2-trial"
	next := buildQueueapp(t, stamp)
	here := filepath.Join(world.bin, "queueapp")
	old := here + "-old"
	if err := os.Link(here, old); err != nil {
		t.Fatal(err)
	}
	for _, to := range []struct {
		name, build string
		stamped     bool
	}{{"to the next build", next, true}, {"and back", old, false}} {
		t.Run(to.name, func(t *testing.T) {
			s := newSite(t)
			s.goesOnAtEveryStep(func() {
				s.must(os.Rename(to.build, here))
				s.restart()
				if runs := strings.Contains(s.metrics(), `version="`+stamp+`"`); runs != to.stamped {
					t.Errorf("the next build runs: %t", runs)
				}
			})
		})
	}
}

// restart ends queueapp as systemd does, and waits until it is ready again.
func (s *site) restart() {
	s.t.Helper()
	before := s.stack.Info().PIDs.Queueapp
	s.must(s.stack.Signal(stack.Queueapp, syscall.SIGTERM))
	s.must(s.stack.WaitRestarted(s.ctx, stack.Queueapp, before))
}

// buildQueueapp makes a queueapp that says to be of a version.
func buildQueueapp(t *testing.T, version string) string {
	t.Helper()
	file := filepath.Join(world.bin, "queueapp-"+version)
	args := []string{"build", "-o", file, "-ldflags", "-X main.stamped=" + version}
	if raceDetector {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "ringside/cmd/queueapp")...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("build queueapp %s: %w: %s", version, err, out))
	}
	return file
}
