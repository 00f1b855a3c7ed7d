package engine

import (
	"ringside/ivr"
	"ringside/queueapp/floorplan"
	"testing"

	"ringside/queueapp"
)

// The dialplan sends the caller back into the queue before the leg that rang for him is seen gone.
func TestACallerComesBackWhileHisLastLegEnds(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
	w.command(queueapp.Withdraw{Call: "c1", Outcome: queueapp.OutcomeKey})
	w.await("continue ch1")
	w.tell(Gone{Channel: "ch1"}, caller("ch1", "queue", "support", "code=1111"))
	w.oneCall("waiting")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.await("originate rs1.c1.2.1")
}

// Who comes back from the dialplan is the same call, in its next visit, and keeps its place where the dialplan says so.
func TestACallerComesBackFromTheDialplan(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.tell(caller("ch1", "queue", "support"), caller("ch2", "queue", "support"))
	w.await("music ch2")
	w.command(queueapp.Withdraw{Call: "c1"})
	w.await("continue ch1")
	w.tell(Gone{Channel: "ch1"}, caller("ch1", "queue", "support", "keep=1"), caller("ch3", "queue", "support"))
	w.await("music ch3")
	w.logOn("1000")
	w.await("originate rs1.c1.1.1")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 21})
	w.command(queueapp.Withdraw{Call: "c1"})
	w.tell(Gone{Channel: "ch1"}, caller("ch1", "queue", "support"))
	for {
		calls, err := w.eng.Calls(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(calls) < 3 {
			continue
		}
		if last := calls[2]; last.Call != "c1" || last.Entry != 4 {
			t.Errorf("the last in line is %s at %d: who comes back without keep=1 stands behind", last.Call, last.Entry)
		}
		return
	}
}

// Where it counts since when the call is there, who was in the menu first is served first, although another came to the queue
// before him. Without that it is who came to the queue first.
func TestTheTimeInTheMenuCounts(t *testing.T) {
	for want, fromCall := range map[string]bool{"originate rs1.c2.1.1": false, "originate rs1.c1.1.1": true} {
		t.Run(want, func(t *testing.T) { theFirstIs(t, want, fromCall) })
	}
}

func theFirstIs(t *testing.T, want string, fromCall bool) {
	w := newWorld(t)
	w.plan.Lines = append(w.plan.Lines, floorplan.Line{Queue: "support", FromCall: fromCall})
	w.plan.Menus[0].Keys = append(w.plan.Menus[0].Keys, ivr.Choice{Key: '1', Step: ivr.Step{Verb: ivr.VerbQueue, Queue: "support"}})
	w.start(SwitchUp{})
	w.tell(caller("ch1", "ivr", "main"))
	w.await("play ch1")
	w.tell(caller("ch2", "queue", "support"))
	w.await("music ch2")
	w.tell(Digit{"ch1", '1'})
	w.await("music ch1")
	w.logOn("1000")
	w.await(want)
}
