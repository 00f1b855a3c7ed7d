package importer_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/floorplan"
	"ringside/queueapp/floorplan/importer"
)

var update = flag.Bool("update", false, "write the golden files")

// sites are the folders of testdata: what one site would import at once.
func sites() map[string][]string {
	return map[string][]string{
		"queues":     {"queues.conf", "queuerules.conf"},
		"callcenter": {"callcenter.conf.xml"},
		"cloverq":    {"cloverq-conf.json", "datos-queues.xml", "datos-members.xml"},
	}
}

func files(t testing.TB, site string) []importer.File {
	t.Helper()
	var out []importer.File
	for _, name := range sites()[site] {
		text, err := os.ReadFile(filepath.Join("testdata", site, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, importer.File{Name: name, Text: text})
	}
	return out
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", file, diff)
	}
}

// What a site is imported as, and what is said of it.
func TestImport(t *testing.T) {
	t.Parallel()
	for site := range sites() {
		t.Run(site, func(t *testing.T) {
			t.Parallel()
			plan, report, err := importer.Import(files(t, site)...)
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for _, n := range report {
				said.WriteString(n.String() + "\n")
			}
			golden(t, filepath.Join("testdata", site, "report.txt"), said.String())
			printed := floorplan.Print(plan)
			golden(t, filepath.Join("testdata", site, "floorplan.toml"), string(printed))
			fixed(t, plan)
			if strings.Contains(said.String()+string(printed), "hunter2") {
				t.Error("a secret was told")
			}
		})
	}
}

// fixed wants a plan to be the same once it was printed and read.
func fixed(t testing.TB, plan floorplan.Plan) {
	t.Helper()
	printed := floorplan.Print(plan)
	again, err := floorplan.Parse("printed", printed)
	if err != nil {
		t.Fatalf("%s\n%v", printed, err)
	}
	if twice := floorplan.Print(again); !bytes.Equal(printed, twice) {
		t.Fatalf("printed twice it differs:\n%s", cmp.Diff(string(printed), string(twice)))
	}
}

// No line that says something is left without a word on what became of it.
func TestEveryLineIsExplained(t *testing.T) {
	t.Parallel()
	for site := range sites() {
		_, report, err := importer.Import(files(t, site)...)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]map[int]bool{}
		for _, n := range report {
			if said[n.File] == nil {
				said[n.File] = map[int]bool{}
			}
			said[n.File][n.Line] = true
			if n.Fate != importer.Carried && n.Why == "" {
				t.Errorf("%s: without a why", n)
			}
			if (n.Fate == importer.Carried || n.Fate == importer.Near) != (n.Became != "") {
				t.Errorf("%s: where is it?", n)
			}
		}
		for _, f := range files(t, site) {
			for i, text := range strings.Split(string(f.Text), "\n") {
				if says(f.Name, text) && !said[f.Name][i+1] {
					t.Errorf("%s:%d: nothing is said of %q", f.Name, i+1, text)
				}
			}
		}
	}
}

// says reports whether a line says something: it is no comment, and not only the frame of what stands in it.
func says(file, text string) bool {
	text = strings.TrimSpace(text)
	switch filepath.Ext(file) {
	case ".xml":
		return strings.Contains(text, ">") && !strings.HasPrefix(text, "<?") &&
			(strings.Contains(text, "</") && !strings.HasPrefix(text, "</") || strings.Contains(text, "=") && !strings.Contains(text, "ArrayOf") && !strings.HasPrefix(text, "<configuration"))
	case ".json":
		return strings.Contains(text, ":") && !strings.HasSuffix(text, "{") && !strings.HasSuffix(text, "[") && !strings.HasSuffix(text, "[],")
	}
	return text != "" && text[0] != ';' && text != "member => PJSIP/9999" // which stands in a comment
}
