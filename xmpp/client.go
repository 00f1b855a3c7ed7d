// Package xmpp speaks XMPP for both sides of a screen pop: queueapp, which publishes records and chats to agents, and a
// CRM, which subscribes and receives them. A Client keeps one session to one server over all its failures.
//
// The package decides who receives a record: nothing is published to a node that was not checked, in the same session,
// to be whitelisted with nobody on its lists but the members it should have. It does not decide what is published or
// when; the order of the records on a node is up to its caller.
package xmpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mellium.im/xmpp/jid"
)

// Config says how to log in. JID and Password are needed; everything else has a default.
type Config struct {
	JID      string // the account, user@domain; a resource in it counts as Resource
	Password string
	Resource string // Defaults to "queueapp". Two sessions of one account need different ones.

	// Servers are host:port, tried in turn. Defaults to the domain of JID at port 5222, or 5223 with DirectTLS.
	Servers   []string
	DirectTLS bool   // TLS from the first byte (XEP-0368) instead of STARTTLS
	CAFile    string // PEM file of the authorities to trust instead of the system's
	// Mechanisms are the SASL mechanisms to use, the best first: SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256,
	// SCRAM-SHA-1, PLAIN. Defaults to SCRAM-SHA-256, SCRAM-SHA-1. All of them are used inside TLS only.
	Mechanisms []string

	PubSub     string // the pubsub service's JID. Defaults to pubsub. before the domain of JID.
	NoPresence bool   // stay invisible: no presence is sent and none received; for full-JID subscriptions
	Priority   int8   // of the presence. A negative one receives nothing that is sent to the bare JID.

	DialTimeout  time.Duration // connection, TLS, log-in and binding together. Defaults to 10 s.
	WriteTimeout time.Duration // of one write; a server that reads nothing for so long is given up. Defaults to 5 s.
	PingEvery    time.Duration // how often the server is asked whether it lives (XEP-0199). Defaults to 10 s.
	PingTimeout  time.Duration // and how long it may take to answer. Defaults to 5 s.

	// May is asked before each log-in, which takes the session from whoever has the account and resource. It waits until that
	// is in order, or fails. Defaults to always.
	May func(context.Context) error
	Log *slog.Logger // hears what no caller does: forgeries, handler panics, unreadable stanzas. Defaults to none.
	// Dial connects to a server. Defaults to TCP with keep-alive.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Handler is what a Client tells its owner. Each func may be nil. They are called one at a time, in the order in which
// things happened, never while the Client waits for them: a slow one delays only later calls. A panic in one is logged
// and survived.
type Handler struct {
	Status       func(Status)
	Presence     func(Presence)     // a contact's resource came, changed or left
	Item         func(Item)         // a record, on a node subscribed to
	Chat         func(Chat)         // a chat message
	Subscription func(Subscription) // a subscription began, was refused or ended
	Nodes        func(NodeReport)   // the nodes were checked, after log-in and again while some fail
	Lost         func(n int)        // n calls of the above were left out since the handler was too slow
}

// Reason says why there is no session.
type Reason string

// The reasons for having no session.
const (
	Unreachable   Reason = "unreachable"    // no connection
	Untrusted     Reason = "untrusted"      // the server's certificate is not good
	WrongPassword Reason = "wrong-password" // the server refused the log-in; tried again slowly, for accounts get locked
	Conflict      Reason = "conflict"       // somebody else logged in with our account and resource; not fought
	ServerClosed  Reason = "server-closed"  // the server ended the session
	Silent        Reason = "silent"         // the server did not answer a ping
	Broken        Reason = "broken"         // what came was not XMPP, or the connection was torn
	Stopped       Reason = "stopped"        // Run's context ended
)

// Status says whether there is a session.
type Status struct {
	Up      bool
	JID     string        // the full JID that the server gave; set while Up
	Reason  Reason        // why not
	Err     error         // the same in detail, with a remedy where one is known; never holds the password
	RetryIn time.Duration // until the next attempt
}

// Client keeps a session. Make one with New, start it with Run. All its methods may be called at any time from any
// goroutine; without a session they return ErrDown at once.
type Client struct {
	cfg     Config
	me      jid.JID // bare
	tls     *tls.Config
	handler Handler
	inbox   *inbox
	stats   stats
	running atomic.Bool

	mu    sync.Mutex
	ses   *session // nil while there is none
	nodes map[string]*node
	subs  map[string]*subscription
}

// ErrDown is returned while there is no session with the server. Nothing was sent.
var ErrDown = errors.New("no XMPP session")

// New checks cfg, whose problems it returns all at once, and makes a Client that does nothing until Run.
func New(cfg Config, h Handler) (*Client, error) {
	c := &Client{handler: h, nodes: map[string]*node{}, subs: map[string]*subscription{}, inbox: newInbox()}
	var errs []error
	me, err := jid.Parse(cfg.JID)
	if err != nil || me.Localpart() == "" {
		errs = append(errs, fmt.Errorf("jid %.100q is not user@domain", cfg.JID))
	} else {
		c.me = me.Bare()
		errs = append(errs, cfg.complete(me))
	}
	if cfg.Password == "" {
		errs = append(errs, errors.New("the password is empty"))
	}
	if len(mechanisms(cfg.Mechanisms)) < len(cfg.Mechanisms) {
		errs = append(errs, fmt.Errorf("mechanisms %q: at least one is unknown", cfg.Mechanisms))
	}
	c.tls, err = tlsConfig(c.me.Domainpart(), cfg.CAFile)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("xmpp: %w", err)
	}
	c.cfg = cfg
	return c, nil
}

// complete puts the defaults into cfg and checks what is in it.
func (cfg *Config) complete(me jid.JID) error {
	port := "5222"
	if cfg.DirectTLS {
		port = "5223"
	}
	cfg.Resource = cmp.Or(cfg.Resource, me.Resourcepart(), "queueapp")
	cfg.PubSub = cmp.Or(cfg.PubSub, "pubsub."+me.Domainpart())
	cfg.DialTimeout = cmp.Or(cfg.DialTimeout, 10*time.Second)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, 5*time.Second)
	cfg.PingEvery = cmp.Or(cfg.PingEvery, 10*time.Second)
	cfg.PingTimeout = cmp.Or(cfg.PingTimeout, 5*time.Second)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if len(cfg.Servers) == 0 {
		cfg.Servers = []string{net.JoinHostPort(me.Domainpart(), port)}
	}
	if len(cfg.Mechanisms) == 0 {
		cfg.Mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-1"}
	}
	if cfg.Dial == nil {
		keepAlive := net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
		cfg.Dial = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	}
	return cfg.check(me)
}

func (cfg *Config) check(me jid.JID) error {
	var errs []error
	for _, s := range cfg.Servers {
		if _, _, err := net.SplitHostPort(s); err != nil {
			errs = append(errs, fmt.Errorf("server %.100q is not host:port", s))
		}
	}
	pubsub, err := jid.Parse(cfg.PubSub)
	if err != nil {
		errs = append(errs, fmt.Errorf("pubsub service %.100q is not a JID", cfg.PubSub))
	}
	cfg.PubSub = pubsub.String()
	if _, err := me.WithResource(cfg.Resource); err != nil {
		errs = append(errs, fmt.Errorf("resource %.100q: %w", cfg.Resource, err))
	}
	for what, d := range map[string]time.Duration{"dial timeout": cfg.DialTimeout, "write timeout": cfg.WriteTimeout, "ping interval": cfg.PingEvery, "ping timeout": cfg.PingTimeout} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("the %s is below zero", what))
		}
	}
	return errors.Join(errs...)
}

func tlsConfig(domain, caFile string) (*tls.Config, error) {
	out := &tls.Config{ServerName: domain, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file %s holds no PEM certificate", caFile)
	}
	return out, nil
}

// BareJID returns s as servers write it, without a resource, or an error if it is no JID of a user.
func BareJID(s string) (string, error) {
	j, err := jid.Parse(strings.TrimSpace(s))
	if err != nil || j.Localpart() == "" {
		return "", fmt.Errorf("%.100q is not a JID of the form user@domain", s)
	}
	return j.Bare().String(), nil
}

// JID returns the account's bare JID.
func (c *Client) JID() string { return c.me.String() }

// session returns the session, or nil and ErrDown.
func (c *Client) session() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ses == nil {
		return nil, ErrDown
	}
	return c.ses, nil
}

// Up says whether there is a session.
func (c *Client) Up() bool {
	_, err := c.session()
	return err == nil
}

// Run keeps a session until ctx ends; it then logs out, waits for all that it started and returns nil. It can be called
// once.
func (c *Client) Run(ctx context.Context) error {
	if c.running.Swap(true) {
		return errors.New("xmpp: Run was called twice")
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer c.inbox.close()
	wg.Go(func() { c.inbox.serve(c.cfg.Log, c.handler.Lost) })

	retry := newRetry()
	servers := slices.Clone(c.cfg.Servers)
	for {
		began := time.Now()
		err := c.once(ctx, servers[0])
		servers = append(servers[1:], servers[0])
		st := Status{Reason: Stopped}
		if ctx.Err() == nil {
			st.Reason, st.Err = reasonFor(err), explain(err, servers[len(servers)-1])
			st.RetryIn = retry.next(st.Reason, time.Since(began))
		}
		c.tell(st)
		if ctx.Err() != nil {
			return nil
		}
		pause := time.NewTimer(st.RetryIn)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// once logs in to server and serves the session to its end.
func (c *Client) once(ctx context.Context, server string) error {
	s, err := c.dial(ctx, server)
	if err != nil {
		return err
	}
	defer func() {
		c.mu.Lock()
		c.ses = nil
		c.mu.Unlock()
	}()
	return s.serve(ctx)
}

// ready makes s the session that the Client's methods use, and says so.
func (c *Client) ready(s *session) {
	if s.life.Err() != nil {
		return
	}
	c.mu.Lock()
	c.ses = s
	c.mu.Unlock()
	c.tell(Status{Up: true, JID: s.full})
}

func (c *Client) tell(st Status) {
	if f := c.handler.Status; f != nil {
		c.inbox.put(always, func() { f(st) })
	}
}
