package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"ringside/softwaresim/phone"
)

// A call that is not transferred says so; one who was asked first is let go, and the other is taken back.
func TestCallIsNotTransferred(t *testing.T) {
	for name, c := range map[string]struct {
		flags transferFlags
		steps []string
	}{
		"blind": {transferFlags{Transfer: "0000"}, []string{"REFER sent to transfer the call to 0000",
			"not transferred to 0000: 405", "BYE sent"}},
		"attended": {transferFlags{Transfer: "0000", Attended: true}, []string{"media changed: sendonly", "INVITE sent to 0000",
			"200 answered", "REFER sent", "not transferred to 0000: 405", "BYE sent", "media changed: sendrecv", "BYE sent"}},
		"asked in vain": {transferFlags{Transfer: "4711", Attended: true}, []string{"media changed: sendonly", "refused: 404",
			"media changed: sendrecv", "BYE sent"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := CallCmd{Number: "0000", Server: switchboard(t, phone.AnswerAfter(0)), transferFlags: c.flags}
			if err := cmd.Run(t.Context(), &out); err == nil {
				t.Error("no error")
			}
			rest := out.String()
			for _, step := range c.steps {
				_, after, found := strings.Cut(rest, step)
				if !found {
					t.Fatalf("no %q in its place in\n%s", step, out.String())
				}
				rest = after
			}
		})
	}
}

// A phone transfers what it answers, and says what came of it.
func TestPhoneTransfersEachCall(t *testing.T) {
	ua, err := phone.Listen(phone.Config{Server: "127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	defer ua.Close()
	callers, err := phone.Listen(phone.Config{Server: ua.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer callers.Close()
	desk := ua.NewPhone(phone.Account{Number: "1000"}, phone.AnswerAfter(0))
	atDesk := desk.Watch()
	var out bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	transfers := (&PhoneCmd{transferFlags: transferFlags{Transfer: "2000"}}).transferEach(ctx, desk, newLines(&out, false))
	if _, err := callers.Caller(phone.Party{Number: "5550100"}).Dial(ctx, "1000"); err != nil {
		t.Fatal(err)
	}
	if e, err := atDesk.Next(t.Context(), phone.TransferRefused); err != nil || e.To != "2000" || e.Code != 405 {
		t.Errorf("told %+v, %v", e, err)
	}
	stop()
	<-transfers
}

func TestAttendedNeedsANumber(t *testing.T) {
	for _, flags := range []transferFlags{{}, {Transfer: "2000"}, {Transfer: "2000", Attended: true}} {
		if err := flags.check(); err != nil {
			t.Errorf("%+v: %v", flags, err)
		}
	}
	flags := transferFlags{Attended: true}
	if (&PhoneCmd{transferFlags: flags}).Validate() == nil || (&CallCmd{transferFlags: flags}).Validate() == nil {
		t.Error("--attended is good without --transfer")
	}
}
