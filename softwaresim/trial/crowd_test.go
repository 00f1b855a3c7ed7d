package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// crowdPlan makes everything that a crowd would wait for short. What Audit reads of the floor plan in force, retry, stays.
var crowdPlan = []string{
	`ring = "20s"`, `ring = "2s"
no_answer_delay = "200ms"
busy_delay = "300ms"
reject_delay = "300ms"
unreachable_delay = "500ms"
maxnoanswer = 3`,
	`timeout = "10m"`, `timeout = "9s"`,
	`wrapup = "0s"`, `wrapup = "100ms"`,
}

// TestACrowd is 200 calls in which everybody hangs up, refuses, does not answer, logs on and off and pauses as chance has
// it. RINGSIDE_SEED repeats one; RINGSIDE_CROWD sets how many call.
func TestACrowd(t *testing.T) {
	s := newSiteFor(t, 2*time.Minute)
	s.plan(crowdPlan...)
	c := &crowd{site: s, seed: number(t, "RINGSIDE_SEED", uint64(time.Now().UnixNano())), over: make(chan struct{})}
	t.Logf("RINGSIDE_SEED=%d", c.seed)
	calls := int(number(t, "RINGSIDE_CROWD", 200))
	c.outside = s.watchFromOutside("1000", "2000", "3000")
	var agents, callers sync.WaitGroup
	for i, x := range []string{"1000", "2000", "3000"} {
		a := &crowdAgent{crowd: c, number: x, rng: c.chance(uint64(i) + 1000)}
		a.phone = s.agent(x, phone.NeverAnswer())
		a.phone.SetLines(2) // the floor, not the phone, is to see that there is one at a time
		a.phone.BehaveBy(a.behave)
		agents.Go(a.live)
	}
	var next atomic.Int64
	for i := range 14 {
		rng := c.chance(uint64(i))
		callers.Go(func() {
			for n := next.Add(1); n <= int64(calls) && s.ctx.Err() == nil; n = next.Add(1) {
				c.call(rng, n)
			}
		})
	}
	callers.Wait()
	close(c.over)
	agents.Wait()
	c.complain()
	s.settled()
	c.outside.judge()
}

func number(t *testing.T, env string, otherwise uint64) uint64 {
	text, set := os.LookupEnv(env)
	if !set {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", env, err)
	}
	return n
}

type crowd struct {
	site    *site
	seed    uint64
	over    chan struct{} // closed when no more calls come
	outside *outside

	mu   sync.Mutex
	errs []error
}

func (c *crowd) chance(i uint64) *rand.Rand { return rand.New(rand.NewPCG(c.seed, i)) }

// fail keeps what went wrong off the trial's goroutine.
func (c *crowd) fail(err error) {
	if err != nil && !errors.Is(err, phone.ErrOver) {
		c.mu.Lock()
		c.errs = append(c.errs, err)
		c.mu.Unlock()
	}
}

func (c *crowd) complain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, err := range c.errs {
		c.site.t.Error(err)
	}
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }

// The steps of a call at which its caller may hang up, in order.
const (
	atInvite = iota
	atTrying
	atAnswer
	atKeys
	atCode
	atMusic
	atRing
	atUp
	atTalk
	never // as long as patience lasts
)

// call is one caller: through the menu or straight into the queue, who hangs up at a step drawn beforehand, a little later.
func (c *crowd) call(rng *rand.Rand, n int64) {
	s := c.site
	who := phone.Party{Name: fmt.Sprintf("Caller %d", n), Number: fmt.Sprintf("66%05d", n)}
	at, dialled := rng.IntN(never+3), "7000"
	if rng.IntN(2) == 0 {
		dialled = "0000"
	}
	rings := s.ua.Watch()
	defer rings.Close()
	call, err := s.ua.Caller(who).Dial(s.ctx, dialled)
	if err != nil {
		c.fail(err)
		return
	}
	defer func() { c.fail(call.Hangup(s.ctx)) }()
	life := call.Watch()
	defer life.Close()
	if at == atInvite {
		return
	}
	if _, err := life.Next(s.ctx, phone.Trying, phone.Answered); err != nil || at == atTrying {
		c.fail(err)
		return
	}
	if call.AwaitAnswer(s.ctx) != nil || at == atAnswer {
		c.linger(call, rng, 30*time.Millisecond)
		return
	}
	if dialled == "0000" && !c.keys(call, rng, at) || at == atMusic {
		c.linger(call, rng, 300*time.Millisecond)
		return
	}
	if at == atRing || at == atUp || at == atTalk {
		c.awaitStep(call, rings, who.Number, at)
		c.linger(call, rng, []time.Duration{atRing: 200 * time.Millisecond, atUp: 30 * time.Millisecond, atTalk: time.Second}[at])
		return
	}
	c.linger(call, rng, 12*time.Second)
}

// keys presses what a caller may press, and reports whether it is to go on.
func (c *crowd) keys(call *phone.Call, rng *rand.Rand, at int) bool {
	fast := phone.KeyTiming{Down: 60 * time.Millisecond, Gap: 60 * time.Millisecond}
	press := func(keys string) { c.fail(call.Press(c.site.ctx, keys, fast)) }
	anything := make([]byte, rng.IntN(8))
	for i := range anything {
		anything[i] = "0123456789*#"[rng.IntN(12)]
	}
	switch {
	case at == atKeys:
		press("1")
		return false
	case at == atCode:
		press("111")
		return false
	case rng.IntN(4) == 0:
		press(string(anything))
	case rng.IntN(3) == 0:
		press("19999#" + "2222#")
	default:
		press("1" + "1111#")
	}
	return true
}

// linger lets a little time pass, while the call lasts.
func (c *crowd) linger(call *phone.Call, rng *rand.Rand, most time.Duration) {
	c.fail(call.Play(c.site.ctx, []phone.Step{{Wait: upTo(rng, most)}}, phone.KeyTiming{}))
}

// awaitStep waits until an agent's phone rings for this caller, or is answered, or the call is over.
func (c *crowd) awaitStep(call *phone.Call, rings *phone.Watch, number string, step int) {
	patience, cancel := context.WithTimeout(c.site.ctx, 10*time.Second) // the queue's is less
	defer cancel()
	for {
		e, err := rings.Next(patience, phone.InviteReceived, phone.Answered, phone.Ended)
		switch {
		case err != nil:
			return
		case e.Call == call && e.Kind == phone.Ended:
			return
		case e.Call == nil || !e.Call.Inbound() || e.Call.From().Number != number:
		case e.Kind == phone.Answered, e.Kind == phone.InviteReceived && step == atRing:
			return
		}
	}
}

// crowdAgent is an agent who does as chance has it.
type crowdAgent struct {
	crowd  *crowd
	number string
	phone  *phone.Phone

	mu  sync.Mutex
	rng *rand.Rand
}

func (a *crowdAgent) behave(*phone.Call) phone.Behaviour {
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := upTo(a.rng, 1200*time.Millisecond)
	if a.rng.IntN(3) == 0 {
		ring = 0
	}
	switch n := a.rng.IntN(100); {
	case n < 45:
		return phone.AnswerThenHangup(ring, upTo(a.rng, 1500*time.Millisecond)+time.Millisecond)
	case n < 60:
		return phone.AnswerAfter(ring)
	case n < 65:
		return phone.AnswerThenHangup(ring, time.Millisecond)
	case n < 90:
		return phone.Behaviour{Ring: ring, Refuse: []int{486, 603, 480, 404, 500}[a.rng.IntN(5)]}
	}
	return phone.NeverAnswer()
}

// live logs on and off, pauses, is ready, unplugs the phone and plugs it in, until nobody calls any more.
func (a *crowdAgent) live() {
	s := a.crowd.site
	for {
		a.mu.Lock()
		wait, what := upTo(a.rng, 3*time.Second), a.rng.IntN(10)
		a.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-a.crowd.over:
			timer.Stop()
			return
		case <-s.ctx.Done():
			timer.Stop()
			return
		}
		switch what {
		case 0, 1:
			a.want("logoff")
			a.want("logon")
		case 2, 3:
			a.want("pause")
			a.want("ready")
		case 4:
			a.dial("*564633*")
			a.dial("*56466*")
		case 5:
			a.dial("*72873*7")
			a.dial("*73239*")
		case 6:
			a.crowd.fail(a.phone.Unregister(s.ctx))
			a.crowd.fail(a.phone.Register(s.ctx))
		default: // who was paused for not answering comes back
			a.want("ready")
		}
	}
}

// want gives a command. The floor may say no: an agent may be on a call, or be what it wants to be.
func (a *crowdAgent) want(command string) {
	err := a.crowd.site.ask("POST", "/v1/agents/"+a.number+"/"+command, nil, nil)
	var status int
	if err != nil {
		if n, _ := fmt.Sscanf(err.Error(), "POST /v1/agents/"+a.number+"/"+command+": %d", &status); n != 1 || status != 409 {
			a.crowd.fail(err)
		}
	}
}

// dial dials a code and hears it out.
func (a *crowdAgent) dial(code string) {
	s := a.crowd.site
	call, err := a.phone.Dial(s.ctx, code)
	if err != nil {
		a.crowd.fail(err)
		return
	}
	_, err = call.AwaitEnd(s.ctx)
	a.crowd.fail(err)
}
