package ivr

import (
	"slices"

	"ringside/queueapp"
)

// pressed keeps a key until its turn has come.
func (c *Caller) pressed(key byte) {
	ended := c.ended
	c.ended = false
	switch {
	case !isKey(key) || c.state == callerNew || c.state == callerOver:
	case ended && key == '#':
	case c.keys == mostKeys || len(c.ahead) == mostAhead:
	default:
		c.keys++
		c.ahead = append(c.ahead, key)
	}
}

func isKey(k byte) bool {
	return '0' <= k && k <= '9' || 'A' <= k && k <= 'D' || k == '*' || k == '#'
}

// useAhead uses the keys typed ahead, as far as the dialogue has a use for them now.
func (c *Caller) useAhead() {
	for len(c.ahead) > 0 {
		switch c.state {
		case callerChoosing:
			c.stop()
			c.choice(c.nextKey())
		case callerKeying:
			c.stop()
			c.digit(c.nextKey())
		case callerLeaving:
			if c.then.Verb == VerbHangUp {
				return
			}
			c.stop()
			c.arrive()
		default:
			return
		}
	}
}

func (c *Caller) nextKey() byte {
	k := c.ahead[0]
	c.ahead = c.ahead[1:]
	return k
}

// question asks for the code after what is to be said before it.
func (c *Caller) question(before []string) {
	c.state, c.code, c.long = callerKeying, nil, false
	c.play(c.ask.Response, slices.Concat(before, c.ask.Prompts)...)
}

// again counts a try and asks once more, or gives up.
func (c *Caller) again(before []string) {
	c.tries++
	if c.tries >= c.ask.Tries {
		c.step(c.ask.Fail)
		return
	}
	c.question(before)
}

// digit takes a key of the code: # ends it, * starts it again. A # without a code ends nothing.
func (c *Caller) digit(key byte) {
	c.deadline = c.now.Add(c.ask.Digit)
	switch {
	case key == '#' && len(c.code) > 0:
		c.lookUp()
		return
	case key == '*':
		c.code, c.long = nil, false
	case '0' <= key && key <= '9' && len(c.code) < MaxDigits:
		c.code = append(c.code, key)
	case '0' <= key && key <= '9':
		c.long = true
	}
	switch {
	case len(c.code) == 0:
		c.deadline = c.now.Add(c.ask.Response)
	case len(c.code) == c.ask.Digits:
		c.lookUp()
		c.dropEnd()
	}
}

// dropEnd drops the # by which callers end also a code that was complete without it.
func (c *Caller) dropEnd() {
	switch {
	case len(c.ahead) == 0:
		c.ended = true
	case c.ahead[0] == '#':
		c.ahead = c.ahead[1:]
	}
}

func (c *Caller) lookUp() {
	c.lastCode, c.customers = "", nil
	if c.long {
		c.again(c.ask.Wrong)
		return
	}
	c.lastCode = string(c.code)
	if pause := c.limits.pause(c.guesses); pause > 0 {
		c.state, c.deadline = callerPausing, c.now.Add(pause)
		return
	}
	c.send()
}

// send asks whose the code is.
func (c *Caller) send() {
	c.n++
	c.awaited = c.n
	c.state = callerLookUp
	c.deadline = c.now.Add(longestWait)
	c.out = append(c.out, LookUp{N: c.n, Code: c.lastCode})
}

func (c *Caller) found(customers []queueapp.Customer) {
	if len(customers) == 0 {
		c.guesses++
		if c.barred() {
			c.out = append(c.out, Bar{Wrong: c.guesses})
			c.step(c.ask.Barred)
			return
		}
		c.again(c.ask.Wrong)
		return
	}
	c.customers = slices.Clone(customers)
	c.step(c.ask.Then)
}

// barred reports whether the call has keyed in as many wrong codes as it may.
func (c *Caller) barred() bool { return c.limits.Call > 0 && c.guesses >= c.limits.Call }
