package trial

import (
	"context"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/link"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// budget is how long a publish may hold a ring, from the commit (queueapp.toml), and slack what a machine with other
// things to do may add to it.
const (
	budget = 300 * time.Millisecond
	slack  = 500 * time.Millisecond
)

// floorUnderCalls is a floor with one agent who serves quickly, one whose phone rings, and one who talks.
type floorUnderCalls struct {
	*site
	outside          *outside.Witness
	quick            *phone.Watch // the first agent's phone
	ringing, talking *phone.Call  // the callers of the others
	usual            time.Duration
}

// newFloorUnderCalls brings it about, and measures how long a ring takes as long as nothing is wrong.
func newFloorUnderCalls(t *testing.T) *floorUnderCalls {
	t.Helper()
	f := &floorUnderCalls{site: newSiteFor(t, 80*time.Second)}
	f.plan(patient()...) // the phone is to ring for as long as the trial wants
	f.outside = f.watchFromOutside("1000", "2000", "3000")
	f.agent("3000", phone.AnswerAfter(0))
	f.talking = f.callAs(newCaller(), "7000")
	f.shows("3000", record.Talking)
	f.agent("2000", phone.NeverAnswer())
	f.ringing = f.callAs(newCaller(), "7000")
	f.shows("2000", record.Ringing)
	quick := f.agent("1000", phone.AnswerAfter(50*time.Millisecond))
	quick.SetMedia(voice.Media{Tone: talkTone})
	f.quick = quick.Watch()
	t.Cleanup(f.quick.Close)
	var took []time.Duration
	for range 5 {
		took = append(took, f.serve())
	}
	slices.Sort(took)
	f.usual = took[len(took)/2]
	t.Logf("a phone rings %v after its caller dialled", took)
	return f
}

// shows waits until an extension's CRM shows one pop-up in this state.
func (f *floorUnderCalls) shows(extension string, state record.State) record.Call {
	f.t.Helper()
	var shown []record.Call
	f.until("a pop-up at "+extension, func() bool {
		shown = f.outside.CRMs()[extension].Shown()
		return len(shown) == 1 && shown[0].State == state
	})
	return shown[0]
}

// serve has one caller served by the quick agent, and says how long the phone's ring took from the caller's INVITE.
func (f *floorUnderCalls) serve() time.Duration {
	f.t.Helper()
	call := f.callAs(newCaller(), "7000")
	begun := call.Events()[0].At
	invite := f.invited(f.quick)
	if invite.From.Number != call.From().Number {
		f.t.Fatalf("the phone rings for %s, not for %s", invite.From, call.From())
	}
	f.must(call.AwaitTone(f.ctx, talkTone, 1)) // who hangs up before the two are connected has refused
	f.must(invite.Call.Hangup(f.ctx))
	_, err := call.AwaitEnd(f.ctx)
	f.must(err)
	return invite.At.Sub(begun)
}

// serveInBudget serves some callers, each of whose rings the publish may have held for its budget and not longer.
func (f *floorUnderCalls) serveInBudget(when string, callers int) {
	f.t.Helper()
	var took []time.Duration
	for range callers {
		one := f.serve()
		if took = append(took, one); one > f.usual+budget+slack {
			f.t.Errorf("%s a phone rang only %v after its caller dialled, %v is usual", when, one, f.usual)
		}
	}
	f.t.Logf("%s a phone rings %v after its caller dialled", when, took)
}

// hangUp ends what rang and what was talked when it began, and leaves the quick agent alone.
func (f *floorUnderCalls) hangUp() {
	f.t.Helper()
	for agent, caller := range map[string]*phone.Call{"2000": f.ringing, "3000": f.talking} {
		f.post("/v1/agents/"+agent+"/pause", nil)
		f.must(caller.Hangup(f.ctx))
	}
}

// judge finds every phone rung in time, every pop-up closed, and new ones as good as before.
func (f *floorUnderCalls) judge() {
	f.t.Helper()
	crms := f.outside.CRMs()
	f.until("queueapp ready", func() bool { return f.get("/readyz", nil) == nil })
	for x, c := range crms {
		f.until("no pop-up at "+x, func() bool { return len(c.Shown()) == 0 })
	}
	const calls = 5 // the CRM may still be on its way back at the first
	inTime := false
	for range calls {
		inTime = inTime || f.opensBeforeTheRing(crms["1000"])
	}
	if !inTime {
		f.t.Errorf("of %d calls no record was on the screen before the ring", calls)
	}
	f.settled()
	attempts, err := world.memory.Attempts(f.ctx, f.stack.Info().Floor, f.outside.Since)
	f.must(err)
	results := map[queueapp.PublishResult]int{}
	for _, a := range attempts {
		results[a.Publish]++
		if held := a.Rang.Sub(a.Offered); held > budget+slack {
			f.t.Errorf("attempt %s was held for %v (%s)", a.Attempt, held, a.Publish)
		}
	}
	f.t.Logf("publishes: %v", results)
	if results[queueapp.PublishLate] == 0 {
		f.t.Error("no publish was late: the trial tried nothing")
	}
}

// opensBeforeTheRing has one caller served, and reports whether his pop-up was there before the phone was rung.
func (f *floorUnderCalls) opensBeforeTheRing(screen *crm.CRM) bool {
	f.t.Helper()
	opened := screen.Watch()
	defer opened.Close()
	call := f.callAs(newCaller(), "7000")
	invite := f.invited(f.quick)
	event, err := opened.Next(f.ctx, func(e crm.Event) bool {
		return e.Kind == crm.Opened && e.Call.Caller.Number == call.From().Number
	})
	f.must(err)
	f.must(call.AwaitTone(f.ctx, talkTone, 1))
	f.must(invite.Call.Hangup(f.ctx))
	_, err = call.AwaitEnd(f.ctx)
	f.must(err)
	return event.At.Before(invite.At)
}

// A server that is frozen holds its connections open. First queueapp waits for answers, then it gives the session up.
func TestAFrozenXMPPServer(t *testing.T) {
	f := newFloorUnderCalls(t)
	mark := len(f.log(100000))
	f.must(f.stack.Signal(stack.Prosody, syscall.SIGSTOP))
	thaw := func() { f.must(f.stack.Signal(stack.Prosody, syscall.SIGCONT)) }
	defer thaw()
	f.serveInBudget("while the server is frozen", 4)
	f.hangUp()
	f.until("the session given up", func() bool { return strings.Contains(f.log(100000)[mark:], "no XMPP session") })
	f.serveInBudget("without a session", 3)
	thaw()
	f.judge()
}

// A server that dies loses what it had under way; calls begin, are answered and end meanwhile.
func TestADeadXMPPServer(t *testing.T) {
	f := newFloorUnderCalls(t)
	f.must(f.stack.Kill(f.ctx, stack.Prosody))
	restart := sync.OnceFunc(func() { f.must(f.stack.Restart(context.Background(), stack.Prosody)) })
	defer restart()
	f.serveInBudget("while the server is dead", 4)
	f.hangUp()
	restart()
	f.judge()
}

// A link to the server that is slow, cut or hung costs a ring its budget at most.
func TestALinkToTheXMPPServerThatFails(t *testing.T) {
	f := newFloorUnderCalls(t)
	l := f.stack.Link(stack.Prosody)
	t.Cleanup(l.Heal)
	l.Slow(link.Pace{Latency: 200 * time.Millisecond})
	f.serveInBudget("over a slow link", 2)
	l.Cut()
	f.serveInBudget("while the link is cut", 2)
	f.hangUp()
	l.Heal()
	f.until("queueapp ready", func() bool { return f.get("/readyz", nil) == nil })
	f.serveInBudget("over the healed link", 1)
	l.Hang()
	f.serveInBudget("while the link is hung", 2)
	l.Heal()
	f.serveInBudget("over the link that carries what it held back", 1)
	f.judge()
}

// A server that dies and comes back during a conversation: the pop-up is there again, and closed at the end.
func TestAConversationOutlivesTheXMPPServer(t *testing.T) {
	s := newSite(t)
	s.agent("1000", phone.AnswerAfter(0))
	x := s.extension("1000")
	first := s.crm(x.JID, x.JIDPassword, "1000")
	call := s.callAs(newCaller(), "7000")
	s.until("a conversation on the screen", func() bool { return talks(first) })
	s.must(s.stack.Restart(s.ctx, stack.Prosody))
	fresh := s.crm(x.JID, x.JIDPassword, "1000") // it was started anew, and shows nothing by itself
	s.until("the conversation on the new screen", func() bool { return talks(fresh) })
	s.must(call.Hangup(s.ctx))
	for name, c := range map[string]*crm.CRM{"first": first, "new": fresh} {
		s.until("no pop-up on the "+name+" screen", func() bool { return len(c.Shown()) == 0 })
	}
}

func talks(c *crm.CRM) bool {
	shown := c.Shown()
	return len(shown) == 1 && shown[0].State == record.Talking
}
