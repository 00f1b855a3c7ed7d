package stasis

import (
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

// replacedGone tells the end of a leg that another channel has replaced: with that Asterisk ends our subscription to it.
func (l *live) replacedGone(id queueapp.ChannelID) {
	if g := l.legs[id]; g != nil && g.replaced {
		l.legGone(id, normalClearing)
	}
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
