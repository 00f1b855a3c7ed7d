package engine

import "ringside/queueapp"

// callVariable tells the dialplan which call it was given back.
const callVariable = "QUEUEAPP_CALL"

// found takes a channel that an owner before us had, and that is in no queue: it is in a dialogue, or on its way out.
func (t *tenure) found(sw Switch, ch Channel) {
	at := channelAt{sw.Name(), ch.ID}
	l, leaving := t.leaving[at]
	if !leaving || t.channels[at] != nil {
		t.take(sw, ch, t.reopenMenu)
		return
	}
	delete(t.leaving, at)
	c := t.adopt(l.Call, sw, ch)
	c.partly = true
	if l.Then == queueapp.ThenHangUp {
		t.dismiss(c)
		return
	}
	t.lookups.Go(func() {
		last, err := sw.Variable(t.ctx, ch.ID, callVariable)
		t.post(func() {
			switch {
			case c.gone:
			case err == nil && last == string(l.Call): // it was sent on, and has come again
				t.disown(c)
				t.take(sw, ch, t.reopenMenu)
			default:
				c.left = &l.Leave
				t.leave(c)
			}
		})
	})
}

// adopt gives a call of an owner before us its channel, whether or not legs of it are left.
func (t *tenure) adopt(id queueapp.CallID, sw Switch, ch Channel) *call {
	c := t.calls[id]
	if c == nil {
		return t.admit(id, sw, ch)
	}
	c.channel, c.gone = ch, false
	t.channels[c.at()] = c
	return c
}

// disown parts a call from its channel, which is another call's.
func (t *tenure) disown(c *call) {
	delete(t.channels, c.at())
	c.channel, c.gone = Channel{}, true
	t.settle(c)
}
