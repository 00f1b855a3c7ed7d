package stasis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// Answer implements [engine.Switch].
func (s *Switch) Answer(ch queueapp.ChannelID) {
	s.simple("answer", ch, http.MethodPost, path("channels", string(ch), "answer"), nil)
}

// simple orders a request that may be made twice.
func (s *Switch) simple(command string, ch queueapp.ChannelID, method, target string, body any) {
	s.order(ch, job{command: command, channel: ch, do: func(ctx context.Context, _ *lane) error {
		return s.rest.again(ctx, command, method, target, body, nil)
	}})
}

// SetVariables implements [engine.Switch].
func (s *Switch) SetVariables(ch queueapp.ChannelID, vars ...engine.Variable) {
	if len(vars) == 0 {
		return
	}
	s.order(ch, job{command: "variables", channel: ch, do: func(ctx context.Context, _ *lane) error {
		return s.setVariables(ctx, ch, vars)
	}})
}

// Variable implements [engine.Switch].
func (s *Switch) Variable(ctx context.Context, ch queueapp.ChannelID, name string) (string, error) {
	var variable struct{ Value string }
	target := path("channels", string(ch), "variable") + "?" + url.Values{"variable": {name}}.Encode()
	err := s.rest.again(ctx, "read-variable", http.MethodGet, target, nil, &variable)
	if statusOf(err) == http.StatusNotFound {
		return "", nil
	}
	return variable.Value, err
}

// setVariables sets variables in order: in one request where Asterisk can (22.10 and later), else one by one.
func (s *Switch) setVariables(ctx context.Context, ch queueapp.ChannelID, vars []engine.Variable) error {
	if len(vars) > 1 && !s.oneByOne.Load() {
		body := struct {
			Variables inOrder `json:"variables"`
		}{vars}
		err := s.rest.again(ctx, "variables", http.MethodPost, path("channels", string(ch), "variables"), body, nil)
		if !isMissingResource(err) {
			return err
		}
		s.oneByOne.Store(true)
	}
	for _, v := range vars {
		body := struct {
			Variable string `json:"variable"`
			Value    string `json:"value"`
		}{v.Name, v.Value}
		err := s.rest.again(ctx, "variable", http.MethodPost, path("channels", string(ch), "variable"), body, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// isMissingResource tells an operation that this Asterisk does not have from a channel that is not there: both are 404.
func isMissingResource(err error) bool {
	switch statusOf(err) {
	case http.StatusNotFound:
		return strings.Contains(err.Error(), "Resource not found")
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// inOrder is encoded as an object whose members keep their order.
type inOrder []engine.Variable

// MarshalJSON implements [json.Marshaler].
func (vars inOrder) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, v := range vars {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, text := range []string{v.Name, v.Value} {
			if j > 0 {
				b.WriteByte(':')
			}
			quoted, err := json.Marshal(text)
			if err != nil {
				return nil, err
			}
			b.Write(quoted)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Continue implements [engine.Switch]. A variable that cannot be set does not keep the caller: it is told as failed, and the
// channel goes on.
func (s *Switch) Continue(ch queueapp.ChannelID, place *engine.Place, vars ...engine.Variable) {
	last := s.soon()
	s.order(ch, job{command: "continue", channel: ch, do: func(ctx context.Context, _ *lane) error {
		if len(vars) > 0 {
			err := s.setVariables(ctx, ch, vars)
			switch statusOf(err) {
			case http.StatusNotFound, http.StatusConflict: // the channel is gone, or not ours any more
				return err
			}
			if err != nil {
				s.tellFailed(engine.Failed{Command: "variables", Channel: ch}, err)
			}
		}
		return s.sendOn(ctx, ch, place, last)
	}})
}

func (s *Switch) sendOn(ctx context.Context, ch queueapp.ChannelID, place *engine.Place, last time.Time) error {
	body := struct {
		Context   string `json:"context,omitempty"`
		Extension string `json:"extension,omitempty"`
		Priority  int    `json:"priority,omitempty"`
	}{}
	if place != nil {
		body.Context, body.Extension, body.Priority = place.Context, place.Extension, place.Priority
	}
	here := path("channels", string(ch))
	err := s.rest.doBefore(ctx, last, "continue", http.MethodPost, here+"/continue", body, nil)
	if err == nil || statusOf(err) != 0 || errors.Is(err, errStale) || neverSent(err) {
		return err
	}
	var now listed
	if s.rest.do(ctx, "search", http.MethodGet, here, nil, &now) == nil && !now.in(s.app) {
		return nil // it went
	}
	return s.rest.doBefore(ctx, last, "continue", http.MethodPost, here+"/continue", body, nil)
}
