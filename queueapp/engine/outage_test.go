package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

var errGone = errors.New("database away")

// leave takes the database away: nothing is written, no beat is answered.
func (w *world) leave() { w.set(func() { w.stuck, w.away = true, errGone }) }

func (w *world) comeBack() { w.set(func() { w.stuck, w.away = false, nil }) }

// pass lets time pass and what follows from that happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// done says how often something that begins so was done, after everything has happened that can.
func (w *world) done(begin string) int {
	synctest.Wait()
	return w.count(begin)
}

func (w *world) want(n int, begin string) {
	w.t.Helper()
	if got := w.done(begin); got != n {
		w.t.Errorf("%q was done %d times, want %d:\n%s", begin, got, n, strings.Join(w.log, "\n"))
	}
}

// busy is a floor on which ch1 talks to 1000, ch2 rings at 1001 for as long as a minute, and ch3 waits.
func busy(t *testing.T) *world {
	w := newWorld(t)
	w.plan.Floor.Queues[0].Ring = time.Minute
	w.start(SwitchUp{})
	w.logOn("1000")
	w.logOn("1001")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
	w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
	w.await("bridge rs1.c1")
	w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered")
	w.tell(caller("ch2", "queue", "support", "code=1111"))
	w.await("originate rs1.c2.1.1 PJSIP/1001")
	w.tell(LegRinging{"rs1.c2.1.1"}, caller("ch3", "queue", "support", "code=1111"))
	w.await("music ch3")
	synctest.Wait()
	return w
}

func (w *world) part(name string) Part {
	parts := w.eng.Ready().Parts
	return parts[slices.IndexFunc(parts, func(p Part) bool { return p.Name == name })]
}

func TestUpToThreeSecondsNothingChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.leave()
		pass(1500 * time.Millisecond)
		w.tell(LegUp{"rs1.c2.1.1"}, caller("ch4", "queue", "support", "code=1111"))
		w.want(1, "music ch4")
		w.want(0, "bridge rs1.c2")
		w.comeBack()
		w.want(1, "bridge rs1.c2")
		pass(5 * time.Second)
		w.want(0, "continue")
		w.want(0, "commit queueapp.Hold")
	})
}

func TestAFloorWithoutItsDatabaseIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.leave()
		pass(4 * time.Second)
		if p := w.part("database"); p.OK || !strings.Contains(p.Why, "away since") {
			t.Errorf("the database is shown as %+v", p)
		}
		if l := w.await("set ch3"); w.done("continue ch3") != 0 {
			t.Errorf("a waiting caller was given back: %s", l)
		}
		w.tell(caller("ch4", "queue", "support", "code=1111"), caller("ch5", "ivr", "main"), caller("ch6", "agent", "logon"))
		for _, ch := range []string{"ch4", "ch5", "ch6"} {
			w.want(1, "continue "+ch+" <nil> [{QUEUEAPP_OUTCOME unavailable} {QUEUESTATUS UNAVAILABLE} {TIMEOUT(absolute) 0}]")
		}
		// The agent who talks hangs up: the caller is let go, and nobody is offered to the agent.
		w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
		w.want(1, "hangup ch1 normal")
		w.tell(Gone{Channel: "ch1", HungUp: true, Q850: 16}, DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse})
		w.want(2, "originate")
		// The phone that rings is answered: they talk.
		w.tell(LegUp{"rs1.c2.1.1"})
		w.want(1, "bridge rs1.c2 ch2 rs1.c2.1.1")
		w.tell(Entered{"rs1.c2", "ch2"}, Entered{"rs1.c2", "rs1.c2.1.1"})
		pass(10 * time.Second)
		w.want(1, "publish answered")
		w.want(0, "publish ended")

		before := len(w.steps)
		w.comeBack()
		pass(2 * time.Second)
		w.order("commit queueapp.Close", "publish ended 1000 c1.1", "originate rs1.c3.1.1 PJSIP/1000")
		w.want(1, "bridge rs1.c2")
		w.want(2, "publish answered")
		w.want(1, "hangup ch1")
		if p := w.part("database"); !p.OK {
			t.Errorf("the database is shown as %+v", p)
		}
		for i, s := range w.steps[before:] {
			if s.N != w.steps[before].N+int64(i) {
				t.Errorf("step %d follows step %d", s.N, w.steps[before].N+int64(i)-1)
			}
		}
		w.tell(caller("ch7", "queue", "support", "code=1111"))
		w.want(1, "music ch7")
	})
}

// A database that takes beats and no batches is away as well: nobody's offer becomes durable.
func TestADatabaseThatOnlyBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.set(func() { w.stuck = true })
		w.tell(caller("ch4", "queue", "support", "code=1111"))
		pass(4 * time.Second)
		w.tell(caller("ch5", "queue", "support", "code=1111"))
		w.want(1, "continue ch5")
		w.comeBack()
		pass(time.Second)
		w.tell(caller("ch6", "queue", "support", "code=1111"))
		w.want(1, "music ch6")
	})
}

func TestWaitingCallersAreGivenBackAfterTheOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.plan.Settings.Outage = time.Hour // what is in force counts, not this
		w.leave()
		pass(29 * time.Second)
		w.want(0, "continue")
		pass(2 * time.Second)
		if l := w.await("continue ch3"); !strings.Contains(l, "{QUEUESTATUS UNAVAILABLE}") || !strings.Contains(l, "{QUEUEAPP_CALL c3}") {
			t.Errorf("given back with %s", l)
		}
		w.want(1, "continue")
		w.tell(Gone{Channel: "ch3"})
		// Whose phone rings has an agent, until the phone rings out.
		w.tell(LegGone{Channel: "rs1.c2.1.1", Q850: 19})
		pass(time.Second)
		w.want(1, "continue ch2")
		w.tell(Gone{Channel: "ch2"})
		w.want(0, "hangup ch1")
		w.comeBack()
		pass(2 * time.Second)
		w.want(1, "commit queueapp.Leave {Call:c3 Queue:support Outcome:unavailable")
		w.want(1, "commit queueapp.Leave {Call:c2 Queue:support Outcome:unavailable")
		w.want(2, "continue")
		w.oneCall("talking")
	})
}

// Who has left the queue while the database was away waits for it no longer than everybody else.
func TestADeadlineDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.tell(caller("ch1", "queue", "support", "code=1111", "timeout=10"))
		w.await("music ch1")
		synctest.Wait()
		w.leave()
		pass(20 * time.Second)
		w.want(0, "continue")
		pass(12 * time.Second)
		w.want(1, "continue ch1 <nil> [{QUEUEAPP_AGENT } {QUEUEAPP_CALL c1} {QUEUEAPP_OUTCOME timeout} {QUEUESTATUS TIMEOUT}")
		w.comeBack()
		pass(2 * time.Second)
		w.want(1, "continue")
		w.want(1, "commit queueapp.Leave {Call:c1 Queue:support Outcome:timeout")
		w.tell(Gone{Channel: "ch1"})
	})
}

// Callers of a switch that is not heard may be another owner's: nobody touches them.
func TestASwitchThatIsNotHeardIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.leave()
		pass(4 * time.Second)
		w.tell(SwitchDown{Err: errGone})
		pass(time.Minute)
		w.want(0, "continue")
	})
}

// Who finds that another process has owned the floor since drops everything and touches nothing.
func TestAHigherEpochEndsTheHold(t *testing.T) {
	for name, find := range map[string]func(*world){
		"by a beat":   func(w *world) { w.away, w.another = ErrNotOwner, true },
		"by a commit": func(w *world) { w.stuck, w.failing, w.another = false, ErrNotOwner, true },
		"by the loss": func(w *world) { w.another = true; close(w.lost) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := busy(t)
				w.leave()
				pass(4 * time.Second)
				w.tell(Gone{Channel: "ch3", HungUp: true}, LegUp{"rs1.c2.1.1"})
				synctest.Wait()
				before := slices.Clone(w.log)
				w.set(func() { find(w) })
				pass(time.Minute)
				if after := w.log[len(before):]; !slices.Equal(after, []string{"stand by"}) {
					t.Errorf("done by who owns the floor no more: %q", after)
				}
				if s := w.eng.Ready().State; s != Standby {
					t.Errorf("state %s", s)
				}
			})
		})
	}
}

// A process that was frozen first asks whose the floor is, however long it was.
func TestAThawedProcessGivesNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.leave()
		w.set(func() { w.skew = 45 * time.Second })
		pass(600 * time.Millisecond)
		w.want(0, "continue")
		w.comeBack()
		pass(2 * time.Second)
		w.want(0, "continue")
		w.tell(caller("ch4", "queue", "support", "code=1111"))
		w.want(1, "music ch4")
	})
}

// An offer whose record was shown for the site's lead when the database went away rings when it is back.
func TestNoPhoneIsRungDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.plan.Settings.Lead = 6 * time.Second
		w.start(SwitchUp{})
		w.logOn("1000")
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.await("publish offered")
		synctest.Wait()
		w.leave()
		pass(20 * time.Second)
		w.want(0, "originate")
		w.comeBack()
		pass(2 * time.Second)
		w.want(1, "originate rs1.c1.1.1")
	})
}

func TestNothingIsChangedDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := busy(t)
		w.leave()
		pass(4 * time.Second)
		if _, err := w.eng.Command(t.Context(), queueapp.LogOff{Agent: "1000"}); !errors.Is(err, ErrAway) {
			t.Errorf("log-off: %v", err)
		}
		n, err := w.eng.Release(t.Context())
		if err != nil || n != 2 {
			t.Errorf("released %d, %v", n, err)
		}
		w.want(1, "continue ch2")
		w.want(1, "continue ch3")
		if agents, err := w.eng.Agents(t.Context()); err != nil || agents[0].Status != queueapp.StatusTalking {
			t.Errorf("agents %v, %v", agents, err)
		}
	})
}

// A floor plan is read beside the loop, which has calls to look after.
func TestASlowFloorPlanHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.set(func() { w.reading = make(chan struct{}) })
		w.changed <- struct{}{}
		synctest.Wait()
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.want(1, "music ch1")
		close(w.reading)
	})
}

// What waits to be written is bounded: past that the floor is taken up anew.
func TestTooMuchToWriteEndsTheTenure(t *testing.T) {
	ten := &tenure{batch: Batch{Steps: make([]queueapp.Step, maxUnwritten)}}
	if err := ten.overfull(); err != nil {
		t.Error(err)
	}
	ten.batch.Steps = append(ten.batch.Steps, queueapp.Step{})
	if err := ten.overfull(); !errors.Is(err, errTenureOver) {
		t.Errorf("%d steps: %v", len(ten.batch.Steps), err)
	}
}

// The end does not wait for a database that is away.
func TestTheEndDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		w.make()
		go func() { done <- w.eng.Run(ctx) }()
		w.await("run switch")
		w.tell(SwitchUp{})
		w.await("follow")
		synctest.Wait()
		w.leave()
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		pass(10 * time.Second)
		cancel()
		begun := time.Now()
		if err := <-done; err != nil || time.Since(begun) > 2*lastLimit {
			t.Errorf("ended after %v: %v", time.Since(begun), err)
		}
	})
}
