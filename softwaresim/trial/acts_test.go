package trial

import (
	"syscall"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

func nobodyAnswers(c *cell)    { c.behave(phone.NeverAnswer()) }
func everybodyAnswers(c *cell) { c.behave(phone.AnswerAfter(0)) }

// everybodyRefuses once.
func everybodyRefuses(c *cell) {
	c.agent.BehaveBy(func(call *phone.Call) phone.Behaviour {
		c.rings.add(call)
		c.behave(phone.NeverAnswer())
		return phone.RefuseWith(603)
	})
}

func dials(number string) func(*cell) {
	return func(c *cell) { c.call = c.callAs(c.who, number) }
}

func dialsAsAgent(number string) func(*cell) {
	return func(c *cell) {
		var err error
		c.call, err = c.agent.Dial(c.ctx, number)
		c.must(err)
	}
}

func isTalking(c *cell) {
	everybodyAnswers(c)
	dials("7204")(c)
	c.is("talking")
}

func isRungFor(c *cell) {
	nobodyAnswers(c)
	dials("7204")(c)
	c.until("3000 rings", func() bool { return len(c.rings.of(c.who.Number)) == 1 })
	c.is("ringing")
}

func isWaiting(c *cell) {
	dials("7203")(c)
	c.is("waiting")
}

func isInTheMenu(c *cell) {
	dials("7206")(c)
	c.must(c.call.AwaitAnswer(c.ctx))
	c.must(c.call.AwaitLoud(c.ctx, 1))
}

func isInTheOtherMenu(c *cell) {
	isInTheMenu(c)
	c.must(c.call.Press(c.ctx, "1", quick))
	c.hasOpened("second", c.call)
}

func isLoggedOff(c *cell) { c.logOff("3000") }

func callerHangsUp(c *cell) { c.must(c.call.Hangup(c.ctx)) }

func agentHangsUp(c *cell) {
	c.agentEnds = true
	c.must(c.rings.of(c.who.Number)[0].Hangup(c.ctx))
}

func kills(c *cell) { c.must(c.stack.Signal(stack.Queueapp, syscall.SIGKILL)) }

func alsoPresses(keys string) func(*cell) {
	return func(c *cell) { c.must(c.call.Press(c.ctx, keys, quick)) }
}

// presses has the caller hear a menu again, and be in line after these keys.
func presses(keys string) func(*cell) {
	return func(c *cell) {
		c.must(c.call.AwaitAnswer(c.ctx))
		c.must(c.call.AwaitLoud(c.ctx, 1))
		c.must(c.call.Press(c.ctx, keys, quick))
		givesUp(c)
	}
}

// givesUp has the caller, who is in line, hang up.
func givesUp(c *cell) {
	c.is("waiting")
	callerHangsUp(c)
	isOver(c)
}

// isLeftAlone finds that the agent who refused is left alone for a while. Who logs on anew is not.
func isLeftAlone(c *cell) {
	if v := c.agentView("3000"); v.Status != queueapp.StatusDelayed {
		c.t.Errorf("the agent who refused is %+v", v)
	}
	givesUp(c)
	c.logOff("3000")
	c.post("/v1/agents/3000/logon", nil)
}

// served has the caller talk to the agent in the end.
func served(c *cell) {
	everybodyAnswers(c)
	for _, ring := range c.rings.of(c.who.Number) {
		ring.Answer()
	}
	c.is("talking")
	callerHangsUp(c)
	isOver(c)
}

// isOver waits until caller and agent are rid of each other.
func isOver(c *cell) {
	_, err := c.call.AwaitEnd(c.ctx)
	c.must(err)
	for _, ring := range c.rings.of(c.who.Number) {
		_, err := ring.AwaitEnd(c.ctx)
		c.must(err)
	}
}

func comesBack(c *cell) {
	if got := c.cameBack(c.who.Number); got != "SUCCESS/TIMEOUT/timeout" {
		c.t.Errorf("the call came back with %s", got)
	}
	callerHangsUp(c)
}

func isLoggedOffAgain(c *cell) {
	c.until("3000 logged off", func() bool { return c.agentView("3000").Status == queueapp.StatusLoggedOff })
	callerHangsUp(c)
	c.post("/v1/agents/3000/logon", nil)
}

func isLoggedOn(c *cell) {
	c.until("3000 logged on", func() bool { return c.agentView("3000").Status != queueapp.StatusLoggedOff })
	callerHangsUp(c)
}

// view is the caller as the floor has it.
func (c *cell) view() (v queueapp.CallView) {
	c.t.Helper()
	for _, is := range c.calls() {
		if is.Caller.Number == c.who.Number {
			v = is.CallView
		}
	}
	return v
}

func (c *cell) is(state string) {
	c.t.Helper()
	c.until("the caller "+state, func() bool { return c.view().State == state })
}
