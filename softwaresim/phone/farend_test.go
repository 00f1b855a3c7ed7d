package phone_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone"
)

// farEnd is a switch that answers every call at once, and else does what a test has it do.
type farEnd struct {
	t         *testing.T
	conn      *net.UDPConn
	requests  chan *sip.Request // those in a dialog but ACK, in order
	responses chan *sip.Response
	seq       uint32
}

const farTag = "far-end"

func newFarEnd(t *testing.T) *farEnd {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	f := &farEnd{t: t, conn: conn, requests: make(chan *sip.Request, 100), responses: make(chan *sip.Response, 100)}
	ended := make(chan struct{})
	go func() { defer close(ended); f.receive() }()
	t.Cleanup(func() { conn.Close(); <-ended })
	return f
}

func (f *farEnd) addr() string { return f.conn.LocalAddr().String() }

// receive answers INVITEs and BYEs, and hands on the rest, once each.
func (f *farEnd) receive() {
	buf, parser, seen := make([]byte, 1<<16), sip.NewParser(), map[string]bool{}
	for {
		n, from, err := f.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		message, err := parser.ParseSIP(buf[:n])
		if err != nil {
			f.t.Errorf("%v in %s", err, buf[:n])
			continue
		}
		switch m := message.(type) {
		case *sip.Response:
			f.responses <- m
		case *sip.Request:
			again := seen[m.CSeq().Value()+m.CallID().Value()]
			seen[m.CSeq().Value()+m.CallID().Value()] = true
			if m.Method == sip.INVITE || m.Method == sip.BYE {
				f.respond(m, from, 200)
			}
			if m.Method != sip.ACK && !again {
				m.SetSource(from.String())
				f.requests <- m
			}
		}
	}
}

// respond sends a response. The sound of a call that is answered comes back as an echo.
func (f *farEnd) respond(req *sip.Request, to netip.AddrPort, code int) {
	if !req.To().Params.Has("tag") {
		req.To().Params.Add("tag", farTag)
	}
	res := sip.NewResponseFromRequest(req, code, "As the test has it", nil)
	if req.Method == sip.INVITE {
		local := f.conn.LocalAddr().(*net.UDPAddr)
		res.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: local.IP.String(), Port: local.Port}})
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(req.Body())
	}
	f.send(res.String(), to)
}

func (f *farEnd) send(message string, to netip.AddrPort) {
	if _, err := f.conn.WriteToUDPAddrPort([]byte(message), to); err != nil && !errors.Is(err, net.ErrClosed) {
		f.t.Error(err)
	}
}

// saw is the next request, which must be of the method.
func (f *farEnd) saw(method sip.RequestMethod) *sip.Request {
	f.t.Helper()
	select {
	case req := <-f.requests:
		if req.Method != method {
			f.t.Fatalf("%s came, want %s", req.Method, method)
		}
		return req
	case <-soon(f.t).Done():
		f.t.Fatalf("no %s came", method)
	}
	return nil
}

// answers takes a call that is dialled, and returns it as both sides know it.
func (f *farEnd) answers(dial func(context.Context, string) (*phone.Call, error), number string) (*phone.Call, *sip.Request) {
	f.t.Helper()
	call, err := dial(f.t.Context(), number)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := call.AwaitAnswer(soon(f.t)); err != nil {
		f.t.Fatal(err)
	}
	return call, f.saw(sip.INVITE)
}

// does is one step of a transfer: a code for the REFER, "notify STATUS", "last STATUS" for the final one, "other
// STATUS" for one about another REFER, "lamp" for one about something else, or "bye".
func (f *farEnd) does(step string, invite, refer *sip.Request) {
	f.t.Helper()
	to := netip.MustParseAddrPort(refer.Source())
	verb, status, _ := strings.Cut(step, " ")
	event, state, method := "refer", "active;expires=60", sip.NOTIFY
	switch verb {
	case "notify":
	case "last":
		state = "terminated;reason=noresource"
	case "other":
		event = "refer;id=99"
	case "lamp":
		event = "message-summary"
	case "bye":
		method = sip.BYE
	default:
		var code int
		if _, err := fmt.Sscan(verb, &code); err != nil {
			f.t.Fatal(err)
		}
		f.respond(refer, to, code)
		return
	}
	f.seq++
	req := sip.NewRequest(method, *invite.Contact().Address.Clone())
	for _, h := range []sip.Header{
		sip.NewHeader("Via", fmt.Sprintf("SIP/2.0/UDP %s;branch=z9hG4bK-%s-%d", f.addr(), refer.CallID().Value(), f.seq)),
		sip.NewHeader("From", invite.To().Value()), sip.NewHeader("To", invite.From().Value()),
		sip.NewHeader("Call-ID", invite.CallID().Value()), sip.NewHeader("CSeq", fmt.Sprint(f.seq, " ", method)),
		sip.NewHeader("Event", event), sip.NewHeader("Subscription-State", state),
		sip.NewHeader("Content-Type", "message/sipfrag;version=2.0"),
	} {
		req.AppendHeader(h)
	}
	req.SetBody([]byte(status + "\r\n"))
	f.send(req.String(), to)
	select {
	case res := <-f.responses:
		if res.StatusCode != 200 {
			f.t.Errorf("%q was answered with %d", step, res.StatusCode)
		}
	case <-soon(f.t).Done():
		f.t.Errorf("%q was not answered", step)
	}
}
