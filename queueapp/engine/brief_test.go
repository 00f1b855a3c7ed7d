package engine

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
)

// briefed has a call at agent 1000's phone, whose queue has something to tell him.
func briefed(t *testing.T, b queueapp.Briefing) *world {
	w := newWorld(t)
	w.plan.Floor.Queues[0].Briefing = b
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1")
	w.tell(LegRinging{"rs1.c1.1.1"})
	return w
}

func TestAnAgentIsToldWhileTheCallerHasMusic(t *testing.T) {
	w := briefed(t, queueapp.Briefing{Announce: []string{"call", "support"}})
	w.tell(LegUp{"rs1.c1.1.1"})
	w.order("commit queueapp.Brief", "play rs1.c1.1.1 rs1.c1.1.b1 [sound:call sound:support]")
	w.oneCall("ringing")
	w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.p1"}, Digit{Channel: "rs1.c1.1.1", Key: '1'})
	if n := w.count("bridge") + w.count("publish answered"); n != 0 {
		t.Error("brought together before that was told")
	}
	w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.1.b1"})
	w.order("commit queueapp.Connect", "bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1")
	if w.count("music ch1") != 1 || w.count("stop") != 0 {
		t.Errorf("more was ordered than that:\n%s", strings.Join(w.log, "\n"))
	}
}

// The phone's ring is over with the answer, whatever the agent hears then.
func TestWhatAnAgentHearsIsNoRinging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := briefed(t, queueapp.Briefing{HoldTime: true, Delay: 2 * time.Second})
		pass(4 * time.Second)
		w.tell(LegUp{"rs1.c1.1.1"})
		w.await("commit queueapp.Brief")
		if n := w.count("play"); n != 0 {
			t.Error("told at once")
		}
		w.await("play rs1.c1.1.1 rs1.c1.1.b1 [sound:ringside/queue-report-hold number:6 sound:ringside/queue-seconds]")
		pass(3 * time.Second)
		w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.1.b1", Failed: true})
		w.await("bridge rs1.c1")
		w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
		w.await("publish answered")
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, out := range w.records {
			if s := out.Record.Seconds; out.Record.Event == record.Answered && (s.Ring.Round(time.Second) != 4*time.Second || s.Wait.Round(time.Second) != 9*time.Second) {
				t.Errorf("rang for %v, waited for %v", *s.Ring, *s.Wait)
			}
		}
	})
}

// A delay with nothing behind it is only that.
func TestAMomentBeforeTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := briefed(t, queueapp.Briefing{Delay: 2 * time.Second})
		begun := time.Now()
		w.tell(LegUp{"rs1.c1.1.1"})
		w.await("bridge rs1.c1")
		if took := time.Since(begun); took < 2*time.Second {
			t.Errorf("brought together after %v", took)
		}
	})
}

// The key counts at any time, and ends what plays; others do nothing, and nor do the caller's.
func TestAnAgentAcceptsByAKey(t *testing.T) {
	w := briefed(t, queueapp.Briefing{Announce: []string{"call"}, Accept: "#", Within: time.Minute})
	w.tell(Digit{Channel: "rs1.c1.1.1", Key: '#'}, LegUp{"rs1.c1.1.1"})
	w.await("play rs1.c1.1.1 rs1.c1.1.b1 [sound:call sound:ringside/queue-to-accept characters:#]")
	w.tell(Digit{Channel: "rs1.c1.1.1", Key: '1'}, Digit{Channel: "ch1", Key: '#'})
	w.oneCall("ringing")
	if n := w.count("stop") + w.count("bridge"); n != 0 {
		t.Error("another key counts")
	}
	w.tell(Digit{Channel: "rs1.c1.1.1", Key: '#'}, Digit{Channel: "rs1.c1.1.1", Key: '#'})
	w.order("stop rs1.c1.1.b1", "commit queueapp.Connect", "bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.1.b1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1")
	w.tell(Digit{Channel: "rs1.c1.1.1", Key: '#'})
	w.oneCall("talking")
	if n := w.count("step queueapp.Accepted"); n != 1 {
		t.Errorf("accepted %d times", n)
	}
}

func TestAnAnsweringMachineDoesNotHaveTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := briefed(t, queueapp.Briefing{Announce: []string{"call"}, Accept: "1", Within: 5 * time.Second})
		w.logOn("1001")
		w.tell(LegUp{"rs1.c1.1.1"})
		w.await("play rs1.c1.1.1")
		pass(3 * time.Second)
		w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.1.b1"})
		heard := time.Now()
		w.order("publish revoked 1000 c1.1 no-answer", "originate rs1.c1.2.1 PJSIP/1001")
		if took := time.Since(heard); took < 5*time.Second {
			t.Errorf("given up after %v", took)
		}
		w.await("hangup rs1.c1.1.1 normal")
		w.tell(LegUp{"rs1.c1.2.1"}, Digit{Channel: "rs1.c1.2.1", Key: '1'})
		w.await("bridge rs1.c1 ch1 rs1.c1.2.1")
	})
}

// While the database is away an answer goes on as if it were there: who rings is served.
func TestAnAgentIsAskedWhileTheDatabaseIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := briefed(t, queueapp.Briefing{Announce: []string{"call"}, Accept: "1", Within: 5 * time.Second})
		w.leave()
		pass(time.Second)
		w.tell(LegUp{"rs1.c1.1.1"})
		w.want(0, "play rs1.c1.1.1")
		pass(4 * time.Second)
		w.want(1, "play rs1.c1.1.1")
		w.tell(PlayDone{Channel: "rs1.c1.1.1", Playback: "rs1.c1.1.b1"}, Digit{Channel: "rs1.c1.1.1", Key: '1'})
		w.want(1, "bridge rs1.c1 ch1 rs1.c1.1.1")
		w.comeBack()
		pass(time.Second)
		w.want(1, "play")
		w.want(1, "bridge")
	})
}

// A process that takes a floor over knows of a leg that is up neither what its agent has heard nor what he has pressed: he is
// told again. One who is in the bridge is told nothing.
func TestABriefingIsTakenOver(t *testing.T) {
	for name, in := range map[string]bool{"before the bridge": false, "in the bridge": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan.Floor.Queues[0].Briefing = queueapp.Briefing{Announce: []string{"call"}, Accept: "1", Within: time.Minute}
			attempted(w, queueapp.AttemptUp)
			up := held("ch9")
			up.Channels = append(up.Channels, leg(true))
			if in {
				up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}}
			}
			w.start(up)
			if in {
				w.await("publish answered 1000 c9.1")
				w.oneCall("talking")
			} else {
				w.await("play rs1.c9.1.1 rs1.c9.1.b1")
				w.tell(Digit{Channel: "rs1.c9.1.1", Key: '1'})
				w.order("play rs1.c9.1.1", "stop rs1.c9.1.b1", "bridge rs1.c9 ch9 rs1.c9.1.1")
			}
			if n := w.count("play"); in != (n == 0) {
				t.Errorf("told %d times", n)
			}
		})
	}
}
