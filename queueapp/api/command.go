package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"ringside/queueapp"
)

// Released is the answer of POST /v1/release: how many callers go on in the dialplan.
type Released struct {
	Released int `json:"released"`
}

func (s *Server) logOn(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Extension queueapp.ExtensionID `json:"extension"`
		Queue     queueapp.QueueName   `json:"queue"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if err := plain("extension", string(body.Extension), 64); err != nil {
		return err
	}
	return s.agentCommand(w, r, func(a queueapp.AgentID) queueapp.Event {
		return queueapp.LogOn{Agent: a, Extension: body.Extension, Queue: body.Queue}
	})
}

// ofQueue is the body of commands that are about all of an agent's queues, or about one.
type ofQueue struct {
	Queue queueapp.QueueName `json:"queue"`
}

func (s *Server) logOff(w http.ResponseWriter, r *http.Request) error {
	var body ofQueue
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return s.agentCommand(w, r, func(a queueapp.AgentID) queueapp.Event { return queueapp.LogOff{Agent: a, Queue: body.Queue} })
}

func (s *Server) pause(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Reason string             `json:"reason"`
		Queue  queueapp.QueueName `json:"queue"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if err := plain("reason", body.Reason, 200); err != nil {
		return err
	}
	return s.agentCommand(w, r, func(a queueapp.AgentID) queueapp.Event {
		return queueapp.Pause{Agent: a, Reason: body.Reason, Queue: body.Queue}
	})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	var body ofQueue
	if err := decode(w, r, &body); err != nil {
		return err
	}
	return s.agentCommand(w, r, func(a queueapp.AgentID) queueapp.Event { return queueapp.Ready{Agent: a, Queue: body.Queue} })
}

// longestWrapUp is far more than anybody writes after a call.
const longestWrapUp = 24 * time.Hour

func (s *Server) wrapUp(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Seconds *float64 `json:"seconds"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if body.Seconds == nil || *body.Seconds < 0 || *body.Seconds > longestWrapUp.Seconds() {
		return problem(http.StatusUnprocessableEntity, "body", "seconds is missing or out of range", `Send {"seconds": 60}: how long wrap-up lasts from now on, a day at most.`)
	}
	d := time.Duration(*body.Seconds * float64(time.Second))
	return s.agentCommand(w, r, func(a queueapp.AgentID) queueapp.Event { return queueapp.WrapUpFor{Agent: a, For: d} })
}

// agentCommand gives the command and answers with the agent as it stands afterwards.
func (s *Server) agentCommand(w http.ResponseWriter, r *http.Request, event func(queueapp.AgentID) queueapp.Event) error {
	agent := queueapp.AgentID(r.PathValue("agent"))
	effects, err := s.floor.Command(r.Context(), event(agent))
	if err != nil {
		return err
	}
	if p := refusal(effects); p != nil {
		return p
	}
	agents, err := s.floor.Agents(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(agents, func(a queueapp.AgentView) bool { return a.Agent == agent })
	if i < 0 { // gone with a floor plan that was applied meanwhile
		return refusal([]queueapp.Effect{queueapp.Refused{Agent: agent, Reason: queueapp.RefusedUnknownAgent}})
	}
	agents[i].Queues = some(agents[i].Queues)
	writeJSON(w, agents[i])
	return nil
}

// refusal is the floor's no in HTTP; nil where it did not say no.
func refusal(effects []queueapp.Effect) *Problem {
	for _, e := range effects {
		if no, ok := e.(queueapp.Refused); ok {
			return refused(no)
		}
	}
	return nil
}

func refused(no queueapp.Refused) *Problem {
	status, title, detail := http.StatusConflict, "", ""
	switch no.Reason {
	case queueapp.RefusedUnknownAgent:
		status, title, detail = http.StatusNotFound, "No such agent", "GET /v1/agents lists those of the floor plan in force."
	case queueapp.RefusedUnknownExtension:
		status, title, detail = http.StatusUnprocessableEntity, "No such extension",
			"Name an extension of the floor plan in force; an agent without one of the same number needs it said."
	case queueapp.RefusedExtensionTaken:
		title, detail = "Another agent is logged on at that extension", "Log that agent off first, or choose another extension."
	case queueapp.RefusedOnCall:
		title, detail = "The agent is on a call", "Try again when the call is over."
	case queueapp.RefusedNotLoggedOn:
		title, detail = "The agent is not logged on", "Log the agent on first."
	case queueapp.RefusedAlready:
		title, detail = "It is so already", "Nothing was changed."
	case queueapp.RefusedNotMember:
		status, title, detail = http.StatusUnprocessableEntity, "The agent is no member of that queue", "GET /v1/agents says of which queues the agent is."
	default:
		title = "The floor refused"
	}
	return problem(status, string(no.Reason), title, detail)
}

func (s *Server) prioritise(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Priority *int32 `json:"priority"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if body.Priority == nil {
		return problem(http.StatusUnprocessableEntity, "body", "priority is missing", `Send {"priority": 5}; higher is served first.`)
	}
	call, err := s.waitingCall(r)
	if err != nil {
		return err
	}
	if _, err := s.floor.Command(r.Context(), queueapp.Prioritise{Call: call.Call, Priority: int(*body.Priority)}); err != nil {
		return err
	}
	return s.oneCall(w, r)
}

func (s *Server) move(w http.ResponseWriter, r *http.Request) error {
	var body ofQueue
	if err := decode(w, r, &body); err != nil {
		return err
	}
	call, err := s.waitingCall(r)
	if err != nil {
		return err
	}
	queues, err := s.floor.Queues(r.Context())
	switch {
	case err != nil:
		return err
	case !slices.ContainsFunc(queues, func(q queueapp.QueueView) bool { return q.Queue == body.Queue }):
		return problem(http.StatusUnprocessableEntity, "queue", "No such queue", `Send {"queue": "sales"}; GET /v1/queues lists those of the floor plan in force.`)
	case call.Queue == body.Queue:
		return problem(http.StatusConflict, string(queueapp.RefusedAlready), "It is so already", "The caller is in that queue.")
	}
	effects, err := s.floor.Command(r.Context(), queueapp.Move{Call: call.Call, Queue: body.Queue})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(effects, func(e queueapp.Effect) bool { l, ok := e.(queueapp.Leave); return ok && l.Call == call.Call }) {
		return tooLate()
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) withdraw(w http.ResponseWriter, r *http.Request) error {
	if err := decode(w, r, &struct{}{}); err != nil {
		return err
	}
	call, err := s.waitingCall(r)
	if err != nil {
		return err
	}
	effects, err := s.floor.Command(r.Context(), queueapp.Withdraw{Call: call.Call, Outcome: queueapp.OutcomeWithdrawn})
	if err != nil {
		return err
	}
	for _, e := range effects {
		if left, ok := e.(queueapp.Leave); ok && left.Call == call.Call {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	return tooLate()
}

// waitingCall is the call that the path names where it has no conversation yet.
func (s *Server) waitingCall(r *http.Request) (queueapp.CallView, error) {
	call, err := s.findCall(r)
	if err == nil && call.State == "talking" {
		err = tooLate()
	}
	return call, err
}

func tooLate() *Problem {
	return problem(http.StatusConflict, "not-waiting", "The caller does not wait any more", "It is answered or gone; a conversation can only be hung up.")
}

func (s *Server) hangUp(w http.ResponseWriter, r *http.Request) error {
	if err := decode(w, r, &struct{}{}); err != nil {
		return err
	}
	if err := s.floor.HangUp(r.Context(), queueapp.CallID(r.PathValue("call"))); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) release(w http.ResponseWriter, r *http.Request) error {
	if err := decode(w, r, &struct{}{}); err != nil {
		return err
	}
	n, err := s.floor.Release(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, Released{Released: n})
	return nil
}
