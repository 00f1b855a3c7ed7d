package api

import (
	"net/http"
	"strings"
	"testing"

	"ringside/queueapp"
)

func TestACallIsPulled(t *testing.T) {
	f := newSmallFloor()
	s := newServer(f)
	f.caller("c1")
	got := read[Call](t, ask(t, s, "POST", "/v1/calls/c1/pull", `{"extension": "1001"}`), http.StatusOK)
	if got.State != "offered" || got.Extension != "1001" || got.Agent != "" || got.Attempt != 1 {
		t.Errorf("%+v", got)
	}
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/pull", `{"extension": "1001"}`), http.StatusConflict, "already")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/pull", `{"extension": "4711"}`), http.StatusUnprocessableEntity, "unknown-extension")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/pull", `{}`), http.StatusUnprocessableEntity, "body")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c9/pull", `{"extension": "1001"}`), http.StatusNotFound, "unknown-call")
	f.handle(queueapp.Hold{})
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c1/pull", `{"extension": "1000"}`), http.StatusServiceUnavailable, "unavailable")
	f.handle(queueapp.Unhold{})
	f.caller("c2")
	wantProblem(t, ask(t, s, "POST", "/v1/calls/c2/pull", `{"extension": "1001"}`), http.StatusConflict, "on-call")
	f.talk("c1")
	no := ask(t, s, "POST", "/v1/calls/c1/pull", `{"extension": "1000"}`)
	if !strings.Contains(no.Body.String(), "transfer") {
		t.Errorf("it does not say what to do: %s", no.Body)
	}
	wantProblem(t, no, http.StatusConflict, "not-waiting")
	if p := notPulled("new-in-the-core"); p.Status != http.StatusConflict || p.Title == "" {
		t.Errorf("a reason of tomorrow: %+v", p)
	}
}
