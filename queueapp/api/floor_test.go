package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringside/queueapp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-token-of-the-tests"

// smallFloor is the engine's place taken by the real core behind a mutex: commands take effect, refusals are real.
type smallFloor struct {
	mu     sync.Mutex
	core   *queueapp.Floor
	now    time.Time
	state  Readiness
	fail   error // what listings and commands fail with
	hungUp []queueapp.CallID

	recordings map[queueapp.CallID]Recording
	refuses    error // what recordings cannot be changed for

	notices  chan Notice
	watching chan struct{} // one value a Watch
}

func newSmallFloor() *smallFloor {
	f := &smallFloor{
		core:     queueapp.NewFloor(),
		now:      time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		state:    Readiness{State: StateActive, Parts: []Part{{Name: "lock", OK: true}}},
		notices:  make(chan Notice),
		watching: make(chan struct{}, 16),
	}
	f.core.Handle(f.now, queueapp.Apply{Plan: queueapp.Plan{
		Queues: []queueapp.Queue{{
			Name: "support", Strategy: queueapp.LeastRecent, Ring: 20 * time.Second, Timeout: time.Minute,
			Members: []queueapp.Member{{Agent: "1000"}, {Agent: "1001"}},
		}},
		Agents: []queueapp.Agent{{ID: "1000", Name: "Ana", Extension: "1000"}, {ID: "1001", Name: "Zoë", Extension: "1001"}},
		Extensions: []queueapp.Extension{
			{ID: "1000", Switch: "asterisk", Dial: "PJSIP/1000"}, {ID: "1001", Switch: "asterisk", Dial: "PJSIP/1001"},
		},
	}})
	return f
}

// handle puts an event into the core a second after the last one.
func (f *smallFloor) handle(e queueapp.Event) []queueapp.Effect {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(time.Second)
	return f.core.Handle(f.now, e)
}

// caller puts a caller into the queue.
func (f *smallFloor) caller(id queueapp.CallID) {
	f.handle(queueapp.Enter{
		Call: id, Queue: "support", Entry: 1, Timeout: time.Minute, Switch: "asterisk", Channel: "1700000000.1",
		Caller: queueapp.Caller{Number: "555", Name: `A "quoted" <name> & 😀`, Dialled: "0000"},
		Customers: []queueapp.Customer{{
			ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1", URL: "https://crm/1",
			Data: []queueapp.Datum{{Key: "tier", Value: "gold"}, {Key: "area", Value: "north"}},
		}},
	})
}

// talk lets agent 1000 answer the call's first attempt.
func (f *smallFloor) talk(id queueapp.CallID) {
	a := queueapp.AttemptID{Call: id, N: 1}
	f.handle(queueapp.Offered{Attempt: a, Publish: queueapp.PublishOK})
	f.handle(queueapp.Up{Attempt: a})
	f.handle(queueapp.Connected{Attempt: a})
}

func (f *smallFloor) Agents(context.Context) ([]queueapp.AgentView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.core.Agents(), f.fail
}

func (f *smallFloor) Queues(context.Context) ([]queueapp.QueueView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.core.Queues(), f.fail
}

func (f *smallFloor) Calls(context.Context) ([]queueapp.CallView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.core.Calls(), f.fail
}

func (f *smallFloor) Explain(_ context.Context, q queueapp.QueueName) ([]queueapp.Candidate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	candidates, ok := f.core.Explain(q)
	if !ok {
		return nil, fmt.Errorf("explain %s: %w", q, ErrUnknownQueue)
	}
	return candidates, f.fail
}

func (f *smallFloor) Command(_ context.Context, e queueapp.Event) ([]queueapp.Effect, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	return f.handle(e), nil
}

func (f *smallFloor) HangUp(_ context.Context, call queueapp.CallID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.core.Call(call); !ok {
		return ErrUnknownCall
	}
	f.hungUp = append(f.hungUp, call)
	return nil
}

func (f *smallFloor) Recordings(context.Context) (map[queueapp.CallID]Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.recordings), f.fail
}

func (f *smallFloor) Record(_ context.Context, call queueapp.CallID, do string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != nil {
		return f.refuses
	}
	now := f.recordings[call]
	now.State = map[string]string{"start": "recording", "pause": "paused", "resume": "recording", "stop": "off"}[do]
	f.recordings = map[queueapp.CallID]Recording{call: now}
	return nil
}

func (f *smallFloor) Release(ctx context.Context) (int, error) {
	calls, err := f.Calls(ctx)
	for _, c := range calls {
		f.handle(queueapp.Withdraw{Call: c.Call, Outcome: queueapp.OutcomeUnavailable})
	}
	return len(calls), err
}

func (f *smallFloor) Ready() Readiness {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *smallFloor) Watch(context.Context) (<-chan Notice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watching <- struct{}{}
	return f.notices, f.fail
}

func newServer(f Floor) *Server {
	return New(Config{Floor: f, Metrics: NewMetrics("1.2.3", "abcdef0"), Token: token, Log: slog.New(slog.DiscardHandler)})
}

// ask sends one request with the token and returns the answer.
func ask(t testing.TB, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// read decodes an answer strictly, so that a field that the type does not know shows.
func read[T any](t testing.TB, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	var v T
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", w.Body, err)
	}
	return v
}

// wantProblem checks that an answer is the problem that it should be, and a whole one.
func wantProblem(t testing.TB, w *httptest.ResponseRecorder, status int, word string) Problem {
	t.Helper()
	p := read[Problem](t, w, status)
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if p.Word() != word || p.Status != status || p.Title == "" || p.Detail == "" {
		t.Errorf("problem %+v, want %q with title and detail", p, word)
	}
	return p
}

func agentOf(t testing.TB, f *smallFloor, id queueapp.AgentID) queueapp.AgentView {
	t.Helper()
	agents, _ := f.Agents(t.Context())
	i := slices.IndexFunc(agents, func(a queueapp.AgentView) bool { return a.Agent == id })
	if i < 0 {
		t.Fatalf("no agent %s", id)
	}
	return agents[i]
}

func drain(t testing.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
