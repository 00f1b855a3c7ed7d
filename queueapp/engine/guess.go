package engine

import (
	"errors"

	"ringside/queueapp"
)

// mostGuessers is how many numbers are kept in mind that guessed wrong.
const mostGuessers = 10_000

// errBarred says that a code was not looked up, since its caller's number has guessed too many wrong ones.
var errBarred = errors.New("too many wrong codes")

// guess is lookUp, unless the caller's number is barred from codes. Callers who withhold their number are counted together.
func (t *tenure) guess(c *call, code string, then func([]queueapp.Customer, error)) {
	if code == "" {
		t.lookUp(c, code, then)
		return
	}
	number := c.channel.Caller.Number
	if t.guard.Barred(t.Now(), number) {
		if t.Observer != nil {
			t.Observer.LookedUp("barred")
		}
		then(nil, errBarred)
		return
	}
	t.lookUp(c, code, func(found []queueapp.Customer, err error) {
		if err == nil && len(found) == 0 {
			t.wrong(c, number)
		}
		then(found, err)
	})
}

func (t *tenure) wrong(c *call, number string) {
	l := t.plan.Codes
	what, limit := "number", l.Number
	if number == "" {
		what, limit = "withheld", l.Withheld
	}
	if t.guard.Wrong(t.Now(), number, limit, l.Window, l.Bar) {
		t.barred(c, what, limit)
	}
}

// barred tells those who keep watch. Codes stand in no log.
func (t *tenure) barred(c *call, what string, wrong int) {
	t.log.Warn("too many wrong codes", "barred", what, "wrong", wrong, "call", c.id, "number", c.channel.Caller.Number)
	if t.Observer != nil {
		t.Observer.Barred(what)
	}
}
