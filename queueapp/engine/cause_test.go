package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

// A phone that says 480 without having rung is set to do not disturb: nobody missed a call. One that rang, or that said
// nothing until the ring was over, was not answered. Asterisk gives cause 19 for all three.
func TestDoNotDisturbIsNoMissedCall(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*world)
		want   queueapp.RevokeReason
	}{
		"at once":            {func(*world) {}, queueapp.RevokeBusy},
		"after it rang":      {func(w *world) { w.tell(LegRinging{"rs1.c1.1.1"}) }, queueapp.RevokeNoAnswer},
		"when time was over": {func(*world) { <-time.After(20 * time.Second) }, queueapp.RevokeNoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.start(SwitchUp{})
				w.logOn("1000")
				w.tell(caller("ch1", "queue", "support", "code=1111"))
				w.await("originate rs1.c1.1.1")
				c.before(w)
				w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 19})
				w.await("publish revoked 1000 c1.1 " + string(c.want))
				agents, err := w.eng.Agents(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if missed := agents[0].NoAnswers > 0; missed != (c.want == queueapp.RevokeNoAnswer) {
					t.Errorf("missed %d calls", agents[0].NoAnswers)
				}
			})
		})
	}
}
