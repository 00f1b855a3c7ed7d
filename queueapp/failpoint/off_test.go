//go:build !failpoints

package failpoint_test

import (
	"os"
	"path/filepath"
	"testing"

	"ringside/queueapp/failpoint"
)

// A build without the tag lives on at a point, whatever is armed.
func TestWithoutTheTagNothingHappens(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(failpoint.Variable, dir)
	armed := filepath.Join(dir, "do originate")
	if err := os.WriteFile(armed, []byte(failpoint.Kill), 0o600); err != nil {
		t.Fatal(err)
	}
	failpoint.Here("do", "originate")
	if _, err := os.Stat(armed); err != nil || failpoint.Built {
		t.Errorf("the point was taken notice of: %v", err)
	}
}
