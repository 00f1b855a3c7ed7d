package store_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/store"
)

// Names come from the network as they please.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	_, o, _ := owned(t)
	evil := "a\x00b\xff'\"\\\n\u202e😀" + strings.Repeat("x", 5000)
	clean := "ab\uFFFD'\"\\\n\u202e😀" + strings.Repeat("x", 5000)
	call := newCall(t)
	s := enter(1, call, "")
	e := s.Event.(queueapp.Enter)
	e.Timeout = time.Minute
	e.Caller = queueapp.Caller{Number: evil, Name: evil, Dialled: evil}
	e.Channel, e.Switch = queueapp.ChannelID(evil), queueapp.SwitchName(evil)
	e.Customers = []queueapp.Customer{{ID: evil, Name: evil, Data: []queueapp.Datum{{Key: evil, Value: evil}, {Key: evil, Value: "2"}}}}
	e.Data = []queueapp.Datum{{Key: evil, Value: evil}}
	s.Event = e
	commit(t, o, s, queueapp.Step{N: 2, At: s.At, Event: queueapp.Pause{Agent: "1000", Reason: evil}, Effects: []queueapp.Effect{
		queueapp.LoggedOn{Agent: "1000", Extension: "1000"}, queueapp.Paused{Agent: "1000", Reason: evil},
	}})
	r := load(t, o)
	want := e
	want.Caller = queueapp.Caller{Number: clean, Name: clean, Dialled: clean}
	want.Channel, want.Switch = queueapp.ChannelID(clean), queueapp.SwitchName(clean)
	want.Customers = []queueapp.Customer{{ID: clean, Name: clean, Data: []queueapp.Datum{{Key: clean, Value: clean}, {Key: clean, Value: "2"}}}}
	want.Data = []queueapp.Datum{{Key: clean, Value: clean}}
	if diff := cmp.Diff(want, r.Visits[0].Enter); diff != "" {
		t.Errorf("the call: %s", diff)
	}
	if got := r.Agents[0].Reason; got != clean {
		t.Errorf("the reason of the pause: %q", got)
	}
	if err := o.Commit(t.Context(), engine.Batch{Steps: []queueapp.Step{enter(3, queueapp.CallID(evil), "")}}); err == nil || errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("a call id that is no UUID: %v", err)
	}
}

// Every word of the core's closed sets fits into the tables: who adds one must add a migration.
func TestWordsFit(t *testing.T) {
	t.Parallel()
	_, o, _ := owned(t)
	sets := constants(t, "../queueapp", "Outcome", "PublishResult", "RevokeReason", "EndedBy", "EndCause")
	n := int64(0)
	next := func(ev queueapp.Event, effects ...queueapp.Effect) {
		n++
		commit(t, o, queueapp.Step{N: n, At: noon(), Event: ev, Effects: effects})
	}
	try := func(set string, use func(word string, id queueapp.AttemptID)) {
		if len(sets[set]) < 2 {
			t.Fatalf("only %d constants of type %s found", len(sets[set]), set)
		}
		for _, word := range sets[set] {
			call := newCall(t)
			next(queueapp.Enter{Call: call, Queue: "support", Entry: n}, offer(call, 1, "1000", noon()))
			id := queueapp.AttemptID{Call: call, N: 1}
			use(word, id)
			next(queueapp.Ended{Attempt: id, Cause: queueapp.EndHangup}, queueapp.Leave{Call: call, Outcome: queueapp.OutcomeAbandoned})
		}
	}
	try("Outcome", func(w string, id queueapp.AttemptID) {
		next(queueapp.Tick{}, queueapp.Leave{Call: id.Call, Outcome: queueapp.Outcome(w)})
	})
	try("PublishResult", func(w string, id queueapp.AttemptID) {
		next(queueapp.Offered{Attempt: id, Publish: queueapp.PublishResult(w)})
	})
	try("RevokeReason", func(w string, id queueapp.AttemptID) {
		next(queueapp.Tick{}, queueapp.Revoke{Attempt: id, Reason: queueapp.RevokeReason(w)})
	})
	try("EndedBy", func(w string, id queueapp.AttemptID) {
		next(queueapp.Tick{}, queueapp.Close{Attempt: id, By: queueapp.EndedBy(w)})
	})
	try("EndCause", func(w string, id queueapp.AttemptID) { next(queueapp.Ended{Attempt: id, Cause: queueapp.EndCause(w)}) })
}

// constants reads the string constants of some types from a package's source.
func constants(t *testing.T, dir string, types ...string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			name, ok := v.Type.(*ast.Ident)
			lit, isLit := v.Values[0].(*ast.BasicLit)
			if ok && isLit && slices.Contains(types, name.Name) {
				if word, err := strconv.Unquote(lit.Value); err == nil {
					found[name.Name] = append(found[name.Name], word)
				}
			}
			return true
		})
	}
	return found
}
