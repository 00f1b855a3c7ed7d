package engine

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

// stall keeps the loop busy until the function that it returns is called.
func (w *world) stall() (release func()) {
	stalled, over := make(chan struct{}), make(chan struct{})
	asked := make(chan error, 1)
	go func() { asked <- w.eng.ask(w.t.Context(), func(*tenure) { close(stalled); <-over }) }()
	<-stalled
	return func() {
		close(over)
		if err := <-asked; err != nil {
			w.t.Error(err)
		}
	}
}

// A new call is given back at once while the loop is late, and not by the loop: that has enough to do.
func TestALateLoopTakesNoNewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.await("music ch1")
		release := w.stall()
		w.tell(caller("ch2", "queue", "support", "code=1111"))
		pass(lagLimit + time.Millisecond)
		w.tell(caller("ch3", "queue", "support", "code=1111"), Digit{"ch1", '1'})
		w.want(1, "continue ch3 <nil> [{QUEUEAPP_OUTCOME unavailable} {QUEUESTATUS UNAVAILABLE} {TIMEOUT(absolute) 0}]")
		w.want(0, "music ch2")
		release()
		synctest.Wait()
		w.tell(Gone{Channel: "ch3"}, caller("ch4", "queue", "support", "code=1111"))
		w.want(1, "music ch2")
		w.want(1, "music ch4")
		w.want(1, "continue")
	})
}

func TestAFullLoopTakesNoNewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		release := w.stall()
		crowd := func() {
			for range inputLimit/2 + 1 {
				w.tell(Digit{"ch0", '1'})
			}
		}
		crowd()
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		crowd()
		w.tell(caller("ch2", "queue", "support", "code=1111"))
		w.want(1, "continue ch2")
		release()
		w.want(1, "music ch1")
		w.want(1, "continue")
	})
}

// A late loop is no database that is away.
func TestALateLoopIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		release := w.stall()
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		pass(10 * time.Second)
		release()
		w.want(1, "music ch1")
		pass(time.Second)
		w.want(0, "step queueapp.Hold {Why:the database")
	})
}

// A call that Asterisk was too busy to send on is sent on until it goes.
func TestACallThatCouldNotBeSentOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		stale := func(ch queueapp.ChannelID, status int) {
			w.tell(Failed{Command: "continue", Channel: ch, Status: status, Err: errGone})
			pass(2 * renewAfter)
		}
		w.leave()
		pass(4 * time.Second)
		w.tell(caller("ch4", "queue", "support", "code=1111"))
		w.want(1, "continue ch4")
		stale("ch4", 0)
		w.want(2, "continue ch4 <nil> [{QUEUEAPP_OUTCOME unavailable} {QUEUESTATUS UNAVAILABLE} {TIMEOUT(absolute) 0}]")
		stale("ch4", 404)
		w.want(2, "continue ch4")
		pass(30 * time.Second)
		w.want(1, "continue ch3")
		stale("ch3", 503)
		w.want(2, "continue ch3 <nil> [{QUEUEAPP_AGENT } {QUEUEAPP_CALL c3} {QUEUEAPP_OUTCOME unavailable} {QUEUESTATUS UNAVAILABLE}")
		w.tell(Failed{Command: "continue", Channel: "ch3", Err: errGone}, Gone{Channel: "ch3"})
		pass(2 * renewAfter)
		w.want(2, "continue ch3")
		w.comeBack()
	})
}

// The log says how many were turned away, not each of them.
func TestTheLogCountsWhoWasTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		w := newWorld(t)
		w.said = slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})
		w.start(SwitchUp{})
		for n := range 3 {
			release := w.stall()
			pass(2 * lagLimit)
			for i := range 100 {
				w.tell(caller(queueapp.ChannelID(fmt.Sprintf("ch%d.%d", n, i)), "queue", "support"))
			}
			release()
			pass(time.Second)
		}
		pass(time.Minute)
		var lines []string
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "given back") {
				lines = append(lines, line)
			}
		}
		if len(lines) != 2 || !strings.Contains(lines[0], "overload=100 ") || !strings.Contains(lines[1], "overload=200 ") {
			t.Errorf("said of 300 calls: %q", lines)
		}
	})
}

// exchange is a world whose phones are answered and hung up by themselves, and whose database takes its time.
type exchange struct {
	*world
	step time.Duration // that it takes to write one step

	mail    []SwitchEvent
	arrived map[queueapp.ChannelID]time.Time
	away    map[queueapp.ChannelID]time.Duration // how long after it arrived a call was given back
	bridged map[queueapp.ChannelID]int
	most    int // steps in one batch
}

func newExchange(t *testing.T, agents int) *exchange {
	x := &exchange{
		world: newWorld(t), arrived: map[queueapp.ChannelID]time.Time{}, away: map[queueapp.ChannelID]time.Duration{},
		bridged: map[queueapp.ChannelID]int{},
	}
	p := &x.plan.Floor
	p.Agents, p.Extensions, p.Queues[0].Members = nil, nil, nil
	for i := range agents {
		id := fmt.Sprint(1000 + i)
		p.Agents = append(p.Agents, queueapp.Agent{ID: queueapp.AgentID(id)})
		p.Extensions = append(p.Extensions, queueapp.Extension{ID: queueapp.ExtensionID(id), Dial: "PJSIP/" + id, Device: "PJSIP/" + id})
		p.Queues[0].Members = append(p.Queues[0].Members, queueapp.Member{Agent: queueapp.AgentID(id)})
		x.left.Agents = append(x.left.Agents, queueapp.RestoreAgent{Agent: queueapp.AgentID(id), Extension: queueapp.ExtensionID(id)})
		x.post(DeviceChanged{Device: "PJSIP/" + id, State: queueapp.DeviceNotInUse})
	}
	return x
}

func (x *exchange) start() {
	x.make()
	x.eng.opt.Memory, x.eng.opt.CRM = x, quiet{crm{x.world}}
	x.eng.opt.Switches = func() ([]Switch, error) { return []Switch{x}, nil }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.eng.Run(ctx) }()
	x.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			x.t.Errorf("run: %v", err)
		}
	})
	synctest.Wait()
}

func (x *exchange) post(evs ...SwitchEvent) { x.set(func() { x.mail = append(x.mail, evs...) }) }

func (x *exchange) later(d time.Duration, evs ...SwitchEvent) {
	time.AfterFunc(d, func() { x.post(evs...) })
}

// call has a caller arrive, and says whether he was given back at once.
func (x *exchange) call(n int) {
	ch := queueapp.ChannelID(fmt.Sprintf("ch%d", n))
	x.set(func() { x.arrived[ch] = time.Now() })
	x.post(caller(ch, "queue", "support"))
}

func (x *exchange) Own(context.Context, string, func(string)) (Owner, error) { return x, nil }

func (x *exchange) Commit(_ context.Context, b Batch) error {
	<-time.After(time.Duration(len(b.Steps)) * x.step) // how slow this database is
	x.set(func() { x.most = max(x.most, len(b.Steps)) })
	return nil
}

func (x *exchange) Run(ctx context.Context, sink func(SwitchEvent)) error {
	defer context.AfterFunc(ctx, func() { x.set(func() {}) })()
	sink(SwitchUp{})
	for {
		x.mu.Lock()
		for len(x.mail) == 0 && ctx.Err() == nil {
			x.cond.Wait()
		}
		mail := x.mail
		x.mail = nil
		x.mu.Unlock()
		if ctx.Err() != nil {
			return nil
		}
		for _, ev := range mail {
			sink(ev)
		}
	}
}

func (x *exchange) Originate(l Leg) {
	x.later(20*time.Millisecond, LegRinging{l.Channel}, LegUp{l.Channel})
}

func (x *exchange) Bridge(id BridgeID, caller, leg queueapp.ChannelID) {
	x.set(func() { x.bridged[caller]++ })
	x.later(time.Millisecond, Entered{id, caller}, Entered{id, leg})
	x.later(200*time.Millisecond, LegGone{Channel: leg, Q850: 16})
}

func (x *exchange) HangUp(ch queueapp.ChannelID, _ string) {
	if _, leg := attemptOf(ch); leg {
		x.later(time.Millisecond, LegGone{Channel: ch, Q850: 16})
		return
	}
	x.later(time.Millisecond, Gone{Channel: ch, HungUp: true, Q850: 16})
}

func (x *exchange) Continue(ch queueapp.ChannelID, _ *Place, _ ...Variable) {
	x.set(func() { x.away[ch] = time.Since(x.arrived[ch]) })
	x.later(time.Millisecond, Gone{Channel: ch})
}

func (x *exchange) Answer(queueapp.ChannelID)                    {}
func (x *exchange) StartMusic(queueapp.ChannelID, string)        {}
func (x *exchange) SetVariables(queueapp.ChannelID, ...Variable) {}
func (x *exchange) PrepareBridge(BridgeID, queueapp.ChannelID)   {}
func (x *exchange) DestroyBridge(BridgeID, queueapp.ChannelID)   {}
func (x *exchange) Record(RecordingOrder)                        {}

// quiet is a CRM whose server accepts everything at once.
type quiet struct{ crm }

func (q quiet) Offer(_ Outgoing, _ time.Duration, ring func(queueapp.PublishResult)) {
	go ring(queueapp.PublishOK)
}
func (quiet) Send(Outgoing)                   {}
func (quiet) Node(queueapp.ExtensionID, Node) {}
func (quiet) Chat([]string, string, string)   {}

// Far more calls come than can be written down: those that are refused are refused at once, those that are taken are
// served, what waits is bounded, and when the rush is over every call is taken again.
func TestAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, seconds, agents = 600, 4, 60
		x := newExchange(t, agents)
		x.step = 4 * time.Millisecond // some 30 calls a second
		x.start()
		calls := 0
		for range seconds * 100 {
			for range rate / 100 {
				calls++
				x.call(calls)
			}
			pass(10 * time.Millisecond)
		}
		pass(30 * time.Second)
		left, err := x.eng.Calls(t.Context())
		if err != nil || len(left) > 0 {
			t.Errorf("%d calls are left: %v", len(left), err)
		}
		rush := maps.Clone(x.away)
		for range 100 {
			calls++
			x.call(calls)
			pass(10 * time.Millisecond)
		}
		pass(10 * time.Second)
		if n := len(x.away) - len(rush); n != 0 {
			t.Errorf("%d of 100 calls were refused after the rush", n)
		}
		var slowest time.Duration
		for _, d := range x.away {
			slowest = max(slowest, d)
		}
		for ch := range x.arrived {
			if _, away := x.away[ch]; away == (x.bridged[ch] > 0) || x.bridged[ch] > 1 {
				t.Errorf("%s: given back %t, brought together with %d agents", ch, away, x.bridged[ch])
			}
		}
		t.Logf("%d calls: %d refused within %v, %d served; at most %d turns in a batch", calls, len(x.away), slowest, len(x.bridged), x.most)
		if len(rush) == 0 || len(x.bridged) < calls/20 {
			t.Errorf("%d of %d calls were refused, %d served", len(rush), calls, len(x.bridged))
		}
		if slowest > lagLimit || x.most > 1000 {
			t.Errorf("refused after %v, at most %d turns in a batch", slowest, x.most)
		}
	})
}
