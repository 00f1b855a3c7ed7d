package api

import (
	"net/http"
	"strings"
)

// healthz says that the process is alive and answers: nothing more.
func healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct {
		OK bool `json:"ok"`
	}{true})
}

// readyz is 200 only where this process gives calls away; everywhere else it says why it does not.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	ready := s.floor.Ready()
	status := http.StatusServiceUnavailable
	if ready.State == StateActive {
		status = http.StatusOK
	}
	if ready.Parts == nil {
		ready.Parts = []Part{}
	}
	write(w, status, "application/json", ready)
}

// notOwner says why a process that stands so cannot speak for the floor; nil where it can.
func notOwner(r Readiness) error {
	var p *Problem
	switch r.State {
	case StateActive, StateHold:
		return nil
	case StateStandby:
		p = problem(http.StatusServiceUnavailable, "standby", "This process is a standby",
			"Another process owns the floor: ask that one. This one takes over when that one is gone.")
	case StateStopping:
		p = problem(http.StatusServiceUnavailable, "stopping", "This process is stopping", "The next one adopts its calls: ask again in a moment.")
	case StateStarting:
		p = problem(http.StatusServiceUnavailable, "starting", "This process is starting", waitingFor(r.Parts))
	default:
		p = problem(http.StatusServiceUnavailable, "unavailable", "The floor cannot answer now", waitingFor(r.Parts))
	}
	p.State = r.State
	return p
}

// waitingFor names the parts that are not there yet.
func waitingFor(parts []Part) string {
	var missing []string
	for _, p := range parts {
		if !p.OK {
			missing = append(missing, strings.TrimSuffix(p.Name+": "+p.Why, ": "))
		}
	}
	if len(missing) == 0 {
		return "Ask again in a moment."
	}
	return "It waits for " + strings.Join(missing, "; ") + "."
}
