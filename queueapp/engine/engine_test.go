package engine

import (
	"errors"
	"flag"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"ringside/queueapp"
)

// TestMain makes the model's days longer than rapid would; -rapid.steps asks for more.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.steps", "80"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func caller(id queueapp.ChannelID, args ...string) Arrived {
	return Arrived{Channel{ID: id, Args: args, Caller: queueapp.Caller{Number: "5551", Name: "Eve", Dialled: "7000"}, Endpoint: "PJSIP/trunk"}}
}

// The whole point: durable, then on the screen, then the ring.
func TestTheRecordIsThereBeforeTheRing(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.order("commit queueapp.Offer", "publish offered 1000 c1.1", "originate rs1.c1.1.1 PJSIP/1000")
	w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
	w.order("commit queueapp.Connect", "bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.order("commit queueapp.Close", "hangup ch1 normal", "publish ended 1000 c1.1")
	w.tell(Gone{Channel: "ch1", HungUp: true, Q850: 16})
	w.await("destroy rs1.c1")
	if n := w.count("originate"); n != 1 {
		t.Errorf("%d legs were asked for", n)
	}
}

func TestNothingIsOrderedBeforeItIsDurable(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.set(func() { w.stuck = true })
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.oneCall("offered")
	if n := w.count("publish"); n != 0 {
		t.Errorf("%d records left before the attempt was durable", n)
	}
	w.set(func() { w.stuck = false })
	w.await("originate")
}

func TestARefusedOrLatePublishDoesNotHoldTheCall(t *testing.T) {
	for _, result := range []queueapp.PublishResult{queueapp.PublishRefused, queueapp.PublishLate} {
		t.Run(string(result), func(t *testing.T) {
			w := newWorld(t)
			w.publish = result
			w.start(SwitchUp{})
			w.logOn("1000")
			w.tell(caller("ch1", "queue", "support", "code=1111"))
			w.await("originate rs1.c1.1.1")
		})
	}
}

func TestAnAgentWhoRefusesIsFollowedByTheNext(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.logOn("1001")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 21})
	w.order("publish revoked 1000 c1.1 refused", "publish offered 1001 c1.2", "originate rs1.c1.2.1 PJSIP/1001")
}

// An agent who hangs up right after the answer may be gone before the bridge is made: that fails when the next one rings.
func TestABridgeThatFailedDoesNotEndTheNextRing(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.logOn("1001")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
	w.tell(LegUp{"rs1.c1.1.1"})
	w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.await("originate rs1.c1.2.1 PJSIP/1001")
	w.tell(Failed{Command: "bridge", Channel: "ch1", Leg: "rs1.c1.1.1", Status: 400}, LegUp{"rs1.c1.2.1"})
	w.await("bridge rs1.c1 ch1 rs1.c1.2.1")
	if n := w.count("hangup rs1.c1.2.1"); n != 0 {
		t.Errorf("the next agent was hung up on %d times", n)
	}
	w.tell(Failed{Command: "bridge", Channel: "ch1", Leg: "rs1.c1.2.1", Status: 400})
	w.await("hangup rs1.c1.2.1")
}

func TestACallerWhoHangsUpWhileItRings(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
	w.tell(LegRinging{"rs1.c1.1.1"}, Gone{Channel: "ch1", HungUp: true, Q850: 16})
	w.await("hangup rs1.c1.1.1")
	w.await("publish revoked 1000 c1.1 caller-gone")
	w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
	w.await("destroy rs1.c1")
	calls, err := w.eng.Calls(t.Context())
	if err != nil || len(calls) != 0 {
		t.Errorf("calls left: %v, %v", calls, err)
	}
}

func TestAnUnknownQueueSendsTheCallOn(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.tell(caller("ch1", "queue", "nowhere"), caller("ch2", "nonsense"), caller("ch3", "ivr", "nowhere"))
	for _, ch := range []string{"ch1", "ch2", "ch3"} {
		if l := w.await("continue " + ch); !strings.Contains(l, "{QUEUESTATUS UNKNOWN}") {
			t.Errorf("%s: %s", ch, l)
		}
	}
}

func TestALookUpThatFailsDoesNotLoseTheCaller(t *testing.T) {
	w := newWorld(t)
	w.lookupErr = errors.New("database away")
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
}

func TestALogOnByATrunkCallerIsRefused(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	spoof := caller("ch1", "agent", "logon")
	spoof.Caller.Number = "1000"
	w.tell(spoof)
	w.await("play ch1")
	agents, err := w.eng.Agents(t.Context())
	if err != nil || agents[0].Status != queueapp.StatusLoggedOff {
		t.Errorf("agents: %+v, %v", agents, err)
	}
}

func TestAnAgentLogsOnByCode(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	from := caller("ch1", "agent", "logon")
	from.Endpoint = "PJSIP/1000"
	w.tell(from)
	w.order("commit queueapp.LoggedOn", "play ch1 rs1.c1.p2 [sound:ringside/logged-on]")
	w.await("members 1000 extension1000 [user1@localhost]")
	w.tell(PlayDone{Channel: "ch1", Playback: "rs1.c1.p2"})
	w.await("hangup ch1")
}

// Who logs off with a pop-up open keeps the node until it is closed, and loses it then.
func TestALogOffWaitsForThePopUp(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	w.await("originate rs1.c1.1.1")
	w.command(queueapp.LogOff{Agent: "1000"})
	w.order("publish revoked 1000 c1.1 logged-off", "members 1000 extension1000 []")
	if n := w.count("members 1000 extension1000 [user1@localhost]"); n < 2 {
		t.Errorf("access was taken before the pop-up was closed")
	}
}

// While nothing can be written an agent ends a conversation, is offered the next caller and logs off. All that goes out
// at once in the end, and the first pop-up is closed before the node is taken away.
func TestALogOffWaitsForAllPopUps(t *testing.T) {
	w := newWorld(t)
	w.startRinging()
	w.tell(LegUp{Channel: "rs1.c1.1.1"}, Entered{Bridge: "rs1.c1", Channel: "ch1"}, Entered{Bridge: "rs1.c1", Channel: "rs1.c1.1.1"})
	w.await("publish answered 1000 c1.1")
	var commands sync.WaitGroup
	defer commands.Wait()
	give := func(ev queueapp.Event) { commands.Go(func() { w.command(ev) }) }
	w.set(func() { w.stuck = true })
	give(queueapp.LogOn{Agent: "1001"}) // what the writer is stuck with
	w.untilAgent("1001", func(a queueapp.AgentView) bool { return a.Extension == "1001" })
	w.tell(Gone{Channel: "ch1", HungUp: true, Q850: 16}, LegGone{Channel: "rs1.c1.1.1", Q850: 16}, caller("ch2", "queue", "support"))
	w.untilAgent("1000", func(a queueapp.AgentView) bool { return a.Call == "c2" })
	give(queueapp.LogOff{Agent: "1000"})
	w.untilAgent("1000", func(a queueapp.AgentView) bool { return a.Extension == "" })
	w.set(func() { w.stuck = false })
	w.order("publish ended 1000 c1.1", "members 1000 extension1000 []")
}
