package engine

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// TestModel runs engines in a bad world, in virtual time: commits that are slow or fail, switches whose reports come late,
// twice or not at all, requests without an answer, processes that die between any two orders, people who do as they please.
// What must hold is asserted at each order, at each commit, and whenever the world is given time to come to rest.
func TestModel(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for wanted := modelOrders(t); seen["order"] < wanted; {
		rapid.Check(t, func(rt *rapid.T) {
			var caught any
			synctest.Test(t, func(*testing.T) {
				m := newModel(rt, seen)
				defer func() {
					caught = recover() // rapid wants it on its own goroutine
					m.kill()
				}()
				m.run()
			})
			raise(caught)
		})
	}
	t.Logf("happened: %v", seen)
}

// raise passes a panic of rapid's on. Rapid tells failures apart by where they are raised: that it ran out of data is not
// to look like what it is looking for.
func raise(caught any) {
	if fmt.Sprintf("%T", caught) == "rapid.invalidData" {
		panic(caught)
	}
	if caught != nil {
		panic(caught)
	}
}

// modelOrders is how many orders of the engine are to be seen: a twentieth of MODEL_EVENTS, see CONTRIBUTING.md.
func modelOrders(t *testing.T) int {
	t.Helper()
	asked := cmp.Or(os.Getenv("MODEL_EVENTS"), "100000")
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatalf("MODEL_EVENTS=%s: want a number of events", asked)
	}
	return n / 20
}

// model is the world around an engine, and the engine in it.
type model struct {
	t    *rapid.T
	seen map[string]int

	mu       sync.Mutex
	problems []string
	trace    []string // what happened
	db       *tables
	pbx      *pbx
	crm      *screens
	commit   *commit // being written
	life     *life
	numbers  int // of callers
	ids      int // of calls
}

func newModel(t *rapid.T, seen map[string]int) *model {
	m := &model{t: t, seen: seen}
	m.db, m.pbx, m.crm = newTables(m), newPBX(m), newScreens(m)
	m.db.plan = newWorld(nil).plan
	m.db.plan.Floor.Queues[0].Timeout, m.db.plan.Floor.Queues[0].Wrapup = time.Minute, 2*time.Second
	if rapid.IntRange(0, 3).Draw(t, "all phones ring") == 0 {
		m.db.plan.Floor.Queues[0].Strategy = queueapp.RingAll
	}
	if rapid.Bool().Draw(t, "callers hear more than music") {
		l := hearing(nil, nil).plan.Lines[0]
		l.Frequency, l.MinFrequency, l.Keys = 8*time.Second, time.Second, l.Keys[:1]
		if rapid.Bool().Draw(t, "before the agent, too") {
			l.Connect = []string{"connect"}
		}
		m.db.plan.Lines = []floorplan.Line{l}
	}
	m.db.plan.Floor.Queues[0].Briefing = m.briefing()
	m.born()
	return m
}

// fail notes what must not be. It may be called on any goroutine that has the model's lock.
func (m *model) fail(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// note keeps what happens, for whoever reads of a failure. The model's lock is held.
func (m *model) note(format string, args ...any) {
	m.trace = append(m.trace, time.Now().Format("04:05.000 ")+fmt.Sprintf(format, args...))
}

// rest lets everybody do what there is to do now, and fails where somebody did wrong.
func (m *model) rest() {
	synctest.Wait()
	m.mu.Lock()
	problems, trace := m.problems, m.trace
	m.mu.Unlock()
	if len(problems) > 0 { // told here and not as it happens: the scheduler may do otherwise the next time
		m.t.Fatalf("%s\n%s", strings.Join(problems, "\n"), strings.Join(trace, "\n"))
	}
}

// born starts a process.
func (m *model) born() {
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{m: m, cancel: cancel, ended: make(chan error, 1)}
	l.eng = New(Options{
		Floor: "main", Memory: l, CRM: display{l}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Switches: func() ([]Switch, error) { return []Switch{&port{life: l}}, nil },
		NewID: func() queueapp.CallID {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.ids++
			return queueapp.CallID(fmt.Sprintf("c%d", m.ids))
		},
	})
	m.life = l
	go func() { l.ended <- l.eng.Run(ctx) }()
	m.rest()
}

// kill ends the process as kill -9 does.
func (m *model) kill() {
	m.mu.Lock()
	l := m.life
	l.dead = true
	if m.db.owner != nil {
		m.db.owner.lose()
	}
	m.mu.Unlock()
	l.cancel()
	<-l.ended
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pbx.port = nil
	m.pbx.disconnect()
	clear(m.pbx.lanes)
	clear(m.pbx.reports)
	clear(m.pbx.known)
}

// run is a life of a site.
func (m *model) run() {
	for range 2 {
		m.settleDown()
		m.tell(queueapp.LogOn{Agent: "1000"})
		m.tell(queueapp.LogOn{Agent: "1001"})
	}
	m.t.Repeat(map[string]func(*rapid.T){
		"call": m.with(m.call), "phone": m.with(m.phone), "phone 2": m.with(m.phone), "phone 3": m.with(m.phone),
		"phone 4": m.with(m.phone), "caller": m.with(m.caller), "agent": m.with(m.agent), "replace": m.with(m.replace), "colleague": m.with(m.colleague), "operator": m.with(m.operator),
		"one": m.with(m.one), "one 2": m.with(m.one), "one 3": m.with(m.one), "one 4": m.with(m.one), "some": m.with(m.some),
		"some 2": m.with(m.some), "some 3": m.with(m.some), "all": m.with(m.all), "time": m.with(m.time), "rare": m.with(m.rare),
	})
	m.end()
}

func (m *model) with(do func()) func(*rapid.T) {
	return func(t *rapid.T) {
		m.t = t
		m.reap()
		do()
		m.rest()
	}
}

// reap buries a process whose fuse has burnt down, and starts the next.
func (m *model) reap() {
	m.mu.Lock()
	dead := m.life.dead
	m.mu.Unlock()
	if dead {
		m.seen["died by fuse"]++
		m.lastOrders()
		m.kill()
		m.born()
	}
}

// pending lists what waits for the world to happen, in an order that does not depend on the scheduler.
func (m *model) pending() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []func()
	if c := m.commit; c != nil && !m.db.away {
		out = append(out, func() { m.written(c, nil) })
	}
	for _, lane := range keysOf(m.pbx.lanes) {
		out = append(out, func() { m.locked(func() { m.pbx.serve(lane); m.seen["order"]++ }) })
	}
	for _, ch := range keysOf(m.pbx.reports) {
		out = append(out, func() { m.deliver(ch) })
	}
	if m.pbx.port != nil && !m.pbx.up && !m.pbx.cut {
		out = append(out, m.connect)
	}
	for _, p := range m.crm.publishes {
		out = append(out, func() { m.publish(p) })
	}
	if len(m.crm.unheard) > 0 {
		out = append(out, m.acknowledge)
	}
	return out
}

func (m *model) locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// written ends a commit.
func (m *model) written(c *commit, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.commit != c {
		return
	}
	m.commit = nil
	if err == nil {
		m.db.write(c.batch)
		m.seen["commit"]++
	}
	for _, s := range c.batch.Steps {
		m.note("commit %v %T%+v => %+v", err, s.Event, s.Event, s.Effects)
	}
	c.result <- err
}

// deliver hands the engine a channel's oldest report, some of them twice.
func (m *model) deliver(ch queueapp.ChannelID) {
	var ev SwitchEvent
	var sink func(SwitchEvent)
	m.locked(func() {
		x := m.pbx
		if x.port == nil || len(x.reports[ch]) == 0 {
			return
		}
		ev, sink = x.tell(ch), x.port.sink
		m.seen[strings.TrimPrefix(fmt.Sprintf("%T", ev), "engine.")]++
		m.note("told %T%+v", ev, ev)
	})
	switch ev.(type) {
	case nil:
		return
	case LegRinging, LegUp, LegGone, Gone, Entered, DeviceChanged, PlayDone:
		if rapid.IntRange(0, 9).Draw(m.t, "twice") == 0 {
			sink(ev)
		}
	}
	sink(ev)
}

func (m *model) connect() {
	var up SwitchUp
	var sink func(SwitchEvent)
	m.locked(func() {
		if m.pbx.port != nil && !m.pbx.up {
			up, sink = m.pbx.connect(), m.pbx.port.sink
			m.note("stream is up: %+v", up)
		}
	})
	if sink != nil {
		sink(up)
	}
}

func (m *model) publish(p *publish) {
	m.locked(func() {
		m.crm.publishes = slices.DeleteFunc(m.crm.publishes, func(x *publish) bool { return x == p })
		m.crm.unheard = append(m.crm.unheard, p.out.RecordKey)
	})
	p.ring(rapid.SampledFrom([]queueapp.PublishResult{queueapp.PublishOK, queueapp.PublishOK, queueapp.PublishRefused}).Draw(m.t, "publish"))
}

// acknowledge tells that a record needs no more delivery.
func (m *model) acknowledge() {
	var sent func(RecordKey)
	var k RecordKey
	m.locked(func() {
		if len(m.crm.unheard) > 0 {
			sent, k, m.crm.unheard = m.crm.sent, m.crm.unheard[0], m.crm.unheard[1:]
		}
	})
	if sent != nil {
		sent(k)
	}
}
