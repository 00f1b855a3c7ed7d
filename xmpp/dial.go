package xmpp

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"mellium.im/sasl"
	mellium "mellium.im/xmpp"
	"mellium.im/xmpp/jid"
)

const nsBind = "urn:ietf:params:xml:ns:xmpp-bind"

// maxStanza is how many bytes may be read for one stanza: far above what servers let pass, and what memory minds.
const maxStanza = 16 << 20

// lifeline is the connection below TLS. Each write gets a deadline of its own, and nobody else may set one: mellium sets
// deadlines into the past and back to zero, which a blocked write does not notice. It counts what is read, so that no
// stanza is endless.
type lifeline struct {
	net.Conn
	timeout time.Duration
	read    atomic.Int64 // bytes since the last stanza was complete
}

func (l *lifeline) SetDeadline(time.Time) error      { return nil }
func (l *lifeline) SetReadDeadline(time.Time) error  { return nil }
func (l *lifeline) SetWriteDeadline(time.Time) error { return nil }

func (l *lifeline) Write(b []byte) (int, error) {
	if err := l.Conn.SetWriteDeadline(time.Now().Add(l.timeout)); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

func (l *lifeline) Read(b []byte) (int, error) {
	if l.read.Load() > maxStanza {
		return 0, fmt.Errorf("a stanza is larger than %d bytes", maxStanza)
	}
	n, err := l.Conn.Read(b)
	l.read.Add(int64(n))
	return n, err
}

// dial connects, secures, logs in and binds, all within DialTimeout and ctx: mellium's own contexts do not end a read.
func (c *Client) dial(ctx context.Context, server string) (*session, error) {
	if c.cfg.May != nil {
		if err := c.cfg.May(ctx); err != nil {
			return nil, fail(Unreachable, "may not log in: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	raw, err := c.cfg.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, fail(Unreachable, "connect: %w", err)
	}
	line := &lifeline{Conn: raw, timeout: c.cfg.WriteTimeout}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	s, err := c.login(ctx, line)
	if !stop() && err == nil {
		err = fail(Unreachable, "log in: %w", context.Cause(ctx))
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return s, nil
}

func (c *Client) login(ctx context.Context, line *lifeline) (*session, error) {
	step := "open the stream"
	var conn net.Conn = line
	if c.cfg.DirectTLS {
		secured, err := c.secure(ctx, line)
		if err != nil {
			return nil, err
		}
		conn = secured
	}
	features := []mellium.StreamFeature{c.startTLS(&step), c.sasl(&step), c.bind(&step)}
	negotiator := mellium.NewNegotiator(func(*mellium.Session, *mellium.StreamConfig) mellium.StreamConfig {
		return mellium.StreamConfig{Features: features}
	})
	ms, err := mellium.NewSession(context.WithoutCancel(ctx), c.me.Domain(), c.me, conn, 0, negotiator)
	switch {
	case err != nil:
		return nil, loginFailure(ctx, step, err)
	case ms.State()&mellium.Authn == 0 || ms.State()&mellium.Secure == 0 || ms.LocalAddr().Resourcepart() == "":
		return nil, fail(Broken, "%s: the server offers no log-in that we know of over TLS", step)
	}
	line.read.Store(0)
	return newSession(c, ms, line), nil
}

func (c *Client) secure(ctx context.Context, line net.Conn) (*tls.Conn, error) {
	secured := tls.Client(line, c.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, loginFailure(ctx, "secure the connection", err)
	}
	return secured, nil
}

// startTLS is mellium's feature with the handshake at once, so that its errors come where they can be told apart.
func (c *Client) startTLS(step *string) mellium.StreamFeature {
	f := mellium.StartTLS(c.tls)
	negotiate := f.Negotiate
	f.Negotiate = func(ctx context.Context, s *mellium.Session, data any) (mellium.SessionState, io.ReadWriter, error) {
		*step = "secure the connection"
		mask, rw, err := negotiate(ctx, s, data)
		if secured, ok := rw.(*tls.Conn); ok && err == nil {
			err = secured.HandshakeContext(ctx)
		}
		return mask, rw, err
	}
	return f
}

// sasl is mellium's feature with its refusals told apart from everything else that can go wrong meanwhile.
func (c *Client) sasl(step *string) mellium.StreamFeature {
	f := mellium.SASL("", c.cfg.Password, mechanisms(c.cfg.Mechanisms)...)
	negotiate := f.Negotiate
	f.Negotiate = func(ctx context.Context, s *mellium.Session, data any) (mellium.SessionState, io.ReadWriter, error) {
		*step = "log in"
		mask, rw, err := negotiate(ctx, s, data)
		if err == nil {
			return mask, rw, nil
		}
		offered, _ := data.([]string)
		switch condition := saslCondition(err); {
		case condition == "temporary-auth-failure":
			err = fail(Unreachable, "log in as %s: the server cannot check passwords now: %w", c.me, err)
		case condition != "":
			err = fail(WrongPassword, "log in as %s: the server says %s; check account and password: %w", c.me, condition, err)
		case errors.Is(err, sasl.ErrAuthn):
			err = fail(WrongPassword, "log in as %s: the server does not know our password either: %w", c.me, err)
		case strings.Contains(err.Error(), "no matching SASL mechanisms"):
			err = fail(Broken, "log in as %s: the server offers %q and we want one of %q", c.me, offered, c.cfg.Mechanisms)
		}
		return mask, rw, err
	}
	return f
}

// saslCondition returns the condition of a SASL failure (RFC 6120 §6.5), or nothing if err is none. mellium's type has no
// name outside of it, but it can write itself.
func saslCondition(err error) string {
	failure, ok := err.(interface{ TokenReader() xml.TokenReader })
	if !ok {
		return ""
	}
	var in struct {
		XMLName   xml.Name                   `xml:"urn:ietf:params:xml:ns:xmpp-sasl failure"`
		Condition struct{ XMLName xml.Name } `xml:",any"`
	}
	if xml.NewTokenDecoder(failure.TokenReader()).Decode(&in) != nil {
		return ""
	}
	if in.Condition.XMLName.Local == "" || in.Condition.XMLName.Local == "text" {
		return "not-authorized"
	}
	return in.Condition.XMLName.Local
}

// mechanisms returns those of names that are known.
func mechanisms(names []string) []sasl.Mechanism {
	var out []sasl.Mechanism
	for _, name := range names {
		for _, m := range []sasl.Mechanism{sasl.ScramSha256Plus, sasl.ScramSha1Plus, sasl.ScramSha256, sasl.ScramSha1, sasl.Plain} {
			if strings.EqualFold(m.Name, name) {
				out = append(out, m)
			}
		}
	}
	return out
}

type bindPayload struct {
	XMLName  xml.Name `xml:"urn:ietf:params:xml:ns:xmpp-bind bind"`
	Resource string   `xml:"resource,omitempty"`
	JID      string   `xml:"jid,omitempty"`
}

// bind asks for our resource (RFC 6120 §7.7), which mellium's own feature does not.
func (c *Client) bind(step *string) mellium.StreamFeature {
	return mellium.StreamFeature{
		Name:       xml.Name{Space: nsBind, Local: "bind"},
		Necessary:  mellium.Authn,
		Prohibited: mellium.Ready,
		Parse: func(_ context.Context, d *xml.Decoder, _ *xml.StartElement) (bool, any, error) {
			return true, nil, d.Skip()
		},
		Negotiate: func(_ context.Context, s *mellium.Session, _ any) (mellium.SessionState, io.ReadWriter, error) {
			*step = "bind the resource " + c.cfg.Resource
			if err := c.bindResource(s); err != nil {
				return 0, nil, err
			}
			return mellium.Ready, nil, nil
		},
	}
}

func (c *Client) bindResource(s *mellium.Session) error {
	b, err := xml.Marshal(iqOut{Type: "set", ID: "bind", Payload: bindPayload{Resource: c.cfg.Resource}})
	if err != nil {
		return err
	}
	if _, err := s.Conn().Write(b); err != nil {
		return err
	}
	r := s.TokenReader()
	defer r.Close()
	var reply struct {
		XMLName xml.Name    `xml:"jabber:client iq"`
		Bind    bindPayload `xml:"urn:ietf:params:xml:ns:xmpp-bind bind"`
		Error   *errorIn    `xml:"error"`
	}
	if err := xml.NewTokenDecoder(r).Decode(&reply); err != nil {
		return err
	}
	if reply.Error != nil && reply.Error.condition() == "conflict" {
		return fail(Conflict, "bind the resource %s: somebody else has it", c.cfg.Resource)
	}
	if reply.Error != nil {
		return reply.Error.refusal()
	}
	full, err := jid.Parse(reply.Bind.JID)
	if err != nil || full.Resourcepart() == "" {
		return fmt.Errorf("the server gave us the JID %.200q", reply.Bind.JID)
	}
	s.UpdateAddr(full)
	return nil
}
