package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

var errNoAnswer = errors.New("no answer")

// times waits until a line was noted so often.
func (w *world) times(n int, begin string) {
	w.t.Helper()
	synctest.Wait()
	if got := w.count(begin); got != n {
		w.t.Fatalf("%q was noted %d times and not %d:\n%s", begin, got, n, strings.Join(w.log, "\n"))
	}
}

func TestWhatHadNoAnswerIsOrderedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.times(1, "music ch1")
		w.tell(Failed{Command: "answer", Channel: "ch1", Err: errNoAnswer})
		w.times(1, "music ch1")
		<-time.After(renewAfter)
		w.times(2, "music ch1")
		w.times(2, "answer ch1")
		w.command(queueapp.Withdraw{Call: "c1"})
		w.times(1, "continue ch1")
		w.tell(Failed{Command: "continue", Channel: "ch1", Err: errNoAnswer})
		<-time.After(renewAfter)
		w.times(2, "continue ch1")
		w.tell(Failed{Command: "continue", Channel: "ch1", Status: notFound, Err: errNoAnswer}) // gone: that is told
		<-time.After(2 * renewAfter)
		w.times(2, "continue ch1")
		w.tell(Gone{Channel: "ch1"})
	})
}

func TestABrokenStreamIsFollowedByMusicAndTheWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.tell(caller("ch1", "queue", "support", "code=1111"), caller("ch2", "queue", "nowhere"))
		w.times(1, "music ch1")
		w.times(1, "continue ch2")
		w.tell(SwitchDown{Err: errNoAnswer}, held("ch1", "ch2"))
		w.times(2, "music ch1")
		w.times(2, "continue ch2")
		w.tell(Gone{Channel: "ch2"})
	})
}

// Whoever waits is in no bridge, and hears music: the bridge that did not come about has taken both.
func TestAMissedConversationIsFollowedByMusic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.logOn("1000")
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.await("originate rs1.c1.1.1")
		w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
		w.await("bridge rs1.c1 ch1")
		music := w.count("music ch1")
		w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
		w.times(music+1, "music ch1")
		w.times(1, "destroy rs1.c1")
	})
}

func TestABridgeThatStaysIsRemovedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.tell(Failed{Command: "destroy", Channel: "ch9", Bridge: "rs1.c9", Err: errNoAnswer})
		<-time.After(renewAfter)
		w.times(1, "destroy rs1.c9")
	})
}

func TestABridgeThatWasPreparedGoesWithItsCall(t *testing.T) {
	w := newWorld(t)
	remembered(w)
	up := held("ch9")
	up.Bridges = []Bridge{{ID: "rs1.c9"}}
	w.start(up)
	w.tell(Gone{Channel: "ch9", HungUp: true})
	w.await("destroy rs1.c9")
}

// The listing was taken before the leg was asked for: the switch will tell what becomes of it.
func TestALegThatAListingDoesNotShowYetIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.logOn("1000")
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.await("originate rs1.c1.1.1")
		w.tell(SwitchDown{Err: errNoAnswer}, held("ch1"))
		w.times(0, "publish revoked")
		w.tell(LegGone{Channel: "rs1.c1.1.1", Absent: true})
		w.times(1, "publish revoked 1000 c1.1 lost")
	})
}

// Records may have left that the last owner did not live to write: their seqs are not used again.
func TestSeqsOfAnotherOwnerAreNotUsedAgain(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptCommitted)
	w.start(held("ch9"))
	w.await("publish revoked 1000 c9.1 lost")
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := w.records[0].Seq; got <= ownersRecords {
		t.Errorf("the second owner's record has seq %d", got)
	}
}
