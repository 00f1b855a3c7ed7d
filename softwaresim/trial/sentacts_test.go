package trial

import "ringside/softwaresim/phone"

// agentSendsOn has the agent send the caller on to 2000. Where nobody listens any more it may be refused, which the phone hears.
func agentSendsOn(c *cell) {
	at, ctx := c.rings.of(c.who.Number)[0], c.ctx
	go func() { _ = at.Transfer(ctx, "2000") }()
}

// isSentOn has 2000's phone ring for the caller.
func isSentOn(c *cell) {
	isTalking(c)
	agentSendsOn(c)
	c.there()
	c.is("ringing")
}

// there is 2000's phone as it rings, or has rung.
func (c *cell) there() *phone.Call {
	c.t.Helper()
	c.until("2000 rings", func() bool { return len(c.rings.of(c.who.Number)) == 2 })
	return c.rings.of(c.who.Number)[1]
}

func colleagueAnswers(c *cell) { c.there().Answer() }

func talksThere(c *cell) {
	isSentOn(c)
	colleagueAnswers(c)
	c.is("talking")
}

func colleagueHangsUp(c *cell) {
	c.agentEnds = true
	c.must(c.there().Hangup(c.ctx))
}

// servedThere has the caller talk to 2000 in the end.
func servedThere(c *cell) {
	c.there().Answer()
	c.until("2000 talks to the caller", func() bool {
		v := c.view()
		return v.State == "talking" && v.Extension == "2000"
	})
	callerHangsUp(c)
	isOver(c)
}
