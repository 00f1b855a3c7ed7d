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

// Who is refused keeps the call, and may try another. Asterisk lets go of the caller where the number exists.
func tryRefusedTransfer(t *testing.T, info stack.Info) {
	talk := talk(t, info)
	err := talk.agent.Transfer(soon(t), "4711")
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a transfer to a number that is none: %v", err)
	}
	if err := talk.caller.AwaitTone(soon(t), 700, 5); err != nil {
		t.Error("the call did not go on:", err)
	}
	colleague := newPhone(t, info, "2000", phone.RefuseWith(486), voice.Media{})
	atColleague := colleague.Watch()
	if err := talk.agent.Transfer(soon(t), "2000"); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a transfer to a phone that is busy: %v", err)
	}
	next(t, atColleague, phone.Refused)
	if o, err := talk.caller.AwaitEnd(soon(t)); err != nil || o.By != phone.Them {
		t.Errorf("the caller's call ended as %+v, %v", o, err)
	}
	if o := talk.agent.Outcome(); o.Answered {
		t.Errorf("the call of who was refused ended as %+v", o)
	}
}

// Who asks first dials while the caller is on hold, and then connects the two, from either call.
func tryAttendedTransfer(t *testing.T, info stack.Info) {
	for name, fromTheSecond := range map[string]bool{"from the first call": false, "from the second": true} {
		t.Run(name, func(t *testing.T) {
			talk := talk(t, info)
			newPhone(t, info, "2000", phone.AnswerAfter(0), voice.Media{Tone: 1700})
			if err := talk.agent.Hold(soon(t)); err != nil {
				t.Fatal(err)
			}
			asking, err := talk.desk.Dial(soon(t), "2000")
			if err != nil {
				t.Fatal(err)
			}
			if err := asking.AwaitTone(soon(t), 1700, 5); err != nil {
				t.Fatal("the second call is silent:", err)
			}
			from, to := talk.agent, asking
			if fromTheSecond {
				from, to = asking, talk.agent
			}
			if err := from.TransferTo(soon(t), to); err != nil {
				t.Fatal(err)
			}
			if err := talk.caller.AwaitTone(soon(t), 1700, 5); err != nil {
				t.Error("the caller does not hear who the call went to:", err)
			}
			for _, call := range []*phone.Call{from, to} {
				if _, err := call.AwaitEnd(soon(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A caller may transfer as well, where his line may: then it is the agent who is handed over. The trunk's callers may not.
func tryCallersTransfer(t *testing.T, info stack.Info) {
	outside := talk(t, info)
	if err := outside.caller.Transfer(soon(t), "2000"); err == nil || !strings.Contains(err.Error(), "603") {
		t.Errorf("a transfer from the trunk: %v", err)
	}
	if err := outside.caller.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	atDesk := outside.desk.Watch()
	call, err := newPhone(t, info, "3000", phone.NeverAnswer(), voice.Media{Tone: 1100}).Dial(soon(t), "1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.AwaitTone(soon(t), 700, 5); err != nil {
		t.Fatal(err)
	}
	agent := next(t, atDesk, phone.Answered).Call
	newPhone(t, info, "2000", phone.AnswerAfter(0), voice.Media{Tone: 1700})
	if err := call.Transfer(soon(t), "2000"); err != nil {
		t.Fatal(err)
	}
	if err := agent.AwaitTone(soon(t), 1700, 5); err != nil {
		t.Error("the agent does not hear who the call went to:", err)
	}
	if _, err := call.AwaitEnd(soon(t)); err != nil {
		t.Error(err)
	}
}
