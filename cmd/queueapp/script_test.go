package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp"
	"ringside/queueapp/api"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"queueapp": main})
}

// leakless makes goroutines that the tests leave behind a failure.
type leakless struct{ *testing.M }

// Run implements testscript.TestingM.
func (l leakless) Run() int {
	code := l.M.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the command line as people do: arguments, environment and files in, text and exit codes out. The
// scripts find $API, where an owner answers, $STANDBY, $STRANGER and $NOBODY.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			serve := func(name string, h http.Handler) {
				s := httptest.NewServer(h)
				e.Defer(s.Close)
				e.Setenv(name, strings.TrimPrefix(s.URL, "http://"))
			}
			serve("API", newAPI(sampleFloor()))
			serve("STANDBY", newAPI(&cannedFloor{state: api.StateStandby}))
			serve("STRANGER", http.NotFoundHandler())
			nobody, err := unusedAddress()
			e.Setenv("NOBODY", nobody)
			e.Setenv("QUEUEAPP_HTTP_TOKEN", testToken)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command and wants its exit code: exits 2 queueapp agents --nonsense
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("exits: %v", err)
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("exits: %v", err)
	}
	if got != want {
		ts.Fatalf("%s exits %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// unusedAddress is one where nobody listens.
func unusedAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

const testToken = "a-token-of-the-tests"

func newAPI(f api.Floor) http.Handler {
	return api.New(api.Config{Floor: f, Metrics: api.NewMetrics("test", "test"), Token: testToken, Log: slog.New(slog.DiscardHandler)})
}

// cannedFloor shows what it is given, so that every status can be shown, and keeps what it is told.
type cannedFloor struct {
	state      api.State
	candidates []queueapp.Candidate

	mu     sync.Mutex
	agents []queueapp.AgentView
	queues []queueapp.QueueView
	calls  []queueapp.CallView

	recordings map[queueapp.CallID]api.Recording
}

func (f *cannedFloor) Agents(context.Context) ([]queueapp.AgentView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]queueapp.AgentView{}, f.agents...), nil
}

func (f *cannedFloor) Queues(context.Context) ([]queueapp.QueueView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]queueapp.QueueView{}, f.queues...), nil
}

func (f *cannedFloor) Calls(context.Context) ([]queueapp.CallView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]queueapp.CallView{}, f.calls...), nil
}

func (f *cannedFloor) Explain(_ context.Context, q queueapp.QueueName) ([]queueapp.Candidate, error) {
	if q != "support" {
		return nil, api.ErrUnknownQueue
	}
	return f.candidates, nil
}

func (f *cannedFloor) Command(_ context.Context, e queueapp.Event) ([]queueapp.Effect, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch e := e.(type) {
	case queueapp.LogOn:
		return f.change(e.Agent, func(a *queueapp.AgentView) {
			a.Status, a.Extension = queueapp.StatusFree, queueapp.ExtensionID(e.Agent)
			if e.Extension != "" {
				a.Extension = e.Extension
			}
		}), nil
	case queueapp.LogOff:
		return f.change(e.Agent, func(a *queueapp.AgentView) { a.Status, a.Extension = queueapp.StatusLoggedOff, "" }), nil
	case queueapp.Pause:
		return f.change(e.Agent, func(a *queueapp.AgentView) { a.Status, a.Reason = queueapp.StatusPaused, e.Reason }), nil
	case queueapp.Ready:
		return f.change(e.Agent, func(a *queueapp.AgentView) { a.Status = queueapp.StatusFree }), nil
	case queueapp.Prioritise:
		for i := range f.calls {
			if f.calls[i].Call == e.Call {
				f.calls[i].Priority = e.Priority
			}
		}
		return nil, nil
	case queueapp.Pull:
		if e.Extension == "4711" {
			return []queueapp.Effect{queueapp.Refused{Call: e.Call, Reason: queueapp.RefusedUnknownExtension}}, nil
		}
		for i := range f.calls {
			if f.calls[i].Call == e.Call {
				f.calls[i].State, f.calls[i].Extension = "offered", e.Extension
			}
		}
		return nil, nil
	case queueapp.Withdraw:
		return []queueapp.Effect{queueapp.Leave{Call: e.Call, Outcome: e.Outcome}}, nil
	default:
		return nil, fmt.Errorf("%T is no command of an operator's", e)
	}
}

func (f *cannedFloor) change(id queueapp.AgentID, how func(*queueapp.AgentView)) []queueapp.Effect {
	for i := range f.agents {
		if f.agents[i].Agent == id {
			how(&f.agents[i])
			return nil
		}
	}
	return []queueapp.Effect{queueapp.Refused{Agent: id, Reason: queueapp.RefusedUnknownAgent}}
}

func (f *cannedFloor) HangUp(_ context.Context, call queueapp.CallID) error {
	for _, c := range f.calls {
		if c.Call == call {
			return nil
		}
	}
	return api.ErrUnknownCall
}

func (f *cannedFloor) Recordings(context.Context) (map[queueapp.CallID]api.Recording, error) {
	return f.recordings, nil
}

func (f *cannedFloor) Record(_ context.Context, call queueapp.CallID, do string) error {
	now, ok := f.recordings[call]
	switch {
	case !ok:
		return api.ErrNotTalking
	case do == "pause" && now.State == "paused":
		return api.ErrRecordedAlready
	}
	now.State = map[string]string{"start": "recording", "pause": "paused", "resume": "recording", "stop": "off"}[do]
	f.recordings[call] = now
	return nil
}

func (f *cannedFloor) Release(context.Context) (int, error) { return 2, nil }

func (f *cannedFloor) Ready() api.Readiness { return api.Readiness{State: f.state} }

func (f *cannedFloor) Watch(context.Context) (<-chan api.Notice, error) {
	return nil, api.ErrUnavailable
}

// sampleFloor has an agent in every status and a caller with a hostile name.
func sampleFloor() *cannedFloor {
	now := time.Now()
	support := []queueapp.QueueName{"support"}
	return &cannedFloor{
		state:      api.StateActive,
		recordings: map[queueapp.CallID]api.Recording{callTwo: {Name: "2026-11-20/support-\u202e1", State: "off"}},
		agents: []queueapp.AgentView{
			{Agent: "1000", Name: "Ana", Extension: "1000", Status: queueapp.StatusTalking, Queues: support, Call: callTwo, LastCall: now.Add(-4*time.Minute - 5*time.Second)},
			{Agent: "1001", Name: "Zoë", Status: queueapp.StatusLoggedOff, Queues: support},
			{Agent: "1002", Name: "Bo", Extension: "1002", Status: queueapp.StatusPaused, Reason: "lunch", Queues: []queueapp.QueueName{"support", "sales"}},
			{Agent: "1003", Name: "Cy", Extension: "1003", Status: queueapp.StatusUnavailable, Device: queueapp.DeviceBusy, Queues: support},
		},
		queues: []queueapp.QueueView{
			{Queue: "support", Strategy: queueapp.LeastRecent, Waiting: 1, Talking: 1, LoggedOn: 3, Longest: now.Add(-time.Minute)},
			{Queue: "sales", Strategy: queueapp.LeastRecent, Waiting: 0},
		},
		calls: []queueapp.CallView{
			{
				Call: callOne, Queue: "support", State: "waiting", Position: 1, Entry: 7, Entered: now.Add(-time.Minute), Deadline: now.Add(9 * time.Minute),
				Caller: queueapp.Caller{Number: "555", Name: "\x1b[2J\u202eevil", Dialled: "0000"}, Switch: "asterisk", Channel: "1700000000.42",
				Customers: []queueapp.Customer{{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1", URL: "https://crm/1",
					Data: []queueapp.Datum{{Key: "tier", Value: "gold"}}}},
			},
			{Call: callTwo, Queue: "support", State: "talking", Entered: now.Add(-3 * time.Minute), Connected: now.Add(-2 * time.Hour), Agent: "1000", Extension: "1000"},
		},
		candidates: []queueapp.Candidate{
			{Agent: "1002", Rank: 1, Eligible: true, Why: "last call ended longest ago"},
			{Agent: "1000", Why: "is on a call"},
		},
	}
}

const (
	callOne = "01920000-0000-7000-8000-000000000001"
	callTwo = "01930000-0000-7000-8000-000000000002"
)

func TestWatchingPrintsALineForEachChange(t *testing.T) {
	f := sampleFloor()
	s := httptest.NewServer(newAPI(f))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lines := &lineWriter{}
	seen := 0
	lines.each = func(line string) {
		var v api.Queues
		if err := json.Unmarshal([]byte(line), &v); err != nil || len(v.Queues) != 2 {
			t.Errorf("%q: %v", line, err)
		}
		if seen++; seen == 2 {
			cancel()
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.queues[0].Waiting = 5
	}
	var stderr strings.Builder
	code := run(ctx, []string{"queues", "--watch"}, terminal{stdout: lines, stderr: &stderr, env: config.Environment{
		"QUEUEAPP_HTTP_LISTEN=" + strings.TrimPrefix(s.URL, "http://"), "QUEUEAPP_HTTP_TOKEN=" + testToken,
	}})
	if code != exitDone || seen != 2 {
		t.Errorf("exit %d after %d lines: %s", code, seen, &stderr)
	}
}

// lineWriter hands on whole lines.
type lineWriter struct {
	rest string
	each func(string)
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest += string(p)
	for {
		line, rest, whole := strings.Cut(w.rest, "\n")
		if !whole {
			return len(p), nil
		}
		w.rest = rest
		w.each(line)
	}
}

func TestAPageIsDrawnInPlace(t *testing.T) {
	f := sampleFloor()
	s := httptest.NewServer(newAPI(f))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var page strings.Builder
	a := &app{configFile: etcConfig, terminal: terminal{stderr: os.Stderr, stdout: writerFunc(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), home) {
			cancel()
		}
		return page.Write(p)
	}), env: config.Environment{"QUEUEAPP_HTTP_LISTEN=" + strings.TrimPrefix(s.URL, "http://"), "QUEUEAPP_HTTP_TOKEN=" + testToken}}}
	o, err := a.owner()
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if err := (look[api.Calls]{owner: o, path: "/v1/calls", lay: callsTable}).redraw(ctx, a); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if !strings.HasPrefix(text, pageBegin+home) || !strings.HasSuffix(text, pageRest+pageEnd) || !strings.Contains(text, "Company 1") {
		t.Errorf("%q", text)
	}
	if strings.Contains(text, "\x1b[2J\u202e") {
		t.Error("a caller's name reached the terminal as it was")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
