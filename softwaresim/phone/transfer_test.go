package phone_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone"
)

// transferring is a call of extension 1000 that it has asked to transfer, and what will come of it.
func transferring(t *testing.T, transfer func(context.Context, *phone.Call) error) (f *farEnd, call *phone.Call, invite, refer *sip.Request, outcome chan error) {
	t.Helper()
	f = newFarEnd(t)
	desk := listen(t, phone.Config{Server: f.addr()}).NewPhone(phone.Account{Number: "1000"}, phone.NeverAnswer())
	call, invite = f.answers(desk.Dial, "5550100")
	outcome = make(chan error, 1)
	go func() { outcome <- transfer(soon(t), call) }()
	return f, call, invite, f.saw(sip.REFER), outcome
}

func to2000(ctx context.Context, c *phone.Call) error { return c.Transfer(ctx, "2000") }

func TestTransferOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps  string
		err    string // what the error says, empty for success
		events string // after the answer; those of a call that goes on end with the transfer
	}{
		"answered": {"202, notify SIP/2.0 100 Trying, notify SIP/2.0 180 Ringing, last SIP/2.0 200 OK", "",
			"transfer-sent transferred bye-sent ended"},
		"answered before the 202": {"notify SIP/2.0 100 Trying, last SIP/2.0 200 OK, 202", "",
			"transfer-sent transferred bye-sent ended"},
		"taken away": {"202, notify SIP/2.0 100 Trying, bye", "",
			"transfer-sent bye-received transferred ended"},
		"taken away before the 202": {"notify SIP/2.0 100 Trying, bye", "",
			"transfer-sent bye-received transferred ended"},
		"refused at once":  {"603", "refused with 603 As the test has it", "transfer-sent transfer-refused"},
		"refused later":    {"202, notify SIP/2.0 180 Ringing, last SIP/2.0 486 Busy Here", "refused with 486 Busy Here", "transfer-sent transfer-refused"},
		"about another":    {"202, other SIP/2.0 200 OK, lamp SIP/2.0 200 OK, last SIP/2.0 603 Decline", "603 Decline", "transfer-sent transfer-refused"},
		"no outcome":       {"202, last SIP/2.0 100 Trying", "no outcome after 100 Trying", "transfer-sent transfer-refused"},
		"nonsense":         {"202, notify ICY 200 OK, notify SIP/2.0 99 Low, last HTTP/1.1 200 OK", "without a status line", "transfer-sent transfer-refused"},
		"hung up on first": {"bye", "the other side hung up", "transfer-sent bye-received transfer-refused ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, call, invite, refer, outcome := transferring(t, to2000)
			for step := range strings.SplitSeq(c.steps, ", ") {
				f.does(step, invite, refer)
			}
			err := <-outcome
			if (err == nil) != (c.err == "") || !strings.Contains(fmt.Sprint(err), c.err) {
				t.Errorf("the error is %v, want %q", err, c.err)
			}
			if strings.HasSuffix(c.events, "ended") {
				if _, err := call.AwaitEnd(soon(t)); err != nil {
					t.Error(err)
				}
			}
			_, got, _ := strings.Cut(kinds(call), "ack-sent ")
			if got != c.events {
				t.Errorf("events: %s\nwant:   %s", got, c.events)
			}
		})
	}
}

// Each step is told with who is to get the call.
func TestTransferIsTold(t *testing.T) {
	t.Parallel()
	f, call, invite, refer, outcome := transferring(t, to2000)
	for _, step := range []string{"202", "notify SIP/2.0 180 Ringing", "last SIP/2.0 603 Decline"} {
		f.does(step, invite, refer)
	}
	<-outcome
	var told []string
	for _, e := range call.Events() {
		if e.To == "2000" {
			told = append(told, e.Text())
		}
	}
	want := []string{"REFER sent to transfer the call to 2000", "transfer to 2000: 202 As the test has it",
		"transfer to 2000: 180 Ringing", "not transferred to 2000: 603 Decline"}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("told: %q\nwant: %q", told, want)
	}
}

// The REFER names who is to get the call and who says so, and belongs to the call.
func TestReferOfABlindTransfer(t *testing.T) {
	t.Parallel()
	f, call, invite, refer, _ := transferring(t, func(ctx context.Context, c *phone.Call) error { return c.Transfer(ctx, "*72;x@y") })
	if got, want := refer.GetHeader("Refer-To").Value(), "<sip:*72%3Bx%40y@"+f.addr()+">"; got != want {
		t.Errorf("Refer-To: %s\nwant:     %s", got, want)
	}
	if got, want := refer.GetHeader("Referred-By").Value(), "<sip:1000@"+f.addr()+">"; got != want {
		t.Errorf("Referred-By: %s\nwant:        %s", got, want)
	}
	if refer.CallID().Value() != call.ID() || refer.CSeq().SeqNo <= invite.CSeq().SeqNo || refer.Contact() == nil {
		t.Errorf("the REFER is not the call's:\n%s", refer)
	}
	if tag, _ := refer.To().Params.Get("tag"); tag != farTag {
		t.Errorf("the REFER's To has the tag %q", tag)
	}
}

// The REFER of an attended transfer names the other call as the switch knows it; after it both are hung up.
func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t)
	desk := listen(t, phone.Config{Server: f.addr()}).NewPhone(phone.Account{Number: "1000"}, phone.NeverAnswer())
	call, invite := f.answers(desk.Dial, "5550100")
	asking, second := f.answers(desk.Dial, "2000")
	outcome := make(chan error, 1)
	go func() { outcome <- call.TransferTo(soon(t), asking) }()
	refer := f.saw(sip.REFER)
	tag, _ := second.From().Params.Get("tag")
	want := "<sip:2000@" + f.addr() + "?Replaces=" + asking.ID() + "%3Bto-tag%3D" + farTag + "%3Bfrom-tag%3D" + tag + ">"
	if got := refer.GetHeader("Refer-To").Value(); got != want || refer.CallID().Value() != call.ID() {
		t.Errorf("Refer-To: %s\nwant:     %s", got, want)
	}
	f.does("202", invite, refer)
	f.does("last SIP/2.0 200 OK", invite, refer)
	if err := <-outcome; err != nil {
		t.Error(err)
	}
	for _, c := range []*phone.Call{call, asking} {
		if o, err := c.AwaitEnd(soon(t)); err != nil || o.By != phone.Us {
			t.Errorf("%s ended as %+v, %v", c, o, err)
		}
	}
}

// The other call may also be one that came in: then who called gets the call.
func TestAttendedTransferToACaller(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.AnswerAfter(0))
	atPhone := p.phone.Watch()
	calling := p.dial(t)
	came := next(t, atPhone, phone.Answered).Call
	next(t, atPhone, phone.AckReceived)
	f, call, _, refer, outcome := transferring(t, func(ctx context.Context, c *phone.Call) error { return c.TransferTo(ctx, came) })
	if got := refer.GetHeader("Refer-To").Value(); !strings.HasPrefix(got, "<sip:5550100@"+f.addr()+"?Replaces="+calling.ID()+"%3Bto-tag%3D") {
		t.Errorf("Refer-To: %s", got)
	}
	if err := call.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
	<-outcome
}

func TestAttendedTransferNeedsAnAnswer(t *testing.T) {
	t.Parallel()
	p := newPair(t, phone.NeverAnswer())
	p.phone.SetLines(2)
	ringing := p.dial(t)
	if err := p.dial(t).TransferTo(soon(t), ringing); err == nil || !strings.Contains(err.Error(), "not answered") {
		t.Errorf("a transfer to a call that rings: %v", err)
	}
}

// One may hang up, hold, or ask for something else while a transfer goes on.
func TestMeanwhileInATransfer(t *testing.T) {
	t.Parallel()
	f, call, invite, refer, outcome := transferring(t, to2000)
	if err := call.Transfer(soon(t), "3000"); err == nil || !strings.Contains(err.Error(), `"2000" is not over`) {
		t.Errorf("a second transfer: %v", err)
	}
	f.does("202", invite, refer)
	if err := call.Hold(soon(t)); err != nil {
		t.Error(err)
	}
	f.saw(sip.INVITE)
	if err := call.Hangup(soon(t)); err != nil {
		t.Error(err)
	}
	if err := <-outcome; err == nil || !strings.Contains(err.Error(), "this side hung up") {
		t.Errorf("the transfer of a call that was hung up: %v", err)
	}
	if err := call.Transfer(soon(t), "3000"); !errors.Is(err, phone.ErrOver) {
		t.Errorf("the transfer of a call that is over: %v", err)
	}
}

// Who no longer waits for a transfer has not stopped it.
func TestTransferThatIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f, call, invite, refer, outcome := transferring(t, func(_ context.Context, c *phone.Call) error { return c.Transfer(ctx, "2000") })
	cancel()
	if err := <-outcome; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	f.does("202", invite, refer)
	f.does("last SIP/2.0 200 OK", invite, refer)
	if _, err := call.AwaitEnd(soon(t)); err != nil {
		t.Error("not hung up after it was transferred:", err)
	}
}
