package trial

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// crashPlan gives each caller of the matrix a queue with one agent or none: talks has 1000, rings 2000, waits nobody, and
// support, where things happen, 3000.
var crashPlan = []string{
	`[queue.support]`, `[menu.first]
prompt = "ringside/menu"
keys.1 = { menu = "second" }
keys.4 = { queue = "waits" }
silence = { after = "5m" }

[menu.second]
prompt = "ringside/support"
keys.1 = { menu = "first" }
keys.3 = { queue = "waits" }
keys.4 = { queue = "waits" }
silence = { after = "5m" }

[queue.talks]
members = ["1000"]
[queue.rings]
members = ["2000"]
ring = "9m"
[queue.waits]
members = []

[queue.support]`,
	`members = ["1000", "2000", "3000"]`, `members = ["3000"]
reject_delay = "6s"`,
}

// crash is the floor on which queueapp dies again and again. Some callers live through it all: one talks, one waits, and one is
// being rung for, unless 2000's phone is needed for others.
type crash struct {
	*site
	agent *phone.Phone // 3000's
	rings *rings       // at 3000, and at 2000
	crms  []*crm.CRM   // what is on the screens there
	stay  map[string]*phone.Call
	were  []api.Call // as they were before the first death
}

// rings are the calls that a phone was rung for.
type rings struct {
	mu    sync.Mutex
	calls []*phone.Call
}

func (r *rings) add(c *phone.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

// of are the calls of one caller, in order.
func (r *rings) of(number string) []*phone.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.calls), func(c *phone.Call) bool { return c.From().Number != number })
}

func newCrash(s *site, states ...string) *crash {
	s.t.Helper()
	s.dialplan()
	s.plan(crashPlan...)
	c := &crash{site: s, stay: map[string]*phone.Call{}, rings: &rings{}}
	s.agent("1000", phone.AnswerAfter(0))
	s.agent("2000", phone.NeverAnswer()).BehaveBy(func(call *phone.Call) phone.Behaviour { c.rings.add(call); return phone.NeverAnswer() })
	c.agent = s.agent("3000", phone.NeverAnswer())
	c.agent.SetLines(3) // were it rung twice, it is to say so
	for _, number := range screens(states) {
		x := s.extension(number)
		c.crms = append(c.crms, s.crm(x.JID, x.JIDPassword, number))
	}
	numbers := map[string]string{"talking": "7201", "ringing": "7202", "waiting": "7203"}
	for _, state := range states {
		c.stay[state] = s.callAs(newCaller(), numbers[state])
		s.until("a call "+state, func() bool {
			return slices.ContainsFunc(s.calls(), func(v api.Call) bool { return v.State == state })
		})
	}
	c.were = s.calls()
	return c
}

// screens are the extensions of which every record is of somebody whom queueapp dies for.
func screens(states []string) []string {
	if slices.Contains(states, "ringing") {
		return []string{"3000"}
	}
	return []string{"3000", "2000"}
}

// stayed finds that those who stay are as they were, and says who is not.
func (c *crash) stayed() (lost []string) {
	c.t.Helper()
	now := c.calls()
	for _, was := range c.were {
		is := queueapp.CallView{}
		if i := slices.IndexFunc(now, func(v api.Call) bool { return v.Call == was.Call }); i >= 0 {
			is = now[i].CallView
		}
		if is.State != was.State || is.Entry != was.Entry || is.Attempt != was.Attempt || is.Agent != was.Agent || is.Queue != was.Queue ||
			is.Deadline.Sub(was.Deadline).Abs() > time.Millisecond || c.stay[was.State].Outcome().By != "" {
			lost = append(lost, fmt.Sprintf("the caller who was %+v is %+v, the phone says %+v", was.CallView, is, c.stay[was.State].Outcome()))
		}
	}
	return lost
}

// behave sets what 3000 does with the calls that come from now on.
func (c *crash) behave(b phone.Behaviour) {
	c.agent.BehaveBy(func(call *phone.Call) phone.Behaviour { c.rings.add(call); return b })
}

// arm has queueapp end itself when it next passes a point.
func (c *crash) arm(point, order string) {
	c.t.Helper()
	c.must(os.WriteFile(filepath.Join(world.points, point), []byte(order), 0o600))
}

// fired waits until an armed point was passed.
func (c *crash) fired(point string) {
	c.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	armed, ctx := filepath.Join(world.points, point), c.within(5*time.Second)
	for {
		if _, err := os.Stat(armed); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.must(os.Remove(armed))
			c.t.Fatalf("queueapp never passed %q", point)
		}
	}
}
