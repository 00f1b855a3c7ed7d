package floorplan_test

import (
	"path"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

func TestTheNameOfARecording(t *testing.T) {
	began := time.Date(2026, 3, 4, 15, 16, 17, 0, time.UTC)
	for name, c := range map[string]struct{ template, number, want string }{
		"the default":                    {floorplan.DefaultRecording("").Name, "", "2026-03-04/support-c1-2"},
		"words of the caller":            {"{{.Queue}}/{{.Time}} {{.Number}} {{.Name}}/{{.Call}}.{{.Attempt}}", "+49 30 1", "support/151617_+49_30_1_Bob/c1.2"},
		"a number that leads out":        {"{{.Number}}/{{.Call}}-{{.Attempt}}", "..", "_./c1-2"},
		"a number that is a path":        {"{{.Number}}-{{.Call}}-{{.Attempt}}", "../../etc/passwd", "_._.._etc_passwd-c1-2"},
		"an absolute path in a number":   {"{{.Number}}{{.Call}}-{{.Attempt}}", "/etc/x", "_etc_xc1-2"},
		"a template that leads out":      {"/../{{.Call}}/../.{{.Attempt}}", "", "_./c1/_./_2"},
		"a number for a shell":           {"{{.Call}}-{{.Attempt}}-{{.Number}}", "`$(rm -rf);'\"\\\x00\n", "c1-2-___rm_-rf______"},
		"a number without end":           {"{{.Number}}-{{.Call}}-{{.Attempt}}", strings.Repeat("9", 5000), strings.Repeat("9", 64) + "-c1-2"},
		"a name that is longer than all": {"{{.Call}}-{{.Attempt}}" + strings.Repeat("{{.Number}}", 5), strings.Repeat("9", 64), "c1-2"},
		"letters of another script":      {"{{.Number}}-{{.Call}}-{{.Attempt}}", "Ærøskøbing 東京", "Ærøskøbing_東京-c1-2"},
		"a withheld number":              {"{{.Number}}/{{.Call}}-{{.Attempt}}", "", "c1-2"},
		"a template that does not work":  {"{{.Nothing}}", "", "c1-2"},
	} {
		w := floorplan.NewWords(queueapp.Enter{Queue: "support", Caller: queueapp.Caller{Number: c.number, Name: "Bob"}})
		r := floorplan.Recording{Queue: "support", Format: "wav", Name: c.template}
		got := r.File(floorplan.NewRecordingWords(w, queueapp.AttemptID{Call: "c1", N: 2}, began))
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Whatever a caller calls himself, the file is below the directory of recordings, and no part of its name is hidden.
func TestNoCallerChoosesWhereTheRecordingGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.OneOf(rapid.String(), rapid.StringMatching(`[./\\~%:]{0,8}`))
		w := floorplan.NewWords(queueapp.Enter{
			Queue: "support", Caller: queueapp.Caller{Number: said.Draw(t, "number"), Name: said.Draw(t, "name"), Dialled: said.Draw(t, "dialled")},
		})
		r := floorplan.Recording{Format: "wav", Name: rapid.SampledFrom([]string{
			"{{.Number}}/{{.Name}}/{{.Dialled}}{{.Call}}-{{.Attempt}}", "{{.Call}}{{.Number}}.{{.Name}}/{{.Attempt}}", "{{.Name}}{{.Call}}/{{.Attempt}}/{{.Number}}",
		}).Draw(t, "template")}
		got := r.File(floorplan.NewRecordingWords(w, queueapp.AttemptID{Call: "c1", N: 2}, time.Now()))
		if got == "" || path.IsAbs(got) || path.Clean(got) != got || strings.HasPrefix(got, ".") || strings.Contains(got, "/.") {
			t.Fatalf("%q", got)
		}
		if strings.ContainsAny(got, "\\~%:\x00\n\"'$;&|<>*?") || len(path.Base(got)) > 204 {
			t.Fatalf("%q", got)
		}
		if !strings.Contains(got, "c1") || !strings.Contains(got, "2") {
			t.Fatalf("%q may be another conversation's", got)
		}
	})
}

func TestAQueueIsRecordedOnlyWhereThatIsWritten(t *testing.T) {
	p, err := floorplan.Parse("x", []byte("[queue.a]\n[queue.b]\nrecord = 'none'\n[queue.c]\nrecord = ''\n[queue.d]\nrecord = 'wav49'"))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []queueapp.QueueName{"a", "b", "c"} {
		if r, ok := p.Recording(q); ok {
			t.Errorf("%+v", r)
		}
	}
	if r, ok := p.Recording("d"); !ok || r.Format != "wav49" || r.Name != floorplan.DefaultRecording("d").Name {
		t.Errorf("%+v", r)
	}
}
