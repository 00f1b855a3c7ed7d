package stasis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// Release sends everybody in the application who talks to nobody on in the dialplan, with the variables set, and says how
// many they were: the last resort when no queueapp runs. It opens no websocket, so it takes the application from nobody.
func Release(ctx context.Context, c Config, vars ...engine.Variable) (released int, err error) {
	s, err := New(c)
	if err != nil {
		return 0, err
	}
	defer s.rest.close()
	channels, err := s.listChannels(ctx)
	if err != nil {
		return 0, fmt.Errorf("list the channels: %w", err)
	}
	var st stock
	st.addChannels(channels, s.app)
	if err := s.addBridges(ctx, &st); err != nil {
		return 0, fmt.Errorf("list the bridges: %w", err)
	}
	talking := map[queueapp.ChannelID]bool{}
	for _, b := range st.bridges {
		for _, ch := range b.Channels {
			talking[ch] = len(b.Channels) > 1
		}
	}
	var errs []error
	for _, ch := range st.channels {
		if ch.Ours || talking[ch.ID] {
			continue
		}
		if err := errors.Join(s.setVariables(ctx, ch.ID, vars), s.sendOn(ctx, ch.ID, nil, time.Now().Add(s.timing.Stale))); err != nil {
			errs = append(errs, fmt.Errorf("send channel %s on: %w", ch.ID, err))
			continue
		}
		released++
	}
	return released, errors.Join(errs...)
}
