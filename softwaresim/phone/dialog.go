package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// dialog is one side's knowledge of a SIP dialog (RFC 3261 §12): what every request
// in it carries.
type dialog struct {
	callID string
	local  sip.FromHeader // ours, with our tag
	remote sip.ToHeader   // theirs, with their tag once known
	target sip.Uri        // where their requests go to: their Contact
	routes []string       // Route headers, first hop first
	seq    uint32         // CSeq of our last request
}

// key is under which a request within the dialog finds its call: the Call-ID and our
// tag.
func (d *dialog) key() string {
	tag, _ := d.local.Params.Get("tag")
	return dialogKey(d.callID, tag)
}

func dialogKey(callID, localTag string) string { return callID + " " + localTag }

// asCaller takes what a response to our INVITE says of the other side.
func (d *dialog) asCaller(res *sip.Response) {
	if to := res.To(); to != nil {
		d.remote = *sip.HeaderClone(to).(*sip.ToHeader)
	}
	if contact := res.Contact(); contact != nil {
		d.target = *contact.Address.Clone()
	}
	routes := res.GetHeaders("Record-Route")
	d.routes = d.routes[:0]
	for i := len(routes) - 1; i >= 0; i-- { // RFC 3261 §12.1.2: in reverse order
		d.routes = append(d.routes, routes[i].Value())
	}
}

// dialogAsCalled is the dialog that an INVITE to us makes; its To carries our tag.
func dialogAsCalled(invite *sip.Request) (dialog, error) {
	from, to, contact := invite.From(), invite.To(), invite.Contact()
	if contact == nil {
		return dialog{}, errors.New("INVITE without Contact")
	}
	d := dialog{
		callID: invite.CallID().Value(),
		local:  to.AsFrom(),
		remote: sip.ToHeader{DisplayName: from.DisplayName, Address: *from.Address.Clone(), Params: from.Params.Clone()},
		target: *contact.Address.Clone(),
	}
	for _, r := range invite.GetHeaders("Record-Route") {
		d.routes = append(d.routes, r.Value())
	}
	return d, nil
}

// request makes the dialog's next request. An ACK keeps the number of its INVITE.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	if method != sip.ACK {
		d.seq++
	}
	req := newRequest(method, d.target, &d.local, &d.remote, d.callID, d.seq)
	for _, r := range d.routes {
		req.AppendHeader(sip.NewHeader("Route", r))
	}
	return req
}

// hop is the address that the dialog's requests are sent to: its first route, or the
// other side's Contact. A name in place of an address is taken for the switch.
func (d *dialog) hop(server netip.AddrPort) netip.AddrPort {
	uri := d.target
	if len(d.routes) > 0 {
		var route sip.Uri
		if _, err := sip.ParseAddressValue(d.routes[0], &route, nil); err == nil {
			uri = route
		}
	}
	host, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return server
	}
	if uri.Port <= 0 || uri.Port > 65535 {
		uri.Port = 5060
	}
	return netip.AddrPortFrom(host, uint16(uri.Port))
}

// newRequest makes a request with all that RFC 3261 §8.1.1 asks for but the Via.
func newRequest(method sip.RequestMethod, target sip.Uri, from *sip.FromHeader, to *sip.ToHeader, callID string, seq uint32) *sip.Request {
	req := sip.NewRequest(method, target)
	id, forwards := sip.CallIDHeader(callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(sip.HeaderClone(from))
	req.AppendHeader(sip.HeaderClone(to))
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&forwards)
	req.SetBody(nil)
	return req
}

// newCancel makes the CANCEL of an INVITE (RFC 3261 §9.1): its branch and number.
func newCancel(invite *sip.Request) *sip.Request { return newSibling(sip.CANCEL, invite, invite.To()) }

// newRefusalAck makes the ACK of an INVITE's final response other than a 200 (RFC 3261
// §17.1.1.3), which is part of the INVITE's transaction.
func newRefusalAck(invite *sip.Request, res *sip.Response) *sip.Request {
	to := res.To()
	if to == nil {
		to = invite.To()
	}
	return newSibling(sip.ACK, invite, to)
}

func newSibling(method sip.RequestMethod, invite *sip.Request, to *sip.ToHeader) *sip.Request {
	req := newRequest(method, *invite.Recipient.Clone(), invite.From(), to, invite.CallID().Value(), invite.CSeq().SeqNo)
	req.PrependHeader(invite.Via().Clone())
	sip.CopyHeaders("Route", invite, req)
	return req
}

// setSDP gives a request or response a session as its body.
func setSDP(m sip.Message, body []byte) {
	m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	m.SetBody(body)
}

// challenged reports whether a response asks for credentials.
func challenged(res *sip.Response) bool {
	return res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired
}

// authorise makes the request again, with the number given and the credentials that
// the challenge asks for (RFC 8760).
func authorise(req *sip.Request, challenge *sip.Response, seq uint32, user, password string) (*sip.Request, error) {
	asks, answers := "WWW-Authenticate", "Authorization"
	if challenge.StatusCode == sip.StatusProxyAuthRequired {
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	}
	var failures error
	for _, h := range challenge.GetHeaders(asks) {
		c, err := digest.ParseChallenge(h.Value())
		if err == nil {
			var credentials *digest.Credentials
			credentials, err = digest.Digest(c, digest.Options{Method: req.Method.String(),
				URI: req.Recipient.Addr(), Username: user, Password: password})
			if err == nil {
				again := req.Clone()
				again.RemoveHeader("Via")
				again.RemoveHeader(answers)
				again.CSeq().SeqNo = seq
				again.AppendHeader(sip.NewHeader(answers, credentials.String()))
				return again, nil
			}
		}
		failures = errors.Join(failures, err)
	}
	return nil, fmt.Errorf("answer the challenge of %s: %w", asks, errors.Join(failures, errors.New("no digest that is known")))
}

// reasonOf is what a request's Reason headers say, empty without one.
func reasonOf(req *sip.Request) string {
	var all []string
	for _, h := range req.GetHeaders("Reason") {
		all = append(all, h.Value())
	}
	return strings.Join(all, ", ")
}

// phrase is what a final response's status line says beside its code.
func phrase(code int) string {
	switch code {
	case sip.StatusOK:
		return "OK"
	case sip.StatusMovedTemporarily:
		return "Moved Temporarily"
	case sip.StatusBadRequest:
		return "Bad Request"
	case sip.StatusNotFound:
		return "Not Found"
	case sip.StatusMethodNotAllowed:
		return "Method Not Allowed"
	case sip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case sip.StatusCallTransactionDoesNotExists:
		return "Call/Transaction Does Not Exist"
	case sip.StatusBusyHere:
		return "Busy Here"
	case sip.StatusNotAcceptableHere:
		return "Not Acceptable Here"
	case sip.StatusInternalServerError:
		return "Server Internal Error"
	case sip.StatusServiceUnavailable:
		return "Service Unavailable"
	case sip.StatusGlobalBusyEverywhere:
		return "Busy Everywhere"
	case sip.StatusGlobalDecline:
		return "Decline"
	}
	return "Refused"
}
