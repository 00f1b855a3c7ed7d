package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// world stands in for the database, the switch and the CRM, and writes down in which order the engine used them. The
// real ones are in the system tests; here it is the order that counts, and what cannot be had on demand.
type world struct {
	t    *testing.T
	eng  *Engine
	mu   sync.Mutex
	cond *sync.Cond
	log  []string

	plan        floorplan.Plan
	left        Remembered
	steps       []queueapp.Step
	records     []Outgoing
	stuck       bool // commits do not return
	failing     error
	away        error         // what beats give
	reading     chan struct{} // what reading the floor plan waits for
	another     bool          // another process owns the floor from the next time on
	skew        time.Duration // how far our clock is ahead
	sink        func(SwitchEvent)
	others      []Switch
	lost        chan struct{}
	changed     chan struct{}
	publish     queueapp.PublishResult // what an offer's publish gives
	customers   map[string][]queueapp.Customer
	lookupErr   error
	variables   map[string]string // by channel and name, as an owner before left them
	variableErr error
	lookup      chan struct{} // where not nil, look-ups wait until it is closed
	ids         int
	version     int64 // of the floor plan, where there is more than one other
	observer    Observer
	said        slog.Handler // gets the engine's log
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, said: slog.DiscardHandler, lost: make(chan struct{}), changed: make(chan struct{}, 1), publish: queueapp.PublishOK,
		customers: map[string][]queueapp.Customer{"1111": {{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1"}}},
	}
	w.cond = sync.NewCond(&w.mu)
	w.plan = floorplan.Plan{
		Floor: queueapp.Plan{
			Queues: []queueapp.Queue{{
				Name: "support", Strategy: queueapp.LeastRecent, Ring: 20 * time.Second, Timeout: 10 * time.Minute,
				Members: []queueapp.Member{{Agent: "1000"}, {Agent: "1001"}}, Retry: 5 * time.Second, RejectDelay: 2 * time.Second, MaxNoAnswer: 3,
			}},
			Agents: []queueapp.Agent{{ID: "1000", JIDs: []string{"user1@localhost"}}, {ID: "1001", JIDs: []string{"user2@localhost"}}},
			Extensions: []queueapp.Extension{
				{ID: "1000", Dial: "PJSIP/1000", Device: "PJSIP/1000"}, {ID: "1001", Dial: "PJSIP/1001", Device: "PJSIP/1001"},
			},
		},
		Menus: []ivr.Menu{{
			Name: "main", Prompts: []string{"ringside/menu"},
			Keys: []ivr.Choice{
				{Key: '2', Step: ivr.Step{Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "phones", Extension: "2000", Priority: 1}}},
				{Key: '5', Step: ivr.Step{Verb: ivr.VerbMenu, Menu: "night"}},
			},
			Silence: ivr.Silence{After: 3 * time.Second, Tries: 1, Step: ivr.Step{Verb: ivr.VerbHangUp}},
			Invalid: ivr.Invalid{Tries: 3, Step: ivr.Step{Verb: ivr.VerbHangUp}},
		}, {
			Name: "night", Prompts: []string{"ringside/night"},
			Silence: ivr.Silence{After: 3 * time.Second, Tries: 1, Step: ivr.Step{Verb: ivr.VerbHangUp}},
			Invalid: ivr.Invalid{Tries: 3, Step: ivr.Step{Verb: ivr.VerbHangUp}},
		}},
		Settings: floorplan.Settings{
			Node: "extension{{.Extension}}", Chat: "{{.Queue}}: {{.Customer}}", Display: "{{.Queue}}: {{.Customer}}",
			Budget: 300 * time.Millisecond, MaxCall: 4 * time.Hour, Outage: 30 * time.Second,
		},
	}
	return w
}

// make makes the engine.
func (w *world) make() {
	w.eng = New(Options{
		Floor: "main", Memory: w, Switches: func() ([]Switch, error) { return append([]Switch{w}, w.others...), nil }, CRM: crm{w}, Log: slog.New(w.said), Now: w.now,
		Observer: w.observer,
		NewID: func() queueapp.CallID {
			w.ids++
			return queueapp.CallID(fmt.Sprintf("c%d", w.ids))
		},
	})
}

// start runs the engine until the test ends and waits until the switch is up.
func (w *world) start(up SwitchUp) {
	w.t.Helper()
	w.make()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.eng.Run(ctx) }()
	w.t.Cleanup(func() {
		w.set(func() { w.stuck = false })
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
	w.await("run switch")
	w.tell(up)
	w.await("follow")
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.skew)
}

// tell has the switch report something.
func (w *world) tell(evs ...SwitchEvent) {
	w.mu.Lock()
	sink := w.sink
	w.mu.Unlock()
	for _, ev := range evs {
		sink(ev)
	}
}

func (w *world) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.cond.Broadcast()
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
	w.cond.Broadcast()
}

// await waits until something that begins so was done, and returns the first such line.
func (w *world) await(begin string) string {
	w.t.Helper()
	late := false
	stop := time.AfterFunc(10*time.Second, func() { w.mu.Lock(); late = true; w.cond.Broadcast(); w.mu.Unlock() })
	defer stop.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for _, l := range w.log {
			if strings.HasPrefix(l, begin) {
				return l
			}
		}
		if late {
			w.t.Fatalf("never saw %q in:\n%s", begin, strings.Join(w.log, "\n"))
		}
		w.cond.Wait()
	}
}

// order asserts that lines that begin so stand in the log in this order.
func (w *world) order(begins ...string) {
	w.t.Helper()
	for _, b := range begins {
		w.await(b)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	at := -1
	for _, b := range begins {
		i := slices.IndexFunc(w.log, func(l string) bool { return strings.HasPrefix(l, b) })
		if i <= at {
			w.t.Fatalf("%q came too early in:\n%s", b, strings.Join(w.log, "\n"))
		}
		at = i
	}
}

func (w *world) count(begin string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, l := range w.log {
		if strings.HasPrefix(l, begin) {
			n++
		}
	}
	return n
}

func (w *world) command(ev queueapp.Event) []queueapp.Effect {
	w.t.Helper()
	effects, err := w.eng.Command(w.t.Context(), ev)
	if err != nil {
		w.t.Fatal(err)
	}
	return effects
}

// logOn logs an agent on whose phone is free.
func (w *world) logOn(agent queueapp.AgentID) {
	w.t.Helper()
	w.tell(DeviceChanged{Device: "PJSIP/" + string(agent), State: queueapp.DeviceNotInUse})
	w.command(queueapp.LogOn{Agent: agent})
}

// untilAgent waits until an agent is as wanted. The floor can be asked also while nothing can be written.
func (w *world) untilAgent(id queueapp.AgentID, wanted func(queueapp.AgentView) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	for {
		agents, err := w.eng.Agents(ctx)
		if err != nil {
			w.t.Fatalf("agent %s never was as wanted: %v", id, err)
		}
		if slices.ContainsFunc(agents, func(a queueapp.AgentView) bool { return a.Agent == id && wanted(a) }) {
			return
		}
	}
}

// The database.

func (w *world) Own(ctx context.Context, _ string, waiting func(string)) (Owner, error) {
	w.mu.Lock()
	another := w.another
	w.mu.Unlock()
	if another {
		w.note("stand by")
		waiting("another")
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return w, nil
}

func (w *world) CustomersByCode(ctx context.Context, code string) ([]queueapp.Customer, error) {
	if w.lookup != nil {
		select {
		case <-w.lookup:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return w.customers[code], w.lookupErr
}

func (w *world) CustomersByNumber(context.Context, string) ([]queueapp.Customer, error) {
	return nil, w.lookupErr
}

func (w *world) UseCustomers(floorplan.Customers) error { return nil }

func (w *world) Epoch() int64 { return 1 }

func (w *world) Load(context.Context) (Remembered, error) {
	rem := w.left
	rem.Plan, rem.Floor = w.plan, "main"
	if rem.Seqs == nil {
		rem.Seqs = map[queueapp.CallID]int64{}
	}
	return rem, nil
}

func (w *world) Plan(context.Context) (floorplan.Plan, int64, error) {
	if w.reading != nil {
		<-w.reading
	}
	return w.plan, max(2, w.version), nil
}

func (w *world) Commit(ctx context.Context, b Batch) error {
	defer context.AfterFunc(ctx, func() { w.set(func() {}) })()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.stuck {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.cond.Wait()
	}
	if errors.Is(w.failing, ErrNotOwner) {
		return w.failing
	}
	w.steps = append(w.steps, b.Steps...)
	w.records = append(w.records, b.Records...)
	for _, s := range b.Steps {
		w.log = append(w.log, fmt.Sprintf("step %T %+v", s.Event, s.Event))
		for _, e := range s.Effects {
			w.log = append(w.log, fmt.Sprintf("commit %T %+v", e, e))
		}
	}
	w.cond.Broadcast()
	return w.failing
}

func (w *world) Beat(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.away
}
func (w *world) PlanChanged() <-chan struct{}  { return w.changed }
func (w *world) Lost() <-chan struct{}         { return w.lost }
func (w *world) Release(context.Context) error { return nil }

// The switch.

func (w *world) Name() queueapp.SwitchName { return "main" }

func (w *world) Run(ctx context.Context, sink func(SwitchEvent)) error {
	w.mu.Lock()
	w.sink = sink
	w.mu.Unlock()
	w.note("run switch")
	<-ctx.Done()
	return nil
}

func (w *world) Answer(ch queueapp.ChannelID)                   { w.note("answer %s", ch) }
func (w *world) StartMusic(ch queueapp.ChannelID, class string) { w.note("music %s %s", ch, class) }
func (w *world) StopPlay(_ queueapp.ChannelID, id PlaybackID)   { w.note("stop %s", id) }
func (w *world) Prepare(l Leg)                                  { w.note("prepare %s %s %q", l.Channel, l.Dial, l.CallerName) }
func (w *world) Originate(l Leg)                                { w.note("originate %s %s %q", l.Channel, l.Dial, l.CallerName) }
func (w *world) HangUp(ch queueapp.ChannelID, why string)       { w.note("hangup %s %s", ch, why) }
func (w *world) PrepareBridge(id BridgeID, _ queueapp.ChannelID) {
	w.note("prepare %s", id)
}
func (w *world) Bridge(id BridgeID, caller, leg queueapp.ChannelID) {
	w.note("bridge %s %s %s", id, caller, leg)
}
func (w *world) DestroyBridge(id BridgeID, _ queueapp.ChannelID) { w.note("destroy %s", id) }
func (w *world) Light(lamps map[string]queueapp.DeviceState) {
	w.note("light %v", lamps)
}
func (w *world) Record(o RecordingOrder) {
	w.note("recording %s %s %s %s", o.Do, o.Bridge, o.Name, o.Format)
}
func (w *world) Follow([]string) { w.note("follow") }
func (w *world) Play(ch queueapp.ChannelID, id PlaybackID, media []string) {
	w.note("play %s %s %v", ch, id, media)
}

func (w *world) SetVariables(ch queueapp.ChannelID, vars ...Variable) {
	w.note("set %s %v", ch, vars)
}

func (w *world) Variable(_ context.Context, ch queueapp.ChannelID, name string) (string, error) {
	return w.variables[string(ch)+" "+name], w.variableErr
}

func (w *world) Continue(ch queueapp.ChannelID, place *Place, vars ...Variable) {
	w.note("continue %s %v %v", ch, place, vars)
}

// crm is the CRM's side of the world.
type crm struct{ *world }

func (c crm) Begin() {}

func (c crm) Run(ctx context.Context, _ func(RecordKey)) error {
	<-ctx.Done()
	return nil
}

func (c crm) Offer(o Outgoing, _ time.Duration, ring func(queueapp.PublishResult)) {
	c.note("publish %s %s %s %s", o.Event, o.Extension, o.Attempt, who(o))
	go ring(c.publish)
}

func (c crm) Send(o Outgoing) {
	c.note("publish %s %s %s %s%s", o.Event, o.Extension, o.Attempt, o.Record.Reason, who(o))
}

func (c crm) Shown(o Outgoing) {
	c.note("stands %s %s %s seq %d", o.Event, o.Extension, o.Attempt, o.Seq)
}

// who is the customer that a record names; empty: none.
func who(o Outgoing) string {
	if len(o.Record.Customers) == 0 {
		return ""
	}
	return o.Record.Customers[0].Name
}

func (c crm) Nodes(nodes map[queueapp.ExtensionID]Node) { c.note("nodes %d", len(nodes)) }
func (c crm) Node(x queueapp.ExtensionID, n Node)       { c.note("members %s %s %v", x, n.Name, n.Members) }
func (c crm) Chat(to []string, body, _ string)          { c.note("chat %v %s", to, body) }
func (c crm) Ready() (bool, string)                     { return true, "" }
