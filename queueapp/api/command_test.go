package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp"
)

func TestAnAgentsDay(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	for _, tt := range []struct {
		command, body string
		status        queueapp.AgentStatus
		extension     queueapp.ExtensionID
		reason        string
	}{
		{"logon", "", queueapp.StatusFree, "1000", ""},
		{"pause", `{"reason": "lunch"}`, queueapp.StatusPaused, "1000", "lunch"},
		{"ready", "{}", queueapp.StatusFree, "1000", ""},
		{"logon", `{"extension": "1001"}`, queueapp.StatusFree, "1001", ""},
		{"logoff", "", queueapp.StatusLoggedOff, "", ""},
	} {
		got := read[queueapp.AgentView](t, ask(t, s, "POST", "/v1/agents/1000/"+tt.command, tt.body), http.StatusOK)
		if got.Status != tt.status || got.Extension != tt.extension || got.Reason != tt.reason {
			t.Errorf("after %s %s: %+v", tt.command, tt.body, got)
		}
		if now := agentOf(t, f, "1000"); now.Status != tt.status {
			t.Errorf("the floor says %+v after %s", now, tt.command)
		}
	}
}

func TestTheFloorsNo(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	wantProblem(t, ask(t, s, "POST", "/v1/agents/9/logon", ""), http.StatusNotFound, "unknown-agent")
	wantProblem(t, ask(t, s, "POST", "/v1/agents/1000/logon", `{"extension":"77"}`), http.StatusUnprocessableEntity, "unknown-extension")
	wantProblem(t, ask(t, s, "POST", "/v1/agents/1000/pause", ""), http.StatusConflict, "not-logged-on")
	ask(t, s, "POST", "/v1/agents/1000/logon", "")
	wantProblem(t, ask(t, s, "POST", "/v1/agents/1000/logon", ""), http.StatusConflict, "already")
	wantProblem(t, ask(t, s, "POST", "/v1/agents/1001/logon", `{"extension":"1000"}`), http.StatusConflict, "extension-taken")
	f.caller("c1")
	f.talk("c1")
	wantProblem(t, ask(t, s, "POST", "/v1/agents/1000/logon", `{"extension":"1001"}`), http.StatusConflict, "on-call")
	if p := refused(queueapp.Refused{Reason: "new-in-the-core"}); p.Status != http.StatusConflict || p.Title == "" {
		t.Errorf("a reason of tomorrow: %+v", p)
	}
}

func TestACallIsShownMovedUpAndWithdrawn(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.caller("c1")
	got := read[Call](t, ask(t, s, "GET", "/v1/calls/c1", ""), http.StatusOK)
	if got.State != "waiting" || got.Caller.Name != `A "quoted" <name> & 😀` || got.Customers[0].Name != "Company 1" {
		t.Errorf("%+v", got)
	}
	if want := (Data{{Key: "tier", Value: "gold"}, {Key: "area", Value: "north"}}); !slices.Equal(got.Customers[0].Data, want) {
		t.Errorf("data %v, want %v in this order", got.Customers[0].Data, want)
	}
	got = read[Call](t, ask(t, s, "POST", "/v1/calls/c1/priority", `{"priority": 5}`), http.StatusOK)
	if got.Priority != 5 {
		t.Errorf("priority %d", got.Priority)
	}
	if w := ask(t, s, "POST", "/v1/calls/c1/withdraw", ""); w.Code != http.StatusNoContent {
		t.Errorf("withdraw: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/v1/calls/c1/withdraw", "/v1/calls/c1/hangup", "/v1/calls/c1/priority"} {
		wantProblem(t, ask(t, s, "POST", path, bodyFor(path)), http.StatusNotFound, "unknown-call")
	}
	wantProblem(t, ask(t, s, "GET", "/v1/calls/c1", ""), http.StatusNotFound, "unknown-call")
}

func bodyFor(path string) string {
	if strings.HasSuffix(path, "priority") {
		return `{"priority": 1}`
	}
	return ""
}

func TestAConversationCanOnlyBeHungUp(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.handle(queueapp.LogOn{Agent: "1000"})
	f.caller("c1")
	f.talk("c1")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/withdraw", ""), http.StatusConflict, "not-waiting")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/priority", `{"priority":1}`), http.StatusConflict, "not-waiting")
	if w := ask(t, s, "POST", "/v1/calls/c1/hangup", ""); w.Code != http.StatusNoContent || !slices.Equal(f.hungUp, []queueapp.CallID{"c1"}) {
		t.Errorf("hang up: %d %s, %v", w.Code, w.Body, f.hungUp)
	}
}

func TestRelease(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.caller("c1")
	f.caller("c2")
	if got := read[Released](t, ask(t, s, "POST", "/v1/release", ""), http.StatusOK); got.Released != 2 {
		t.Errorf("%+v", got)
	}
}

func TestListings(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	if w := ask(t, s, "GET", "/v1/calls", ""); !strings.Contains(w.Body.String(), `"calls":[]`) {
		t.Errorf("an empty list is %s", w.Body)
	}
	f.caller("c1")
	f.handle(queueapp.LogOn{Agent: "1001"})
	calls := read[Calls](t, ask(t, s, "GET", "/v1/calls", ""), http.StatusOK)
	queues := read[Queues](t, ask(t, s, "GET", "/v1/queues", ""), http.StatusOK)
	agents := read[Agents](t, ask(t, s, "GET", "/v1/agents", ""), http.StatusOK)
	route := read[Route](t, ask(t, s, "GET", "/v1/queues/support/route", ""), http.StatusOK)
	if len(calls.Calls) != 1 || queues.Queues[0].Waiting != 1 || len(agents.Agents) != 2 || len(route.Candidates) != 2 {
		t.Errorf("%+v\n%+v\n%+v\n%+v", calls, queues, agents, route)
	}
	if calls.At.IsZero() || queues.At.IsZero() || agents.At.IsZero() || route.At.IsZero() {
		t.Error("a listing without its time")
	}
	wantProblem(t, ask(t, s, "GET", "/v1/queues/nope/route", ""), http.StatusNotFound, "unknown-queue")
}

func TestBadBodiesChangeNothing(t *testing.T) {
	f := newSmallFloor()
	f.handle(queueapp.LogOn{Agent: "1000"})
	s := newServer(f)
	for _, tt := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"agents/1000/pause", `{"reason": "lunch"`, 400, "too early"},
		{"agents/1000/pause", `reason=lunch`, 400, "byte 1"},
		{"agents/1000/pause", `{"reason": "lunch"} {}`, 400, "byte 21"},
		{"agents/1000/pause", `{"reason": 7}`, 422, "reason"},
		{"agents/1000/pause", `["lunch"]`, 422, "the body"},
		{"agents/1000/pause", `{"raeson": "lunch"}`, 422, `"raeson"`},
		{"agents/1000/pause", `{"reason": "a\nb"}`, 422, "do not print"},
		{"agents/1000/pause", `{"reason": "\u001b[2J"}`, 422, "do not print"},
		{"agents/1000/pause", `{"reason": "` + strings.Repeat("é", 201) + `"}`, 422, "200"},
		{"agents/1000/pause", `{"reason": "` + strings.Repeat("x", maxBody) + `"}`, 413, "4096"},
		{"agents/1000/logoff", `{"reason": "lunch"}`, 422, `"reason"`},
		{"agents/1000/logon", `{"extension": "` + strings.Repeat("1", 65) + `"}`, 422, "64"},
		{"calls/c1/priority", ``, 422, "priority"},
		{"calls/c1/priority", `{"priority": 1.5}`, 422, "whole number"},
		{"calls/c1/priority", `{"priority": 99999999999}`, 422, "32 bits"},
	} {
		w := ask(t, s, "POST", "/v1/"+tt.path, tt.body)
		p := wantProblem(t, w, tt.status, "body")
		if !strings.Contains(p.Error(), tt.says) {
			t.Errorf("%s %s: %q does not say %q", tt.path, tt.body, p.Error(), tt.says)
		}
	}
	if a := agentOf(t, f, "1000"); a.Status != queueapp.StatusFree {
		t.Errorf("a bad body changed the agent: %+v", a)
	}
}

func TestABodyOfAnotherKind(t *testing.T) {
	s := newServer(newSmallFloor())
	for media, status := range map[string]int{"text/plain": 415, "application/json; charset=": 415, "application/json; charset=utf-8": 200} {
		r := httptest.NewRequest("POST", "/v1/agents/1000/logon", strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: %d %s", media, w.Code, w.Body)
		}
	}
}

// FuzzBody holds that no body crashes the server, that what it refuses is a problem that says why, and that what it
// lets through to the floor prints on one line.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", `{"reason":"lunch"}`, `{"reason":7}`, `{"Reason":"x"}`, `{"reason":"\ud800"}`, "{", "[[[[", "\xff", `{"reason":"a"}x`} {
		f.Add("pause", seed)
		f.Add("logon", strings.ReplaceAll(seed, "reason", "extension"))
	}
	f.Fuzz(func(t *testing.T, command, body string) {
		if command != "pause" && command != "logon" && command != "ready" && command != "logoff" {
			return
		}
		floor := newSmallFloor()
		floor.handle(queueapp.LogOn{Agent: "1000"})
		w := ask(t, newServer(floor), "POST", "/v1/agents/1000/"+command, body)
		if w.Code == http.StatusOK {
			a := agentOf(t, floor, "1000")
			if !utf8.ValidString(a.Reason) || strings.ContainsFunc(a.Reason, unicode.IsControl) || utf8.RuneCountInString(a.Reason) > 200 {
				t.Errorf("%q became the reason %q", body, a.Reason)
			}
			return
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Word() == "" || w.Code >= 500 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// FuzzData holds that data is always valid JSON and comes back as it was, but for keys that are there twice.
func FuzzData(f *testing.F) {
	f.Add("tier", "gold", "area", "north")
	f.Add("a", "1", "a", "2")
	f.Add("", "\x00", "\"", "\u2028")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		in := Data{{Key: k1, Value: v1}, {Key: k2, Value: v2}}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatalf("marshal %q: %v", in, err)
		}
		var out Data
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatalf("unmarshal %s: %v", b, err)
		}
		for _, text := range []string{k1, v1, k2, v2} {
			if !utf8.ValidString(text) {
				return // what a broken sequence becomes is encoding/json's affair
			}
		}
		if k1 == k2 {
			in = in[:1]
		}
		if !slices.Equal(in, out) {
			t.Errorf("%q became %q", in, out)
		}
	})
}
