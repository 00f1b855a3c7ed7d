package stasis

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/stasis/aritest"
)

// nothing is a database that forgets all but the default floor plan, and a CRM that shows nothing.
type nothing struct {
	engine.CRM
	plan  floorplan.Plan
	steps atomic.Int64 // that let a caller in
}

func (n *nothing) Begin() {}

func (n *nothing) Own(context.Context, string, func(string)) (engine.Owner, error) { return n, nil }
func (n *nothing) CustomersByCode(context.Context, string) ([]queueapp.Customer, error) {
	return nil, nil
}

func (n *nothing) CustomersByNumber(context.Context, string) ([]queueapp.Customer, error) {
	return nil, nil
}
func (n *nothing) UseCustomers(floorplan.Customers) error { return nil }
func (n *nothing) Epoch() int64                           { return 1 }
func (n *nothing) Load(context.Context) (engine.Remembered, error) {
	return engine.Remembered{Floor: "main", Version: 1, Plan: n.plan, Seqs: map[queueapp.CallID]int64{}}, nil
}
func (n *nothing) Plan(context.Context) (floorplan.Plan, int64, error) { return n.plan, 1, nil }

func (n *nothing) Commit(_ context.Context, b engine.Batch) error {
	for _, s := range b.Steps {
		if _, enters := s.Event.(queueapp.Enter); enters {
			n.steps.Add(1)
		}
	}
	return nil
}
func (n *nothing) Beat(context.Context) error    { return nil }
func (n *nothing) PlanChanged() <-chan struct{}  { return nil }
func (n *nothing) Lost() <-chan struct{}         { return nil }
func (n *nothing) Release(context.Context) error { return nil }

func (n *nothing) Run(ctx context.Context, _ func(engine.RecordKey)) error {
	<-ctx.Done()
	return nil
}
func (n *nothing) Nodes(map[queueapp.ExtensionID]engine.Node) {}
func (n *nothing) Ready() (bool, string)                      { return true, "" }

// A waiting call takes little memory, in the engine, in the switch, and here even in the fake Asterisk.
func TestMemoryOfAWaitingCall(t *testing.T) {
	a, err := aritest.Start(aritest.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	plan, err := floorplan.Parse("default", floorplan.Default())
	if err != nil {
		t.Fatal(err)
	}
	n := &nothing{plan: plan}
	var calls atomic.Int64
	e := engine.New(engine.Options{
		Floor: "main", Memory: n, CRM: n, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		NewID: func() queueapp.CallID {
			return queueapp.CallID(fmt.Sprintf("01a1ffaa-bd2f-7803-8876-%012x", calls.Add(1)))
		},
		Switches: func() ([]engine.Switch, error) {
			s, err := New(Config{Name: "pbx", URL: a.URL(), User: a.User(), Password: a.Password(), Log: slog.New(slog.DiscardHandler)})
			return []engine.Switch{s}, err
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	waiting := func(want int64) float64 {
		until(t, func() bool { return !slices.ContainsFunc(e.Ready().Parts, func(p engine.Part) bool { return !p.OK }) })
		for i := n.steps.Load(); i < want; i++ {
			a.Call(aritest.Call{Args: []string{"queue", "support"}, Name: "Ana", Number: fmt.Sprint("55501", i)})
			if i%50 == 0 { // as many at a time as it takes without turning any away
				until(t, func() bool { return n.steps.Load() >= i })
			}
		}
		until(t, func() bool { return n.steps.Load() == want })
		if all, err := e.Calls(ctx); err != nil || int64(len(all)) != want {
			t.Fatalf("%d calls wait, want %d: %v", len(all), want, err)
		}
		return inUse()
	}
	few, many := waiting(1_000), waiting(11_000)
	each := (many - few) / 10_000
	t.Logf("%.0f bytes each", each)
	if each > 8<<10 {
		t.Errorf("a waiting call takes %.0f bytes, of which some are the fake's", each)
	}
}

// until polls what nothing tells.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	late := time.After(patience)
	for tick := time.Tick(time.Millisecond); !ok(); {
		select {
		case <-tick:
		case <-late:
			t.Fatal("it never came about")
		}
	}
}

// inUse is the memory that is in use when everything has come to rest.
func inUse() float64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}
