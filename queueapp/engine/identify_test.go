package engine

import (
	"testing"
	"time"

	"ringside/queueapp"
)

// A look-up takes its time beside the commit, not before it; the record waits for it.
func TestACallerIsLookedUpWhileTheAttemptIsCommitted(t *testing.T) {
	w := newWorld(t)
	w.lookup = make(chan struct{})
	w.plan.Settings.Budget = time.Hour
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("commit queueapp.Offer")
	close(w.lookup)
	w.order("commit queueapp.Offer", "publish offered 1000 c1.1 Company 1", "originate rs1.c1.1.1")
	if n := w.count("publish offered"); n != 1 {
		t.Errorf("%d records opened", n)
	}
}

// A customer database that does not answer holds a ring for the budget; who it was is told when it is known.
func TestALookUpThatIsLateHoldsNobody(t *testing.T) {
	w := newWorld(t)
	w.lookup = make(chan struct{})
	w.plan.Settings.Budget = time.Millisecond
	w.plan.Customers.Timeout = time.Minute
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
	if line := w.await("publish offered 1000 c1.1"); line != "publish offered 1000 c1.1 " {
		t.Errorf("the record names a customer before the look-up has ended: %q", line)
	}
	close(w.lookup)
	w.order("publish offered 1000 c1.1", "publish updated 1000 c1.1 Company 1")
	w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1 Company 1")
}

// Nothing opened, so nothing is closed; the row tells all the same who it was.
func TestACallerWhoHangsUpBeforeHeIsKnown(t *testing.T) {
	w := newWorld(t)
	w.lookup = make(chan struct{})
	w.plan.Settings.Budget = time.Hour
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("commit queueapp.Offer")
	w.tell(Gone{Channel: "ch1", HungUp: true, Q850: 16})
	w.await("commit queueapp.Revoke")
	close(w.lookup)
	w.tell(caller("ch2", "queue", "support", "code=1111"))
	w.await("publish offered 1000 c2.1 Company 1")
	if n := w.count("publish") - w.count("publish offered 1000 c2"); n != 0 {
		t.Errorf("%d records of a call that was never shown", n)
	}
	w.await("step queueapp.Identify {Call:c1 Customers:[{ID:1 Code:1111")
}

// The chat that tells of a waiting caller names him.
func TestTheChatWaitsForTheLookUp(t *testing.T) {
	w := newWorld(t)
	w.lookup = make(chan struct{})
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceInUse})
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("music ch1")
	close(w.lookup)
	w.await("chat [user1@localhost] support: Company 1")
}

// Whom the last owner did not live to identify is looked up by the next one.
func TestACallerIsLookedUpAgainAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.left.Visits = []queueapp.RestoreVisit{{
		Enter: queueapp.Enter{
			Call: "c9", Queue: "support", Entry: 1, Switch: "main", Channel: "ch9", Data: []queueapp.Datum{{Key: "code", Value: "1111"}},
		},
		Entered: time.Now(), Deadline: time.Now().Add(time.Minute),
	}}
	w.start(SwitchUp{Channels: []Channel{{ID: "ch9", Up: true}}})
	w.await("music ch9")
	w.logOn("1000")
	w.await("publish offered 1000 c9.1 Company 1")
}
