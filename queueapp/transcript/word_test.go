package transcript_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

// The drawers of the tests must know every type: the source says which there are.
func TestNoTypeIsForgotten(t *testing.T) {
	for _, c := range []struct {
		file, marker string
		have         int
	}{{"../event.go", "event", len(events())}, {"../effect.go", "effect", len(effects())}} {
		file, err := parser.ParseFile(token.NewFileSet(), c.file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == c.marker {
				n++
			}
		}
		if n != c.have {
			t.Errorf("%s has %d types, the tests draw %d", c.file, n, c.have)
		}
	}
}

// Every word of queueapp's closed sets must be known here: an unknown one is written in quotes.
func TestNoWordIsForgotten(t *testing.T) {
	event, effect := transcript.FormatEvent, transcript.FormatEffect
	a := queueapp.AttemptID{Call: "c", N: 1}
	write := map[string]func(v string) string{
		"Match": func(v string) string {
			return event(queueapp.Enter{Call: "c", Queue: "q", Customers: []queueapp.Customer{{Code: "1", Match: queueapp.Match(v)}}})
		},
		"Strategy": func(v string) string {
			q := queueapp.Queue{Name: "q", Strategy: queueapp.Strategy(v), Music: "m"}
			return event(queueapp.Apply{Plan: queueapp.Plan{Queues: []queueapp.Queue{q}}})
		},
		"Absence": func(v string) string {
			q := queueapp.Queue{Name: "q", Strategy: queueapp.LeastRecent, Music: "m", Join: queueapp.Empty{Absent: []queueapp.Absence{queueapp.Absence(v)}}}
			return event(queueapp.Apply{Plan: queueapp.Plan{Queues: []queueapp.Queue{q}}})
		},
		"PublishResult": func(v string) string { return event(queueapp.Offered{Attempt: a, Publish: queueapp.PublishResult(v)}) },
		"EndCause":      func(v string) string { return event(queueapp.Ended{Attempt: a, Cause: queueapp.EndCause(v)}) },
		"DeviceState":   func(v string) string { return event(queueapp.Device{Extension: "1", State: queueapp.DeviceState(v)}) },
		"AttemptState": func(v string) string {
			return event(queueapp.RestoreAttempt{Attempt: a, Agent: "1", State: queueapp.AttemptState(v)})
		},
		"Outcome":       func(v string) string { return event(queueapp.Withdraw{Call: "c", Outcome: queueapp.Outcome(v)}) },
		"RevokeReason":  func(v string) string { return effect(queueapp.Revoke{Attempt: a, Reason: queueapp.RevokeReason(v)}) },
		"EndedBy":       func(v string) string { return effect(queueapp.Close{Attempt: a, By: queueapp.EndedBy(v)}) },
		"RefusalReason": func(v string) string { return effect(queueapp.Refused{Agent: "1", Reason: queueapp.RefusalReason(v)}) },
		"Then": func(v string) string {
			return effect(queueapp.Leave{Call: "c", Queue: "q", Outcome: queueapp.OutcomeTimeout, Then: queueapp.Then(v)})
		},
	}
	seen := map[string]int{}
	for _, name := range []string{"word", "plan", "event", "effect"} {
		for _, c := range constants(t, "../"+name+".go") {
			f, ok := write[c.kind]
			if !ok {
				t.Errorf("the test does not know where a %s is written", c.kind)
				continue
			}
			seen[c.kind]++
			if line := f(c.value); strings.Contains(line, `"`) {
				t.Errorf("%s %q is not known: %s", c.kind, c.value, line)
			}
		}
	}
	for kind := range write {
		if seen[kind] == 0 {
			t.Errorf("found no %s", kind)
		}
	}
}

type constant struct{ kind, value string }

// constants finds the typed constants of a file that are texts.
func constants(t *testing.T, path string) []constant {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []constant
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || len(v.Values) != 1 {
			return true
		}
		kind, isName := v.Type.(*ast.Ident)
		value, isText := v.Values[0].(*ast.BasicLit)
		if isName && isText && value.Kind == token.STRING {
			s, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, constant{kind.Name, s})
		}
		return true
	})
	return out
}
