// Package transcripttest runs transcripts as tests.
package transcripttest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/transcript"
)

// Files runs every transcript that glob matches, each as a subtest on a floor of its own, and reports where the floor does
// something else than the transcript says. With update it writes down what the floor does instead. No match fails: a test
// without transcripts proves nothing.
func Files(t *testing.T, glob string, newFloor func() transcript.Floor, update bool) {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no transcript matches %s", glob)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { file(t, path, newFloor(), update) })
	}
}

func file(t *testing.T, path string, f transcript.Floor, update bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := transcript.Parse(path, data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := transcript.Run(want, f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	text := string(transcript.Print(got))
	if update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(transcript.Print(want)), text); diff != "" {
		t.Errorf("%s: the floor does not do what the transcript says (-said +done):\n%s", path, diff)
	}
}
