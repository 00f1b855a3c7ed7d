package trial

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// cell is one death of queueapp, at a point of a caller's life.
type cell struct {
	*crash
	life      life
	end       end
	point     string
	order     string // failpoint.Kill or Terminate
	who       phone.Party
	call      *phone.Call   // of who
	others    []*phone.Call // who came, or hung up, while queueapp was dead
	agentEnds bool
	since     time.Time
	out       outside.Outage // from the death until queueapp was ready again
}

// die is the death itself, and what must come of it.
func (c *cell) die() {
	c.t.Helper()
	c.until("3000 free", func() bool { return c.agentView("3000").Status == queueapp.StatusFree })
	leaves := c.callAs(newCaller(), "7203")
	c.others = append(c.others, leaves)
	c.life.before(c)
	c.must(leaves.AwaitLoud(c.ctx, 2)) // nothing is left to be done for that one
	owner, pids := c.stack.Owner(), c.stack.Info().PIDs
	c.arm(c.point, c.order)
	c.life.act(c)
	c.fired(c.point)
	c.out = outside.Outage{What: "queueapp died", From: time.Now()}
	c.must(leaves.Hangup(c.ctx))
	comes := c.callAs(newCaller(), "7203")
	c.others = append(c.others, comes)
	if owner == "" {
		c.must(c.stack.WaitRestarted(c.ctx, stack.Queueapp, pids.Queueapp))
	} else {
		c.must(c.stack.AwaitOwner(c.ctx, other(owner)))
	}
	c.out.To = time.Now()
	c.life.after(c)
	c.taken(comes)
	c.judge()
	switch owner {
	case stack.Queueapp:
		c.must(c.stack.WaitRestarted(c.ctx, owner, pids.Queueapp))
	case stack.Standby:
		c.must(c.stack.WaitRestarted(c.ctx, owner, pids.Standby))
	}
}

// taken finds that a caller who came while queueapp was dead waits, or was sent on in the dialplan.
func (c *cell) taken(call *phone.Call) {
	c.t.Helper()
	number := call.From().Number
	c.until("the one who came meanwhile in line or sent on", func() bool {
		for _, v := range c.calls() {
			if v.Caller.Number == number {
				return true
			}
		}
		return c.global("BACK_"+number) == "FAILED//"
	})
	c.must(call.Hangup(c.ctx))
}

// hasOpened waits until a caller is in a menu, as the channel keeps it.
func (c *cell) hasOpened(menu string, call *phone.Call) {
	c.t.Helper()
	c.until("a caller in the menu "+menu, func() bool {
		for _, ch := range c.ari("channels") {
			if who, ok := ch["caller"].(map[string]any); !ok || who["number"] != call.From().Number {
				continue
			}
			var v struct{ Value string }
			c.fromARI(fmt.Sprintf("channels/%s/variable?variable=QUEUEAPP_MENU", ch["id"]), &v)
			return v.Value == menu
		}
		return false
	})
}

// judge compares what the tables, the phone and the screen say with what must have come of it.
func (c *cell) judge() {
	c.t.Helper()
	var t told
	c.until("all over", func() bool {
		t = c.told()
		return t.over() && len(t.visits) >= len(strings.Fields(c.end.visits))
	})
	visits, attempts := t.words()
	rings := len(c.rings.of(c.who.Number))
	if visits != c.end.visits || !slices.Contains(c.attempts(), attempts) || rings != c.end.rings {
		c.t.Errorf("%s: visits %q, attempts %q, rung %d times; want %q, %q, %d", c.end.row, visits, attempts, rings, c.end.visits,
			c.attempts(), c.end.rings)
	}
	for _, what := range c.stayed() {
		c.t.Error(what)
	}
	c.judgeScreen(t)
	found, err := c.memory.Audit(c.ctx, c.stack.Info().Floor, false)
	c.must(err)
	for _, f := range found {
		if !slices.Contains(c.before, f) {
			c.t.Error(f)
		}
	}
}

// attempts are the ways in which the offers may have ended. Who is asked to end goes on for a moment.
func (c *cell) attempts() []string {
	all := strings.Split(c.end.attempts, "|")
	if c.order == failpoint.Terminate {
		for _, a := range slices.Clone(all) {
			all = append(all, strings.TrimSpace("lost "+a))
		}
		all = append(all, c.end.stopped)
	}
	return all
}

// judgeScreen: what the server took opened once and closed once.
func (c *cell) judgeScreen(t told) {
	c.t.Helper()
	c.untilWithin(popUpTime, "no pop-up", func() bool { return !slices.ContainsFunc(c.crms, shows) })
	opened, closed := map[queueapp.AttemptID]int{}, map[queueapp.AttemptID]int{}
	var events []crm.Event
	for _, screen := range c.crms {
		events = append(events, screen.Events()...)
	}
	for _, e := range events {
		switch {
		case e.Kind == crm.Opened:
			opened[attemptOf(e.Call)]++
		case e.Kind == crm.Closed && e.Why == "" && e.Call.State == record.Closed:
			closed[attemptOf(e.Call)]++
		}
	}
	for _, a := range t.attempts {
		if o, cl := opened[a.Attempt], closed[a.Attempt]; o > 1 || cl != o || o == 0 && a.Publish == queueapp.PublishOK {
			c.t.Errorf("the pop-up of attempt %s opened %d times and was closed %d times", a.Attempt, o, cl)
		}
	}
}

func shows(screen *crm.CRM) bool { return len(screen.Shown()) > 0 }

func attemptOf(r *record.Call) queueapp.AttemptID {
	return queueapp.AttemptID{Call: queueapp.CallID(r.ID), N: r.Attempt}
}

// clear takes away what a death that went wrong has left, and says how many callers it has cost: those who were hung up on
// by nobody who should.
func (c *cell) clear() (lost int) {
	all := c.others
	if c.call != nil {
		all = append(all, c.call)
	}
	for _, call := range all {
		if call.Outcome().By == phone.Them && (call != c.call || !c.agentEnds) {
			lost++
		}
		if err := call.Hangup(c.ctx); err != nil {
			c.t.Error(err)
		}
	}
	if err := os.Remove(filepath.Join(world.points, c.point)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.t.Error(err)
	}
	return lost + len(c.stayed())
}

// told is what the tables tell of one caller.
type told struct {
	visits   []store.Stay
	attempts []store.Told
}

func (c *cell) told() (t told) {
	c.t.Helper()
	floor := c.stack.Info().Floor
	visits, err := c.memory.Visits(c.ctx, floor, c.since)
	c.must(err)
	attempts, err := c.memory.Attempts(c.ctx, floor, c.since)
	c.must(err)
	t.visits = slices.DeleteFunc(visits, func(v store.Stay) bool { return v.Number != c.who.Number })
	t.attempts = slices.DeleteFunc(attempts, func(a store.Told) bool { return a.Number != c.who.Number })
	return t
}

// over reports whether nothing of the caller is open.
func (t told) over() bool {
	return !slices.ContainsFunc(t.visits, func(v store.Stay) bool { return v.Ended.IsZero() }) &&
		!slices.ContainsFunc(t.attempts, func(a store.Told) bool { return a.Ended.IsZero() })
}

// words are the outcomes of the visits, and how the attempts ended.
func (t told) words() (visits, attempts string) {
	var v, a []string
	for _, x := range t.visits {
		v = append(v, string(x.Outcome))
	}
	for _, x := range t.attempts {
		if x.Connected.IsZero() {
			a = append(a, string(x.Reason))
		} else {
			a = append(a, "answered")
		}
	}
	return strings.Join(v, " "), strings.Join(a, " ")
}
