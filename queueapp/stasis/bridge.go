package stasis

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// PrepareBridge implements [engine.Switch].
func (s *Switch) PrepareBridge(id engine.BridgeID, caller queueapp.ChannelID) {
	s.order(laneOf(id, caller), job{command: "make-bridge", channel: caller, do: func(ctx context.Context, _ *lane) error {
		return s.makeBridge(ctx, id)
	}})
}

// laneOf is the caller's lane, or the bridge's own where there is no caller any more.
func laneOf(id engine.BridgeID, caller queueapp.ChannelID) queueapp.ChannelID {
	if caller == "" {
		return queueapp.ChannelID(id)
	}
	return caller
}

// makeBridge makes a mixing bridge: its audio may be passed on natively, and Asterisk says 409 where it stands already. Its
// name tells other floors on this Asterisk that it is not theirs.
func (s *Switch) makeBridge(ctx context.Context, id engine.BridgeID) error {
	body := struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}{"mixing", s.app}
	err := s.rest.again(ctx, "make-bridge", http.MethodPost, path("bridges", string(id)), body, nil)
	if statusOf(err) == http.StatusConflict {
		return nil
	}
	return err
}

// Bridge implements [engine.Switch].
func (s *Switch) Bridge(id engine.BridgeID, caller, leg queueapp.ChannelID) {
	s.order(caller, job{
		command: "bridge", channel: caller,
		do:     func(ctx context.Context, _ *lane) error { return s.join(ctx, id, caller, leg) },
		failed: func(err error) { s.tellFailed(engine.Failed{Command: "bridge", Channel: caller, Leg: leg}, err) },
	})
}

// join ends the caller's music and puts both into the bridge, which is made anew where it is gone.
func (s *Switch) join(ctx context.Context, id engine.BridgeID, caller, leg queueapp.ChannelID) error {
	err := s.rest.again(ctx, "stop-music", http.MethodDelete, path("channels", string(caller), "moh"), nil, nil)
	if err != nil {
		return err
	}
	err = s.addChannels(ctx, id, caller, leg)
	if statusOf(err) != http.StatusNotFound {
		return err
	}
	if err := s.makeBridge(ctx, id); err != nil {
		return err
	}
	return s.addChannels(ctx, id, caller, leg)
}

// addChannels puts channels into a bridge with one request. It is not repeated blindly: a channel that is added again
// leaves the bridge and comes back, and that looks like a hang-up.
func (s *Switch) addChannels(ctx context.Context, id engine.BridgeID, channels ...queueapp.ChannelID) error {
	body := struct {
		Channel []queueapp.ChannelID `json:"channel"`
	}{channels}
	add := func() error {
		return s.rest.do(ctx, "bridge", http.MethodPost, path("bridges", string(id), "addChannel"), body, nil)
	}
	err := add()
	if err == nil || statusOf(err) != 0 || ctx.Err() != nil {
		return err
	}
	var now ari.BridgeData
	if found := s.rest.do(ctx, "search", http.MethodGet, path("bridges", string(id)), nil, &now); found != nil {
		return errors.Join(err, found)
	}
	for _, ch := range channels {
		if !slices.Contains(now.ChannelIDs, string(ch)) {
			return add()
		}
	}
	return nil
}

// DestroyBridge implements [engine.Switch].
func (s *Switch) DestroyBridge(id engine.BridgeID, caller queueapp.ChannelID) {
	s.order(laneOf(id, caller), job{
		command: "destroy", channel: caller,
		do: func(ctx context.Context, _ *lane) error {
			err := s.remove(ctx, "destroy-bridge", path("bridges", string(id)))
			if statusOf(err) == http.StatusNotFound {
				return nil
			}
			return err
		},
		failed: func(err error) { s.tellFailed(engine.Failed{Command: "destroy", Channel: caller, Bridge: id}, err) },
	})
}
