package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/failpoint"
)

// lookupMargin is how much longer than its own time-out a customer look-up may take, for a database that hangs.
const lookupMargin = time.Second

// codeKey is the datum that keeps a code of which we do not know whose it is: the agent may.
const codeKey = "code"

// identify looks up who a caller is, by code or else by number, while the queue is at work for him already: a look-up
// takes about as long as the commit that a ring waits for, and a slow one holds nobody. What must not go without its
// result waits in [call.whenIdentified].
func (t *tenure) identify(c *call, code string) {
	if code == "" && c.channel.Caller.Number == "" {
		return
	}
	c.seeking = true
	t.guess(c, code, func(found []queueapp.Customer, _ error) { // who cannot be looked up waits all the same
		c.seeking = false
		if len(found) > 0 {
			t.identified(c, found, code)
		}
		waiting := c.unidentified
		c.unidentified = nil
		for _, f := range waiting {
			f()
		}
	})
}

// identified notes who a caller is. Records that are out already are told it by another one.
func (t *tenure) identified(c *call, found []queueapp.Customer, code string) {
	c.customers = found
	if code != "" {
		c.data = slices.DeleteFunc(slices.Clone(c.data), func(d queueapp.Datum) bool { return d.Key == codeKey })
	}
	t.turn(queueapp.Identify{Call: c.id, Customers: c.customers, Data: c.data})
	for _, a := range c.attempts {
		if a.opened && !a.ended {
			t.publish(c, a, t.updatedRecord(c, a, t.Now()))
		}
	}
}

// codeIn finds the code that [withCode] kept.
func codeIn(data []queueapp.Datum) string {
	for _, d := range data {
		if d.Key == codeKey {
			return d.Value
		}
	}
	return ""
}

// whenIdentified does f once it is known who the caller is, or known that nobody knows.
func (c *call) whenIdentified(f func()) {
	if !c.seeking {
		f()
		return
	}
	c.unidentified = append(c.unidentified, f)
}

// openIdentified opens the record of a durable attempt when the caller's look-up has ended, or without its result at the
// end of the budget: it holds a ring no longer than XMPP may. What is left of the budget is the publish's.
func (t *tenure) openIdentified(c *call, a *attempt) {
	budget, since := t.plan.Settings.Budget, t.Now()
	var late *time.Timer
	show := sync.OnceFunc(func() {
		if late != nil {
			late.Stop()
		}
		if !a.ended {
			t.show(c, a, t.open(c, a), max(0, budget-t.Now().Sub(since)))
		}
	})
	if c.seeking {
		late = time.AfterFunc(budget, func() { t.post(show) })
	}
	c.whenIdentified(show)
}

// lookUp asks for customers by code, or by the caller's number where there is no code, and goes on in the loop with
// what it finds. A failed look-up is told as an error and never as "none".
func (t *tenure) lookUp(c *call, code string, then func([]queueapp.Customer, error)) {
	number := c.channel.Caller.Number
	if code == "" && number == "" {
		then(nil, nil)
		return
	}
	limit := t.plan.Customers.Timeout + lookupMargin
	t.lookups.Add(1)
	go func() {
		defer t.lookups.Done()
		ctx, cancel := context.WithTimeout(t.ctx, limit)
		defer cancel()
		var found []queueapp.Customer
		var err error
		if code != "" {
			found, err = t.Memory.CustomersByCode(ctx, code)
		} else {
			found, err = t.Memory.CustomersByNumber(ctx, number)
		}
		failpoint.Here("looked", "up")
		t.post(func() {
			t.lookedUp(c, len(found), err)
			then(found, err)
		})
	}()
}

func (t *tenure) lookedUp(c *call, found int, err error) {
	result := "none"
	switch {
	case err != nil:
		result = "failed"
		t.log.Warn("customer look-up failed", "call", c.id, "err", err)
	case found > 0:
		result = "found"
	}
	if t.Observer != nil {
		t.Observer.LookedUp(result)
	}
}
