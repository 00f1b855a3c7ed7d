package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ringside/queueapp"
)

// outline is openapi.yaml as its keys alone: enough to hold routes and schemas against, without a YAML library.
type outline map[string]outline

// readOutline reads mappings by their indentation. What hangs on a list item or stands in a block of text is no key of
// any mapping that the tests look at.
func readOutline(t *testing.T, text string) outline {
	t.Helper()
	type level struct {
		indent int
		keys   outline
	}
	root := outline{}
	open := []level{{-1, root}}
	for n, line := range strings.Split(text, "\n") {
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		if strings.ContainsRune(line, '\t') {
			t.Fatalf("openapi.yaml:%d: a tab", n+1)
		}
		key, _, isKey := strings.Cut(body, ":")
		item := strings.HasPrefix(body, "- ")
		if body == "" || !item && (!isKey || strings.ContainsRune(key, ' ')) {
			continue
		}
		for open[len(open)-1].indent >= indent {
			open = open[:len(open)-1]
		}
		if item {
			open = append(open, level{indent, outline{}})
			continue
		}
		parent := open[len(open)-1].keys
		key = strings.Trim(key, `"`)
		if _, twice := parent[key]; twice {
			t.Errorf("openapi.yaml:%d: %s is there twice", n+1, key)
		}
		parent[key] = outline{}
		open = append(open, level{indent, parent[key]})
	}
	return root
}

func (o outline) at(t *testing.T, path ...string) outline {
	t.Helper()
	for _, key := range path {
		next, ok := o[key]
		if !ok {
			t.Fatalf("openapi.yaml has no %q of %q", key, path)
		}
		o = next
	}
	return o
}

func TestEveryRouteIsDescribed(t *testing.T) {
	doc := readOutline(t, string(openAPI))
	described := map[string]bool{}
	for path, operations := range doc.at(t, "paths") {
		for method := range operations {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	served := map[string]bool{}
	for _, r := range newServer(newSmallFloor()).routes(nil) {
		served[r.method+" "+r.path] = true
	}
	if !maps.Equal(described, served) {
		t.Errorf("described: %q\nserved: %q", slices.Sorted(maps.Keys(described)), slices.Sorted(maps.Keys(served)))
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	schemas := readOutline(t, string(openAPI)).at(t, "components", "schemas")
	for name, v := range map[string]any{
		"Problem": Problem{}, "Readiness": Readiness{}, "Part": Part{}, "Agents": Agents{}, "Agent": queueapp.AgentView{},
		"Queues": Queues{}, "Queue": queueapp.QueueView{}, "Calls": Calls{}, "Call": Call{}, "Caller": Caller{},
		"Customer": Customer{}, "Route": Route{}, "Candidate": queueapp.Candidate{}, "Released": Released{}, "Notice": Happening{}, "Step": Step{},
	} {
		want := fields(reflect.TypeOf(v))
		got := slices.Sorted(maps.Keys(schemas.at(t, name, "properties")))
		if !slices.Equal(got, want) {
			t.Errorf("%s: described %q, sent %q", name, got, want)
		}
	}
}

// fields are the JSON names of a struct's fields, those of an embedded one included.
func fields(t reflect.Type) []string {
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func TestEveryWordIsDescribed(t *testing.T) {
	for _, s := range []queueapp.AgentStatus{
		queueapp.StatusLoggedOff, queueapp.StatusFree, queueapp.StatusOffered, queueapp.StatusRinging, queueapp.StatusTalking,
		queueapp.StatusEnding, queueapp.StatusWrapUp, queueapp.StatusPaused, queueapp.StatusDelayed, queueapp.StatusUnavailable,
	} {
		wantEnum(t, string(s))
	}
	for _, s := range states() {
		wantEnum(t, string(s))
	}
}

func wantEnum(t *testing.T, word string) {
	t.Helper()
	for line := range strings.Lines(string(openAPI)) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), "enum: ["); ok && slices.Contains(strings.Split(strings.TrimSuffix(list, "]"), ", "), word) {
			return
		}
	}
	t.Errorf("openapi.yaml has no enum with %q", word)
}

func TestTheDescriptionIsServed(t *testing.T) {
	w := ask(t, newServer(newSmallFloor()), "GET", "/v1/openapi.yaml", "")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "openapi: 3.1.0\n") {
		t.Errorf("%d %.40s", w.Code, w.Body)
	}
}

func TestAFloorsCopyIsNotLeftHalfNamed(t *testing.T) {
	b, err := json.Marshal(callOf(queueapp.CallView{Call: "c1", Caller: queueapp.Caller{Number: "555"}, Customers: []queueapp.Customer{{ID: "1"}}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"caller":{"number":"555"}`, `"customers":[{"id":"1"}]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s has no %s", b, want)
		}
	}
}
