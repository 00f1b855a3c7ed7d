package queueapp_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A layer is a package with what it may import. Everything of the project must be in one, so that a new package is
// placed on purpose (DESIGN §3).
type layer struct {
	path string // of the package, or of a tree where it ends in /...
	pure bool   // nothing but the standard library without I/O, and ours
	ours []string
	only []string // libraries that no other layer may import
	free bool     // any library that no layer keeps for itself
}

func layers() []layer {
	return []layer{
		{path: "ringside/queueapp", pure: true},
		{path: "ringside/queueapp/record", pure: true, ours: []string{"ringside/queueapp"}},
		{path: "ringside/queueapp/transcript", pure: true, ours: []string{"ringside/queueapp"}},
		{path: "ringside/queueapp/transcript/transcripttest", free: true, ours: []string{"ringside/queueapp", "ringside/queueapp/transcript"}},
		{path: "ringside/ivr", pure: true, ours: []string{"ringside/queueapp"}},
		{path: "ringside/queueapp/failpoint"},
		{path: "ringside/queueapp/floorplan", free: true, ours: []string{"ringside/queueapp", "ringside/ivr"}},
		{path: "ringside/queueapp/floorplan/importer", pure: true, ours: []string{
			"ringside/queueapp", "ringside/queueapp/floorplan", "ringside/ivr",
		}},
		{path: "ringside/queueapp/engine", free: true, ours: []string{
			"ringside/queueapp", "ringside/queueapp/record", "ringside/queueapp/floorplan", "ringside/queueapp/failpoint", "ringside/ivr",
		}},
		{path: "ringside/queueapp/delivery", free: true, ours: []string{
			"ringside/queueapp", "ringside/queueapp/record", "ringside/queueapp/engine", "ringside/queueapp/failpoint",
		}},
		{path: "ringside/queueapp/stasis/aritest", free: true}, // a peer of package stasis, that shares nothing with it
		{path: "ringside/queueapp/stasis/...", free: true, only: []string{"github.com/CyCoreSystems/ari"}, ours: []string{
			"ringside/queueapp", "ringside/queueapp/engine", "ringside/queueapp/failpoint",
		}},
		{path: "ringside/queueapp/api", free: true, only: []string{"github.com/prometheus/client_golang"}, ours: []string{
			"ringside/queueapp", "ringside/queueapp/record", "ringside/queueapp/transcript", "ringside/queueapp/engine",
		}},
		{path: "ringside/xmpp", free: true, only: []string{"mellium.im"}, ours: []string{"ringside/queueapp", "ringside/queueapp/record"}},
		{path: "ringside/store/queuelog", pure: true, ours: []string{"ringside/queueapp", "ringside/store/projection"}},
		{path: "ringside/store/...", free: true, only: []string{"github.com/jackc/pgx"}, ours: []string{
			"ringside/queueapp", "ringside/queueapp/engine", "ringside/queueapp/floorplan", "ringside/queueapp/transcript",
			"ringside/queueapp/record", "ringside/ivr", "ringside/migrations", "ringside/store/...", "ringside/softwaresim/stack",
		}},
		{path: "ringside/migrations", free: true, only: []string{"github.com/pressly/goose"}},
		{path: "ringside/softwaresim/trial", free: true, ours: []string{"ringside/..."}},
		{path: "ringside/softwaresim/outside", free: true, ours: []string{
			"ringside/queueapp", "ringside/queueapp/record", "ringside/store", "ringside/softwaresim/...",
		}},
		{path: "ringside/softwaresim/soak", free: true, ours: []string{
			"ringside/queueapp", "ringside/queueapp/api", "ringside/queueapp/transcript", "ringside/store", "ringside/softwaresim/...",
		}},
		{path: "ringside/softwaresim/versus", free: true, ours: []string{"ringside/store", "ringside/softwaresim/..."}},
		{path: "ringside/softwaresim/...", free: true, only: []string{"github.com/emiago"}, ours: []string{
			"ringside/softwaresim/...", "ringside/xmpp", "ringside/queueapp/record", "ringside/install/sounds",
		}},
		{path: "ringside/install/sounds"},
		{path: "ringside/cmd/...", free: true, ours: []string{"ringside/..."}}, // nothing else knows everyone
	}
}

// impure are the parts of the standard library that do I/O, read the clock for themselves or block.
func impure() []string {
	return []string{"os", "net", "net/http", "database/sql", "context", "log", "log/slog", "sync", "os/exec", "io/fs", "syscall"}
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestDependenciesPointInwards(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		l, ok := layerOf(p.ImportPath)
		if !ok {
			t.Errorf("%s stands in no layer: place it in layers()", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if why := refuse(l, imp); why != "" {
				t.Errorf("%s must not import %s: %s", p.ImportPath, imp, why)
			}
		}
	}
}

// A check that cannot fail is no check.
func TestViolationsAreSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, imp string }{
		{"ringside/queueapp", "net/http"},
		{"ringside/queueapp", "os"},
		{"ringside/queueapp", "ringside/queueapp/engine"},
		{"ringside/ivr", "github.com/google/uuid"},
		{"ringside/queueapp/floorplan/importer", "os"},
		{"ringside/queueapp/floorplan/importer", "github.com/BurntSushi/toml"},
		{"ringside/queueapp/engine", "github.com/jackc/pgx/v5"},
		{"ringside/queueapp/engine", "ringside/store"},
		{"ringside/queueapp/stasis", "ringside/xmpp"},
		{"ringside/queueapp/stasis", "ringside/queueapp/stasis/aritest"},
		{"ringside/queueapp/stasis/aritest", "ringside/queueapp/engine"},
		{"ringside/queueapp/stasis/aritest", "github.com/CyCoreSystems/ari/v5"},
		{"ringside/queueapp/api", "ringside/store"},
		{"ringside/store", "mellium.im/xmpp"},
		{"ringside/store/queuelog", "os"},
		{"ringside/store/queuelog", "github.com/jackc/pgx/v5"},
		{"ringside/xmpp", "github.com/CyCoreSystems/ari/v5"},
		{"ringside/softwaresim/crm", "ringside/store"},
	} {
		l, ok := layerOf(c.from)
		if !ok || refuse(l, c.imp) == "" {
			t.Errorf("nothing stops %s from importing %s", c.from, c.imp)
		}
	}
}

func refuse(l layer, imp string) string {
	first, _, _ := strings.Cut(imp, "/")
	switch {
	case first == "ringside":
		if !slices.ContainsFunc(l.ours, func(o string) bool { return within(imp, o) }) {
			return "it is not among what this layer builds on"
		}
	case !strings.Contains(first, "."): // the standard library
		if l.pure && slices.Contains(impure(), imp) {
			return "the core is pure: no I/O, no clock, no goroutine"
		}
	default:
		return refuseLibrary(l, imp)
	}
	return ""
}

func refuseLibrary(l layer, imp string) string {
	for _, other := range layers() {
		for _, kept := range other.only {
			if imp == kept || strings.HasPrefix(imp, kept+"/") {
				if other.path != l.path {
					return "that library stays inside " + other.path
				}
				return ""
			}
		}
	}
	if !l.free {
		return "this layer uses the standard library"
	}
	return ""
}

func layerOf(path string) (layer, bool) {
	for _, l := range layers() {
		if within(path, l.path) {
			return l, true
		}
	}
	return layer{}, false
}

func within(path, pattern string) bool {
	tree, ok := strings.CutSuffix(pattern, "/...")
	return path == pattern || ok && (path == tree || strings.HasPrefix(path, tree+"/"))
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "ringside/...").Output()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read the list of packages: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages listed", len(all))
	}
	return all
}
