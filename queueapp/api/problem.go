package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Problem is an error as the API answers it (RFC 9457). Type is stable, "ringside:problem:" and a word; Detail says what
// to do.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	State  State  `json:"state,omitempty"` // of the process, where that is the problem
}

// Error makes a Problem an error, so that a client can hand it on.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// Word is the last part of Type: "unknown-queue".
func (p *Problem) Word() string {
	const prefix = "ringside:problem:"
	if len(p.Type) > len(prefix) && p.Type[:len(prefix)] == prefix {
		return p.Type[len(prefix):]
	}
	return ""
}

func problem(status int, word, title, detail string) *Problem {
	return &Problem{Type: "ringside:problem:" + word, Title: title, Status: status, Detail: detail}
}

// problemOf says what to answer for an error of the floor.
func problemOf(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrUnknownQueue):
		return problem(http.StatusNotFound, "unknown-queue", "No such queue", "GET /v1/queues lists those of the floor plan in force.")
	case errors.Is(err, ErrUnknownCall):
		return unknownCall()
	case errors.Is(err, ErrUnavailable):
		return problem(http.StatusServiceUnavailable, "unavailable", "The floor cannot answer now", err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "timeout", "The floor did not answer in time",
			"The command may still take effect: look before giving it again. /readyz says what the floor waits for.")
	default:
		return problem(http.StatusInternalServerError, "fault", "The floor failed", err.Error())
	}
}

func unknownCall() *Problem {
	return problem(http.StatusNotFound, "unknown-call", "No such call",
		"GET /v1/calls lists the calls on the floor; `queueapp journal CALL` shows one that is over.")
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	write(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, v any) { write(w, http.StatusOK, "application/json", v) }

// write answers with v. What is answered changes from one moment to the next and may be about people: nothing stores it.
func write(w http.ResponseWriter, status int, mediaType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode the answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the reader is gone: nobody is left to tell
}
