package api

import (
	"context"
	_ "embed"
	"net/http"
	"slices"
	"strings"
)

//go:embed openapi.yaml
var openAPI []byte

// answer is a handler that leaves what went wrong to its caller.
type answer func(w http.ResponseWriter, r *http.Request) error

// route is one operation of openapi.yaml.
type route struct {
	method, path string
	handler      http.Handler
}

// routes are all of them; a test holds them against openapi.yaml.
func (s *Server) routes(metrics http.Handler) []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{get, "/healthz", http.HandlerFunc(healthz)},
		{get, "/readyz", http.HandlerFunc(s.readyz)},
		{get, "/metrics", metrics},
		{get, "/v1/openapi.yaml", http.HandlerFunc(describe)},
		{get, "/v1/agents", s.asked(s.agents)},
		{get, "/v1/queues", s.asked(s.queues)},
		{get, "/v1/calls", s.asked(s.calls)},
		{get, "/v1/calls/{call}", s.asked(s.oneCall)},
		{get, "/v1/queues/{queue}/route", s.asked(s.explain)},
		{post, "/v1/agents/{agent}/logon", s.asked(s.logOn)},
		{post, "/v1/agents/{agent}/logoff", s.asked(s.logOff)},
		{post, "/v1/agents/{agent}/pause", s.asked(s.pause)},
		{post, "/v1/agents/{agent}/ready", s.asked(s.ready)},
		{post, "/v1/agents/{agent}/wrapup", s.asked(s.wrapUp)},
		{post, "/v1/calls/{call}/move", s.asked(s.move)},
		{post, "/v1/calls/{call}/pull", s.asked(s.pull)},
		{post, "/v1/calls/{call}/priority", s.asked(s.prioritise)},
		{post, "/v1/calls/{call}/record", s.asked(s.record)},
		{post, "/v1/calls/{call}/withdraw", s.asked(s.withdraw)},
		{post, "/v1/calls/{call}/hangup", s.asked(s.hangUp)},
		{post, "/v1/release", s.asked(s.release)},
		{get, "/v1/events", s.owned(s.events)},
	}
}

// register adds the routes, and beside them what answers a wrong method or path with a problem.
func (s *Server) register(routes []route) {
	methods := map[string][]string{}
	for _, r := range routes {
		s.mux.Handle(r.method+" "+r.path, r.handler)
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(slices.Sorted(slices.Values(allowed)), ", "))
			writeProblem(w, problem(http.StatusMethodNotAllowed, "method", "Wrong method",
				"Use "+strings.Join(allowed, " or ")+"; GET /v1/openapi.yaml describes every operation."))
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem(http.StatusNotFound, "path", "No such path", "GET /v1/openapi.yaml describes every operation."))
	})
}

// asked answers what the floor must be ours for, within the time-out.
func (s *Server) asked(a answer) http.Handler {
	return s.owned(func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
		defer cancel()
		return a(w, r.WithContext(ctx))
	})
}

// owned answers only where this process owns the floor: a standby knows nothing that is true.
func (s *Server) owned(a answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := notOwner(s.floor.Ready())
		if err == nil {
			err = a(w, r)
		}
		if err != nil {
			writeProblem(w, problemOf(err))
		}
	})
}

func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI) // the reader is gone: nobody is left to tell
}
