package engine

import (
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
