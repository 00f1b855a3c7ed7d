package ivr

import (
	"slices"

	"ringside/queueapp"
)

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
	c.lastCode, c.customers = string(c.code), nil
	if c.long {
		c.again(c.ask.Wrong)
		return
	}
	c.n++
	c.awaited = c.n
	c.state = callerLookUp
	c.deadline = c.now.Add(longestWait)
	c.out = append(c.out, LookUp{N: c.n, Code: c.lastCode})
}

func (c *Caller) found(customers []queueapp.Customer) {
	if len(customers) == 0 {
		c.again(c.ask.Wrong)
		return
	}
	c.customers = slices.Clone(customers)
	c.step(c.ask.Then)
}
