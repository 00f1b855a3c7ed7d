package phone_test

import (
	"strings"
	"testing"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// talking is a call from outside that extension 1000 has answered.
type talking struct {
	caller *phone.Call // as the caller sees it
	agent  *phone.Call // as 1000 sees it
	desk   *phone.Phone
}

// talk has a caller, who sounds at 1100 Hz, reach 1000, who sounds at 700, by Asterisk's own queue.
func talk(t *testing.T, info stack.Info) talking {
	t.Helper()
	desk := newPhone(t, info, "1000", phone.AnswerAfter(0), voice.Media{Tone: 700})
	atDesk := desk.Watch()
	call, err := newCaller(t, info, voice.Media{Tone: 1100}).Dial(t.Context(), info.Dial.Twin)
	if err != nil {
		t.Fatal(err)
	}
	if err := call.AwaitTone(soon(t), 700, 5); err != nil {
		t.Fatal(err)
	}
	return talking{caller: call, agent: next(t, atDesk, phone.Answered).Call, desk: desk}
}

// After a blind transfer the caller talks to who it went to, and the one who transferred is free.
func tryBlindTransfer(t *testing.T, info stack.Info) {
	talk := talk(t, info)
	colleague := newPhone(t, info, "2000", phone.AnswerAfter(0), voice.Media{Tone: 1700})
	atColleague := colleague.Watch()
	if err := talk.agent.Transfer(soon(t), "2000"); err != nil {
		t.Fatal(err)
	}
	if err := talk.caller.AwaitTone(soon(t), 1700, 5); err != nil {
		t.Error("the caller does not hear who the call went to:", err)
	}
	if err := next(t, atColleague, phone.Answered).Call.AwaitTone(soon(t), 1100, 5); err != nil {
		t.Error("who the call went to does not hear the caller:", err)
	}
	if o, err := talk.agent.AwaitEnd(soon(t)); err != nil || !o.Answered {
		t.Errorf("the call of who transferred it: %+v, %v", o, err)
	}
	if want := "transfer-sent transferred bye-sent ended"; !strings.HasSuffix(kinds(talk.agent), want) {
		t.Errorf("the events of who transferred it: %s\nwant at the end: %s", kinds(talk.agent), want)
	}
}
