package stasis

import (
	"context"
	"net/http"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// replaced takes a channel that Asterisk has put into the place of one of ours, since a phone has asked for a transfer. This
// comes before the end of the one that it replaces.
func (l *live) replaced(e *ari.StasisStart) {
	id := idOf(&e.Channel)
	if c := l.callers[id]; c == nil || c.unlisted {
		l.callers[id] = &caller{given: true}
	}
	if g := l.legs[idOf(&e.ReplaceChannel)]; g != nil {
		g.replaced = true
	}
	l.sink(engine.Replaced{Old: idOf(&e.ReplaceChannel), Channel: arrival(&e.Channel, e.Args), Target: l.targets[id]})
}

// replacedGone has the end found out of a leg that another channel has replaced: with that Asterisk ends our subscription to it,
// and tells only that it leaves our application. The phone is free when the channel is no more.
func (l *live) replacedGone(id queueapp.ChannelID) {
	if g := l.legs[id]; g != nil && g.replaced {
		l.s.endReplaced(id)
	}
}

// endReplaced hangs a channel up until it is gone, or could long have been: then the floor asks again.
func (s *Switch) endReplaced(id queueapp.ChannelID) {
	s.order(id, job{command: "end-replaced", channel: id, do: func(ctx context.Context, _ *lane) error {
		until := time.Now().Add(s.timing.Request)
		for pause := 5 * time.Millisecond; ; pause *= 2 {
			err := s.remove(ctx, "hangup", s.hangupPath(id, "normal"))
			if statusOf(err) == http.StatusNotFound {
				s.inbox.put(func(l *live) { l.legGone(id, normalClearing) })
				return nil
			}
			if err != nil || time.Now().After(until) {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pause):
			}
		}
	}})
}

// reached takes who is at the other end of an attended transfer. Asterisk does not say whether this comes before or after the
// channel that leads there (reference: transfers come by a way of their own).
func (l *live) reached(e *ari.BridgeAttendedTransfer) {
	target := endpoint(e.TransferTarget.Name)
	if e.Result != "Success" || target == "" {
		return
	}
	for _, half := range []*ari.ChannelData{&e.DestinationLinkFirstLeg, &e.DestinationLinkSecondLeg, &e.ReplaceChannel} {
		id := idOf(half)
		switch {
		case id == "" || l.targets[id] != "":
		case l.callers[id] != nil:
			l.sink(engine.Reached{Channel: id, Target: target})
		default:
			l.targets[id] = target
		}
	}
}
