package phone

import (
	"context"
	"fmt"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// dialog is one side's knowledge of a SIP dialog (RFC 3261 §12): what every request
// in it carries. Call.mu guards it.
type dialog struct {
	callID string
	local  sip.FromHeader // ours, with our tag
	remote sip.ToHeader   // theirs, with their tag once known
	target sip.Uri        // where their requests go to: their Contact
	routes []string       // Route headers, first hop first
	seq    uint32         // CSeq of our last request
}

// dialogKey finds a call for a request that comes in: its Call-ID and our tag.
func dialogKey(callID, localTag string) string { return callID + " " + localTag }

// dialogAsCaller is the dialog that an INVITE of ours and a response to it make.
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
	from, to, contact, id := invite.From(), invite.To(), invite.Contact(), invite.CallID()
	if from == nil || to == nil || contact == nil || id == nil {
		return dialog{}, fmt.Errorf("INVITE without From, To, Contact or Call-ID")
	}
	d := dialog{
		callID: id.Value(),
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

// newRequest makes a request with all that RFC 3261 §8.1.1 asks for but the Via.
func newRequest(method sip.RequestMethod, target sip.Uri, from *sip.FromHeader, to *sip.ToHeader, callID string, seq uint32) *sip.Request {
	req := sip.NewRequest(method, target)
	req.SetTransport("UDP")
	id, forwards := sip.CallIDHeader(callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(sip.HeaderClone(from))
	req.AppendHeader(sip.HeaderClone(to))
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	req.AppendHeader(&forwards)
	req.SetBody(nil)
	return req
}

// newCancel makes the CANCEL of an INVITE (RFC 3261 §9.1): its own branch, number
// and destination.
func newCancel(invite *sip.Request) *sip.Request {
	cancel := newRequest(sip.CANCEL, *invite.Recipient.Clone(), invite.From(), invite.To(),
		invite.CallID().Value(), invite.CSeq().SeqNo)
	cancel.PrependHeader(invite.Via().Clone())
	sip.CopyHeaders("Route", invite, cancel)
	cancel.SetDestination(invite.Destination())
	return cancel
}

// setSDP gives a request or response a session as its body.
func setSDP(m sip.Message, body []byte) {
	m.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	m.SetBody(body)
}

// transact sends a request from the agent's port and returns its transaction. The
// caller must terminate it.
func (u *UA) transact(ctx context.Context, req *sip.Request) (sip.ClientTransaction, error) {
	tx, err := u.client.TransactionRequest(ctx, req, u.fromOurPort)
	if err != nil {
		return nil, fmt.Errorf("send %s to %s: %w", req.Method, req.Destination(), err)
	}
	return tx, nil
}

// do sends a request and returns its final response.
func (u *UA) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	tx, err := u.transact(ctx, req)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	return final(ctx, req, tx)
}

// final waits for a transaction's final response.
func final(ctx context.Context, req *sip.Request, tx sip.ClientTransaction) (*sip.Response, error) {
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, fmt.Errorf("no answer to %s from %s: %w", req.Method, req.Destination(), tx.Err())
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer to %s from %s: %w", req.Method, req.Destination(), context.Cause(ctx))
		}
	}
}

// write sends a request that has no transaction: the ACK of a 200.
func (u *UA) write(req *sip.Request) error {
	if err := u.client.WriteRequest(req, u.fromOurPort); err != nil {
		return fmt.Errorf("send %s to %s: %w", req.Method, req.Destination(), err)
	}
	return nil
}

// fromOurPort makes the library send a request from the port that it listens on, and
// gives it a Via unless it has one.
func (u *UA) fromOurPort(c *sipgo.Client, req *sip.Request) error {
	req.Laddr = sip.Addr{IP: u.local.Addr().AsSlice(), Port: int(u.local.Port())}
	if req.Via() == nil {
		return sipgo.ClientRequestAddVia(c, req)
	}
	return nil
}

// authorise answers a challenge (401 or 407) by sending the request again with a
// digest (RFC 8760 §2), as a new transaction that the caller must terminate.
func (u *UA) authorise(ctx context.Context, req *sip.Request, challenge *sip.Response, user, password string) (*sip.Request, sip.ClientTransaction, error) {
	again := req.Clone()
	again.Laddr = req.Laddr
	tx, err := u.client.TransactionDigestAuth(ctx, again, challenge, sipgo.DigestAuth{Username: user, Password: password})
	if err != nil {
		return nil, nil, fmt.Errorf("answer the challenge of %s: %w", req.Destination(), err)
	}
	return again, tx, nil
}

// challenged reports whether a response asks for credentials.
func challenged(res *sip.Response) bool {
	return res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired
}

// key is under which requests within the call's dialog are found.
func (c *Call) key() string {
	tag, _ := c.dialog.local.Params.Get("tag")
	return dialogKey(c.dialog.callID, tag)
}

// callOf returns the call that a request within a dialog belongs to, or nil.
func (u *UA) callOf(req *sip.Request) *Call {
	to, id := req.To(), req.CallID()
	if to == nil || id == nil {
		return nil
	}
	tag, ok := to.Params.Get("tag")
	if !ok {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls[dialogKey(id.Value(), tag)]
}

// remember makes requests within the call's dialog find it. It fails when the user
// agent is closing.
func (u *UA) remember(c *Call) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closing {
		return false
	}
	u.calls[c.key()] = c
	return true
}

func (u *UA) forget(c *Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.calls, c.key())
}
