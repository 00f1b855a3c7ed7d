package main

import (
	"os/exec"
	"strings"
	"testing"
)

// What cannot be compared is said before any server starts.
func TestCompareWhat(t *testing.T) {
	out, err := exec.Command(buildSoftwaresim(t), "compare", "--strategy", "ringall", "--root", t.TempDir()).CombinedOutput()
	if err == nil || !strings.Contains(string(out), `there is no strategy "ringall" to compare; there are ["leastrecent"`) {
		t.Errorf("%v: %s", err, out)
	}
}
