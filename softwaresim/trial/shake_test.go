package trial

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/link"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// a fault befalls the floor for a while, or from then on.
type fault struct {
	what       string
	lasts      time.Duration // 0: as long as the trial
	begin, end func(*site)
}

// everyStep is a floor with a caller at every step, and an agent who is yet to come.
type everyStep struct {
	*site
	witness                         *outside.Witness
	menu, code                      *phone.Call
	talking, ringing, waiting, late *phone.Call
	rung                            phone.Event // at the phone that rings
	since                           time.Time   // when the first fault began
	lasting                         []func()    // end the faults that go on until the end
}

// patient makes phones ring, and menus wait, for longer than any fault lasts.
func patient() []string {
	return []string{
		`ring = "20s"`, `ring = "2m"`, `after = "3s"`, `after = "2m"`, `ask = "code",`, `ask = "code", response = "2m",`,
		"[floor]", "[floor]\noutage = \"2m\"",
	}
}

const talkTone = 440

func newEveryStep(t *testing.T) *everyStep {
	t.Helper()
	e := &everyStep{site: newSiteFor(t, 90*time.Second)}
	e.witness = e.watchFromOutside("1000", "2000", "3000")
	e.agent("1000", phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	e.talking = e.callAs(newCaller(), "7000")
	e.must(e.talking.AwaitTone(e.ctx, talkTone, 5))
	e.shows("1000", record.Talking)

	rings := e.agent("2000", phone.NeverAnswer()).Watch()
	defer rings.Close()
	e.ringing = e.callAs(newCaller(), "7000")
	e.rung = e.invited(rings)
	e.shows("2000", record.Ringing)

	for i, c := range []**phone.Call{&e.waiting, &e.late} {
		*c = e.callAs(newCaller(), "7000")
		e.until("another caller", func() bool { return len(e.calls()) == 3+i })
	}
	e.menu, e.code = e.callAs(newCaller(), "0000"), e.callAs(newCaller(), "0000")
	for _, c := range []*phone.Call{e.menu, e.code} {
		e.must(c.AwaitAnswer(e.ctx))
		e.must(c.AwaitLoud(e.ctx, 5))
	}
	e.must(e.code.Press(e.ctx, "1", phone.KeyTiming{}))
	e.must(e.code.AwaitLoud(e.ctx, 25)) // by then it has been taken: a key that comes when nobody listens is lost
	return e
}

// shows waits until an extension's CRM shows one pop-up in this state.
func (e *everyStep) shows(extension string, state record.State) {
	e.t.Helper()
	e.until("a pop-up at "+extension+" "+string(state), func() bool {
		shown := e.witness.CRMs()[extension].Shown()
		return len(shown) == 1 && shown[0].State == state
	})
}

// suffer lets a fault happen; meanwhile the last who came leaves, and another comes. Afterwards the floor is ready.
func (e *everyStep) suffer(f fault) {
	e.t.Helper()
	if e.since.IsZero() {
		e.since = time.Now()
	}
	f.begin(e.site)
	end := sync.OnceFunc(func() { f.end(e.site) })
	e.t.Cleanup(end)
	e.lasting = append(e.lasting, end)
	over := time.After(f.lasts)
	leaving := e.late
	var hangingUp sync.WaitGroup
	hangingUp.Go(func() { _ = leaving.Hangup(e.ctx) }) // it fails where the trial runs out of time, and that is told
	e.late = e.callAs(newCaller(), "7000")
	if f.lasts > 0 {
		select {
		case <-over:
		case <-e.ctx.Done():
			e.t.Error("the trial ran out of time in the middle of the fault")
		}
		end()
	}
	hangingUp.Wait()
	begun := time.Now()
	e.until("queueapp ready", func() bool { return e.get("/readyz", nil) == nil })
	e.t.Logf("%s: ready again after %v", f.what, time.Since(begun).Round(time.Millisecond))
}

// goesOn finds that nothing which Asterisk kept was lost: who talked talks, the phone that rang rings and can be
// answered, menus take keys, and those who wait are served, who waited longest first.
func (e *everyStep) goesOn() {
	e.t.Helper()
	e.must(e.talking.AwaitTone(e.ctx, talkTone, 20))
	e.shows("1000", record.Talking)
	e.rung.Call.Answer()
	e.event(e.rung.Call, phone.AckReceived)
	e.must(e.ringing.AwaitAnswer(e.ctx))
	e.shows("2000", record.Talking)

	e.must(e.menu.Press(e.ctx, "1", phone.KeyTiming{}))
	e.must(e.menu.Press(e.ctx, "1111#", phone.KeyTiming{}))
	e.until("the menu's caller in the queue", func() bool { return e.inQueue(e.menu) })
	e.must(e.code.Press(e.ctx, "1111#", phone.KeyTiming{}))
	e.until("the code's caller in the queue", func() bool { return e.inQueue(e.code) })

	e.serveAll()
	for _, c := range []*phone.Call{e.waiting, e.late, e.menu, e.code} {
		out, err := c.AwaitEnd(e.ctx)
		if e.must(err); !out.Answered || out.By != phone.Them {
			e.t.Errorf("the call of %s ended as %+v", c.From(), out)
		}
	}
}

// serveAll has another agent come, who talks to everybody that waits: first to whom the dialplan has sent to its own
// queue, if so, as the phone can ring but once; then to those of ours, in their order.
func (e *everyStep) serveAll() {
	e.t.Helper()
	p := e.register("3000", phone.AnswerAfter(0))
	p.SetMedia(voice.Media{Tone: talkTone})
	rings := p.Watch()
	defer rings.Close()
	var queue []*phone.Call
	for _, is := range e.calls() {
		for _, c := range []*phone.Call{e.waiting, e.late, e.menu, e.code} {
			if is.Caller.Number == c.From().Number {
				queue = append(queue, c)
			}
		}
	}
	if len(queue) < 3 || queue[0] != e.waiting {
		e.t.Errorf("waiting are %v, and %s came first", queue, e.waiting)
	}
	if !slices.Contains(queue, e.late) {
		e.serve(rings, e.late)
	}
	e.post("/v1/agents/3000/logon", nil)
	e.t.Cleanup(func() { e.logOff("3000") })
	for _, c := range queue {
		e.serve(rings, c)
	}
}

// serve finds this caller at a phone, and has the two talk.
func (e *everyStep) serve(rings *phone.Watch, c *phone.Call) {
	e.t.Helper()
	invite := e.invited(rings)
	if invite.From.Number != c.From().Number {
		e.t.Fatalf("served %s, not %s", invite.From, c.From())
	}
	e.must(c.AwaitTone(e.ctx, talkTone, 1))
	e.must(invite.Call.Hangup(e.ctx))
}

func (e *everyStep) inQueue(c *phone.Call) bool {
	for _, is := range e.calls() {
		if is.Caller.Number == c.From().Number {
			return true
		}
	}
	return false
}

// end ends what still goes on, and judges all that was seen.
func (e *everyStep) end() {
	e.t.Helper()
	for _, c := range []*phone.Call{e.talking, e.ringing} {
		e.must(c.Hangup(e.ctx))
	}
	for _, end := range e.lasting { // what a slow link has yet to carry may take its time
		end()
	}
	e.settled()
	for x, c := range e.witness.CRMs() {
		e.until("no pop-up at "+x, func() bool { return len(c.Shown()) == 0 })
	}
	e.judge(e.witness, 0, outside.Outage{What: e.t.Name(), From: e.since, To: time.Now()})
}

// shaken is the life of a trial with faults in it, one after the other, that Asterisk outlives.
func shaken(t *testing.T, faults ...fault) {
	e := newEveryStep(t)
	for _, f := range faults {
		e.suffer(f)
	}
	e.goesOn()
	e.end()
}

// frozen is a server that answers nobody for a while.
func frozen(server string, lasts time.Duration) fault {
	return fault{
		fmt.Sprintf("%s frozen for %v", server, lasts), lasts,
		func(s *site) { s.must(s.stack.Freeze(server)) },
		func(s *site) { s.must(s.stack.Thaw(server)) },
	}
}

// linked is a link between queueapp and a server that is not as it should be.
func linked(server string, how string, lasts time.Duration, do func(*link.Link)) fault {
	return fault{
		fmt.Sprintf("link to %s %s for %v", server, how, lasts), lasts,
		func(s *site) { do(s.stack.Link(server)) },
		func(s *site) { s.stack.Link(server).Heal() },
	}
}

func cut(server string, lasts time.Duration) fault {
	return linked(server, "cut", lasts, (*link.Link).Cut)
}

func hung(server string, lasts time.Duration) fault {
	return linked(server, "hung", lasts, (*link.Link).Hang)
}

// slow is a link that is slow from then on.
func slow(server string, p link.Pace) fault {
	return linked(server, "slow", 0, func(l *link.Link) { l.Slow(p) })
}

// long says whether the trials that take minutes are wanted.
func long() bool { return os.Getenv("RINGSIDE_LONG") != "" }

func TestAFrozenServer(t *testing.T) {
	newSiteFor(t, 10*time.Minute).plan(patient()...)
	for _, server := range []string{stack.Queueapp, stack.Postgres, stack.Prosody, stack.Asterisk} {
		t.Run(server, func(t *testing.T) {
			faults := []fault{frozen(server, time.Second), frozen(server, 5*time.Second)}
			if long() {
				faults = append(faults, frozen(server, 30*time.Second))
			}
			shaken(t, faults...)
		})
	}
}

func TestALinkThatFails(t *testing.T) {
	newSiteFor(t, 10*time.Minute).plan(patient()...)
	for server, faults := range map[string][]fault{
		stack.Asterisk: {
			cut(stack.Asterisk, time.Second),
			hung(stack.Asterisk, 7*time.Second), // longer than it may be silent
			slow(stack.Asterisk, link.Pace{Latency: 100 * time.Millisecond, BytesPerSecond: 100_000}),
		},
		stack.Postgres: {
			cut(stack.Postgres, time.Second),
			hung(stack.Postgres, 4*time.Second), // longer than nothing changes
			slow(stack.Postgres, link.Pace{Latency: 50 * time.Millisecond, BytesPerSecond: 100_000}),
		},
		stack.Prosody: {
			cut(stack.Prosody, time.Second),
			hung(stack.Prosody, 2*time.Second),
			slow(stack.Prosody, link.Pace{Latency: 200 * time.Millisecond, BytesPerSecond: 10_000}),
		},
	} {
		t.Run(server, func(t *testing.T) { shaken(t, faults...) })
	}
}
