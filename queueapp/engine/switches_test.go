package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
)

// second is another switch of a world, named b. What it is told begins with "b ".
type second struct {
	Switch
	w    *world
	sink func(SwitchEvent)
}

// withSecond gives the world another switch, at which the phone of agent 1001 registers.
func withSecond(w *world) *second {
	s := &second{w: w}
	w.others = []Switch{s}
	w.plan.Floor.Extensions[1].Switch = "b"
	return s
}

func (s *second) Name() queueapp.SwitchName { return "b" }

func (s *second) Run(ctx context.Context, sink func(SwitchEvent)) error {
	s.w.mu.Lock()
	s.sink = sink
	s.w.mu.Unlock()
	s.w.note("b run switch")
	<-ctx.Done()
	return nil
}

// tell has the second switch report something.
func (s *second) tell(evs ...SwitchEvent) {
	s.w.t.Helper()
	s.w.await("b run switch")
	s.w.mu.Lock()
	sink := s.sink
	s.w.mu.Unlock()
	for _, ev := range evs {
		sink(ev)
	}
}

func (s *second) Answer(ch queueapp.ChannelID)                         { s.w.note("b answer %s", ch) }
func (s *second) StartMusic(ch queueapp.ChannelID, _ string)           { s.w.note("b music %s", ch) }
func (s *second) Play(ch queueapp.ChannelID, _ PlaybackID, _ []string) { s.w.note("b play %s", ch) }
func (s *second) SetVariables(queueapp.ChannelID, ...Variable)         {}
func (s *second) Prepare(l Leg)                                        { s.w.note("b prepare %s %s", l.Channel, l.Dial) }
func (s *second) Originate(l Leg)                                      { s.w.note("b originate %s %s", l.Channel, l.Dial) }
func (s *second) HangUp(ch queueapp.ChannelID, _ string)               { s.w.note("b hangup %s", ch) }
func (s *second) PrepareBridge(BridgeID, queueapp.ChannelID)           {}
func (s *second) Bridge(id BridgeID, caller, leg queueapp.ChannelID) {
	s.w.note("b bridge %s %s %s", id, caller, leg)
}
func (s *second) DestroyBridge(id BridgeID, _ queueapp.ChannelID) { s.w.note("b destroy %s", id) }
func (s *second) Light(lamps map[string]queueapp.DeviceState)     { s.w.note("b light %v", lamps) }
func (s *second) Record(o RecordingOrder)                         { s.w.note("b recording %s %s", o.Do, o.Name) }
func (s *second) Follow(devices []string)                         { s.w.note("b follow %v", devices) }

// free says that the second switch is up and agent 1001's phone there is free, and logs him on.
func (s *second) free(up SwitchUp) {
	s.w.t.Helper()
	s.tell(up, DeviceChanged{Device: "PJSIP/1001", State: queueapp.DeviceNotInUse})
	s.w.command(queueapp.LogOn{Agent: "1001"})
}

// A phone is rung on the caller's switch, which dials it over the trunk where it registers at another one.
func TestAPhoneAtTheOtherSwitchIsRungOnTheCallers(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	w.start(SwitchUp{})
	b.free(SwitchUp{})
	w.tell(caller("ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1 PJSIP/1001@switch-b")
	w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
	w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1001 c1.1")
	w.tell(Gone{Channel: "ch1", HungUp: true})
	w.await("hangup rs1.c1.1.1")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.await("destroy rs1.c1")
	b.tell(caller("ch2", "queue", "support")) // and the same one straight where it registers
	w.await("b originate rs1.c2.1.1 PJSIP/1001")
	if l := w.await("b originate"); strings.Contains(l, "@") {
		t.Error(l)
	}
}

// Two Asterisks that were started alike name their callers' channels alike.
func TestTheSameChannelAtTwoSwitches(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	w.start(SwitchUp{})
	b.free(SwitchUp{})
	w.logOn("1000")
	b.tell(caller("ch1", "queue", "support"))
	w.await("b originate rs1.c1.1.1")
	w.tell(caller("ch1", "queue", "support"))
	w.await("originate rs1.c2.1.1 PJSIP/1001@switch-b")
	b.tell(Gone{Channel: "ch1", HungUp: true})
	w.await("b hangup rs1.c1.1.1")
	w.tell(LegUp{"rs1.c2.1.1"})
	w.await("bridge rs1.c2 ch1 rs1.c2.1.1")
}

func TestHowAPhoneIsReached(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	ten := &tenure{switches: map[queueapp.SwitchName]Switch{"main": w, "b": b}}
	for _, c := range []struct {
		dial string
		at   queueapp.SwitchName
		want string
	}{
		{"PJSIP/1000", "main", "PJSIP/1000"},
		{"PJSIP/1000", "b", "PJSIP/1000@switch-b"},
		{"PJSIP/1000@pbx", "b", "PJSIP/1000@pbx"},
		{"Local/1000@agents/n", "b", "Local/1000@agents/n"},
		{"PJSIP/1000", "elsewhere", ""},
	} {
		if got, ok := ten.reach(w, queueapp.Extension{Dial: c.dial, Switch: c.at}); got != c.want || ok != (c.want != "") {
			t.Errorf("%s at %s: %q, %v", c.dial, c.at, got, ok)
		}
	}
}

// Two switches may each have a PJSIP/1001: the state of the one says nothing of the other, and its code logs nobody on.
func TestADeviceOfTheSameNameAtAnotherSwitchIsAnother(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	w.start(SwitchUp{})
	b.free(SwitchUp{})
	w.tell(DeviceChanged{Device: "PJSIP/1001", State: queueapp.DeviceInUse})
	agents, err := w.eng.Agents(t.Context())
	if err != nil || agents[1].Status != queueapp.StatusFree {
		t.Errorf("a phone at the other switch is in use: %+v, %v", agents, err)
	}
	pretender := caller("ch1", "agent", "logoff")
	pretender.Endpoint = "PJSIP/1001"
	w.tell(pretender)
	w.await("play ch1")
	if agents, err = w.eng.Agents(t.Context()); err != nil || agents[1].Status != queueapp.StatusFree {
		t.Errorf("a phone of the same name at the other switch logged the agent off: %+v, %v", agents, err)
	}
	own := caller("ch2", "agent", "logoff")
	own.Endpoint = "PJSIP/1001"
	b.tell(own)
	w.await("b play ch2")
	if agents, err = w.eng.Agents(t.Context()); err != nil || agents[1].Status != queueapp.StatusLoggedOff {
		t.Errorf("the agent's own phone: %+v, %v", agents, err)
	}
}

// An agent who talks on the one switch is not offered a caller of the other, whichever tells first after a death.
func TestATalkOnASwitchThatHasNotToldKeepsItsAgent(t *testing.T) {
	for _, state := range []queueapp.AttemptState{
		queueapp.AttemptCommitted, queueapp.AttemptRinging, queueapp.AttemptUp, queueapp.AttemptConnected, queueapp.AttemptEnding,
	} {
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t)
			b := withSecond(w)
			attempted(w, state)
			w.left.Homes = map[queueapp.CallID]queueapp.SwitchName{"c9": "b"}
			w.left.Visits[0].Switch = "b"
			if state == queueapp.AttemptEnding {
				w.left.Visits = nil
			}
			waits := queueapp.RestoreVisit{
				Enter:   queueapp.Enter{Call: "c10", Queue: "support", Entry: 18, Channel: "ch10", Switch: "main"},
				Entered: time.Now(), Deadline: time.Now().Add(time.Hour),
			}
			w.left.Visits = append(w.left.Visits, waits)
			w.start(held("ch10"))
			w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse})
			agents, err := w.eng.Agents(t.Context())
			if err != nil || agents[0].Status == queueapp.StatusFree || w.count("publish offered") != 0 {
				t.Fatalf("the agent is %+v, %v; offered %d times", agents[0], err, w.count("publish offered"))
			}
			if state == queueapp.AttemptConnected {
				up := held("ch9")
				up.Channels = append(up.Channels, leg(true))
				up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}}
				b.tell(up)
				calls, err := w.eng.Calls(t.Context())
				if err != nil || len(calls) != 2 || calls[0].State != string(queueapp.StatusTalking) || w.count("publish offered") != 0 {
					t.Fatalf("the talk did not go on: %+v, %v", calls, err)
				}
				b.tell(Gone{Channel: "ch9", HungUp: true}, LegGone{Channel: "rs1.c9.1.1", Q850: 16})
			} else {
				b.tell(SwitchUp{}) // nothing of it lives there
			}
			w.await("originate rs1.c10.1.1 PJSIP/1000")
		})
	}
}

// A leg of a switch that tells later and that calls nobody yet is of no use to anybody.
func TestALegThatCallsNobodyIsTakenAwayWhenItsSwitchTells(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	attempted(w, queueapp.AttemptCommitted)
	w.left.Visits[0].Switch = "b"
	w.start(SwitchUp{})
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse})
	up := held("ch9")
	up.Channels = append(up.Channels, leg(false))
	b.tell(up)
	w.await("b hangup rs1.c9.1.1")
	b.tell(LegGone{Channel: "rs1.c9.1.1"})
	w.await("publish revoked 1000 c9.1 lost")
	w.await("b originate rs1.c9.2.1 PJSIP/1000@switch-main")
}

// A waiting caller of a switch that tells later has music from then on, and place and deadline as before.
func TestACallerOfASwitchThatTellsLaterWaits(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	remembered(w)
	w.left.Visits[0].Switch = "b"
	w.start(SwitchUp{})
	if w.count("b music") != 0 {
		t.Error("music before the switch has told")
	}
	b.tell(held("ch9"))
	w.await("b music ch9")
	if c := w.oneCall("waiting"); c.Entry != 17 || !c.Deadline.Equal(w.left.Visits[0].Deadline) {
		t.Errorf("restored as %+v", c)
	}
}

// The calls of a switch that is no longer configured are over.
func TestCallsOfASwitchThatIsGoneFromTheConfigurationAreClosed(t *testing.T) {
	for state, closes := range map[queueapp.AttemptState]string{
		queueapp.AttemptRinging: "publish revoked 1000 c9.1 lost", queueapp.AttemptConnected: "publish ended 1000 c9.1",
		queueapp.AttemptEnding: "hangup rs1.c9.1.1",
	} {
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t)
			attempted(w, state)
			w.left.Homes = map[queueapp.CallID]queueapp.SwitchName{"c9": "old"}
			w.left.Visits[0].Switch = "old"
			if state == queueapp.AttemptEnding {
				w.left.Visits = nil
			}
			w.start(SwitchUp{})
			w.await(closes)
			if state != queueapp.AttemptEnding {
				w.await("commit queueapp.Leave {Call:c9")
			}
			w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse}, caller("ch1", "queue", "support"))
			w.await("originate rs1.c1.1.1 PJSIP/1000")
			calls, err := w.eng.Calls(t.Context())
			if err != nil || len(calls) != 1 {
				t.Errorf("calls: %+v, %v", calls, err)
			}
		})
	}
}

// An Asterisk that was restarted forgot its phones: what led to them from another switch ends, through no fault of theirs.
func TestLegsToPhonesOfARestartedSwitchEnd(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	w.start(SwitchUp{})
	begun := time.Now()
	b.free(SwitchUp{Started: begun})
	w.tell(caller("ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1 PJSIP/1001@switch-b")
	b.tell(SwitchDown{}, SwitchUp{Started: begun}) // only its stream was cut
	w.command(queueapp.Ready{Agent: "1000"})       // behind that
	if w.count("hangup rs1.c1.1.1") != 0 {
		t.Error("a leg ended because a stream was cut")
	}
	b.tell(SwitchDown{}, SwitchUp{Started: begun.Add(time.Hour)})
	w.await("hangup rs1.c1.1.1")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	if l := w.await("publish revoked 1001 c1.1"); !strings.HasSuffix(l, "lost") {
		t.Error(l)
	}
}

// All calls on an Asterisk that was restarted are closed, and those on the other go on.
func TestTheCallsOfARestartedSwitchAreClosed(t *testing.T) {
	w := newWorld(t)
	b := withSecond(w)
	w.start(SwitchUp{})
	b.free(SwitchUp{Started: time.Now()})
	b.tell(caller("ch1", "queue", "support"), caller("ch2", "queue", "support"))
	w.await("b originate rs1.c1.1.1")
	b.tell(LegUp{"rs1.c1.1.1"})
	w.await("b bridge rs1.c1")
	b.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1001 c1.1")
	w.tell(caller("ch3", "queue", "support"))
	b.tell(SwitchDown{}, SwitchUp{Started: time.Now().Add(time.Hour)})
	w.await("publish ended 1001 c1.1")
	calls, err := w.eng.Calls(t.Context())
	if err != nil || !slices.ContainsFunc(calls, func(c queueapp.CallView) bool { return c.Call == "c3" }) || len(calls) != 1 {
		t.Errorf("calls: %+v, %v", calls, err)
	}
}
