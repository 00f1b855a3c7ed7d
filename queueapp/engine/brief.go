package engine

import (
	"strconv"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// briefing is what an agent hears between his answer and the caller, and the key that he may press.
type briefing struct {
	queueapp.Briefing
	begun   bool
	playing PlaybackID // empty: nothing does
}

// brief has an agent told what the queue has for him. After a restart that waits until his switch has told whether he talks.
func (t *tenure) brief(e queueapp.Brief) {
	c, a := t.attempt(e.Attempt)
	if a == nil {
		return
	}
	a.briefing = &briefing{Briefing: t.queue(c.queue).Briefing}
	a.picked(t.Now())
	t.whenDurable(func() { t.instruct(c, a) })
	t.proceed(c)
}

// instruct begins to tell an agent, once.
func (t *tenure) instruct(c *call, a *attempt) {
	if a.briefing == nil || a.briefing.begun || !a.listens(c) {
		return
	}
	a.briefing.begun = true
	if a.briefing.Delay <= 0 {
		t.speak(c, a)
		return
	}
	time.AfterFunc(a.briefing.Delay, func() { t.post(func() { t.speak(c, a) }) })
}

// speak says it all. Where there is nothing to say the agent has heard all.
func (t *tenure) speak(c *call, a *attempt) {
	if !a.listens(c) {
		return
	}
	line, ok := t.plan.Line(c.queue)
	if !ok {
		line = floorplan.DefaultLine(c.queue)
	}
	prompts := line.Words.Brief(a.briefing.Briefing, t.Now().Sub(c.entered))
	if len(prompts) == 0 {
		t.turn(queueapp.Briefed{Attempt: a.id})
		return
	}
	a.briefing.playing = t.briefingOf(a.id)
	c.sw.Play(legID(a.id), a.briefing.playing, media(prompts))
}

// briefingOf names the playback to an agent: each owner of the floor has one for an attempt at most.
func (t *tenure) briefingOf(id queueapp.AttemptID) PlaybackID {
	return PlaybackID(idPrefix + id.String() + ".b" + strconv.FormatInt(t.owner.Epoch(), 10))
}

// listens reports whether an agent is being briefed: he has answered, and is not on the way to the caller yet.
func (a *attempt) listens(c *call) bool {
	return a.briefing != nil && !a.answered && !a.ended && !c.gone && a.connected.IsZero()
}

// hush ends what an agent hears: nothing that is ordered for his leg behind it takes place before its end.
func (a *attempt) hush(c *call) {
	if a.briefing != nil && a.briefing.playing != "" {
		c.sw.StopPlay(legID(a.id), a.briefing.playing)
		a.briefing.playing = ""
	}
}

// picked notes when the phone stopped ringing.
func (a *attempt) picked(at time.Time) {
	if a.pickedUp.IsZero() {
		a.pickedUp = at
	}
}

// legDigit is a key that an agent has pressed: it counts where he is to accept a call by it, and any other does nothing.
func (t *tenure) legDigit(ev Digit) {
	id, ok := attemptOf(ev.Channel)
	if !ok {
		return
	}
	if c, a := t.attempt(id); a != nil && a.listens(c) && a.briefing.Accept == string(ev.Key) {
		t.turn(queueapp.Accepted{Attempt: id})
	}
}

// legPlayed is the end of what an agent was told, also of what could not be played.
func (t *tenure) legPlayed(ev PlayDone) {
	id, ok := attemptOf(ev.Channel)
	if !ok {
		return
	}
	if _, a := t.attempt(id); a != nil && a.briefing != nil && a.briefing.playing == ev.Playback {
		a.briefing.playing = ""
		t.turn(queueapp.Briefed{Attempt: id})
	}
}
