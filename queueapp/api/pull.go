package api

import (
	"net/http"
	"slices"

	"ringside/queueapp"
)

// pull gives a waiting caller to an extension, and answers once that phone is about to ring, or with why it is not.
func (s *Server) pull(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Extension queueapp.ExtensionID `json:"extension"`
	}
	if err := decode(w, r, &body); err != nil {
		return err
	}
	if err := plain("extension", string(body.Extension), 64); err != nil {
		return err
	}
	if body.Extension == "" {
		return problem(http.StatusUnprocessableEntity, "body", "extension is missing", `Send {"extension": "3000"}: an extension of the floor plan in force.`)
	}
	call, err := s.findCall(r)
	if err != nil {
		return err
	}
	effects, err := s.floor.Command(r.Context(), queueapp.Pull{Call: call.Call, Extension: body.Extension})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(effects, func(e queueapp.Effect) bool { no, ok := e.(queueapp.Refused); return ok && no.Call == call.Call })
	if i >= 0 {
		return notPulled(effects[i].(queueapp.Refused).Reason)
	}
	return s.oneCall(w, r)
}

// notPulled is why a caller was not pulled, in HTTP.
func notPulled(why queueapp.RefusalReason) *Problem {
	status, title, detail := http.StatusConflict, "", ""
	switch why {
	case queueapp.RefusedNotWaiting:
		title, detail = "The caller does not wait any more", "Somebody has answered him, or he is gone. Whoever talks with him can transfer him."
	case queueapp.RefusedUnknownExtension:
		status, title, detail = http.StatusUnprocessableEntity, "No such extension", "Name an extension of the floor plan in force."
	case queueapp.RefusedAlready:
		title, detail = "It is so already", "That extension is being rung for the caller."
	case queueapp.RefusedOnCall:
		title, detail = "That extension, or the agent there, has a call of the floor", "Try again when it is over, or choose another extension."
	case queueapp.RefusedUnavailable:
		status, title, detail = http.StatusServiceUnavailable, "No calls are offered now", "/readyz says what the floor waits for; the caller's Asterisk or the phone's may be away."
	default:
		title = "The floor refused"
	}
	return problem(status, string(why), title, detail)
}
