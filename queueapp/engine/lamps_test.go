package engine

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

// lit is what the lamps were told last, and how often they were.
func (w *world) lit(begin string) (last string, times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.log {
		if strings.HasPrefix(l, begin) {
			last, times = l, times+1
		}
	}
	return last, times
}

// becomes waits for the next look at the lamps, and says what they show then.
func (w *world) becomes(begin, want string) {
	w.t.Helper()
	pass(lampsEvery)
	if got, _ := w.lit(begin); got != begin+"map["+want+"]" {
		w.t.Errorf("%s, want %s", got, want)
	}
}

func TestLampsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		b := withSecond(w)
		w.plan.Settings.Lamps = true
		w.start(SwitchUp{})
		b.free(SwitchUp{})
		w.logOn("1000")
		synctest.Wait()
		if _, n := w.lit("light"); n != 0 {
			t.Errorf("told before the phones have told their states")
		}
		pass(lampsRest)
		w.becomes("light ", "agent_1000:NOT_INUSE agent_1001:NOT_INUSE queue_support:NOT_INUSE queue_support_avail:NOT_INUSE")
		w.tell(caller("ch1", "queue", "support"))
		w.await("originate rs1.c1.1.1")
		w.tell(LegRinging{"rs1.c1.1.1"})
		w.becomes("light ", "agent_1000:RINGING agent_1001:NOT_INUSE queue_support:RINGING queue_support_avail:NOT_INUSE")
		w.tell(LegUp{"rs1.c1.1.1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
		w.becomes("light ", "agent_1000:INUSE agent_1001:NOT_INUSE queue_support:INUSE queue_support_avail:NOT_INUSE")
		w.becomes("b light ", "agent_1000:INUSE agent_1001:NOT_INUSE queue_support:INUSE queue_support_avail:NOT_INUSE")
		_, told := w.lit("light")
		w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceInUse}) // which changes no lamp
		pass(time.Minute)
		if _, n := w.lit("light"); n != told {
			t.Errorf("told %d times more what did not change", n-told)
		}
	})
}

// What comes and goes within a moment is not told, and a moment is short.
func TestLampsAreToldTheNewestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.plan.Settings.Lamps = true
		w.start(SwitchUp{})
		w.logOn("1000")
		pass(lampsRest)
		_, told := w.lit("light")
		for range 50 {
			w.command(queueapp.Pause{Agent: "1000"})
			w.command(queueapp.Ready{Agent: "1000"})
			pass(time.Millisecond)
		}
		w.command(queueapp.Pause{Agent: "1000"})
		w.becomes("light ", "agent_1000:ONHOLD agent_1001:UNAVAILABLE queue_support:NOT_INUSE queue_support_avail:BUSY")
		if _, n := w.lit("light"); n-told > 2 {
			t.Errorf("told %d times within a moment", n-told)
		}
	})
}

// A stream that is back at once shows nothing of its break, and its switch is told all again.
func TestLampsAfterABreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.plan.Settings.Lamps = true
		w.start(SwitchUp{})
		w.logOn("1000")
		pass(lampsRest)
		const free = "agent_1000:NOT_INUSE agent_1001:UNAVAILABLE queue_support:NOT_INUSE queue_support_avail:NOT_INUSE"
		w.becomes("light ", free)
		_, told := w.lit("light")
		w.tell(SwitchDown{Err: errDead})
		pass(lampsRest / 2)
		w.tell(SwitchUp{})
		pass(lampsRest)
		w.becomes("light ", free)
		if _, n := w.lit("light"); n != told+1 {
			t.Errorf("told %d times", n-told)
		}
		w.tell(SwitchDown{Err: errDead})
		pass(lampsRest)
		w.becomes("light ", "agent_1000:UNAVAILABLE agent_1001:UNAVAILABLE queue_support:NOT_INUSE queue_support_avail:BUSY")
	})
}

// Lamps go on and off with the floor plan; those of what leaves it are told no more.
func TestLampsFollowTheFloorPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.logOn("1000")
		pass(time.Minute)
		if _, n := w.lit("light"); n != 0 {
			t.Errorf("told %d times what nobody asked for", n)
		}
		version := int64(1)
		apply := func() {
			version++
			w.set(func() { w.version = version })
			w.changed <- struct{}{}
			synctest.Wait()
		}
		w.plan.Settings.Lamps = true
		apply()
		w.becomes("light ", "agent_1000:NOT_INUSE agent_1001:UNAVAILABLE queue_support:NOT_INUSE queue_support_avail:NOT_INUSE")
		w.plan.Floor.Agents, w.plan.Floor.Extensions = w.plan.Floor.Agents[:1], w.plan.Floor.Extensions[:1]
		w.plan.Floor.Queues[0].Members = w.plan.Floor.Queues[0].Members[:1]
		apply()
		w.becomes("light ", "agent_1000:NOT_INUSE queue_support:NOT_INUSE queue_support_avail:NOT_INUSE")
		w.plan.Settings.Lamps = false
		apply()
		w.becomes("light ", "")
		w.tell(SwitchDown{Err: errDead}, SwitchUp{}) // and what it missed
		_, told := w.lit("light")
		pass(lampsRest)
		w.becomes("light ", "")
		if _, n := w.lit("light"); n != told+1 {
			t.Errorf("told %d times", n-told)
		}
	})
}
