package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ringside/queueapp"
)

// remembered is a floor with agent 1000 logged on and one visit of call "c9", whose caller is channel ch9.
func remembered(w *world) {
	now := time.Now()
	w.left = Remembered{
		NextStep: 100, NextEntry: 40, LastAt: now,
		Agents: []queueapp.RestoreAgent{{Agent: "1000", Extension: "1000"}},
		Visits: []queueapp.RestoreVisit{{
			Enter: queueapp.Enter{
				Call: "c9", Queue: "support", Entry: 17, Channel: "ch9", Timeout: time.Hour,
				Customers: []queueapp.Customer{{Name: "Company 1", Code: "1111", Match: queueapp.MatchCode}},
			},
			Entered: now.Add(-time.Minute), Deadline: now.Add(time.Hour),
		}},
		Seqs: map[queueapp.CallID]int64{"c9": 5},
	}
}

func attempted(w *world, s queueapp.AttemptState) {
	remembered(w)
	w.left.Visits[0].Attempts = 1
	ra := queueapp.RestoreAttempt{
		Attempt: queueapp.AttemptID{Call: "c9", N: 1}, Agent: "1000", Extension: "1000", State: s, Offered: time.Now().Add(-3 * time.Second),
	}
	if s != queueapp.AttemptCommitted {
		ra.Rang = ra.Offered
	}
	if s == queueapp.AttemptConnected {
		ra.Answered, ra.Connected = ra.Offered.Add(time.Second), ra.Offered.Add(time.Second)
	}
	w.left.Attempts = []queueapp.RestoreAttempt{ra}
}

func held(ids ...queueapp.ChannelID) SwitchUp {
	var up SwitchUp
	for _, id := range ids {
		up.Channels = append(up.Channels, Channel{ID: id, Args: []string{"queue", "support"}, Up: true})
	}
	return up
}

func leg(up bool) Channel { return Channel{ID: "rs1.c9.1.1", Ours: true, Up: up} }

func (w *world) oneCall(state string) queueapp.CallView {
	w.t.Helper()
	for { // a look-up may be under way
		calls, err := w.eng.Calls(w.t.Context())
		if err != nil || len(calls) > 1 || len(calls) == 1 && calls[0].State != state {
			w.t.Fatalf("want one call %s, have %+v, %v", state, calls, err)
		}
		if len(calls) == 1 {
			return calls[0]
		}
	}
}

func TestAWaitingCallerKeepsPlaceAndDeadline(t *testing.T) {
	w := newWorld(t)
	remembered(w)
	w.start(held("ch9"))
	w.await("music ch9")
	if c := w.oneCall("waiting"); c.Call != "c9" || c.Entry != 17 || !c.Deadline.Equal(w.left.Visits[0].Deadline) {
		t.Errorf("restored as %+v", c)
	}
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse})
	w.await("originate rs1.c9.1.1")
}

func TestAWaitingCallerWhoIsGoneHasAbandoned(t *testing.T) {
	w := newWorld(t)
	remembered(w)
	w.start(SwitchUp{})
	w.await("commit queueapp.Leave {Call:c9 Queue:support Outcome:abandoned")
}

// What the last owner has published stands, with the seq that it had: it is for who comes later.
func TestAnOpenRecordOutlivesItsOwner(t *testing.T) {
	for state, want := range map[queueapp.AttemptState]string{
		queueapp.AttemptRinging:   "stands offered 1000 c9.1 seq 5",
		queueapp.AttemptConnected: "stands answered 1000 c9.1 seq 5",
	} {
		w := newWorld(t)
		attempted(w, state)
		up := held("ch9")
		up.Channels = append(up.Channels, leg(state == queueapp.AttemptConnected))
		w.start(up)
		w.await(want)
	}
}

func TestAnAttemptWithoutALegIsRevokedAsLost(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptCommitted)
	w.start(held("ch9"))
	w.await("publish revoked 1000 c9.1 lost")
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse})
	if w.count("originate rs1.c9.1.1") != 0 {
		t.Error("the lost attempt was rung")
	}
}

func TestARingingLegGoesOn(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptRinging)
	up := held("ch9")
	up.Channels = append(up.Channels, leg(false))
	w.start(up)
	w.oneCall("ringing")
	w.tell(LegUp{"rs1.c9.1.1"})
	w.await("bridge rs1.c9 ch9 rs1.c9.1.1")
}

func TestALegThatWasAnsweredMeanwhileIsConnected(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptRinging)
	up := held("ch9")
	up.Channels = append(up.Channels, leg(true))
	w.start(up)
	w.await("bridge rs1.c9 ch9 rs1.c9.1.1")
	w.tell(Entered{"rs1.c9", "ch9"}, Entered{"rs1.c9", "rs1.c9.1.1"})
	w.await("publish answered 1000 c9.1")
}

func TestALegWhoseCallerIsGoneIsHungUp(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptRinging)
	w.start(SwitchUp{Channels: []Channel{leg(true)}})
	w.order("commit queueapp.Revoke", "publish revoked 1000 c9.1 caller-gone")
	w.await("hangup rs1.c9.1.1")
}

func TestAConversationGoesOn(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptConnected)
	up := held("ch9")
	up.Channels = append(up.Channels, leg(true))
	up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}}
	w.start(up)
	w.oneCall("talking")
	if w.count("hangup")+w.count("destroy")+w.count("publish") != 0 {
		t.Errorf("a conversation was disturbed: %v", w.log)
	}
	w.tell(LegGone{Channel: "rs1.c9.1.1", Q850: 16})
	w.await("publish ended 1000 c9.1")
}

func TestAConversationThatEndedMeanwhileIsClosed(t *testing.T) {
	for name, up := range map[string]SwitchUp{
		"both gone":   {},
		"agent gone":  held("ch9"),
		"caller gone": {Channels: []Channel{leg(true)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			attempted(w, queueapp.AttemptConnected)
			w.start(up)
			w.await("publish ended 1000 c9.1")
			w.await("commit queueapp.Leave {Call:c9 Queue:support Outcome:answered")
		})
	}
}

func TestWhatNobodyOwnsIsClearedAway(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{
		Channels: []Channel{{ID: "rs1.gone.1.1", Ours: true}}, Bridges: []Bridge{{ID: "rs1.gone"}},
	})
	w.await("hangup rs1.gone.1.1")
	w.await("destroy rs1.gone")
}

func TestACallerInADialogueStartsItAgain(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{Channels: []Channel{{ID: "ch7", Args: []string{"ivr", "main"}, Up: true}}})
	w.await("play ch7")
}

func TestACallerInAnotherMenuStartsThatAgain(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.tell(caller("ch1", "ivr", "main"), Digit{Channel: "ch1", Key: '5'})
	w.order("stop rs1.c1.p1", "set ch1 [{QUEUEAPP_MENU night}]", "play ch1 rs1.c1.p2 [sound:ringside/night]")

	for name, c := range map[string]struct {
		kept string
		err  error
		want string
	}{
		"as the channel keeps it":           {"night", nil, "play ch7 rs1.c1.p1 [sound:ringside/night]"},
		"the first where it keeps none":     {"", nil, "play ch7 rs1.c1.p1 [sound:ringside/menu]"},
		"the first where the plan lost it":  {"noon", nil, "play ch7 rs1.c1.p1 [sound:ringside/menu]"},
		"the first where it cannot be read": {"night", errors.New("no answer"), "play ch7 rs1.c1.p1 [sound:ringside/menu]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.variables = map[string]string{"ch7 QUEUEAPP_MENU": c.kept}
			if w.variableErr = c.err; c.err != nil {
				w.variables = nil
			}
			w.start(SwitchUp{Channels: []Channel{{ID: "ch7", Args: []string{"ivr", "main"}, Up: true}}})
			w.await(c.want)
			w.tell(Digit{Channel: "ch7", Key: '2'}) // main's way out; night has none
			if c.kept != "night" || c.err != nil {
				if sent := w.await("continue ch7"); !strings.Contains(sent, "{QUEUEAPP_MENU }") {
					t.Errorf("the channel keeps the menu: %s", sent)
				}
			}
		})
	}
}

func TestABrokenWebsocketCostsNoCall(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
	w.tell(SwitchDown{})
	up := held("ch1")
	up.Channels = append(up.Channels, Channel{ID: "rs1.c1.1.1", Ours: true, Up: true})
	w.tell(up)
	w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
}

// The record is closed and the visit over, but the leg was not seen gone: until it is, the phone is not rung.
func TestALegThatWasEndingKeepsItsPhone(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptEnding)
	w.left.Visits = nil
	w.start(SwitchUp{Channels: []Channel{leg(false)}})
	w.await("hangup rs1.c9.1.1")
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse}, caller("ch1", "queue", "support", "code=1111"))
	w.oneCall("waiting")
	w.tell(LegGone{Channel: "rs1.c9.1.1", Q850: 16})
	w.await("originate rs1.c1.1.1 PJSIP/1000")
	if n := w.count("publish revoked") + w.count("publish ended"); n != 0 {
		t.Errorf("a closed record was closed again %d times", n)
	}
}

func TestALegThatEndedMeanwhileFreesItsPhone(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptEnding)
	w.left.Visits = nil
	w.start(SwitchUp{})
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse}, caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
}

// left has a visit of call "c9" just ended, and its caller, on ch9, not sent on yet.
func left(w *world, o queueapp.Outcome, then queueapp.Then) {
	w.left.Leaving = []Leaving{{Leave: queueapp.Leave{Call: "c9", Queue: "support", Outcome: o, Then: then}, Channel: "ch9"}}
}

func TestACallerWhoseVisitHasEndedIsSentOn(t *testing.T) {
	for name, c := range map[string]struct {
		outcome queueapp.Outcome
		then    queueapp.Then
		kept    string
		want    string
	}{
		"hung up behind the agent":    {queueapp.OutcomeAnswered, queueapp.ThenHangUp, "", "hangup ch9 normal"},
		"back to the dialplan":        {queueapp.OutcomeTimeout, queueapp.ThenContinue, "", "continue ch9 <nil> [{QUEUEAPP_AGENT } {QUEUEAPP_CALL c9} {QUEUEAPP_OUTCOME timeout} {QUEUESTATUS TIMEOUT}"},
		"back although it came again": {queueapp.OutcomeTimeout, queueapp.ThenContinue, "c8", "continue ch9"},
		"not twice":                   {queueapp.OutcomeTimeout, queueapp.ThenContinue, "c9", "commit queueapp.Leave {Call:c1 Queue:support Outcome:abandoned"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			left(w, c.outcome, c.then)
			w.variables = map[string]string{"ch9 QUEUEAPP_CALL": c.kept}
			w.start(held("ch9"))
			if c.kept == "c9" {
				w.await("music ch9")
				w.tell(Gone{Channel: "ch9", HungUp: true, Q850: 16})
			}
			w.await(c.want)
			if n := w.count("music") + w.count("continue") + w.count("hangup"); n != 1 {
				t.Errorf("something else was done with the caller: %v", w.log)
			}
		})
	}
}

// The visit is over, but the phone that rang for it still does: both are seen to.
func TestACallerIsSentOnWhileALegEnds(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptEnding)
	w.left.Visits = nil
	left(w, queueapp.OutcomeTimeout, queueapp.ThenContinue)
	up := held("ch9")
	up.Channels = append(up.Channels, leg(false))
	w.start(up)
	w.await("hangup rs1.c9.1.1")
	w.await("continue ch9")
	w.tell(Gone{Channel: "ch9"}, LegGone{Channel: "rs1.c9.1.1", Q850: 16})
	w.tell(DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceNotInUse}, caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
}

// An owner who died between the bridge and the word of it leaves a conversation: it is not brought about again, and the
// dead man's switch is no more that of a wait.
func TestAConversationThatNobodyLivedToTell(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptUp)
	up := held("ch9")
	up.Channels = append(up.Channels, leg(true))
	up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}}
	w.start(up)
	w.await("publish answered 1000 c9.1")
	w.tell(LegGone{Channel: "rs1.c9.1.1", Q850: 16})
	w.await("commit queueapp.Close")
	if n := w.count("bridge rs1.c9 "); n != 0 {
		t.Errorf("bridged again %d times", n)
	}
	if n := w.count("set ch9 [{TIMEOUT(absolute) 660"); n != 0 {
		t.Errorf("the dead man's switch is that of a wait")
	}
}

// A caller who is in the bridge with an agent, of which the last owner did not live to hear, does not wait: the bridge stays.
func TestABridgeThatNobodyWasToldOfStays(t *testing.T) {
	w := newWorld(t)
	attempted(w, queueapp.AttemptUp)
	w.plan.Floor.Queues[0].Briefing = queueapp.Briefing{Accept: "1", Within: time.Minute}
	up := held("ch9")
	up.Channels = append(up.Channels, leg(true))
	up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "rs1.c9.1.1"}}}
	w.start(up)
	w.await("publish answered 1000 c9.1")
	if n := w.count("destroy") + w.count("music"); n != 0 {
		t.Errorf("the caller is taken out of the conversation:\n%s", strings.Join(w.log, "\n"))
	}
}
