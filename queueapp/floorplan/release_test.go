package floorplan_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/queueapp/floorplan"
)

// The floor plans of earlier releases still apply, and mean what they meant: a floor plan is kept in the database as it was
// written, so a new release reads what an old one was given. Beside each is the same plan as that release printed it, with
// every default spelt out.
func TestFloorPlansOfEarlierReleases(t *testing.T) {
	plans, err := filepath.Glob("testdata/release/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range plans {
		if strings.HasSuffix(file, ".printed.toml") {
			continue
		}
		n++
		now := parseFile(t, file)
		printed := strings.TrimSuffix(file, ".toml") + ".printed.toml"
		if _, err := os.Stat(printed); *update && os.IsNotExist(err) {
			if err := os.WriteFile(printed, floorplan.Print(now), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range floorplan.Diff(parseFile(t, printed), now) {
			t.Errorf("%s does not mean any more what it meant: %s", file, c)
		}
	}
	if n == 0 {
		t.Error("there is no floor plan of any release")
	}
}

func parseFile(t *testing.T, file string) floorplan.Plan {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := floorplan.Parse(file, text)
	if err != nil {
		t.Fatalf("it does not apply any more:\n%v", err)
	}
	return plan
}
