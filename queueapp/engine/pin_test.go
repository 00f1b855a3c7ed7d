package engine

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// keyIn has whoever calls from an endpoint press keys.
func (w *world) keyIn(ch queueapp.ChannelID, keys string) {
	for _, k := range keys {
		w.tell(Digit{Channel: ch, Key: byte(k)})
	}
}

func (w *world) logOnBy(ch queueapp.ChannelID, endpoint, keys string, args ...string) {
	from := caller(ch, append([]string{"agent", "logon"}, args...)...)
	from.Endpoint = endpoint
	w.tell(from)
	w.await("play " + string(ch))
	w.keyIn(ch, keys)
}

// An agent sits down at another's phone, and proves by his PIN who he is.
func TestAnAgentLogsOnAtAnyPhone(t *testing.T) {
	w := newWorld(t)
	w.plan.PINs = []floorplan.PIN{{Agent: "1000", PIN: "4711"}}
	w.start(SwitchUp{})
	w.logOnBy("ch1", "PJSIP/1001", "1000#4711#", "ask=agent")
	w.order("commit queueapp.LoggedOn", "play ch1 rs1.c1.p4 [sound:ringside/logged-on]")
	agents, err := w.eng.Agents(t.Context())
	if err != nil || agents[0].Extension != "1001" {
		t.Errorf("agents: %+v, %v", agents, err)
	}
}

// A PIN cannot be guessed: who is not the agent hears the same as who mistypes, and after a few tries nobody is asked.
func TestPINsAreNotGuessed(t *testing.T) {
	w := newWorld(t)
	w.plan.PINs = []floorplan.PIN{{Agent: "1000", PIN: "4711"}}
	w.plan.Codes = ivr.DefaultLimits()
	var logged bytes.Buffer
	w.said = slog.NewTextHandler(&logged, nil)
	w.start(SwitchUp{})
	w.logOnBy("ch1", "PJSIP/1001", "9999#1#", "ask=agent")
	w.await("play ch1 rs1.c1.p4 [sound:ringside/wrong-pin")
	for i := range mostWrongPINs {
		ch := queueapp.ChannelID(fmt.Sprint("ch", i+2))
		w.logOnBy(ch, "PJSIP/1000", "1234#")
		w.await(fmt.Sprintf("play %s rs1.c%d.p3 [sound:ringside/wrong-pin", ch, i+2))
	}
	w.logOnBy("ch9", "PJSIP/1000", "4711#")
	w.await("play ch9 rs1.c7.p3 [sound:ringside/please-try-later")
	agents, err := w.eng.Agents(t.Context())
	if err != nil || agents[0].Status != queueapp.StatusLoggedOff {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	if s := logged.String(); strings.Contains(s, "4711") || strings.Contains(s, "1234") || !strings.Contains(s, "too many wrong PINs") {
		t.Errorf("the log: %s", s)
	}
}
