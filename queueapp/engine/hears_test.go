package engine

import (
	"strings"
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// hearing has the callers of queue support hear what is wanted, and knows a second queue.
func hearing(t *testing.T, change func(*floorplan.Line)) *world {
	w := newWorld(t)
	w.plan.Floor.Queues = append(w.plan.Floor.Queues, queueapp.Queue{
		Name: "sales", Strategy: queueapp.LeastRecent, Ring: 20 * time.Second, Timeout: 10 * time.Minute, Music: "sales",
	})
	l := floorplan.Line{Queue: "support", Announcements: ivr.Announcements{
		Welcome: []string{"welcome"}, Position: ivr.PositionAlways, MinFrequency: time.Hour, ToFirst: true,
		Words: ivr.Words{YouAreNext: []string{"next"}, ThereAre: []string{"you-are"}},
		Keys: []ivr.Exit{
			{Key: '#'}, {Key: '1', Step: ivr.Step{Verb: ivr.VerbQueue, Queue: "sales"}},
			{Key: '2', Step: ivr.Step{Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "desk", Extension: "s", Priority: 1}}},
			{Key: '3', Step: ivr.Step{Verb: ivr.VerbHangUp}},
		},
	}}
	if change != nil {
		change(&l)
	}
	w.plan.Lines = []floorplan.Line{l}
	return w
}

// startRinging runs the engine until the phone of agent 1000 is rung for a caller.
func (w *world) startRinging() {
	w.t.Helper()
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1")
}

func TestAWaitingCallerIsToldAndHearsMusicAgain(t *testing.T) {
	w := hearing(t, func(l *floorplan.Line) { l.Frequency = time.Hour })
	w.start(SwitchUp{})
	w.tell(caller("ch0", "queue", "support"), caller("ch1", "queue", "support"))
	w.order("answer ch1", "music ch1", "set ch1", "play ch1 rs1.c2.p1 [sound:welcome]")
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c2.p1"})
	w.await("play ch1 rs1.c2.p2 [sound:you-are number:2]")
	if n := w.count("music ch1"); n != 1 {
		t.Errorf("music %d times between two prompts", n)
	}
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c2.p2"}, PlayDone{Channel: "ch0", Playback: "rs1.c1.p1", Failed: true})
	w.await("play ch0 rs1.c1.p2 [sound:next]")
	if n := w.count("music ch1"); n != 2 {
		t.Errorf("music %d times after the prompt", n)
	}
}

// Where the floor plan says nothing of it, nothing more is ordered for a caller than music.
func TestNobodyIsToldWhatIsNotAskedFor(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.tell(caller("ch1", "queue", "support"))
	w.await("set ch1")
	w.tell(Digit{Channel: "ch1", Key: '#'})
	if c := w.oneCall("waiting"); c.Position != 1 {
		t.Errorf("%+v", c)
	}
	if n := w.count("play") + w.count("stop"); n != 0 || w.count("music ch1") != 1 || w.count("set ch1") != 1 || w.count("answer ch1") != 1 {
		t.Errorf("more was ordered than that:\n%s", strings.Join(w.log, "\n"))
	}
}

// An agent who is free is rung before anything is said, and whoever answers ends what is.
func TestAWelcomeHoldsNobodyUp(t *testing.T) {
	w := hearing(t, nil)
	w.startRinging()
	w.tell(LegRinging{"rs1.c1.1.1"})
	w.order("originate rs1.c1.1.1", "play ch1 rs1.c1.p1 [sound:welcome]")
	w.tell(LegUp{"rs1.c1.1.1"})
	w.order("play ch1 rs1.c1.p1", "stop rs1.c1.p1", "bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c1.p1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1")
	w.tell(Digit{Channel: "ch1", Key: '#'}, LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.await("hangup ch1 normal")
	if n := w.count("music ch1"); n != 1 {
		t.Errorf("music %d times", n)
	}
}

// Who is answered before there was time for a welcome hears none.
func TestNoWelcomeBehindTheAnswer(t *testing.T) {
	w := hearing(t, nil)
	w.startRinging()
	w.tell(LegUp{"rs1.c1.1.1"})
	w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
	if n := w.count("play"); n != 0 {
		t.Errorf("%d prompts", n)
	}
}

func TestTheCallerIsToldBeforeTheAgentIsHeard(t *testing.T) {
	w := hearing(t, func(l *floorplan.Line) { l.Connect = []string{"connect"} })
	w.startRinging()
	w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
	w.order("stop rs1.c1.p1", "play ch1 rs1.c1.p2 [sound:connect]", "commit queueapp.Connect")
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c1.p1"})
	if n := w.count("bridge"); n != 0 {
		t.Error("brought together before that was told")
	}
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c1.p2"})
	w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
}

func TestAnAgentWhoPutsDownAtOnceLeavesMusic(t *testing.T) {
	w := hearing(t, nil)
	w.startRinging()
	w.tell(LegRinging{"rs1.c1.1.1"})
	w.await("play ch1")
	w.set(func() { w.stuck = true })
	w.tell(LegUp{"rs1.c1.1.1"}, LegGone{Channel: "rs1.c1.1.1", Q850: 16}, PlayDone{Channel: "ch1", Playback: "rs1.c1.p1"})
	w.await("stop rs1.c1.p1")
	w.set(func() { w.stuck = false })
	w.await("publish revoked 1000 c1.1 refused")
	if n := w.count("music ch1"); n != 2 {
		t.Errorf("music %d times", n)
	}
}

func TestKeysLeadOutOfAQueue(t *testing.T) {
	for key, want := range map[byte]string{
		'#': "continue ch1 <nil> [{QUEUEAPP_AGENT } {QUEUEAPP_KEY #} {QUEUEAPP_CALL c1} {QUEUEAPP_OUTCOME key} {QUEUESTATUS CONTINUE}",
		'1': "music ch1 sales",
		'2': "continue ch1 &{desk s 1} [{QUEUEAPP_AGENT } {QUEUEAPP_KEY 2} {QUEUEAPP_CALL c1} {QUEUEAPP_OUTCOME key} {QUEUESTATUS CONTINUE}",
		'3': "hangup ch1 normal",
	} {
		t.Run(string(key), func(t *testing.T) {
			w := hearing(t, nil)
			w.start(SwitchUp{})
			w.tell(caller("ch1", "queue", "support"))
			w.await("play ch1 rs1.c1.p1 [sound:welcome]")
			w.tell(Digit{Channel: "ch1", Key: '7'}, Digit{Channel: "ch1", Key: key}, Digit{Channel: "ch1", Key: key})
			w.order("play ch1", "stop rs1.c1.p1", want)
			w.await("commit queueapp.Leave")
			if n := w.count("stop"); n != 1 {
				t.Errorf("stopped %d times", n)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			left := 0
			for _, l := range w.log {
				if strings.HasPrefix(l, "step queueapp.Withdraw") || strings.HasPrefix(l, "step queueapp.Move") {
					left++
				}
			}
			if left != 1 {
				t.Errorf("left %d times", left)
			}
		})
	}
}

func TestAClosedQueueTakesNobody(t *testing.T) {
	w := hearing(t, func(l *floorplan.Line) { l.Hours = "never" })
	w.plan.Hours = []floorplan.Hours{{Name: "never", Zone: "Europe/Berlin", Closed: []string{"2000-01-01..2999-12-31"}}}
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support"))
	if l := w.await("continue ch1"); !strings.Contains(l, "{QUEUESTATUS CLOSED}") {
		t.Error(l)
	}
	if n := w.count("originate") + w.count("play") + w.count("music"); n != 0 {
		t.Errorf("%d orders for a caller who is not taken", n)
	}
}

func TestHoursThatNoMachineKnowsAreRefused(t *testing.T) {
	_, err := calendars(floorplan.Plan{Hours: []floorplan.Hours{{Name: "office", Zone: "Middle/Earth"}}})
	if err == nil || !strings.Contains(err.Error(), "hours office") {
		t.Error(err)
	}
}

// A caller whom another process has welcomed hears music at once, and no welcome again; playbacks get names of their own.
func TestAWaitingCallerIsTakenOver(t *testing.T) {
	w := hearing(t, func(l *floorplan.Line) {
		l.Frequency = time.Hour
		l.Periodic, l.PeriodicFrequency = []string{"periodic"}, time.Hour
	})
	entered := time.Now().Add(-time.Hour + time.Second).Truncate(time.Microsecond)
	w.left.Visits = []queueapp.RestoreVisit{{
		Enter: queueapp.Enter{Call: "c9", Queue: "support", Entry: 1, Switch: "main", Channel: "ch9"}, Entered: entered, Deadline: entered.Add(2 * time.Hour),
	}}
	w.start(SwitchUp{Channels: []Channel{{ID: "ch9", Up: true, Args: []string{"queue", "support"}}}})
	w.order("music ch9", "set ch9", "play ch9 rs1.c9.p1000001")
	if n := w.count("play ch9 rs1.c9.p1000001 [sound:welcome]"); n != 0 {
		t.Error("welcomed again")
	}
	w.tell(PlayDone{Channel: "ch9", Playback: "rs1.c9.p1000001"}, Digit{Channel: "ch9", Key: '#'})
	w.await("continue ch9")
	if n := w.count("music ch9"); n != 2 {
		t.Errorf("music %d times", n)
	}
}

// judge is told how well waits were estimated.
type judge struct {
	watchman
	world *world
}

func (j *judge) Estimated(q queueapp.QueueName, expected, waited time.Duration) {
	j.world.note("estimated %s: %t", q, expected > 0 && waited > 0)
}

// How long a caller waits is told once somebody has talked, and held against how long he did. Who did not have to wait is not
// counted.
func TestTheEstimateIsHeldAgainstWhatCame(t *testing.T) {
	w := newWorld(t)
	w.observer = &judge{world: w}
	w.start(SwitchUp{})
	w.logOn("1000")
	served := func(call, channel string) {
		t.Helper()
		leg := queueapp.ChannelID("rs1." + call + ".1.1")
		w.await("originate " + string(leg))
		w.tell(LegUp{leg}, Entered{BridgeID("rs1." + call), queueapp.ChannelID(channel)}, Entered{BridgeID("rs1." + call), leg})
		w.await("publish answered 1000 " + call)
		w.tell(LegGone{Channel: leg, Q850: 16})
		w.await("hangup " + channel)
	}
	w.tell(caller("ch1", "queue", "support"))
	served("c1", "ch1")
	w.tell(caller("ch2", "queue", "support"))
	w.await("originate rs1.c2.1.1")
	w.tell(caller("ch3", "queue", "support"))
	w.await("music ch3")
	calls, err := w.eng.Calls(t.Context())
	if err != nil || len(calls) != 2 || calls[len(calls)-1].Expected.IsZero() {
		t.Errorf("what is expected is not listed: %+v, %v", calls, err)
	}
	served("c2", "ch2")
	served("c3", "ch3")
	w.await("estimated support: true")
	if n := w.count("estimated"); n != 1 {
		t.Errorf("%d waits were estimated", n)
	}
}
