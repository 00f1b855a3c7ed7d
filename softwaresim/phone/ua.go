// Package phone is the outside of a switch: SIP phones that register, ring and answer
// as told, and callers that dial, press keys and listen. It is made for trying and
// testing: every step is an event with the exact time, and hundreds of phones share
// one UDP port and one process.
//
// A UA is the SIP user agent. UA.NewPhone makes an extension's phone, UA.Caller a
// caller from the trunk; both make and take Calls. A Watch delivers events:
//
//	ua, err := phone.Listen(phone.Config{Server: "127.0.0.1:15060"})
//	agent := ua.NewPhone(phone.Account{Number: "1000", Password: "…"}, phone.AnswerAfter(2*time.Second))
//	err = agent.Register(ctx)
//	call, err := ua.Caller(phone.Party{Name: "Ana", Number: "5550100"}).Dial(ctx, "0000")
//	err = call.AwaitAnswer(ctx)
//	err = call.Press(ctx, "1", phone.KeyTiming{})
//
// The SIP messages and transactions are those of github.com/emiago/sipgo; dialogs,
// media and times are kept here. Nothing outside this package knows the library.
package phone

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
)

// closeTime is how long Close waits for calls and registrations to end in good order.
const closeTime = 3 * time.Second

// Config says where a user agent listens and which switch it talks to.
type Config struct {
	// Server is the switch, host:port of its SIP over UDP: registrar and trunk.
	Server string
	// Listen is the address of the user agent's UDP port, "127.0.0.1:0" (any free
	// port) if empty. RTP uses the same host and a free port for each call.
	Listen string
	// Media is what its phones and callers send, unless told otherwise.
	Media voice.Media
	// Log is told what the SIP library finds odd. Nothing is logged if it is nil.
	Log *slog.Logger
}

// UA is a SIP user agent on one UDP port, shared by any number of phones and callers.
// All methods are safe for concurrent use.
type UA struct {
	config    Config
	server    netip.AddrPort
	local     netip.AddrPort
	conn      *arrivalConn
	agent     *sipgo.UserAgent
	client    *sipgo.Client
	sessionID uint64
	feed      feed
	closed    chan struct{} // closed when no more is done
	onceClose sync.Once
	wg        sync.WaitGroup

	mu      sync.Mutex
	closing bool
	phones  map[string]*Phone // by line
	calls   map[string]*Call  // by dialogKey
}

// init lifts the library's limit on the size of a message over UDP: callers with very
// long names are part of what is tried, and loopback has no small MTU.
func init() { sip.UDPMTUSize = 1 << 16 }

// Listen opens the user agent's port. Close the user agent when done with it.
func Listen(config Config) (*UA, error) {
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	server, err := netip.ParseAddrPort(config.Server)
	if err != nil {
		return nil, fmt.Errorf("SIP server %q, want address:port: %w", config.Server, err)
	}
	conn, err := listenUDP(config.Listen)
	if err != nil {
		return nil, err
	}
	u := &UA{
		config: config, server: server, conn: conn,
		local:  netip.MustParseAddrPort(conn.LocalAddr().String()),
		closed: make(chan struct{}),
		phones: make(map[string]*Phone),
		calls:  make(map[string]*Call),
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	u.sessionID = uint64(binary.BigEndian.Uint32(id[:]))
	if err := u.serve(); err != nil {
		conn.Close()
		return nil, err
	}
	return u, nil
}

// serve starts the library on the port.
func (u *UA) serve() error {
	log := u.config.Log
	agent, err := sipgo.NewUA(sipgo.WithUserAgent("softwaresim"),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(log)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(log),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})))
	if err != nil {
		return fmt.Errorf("start a SIP user agent: %w", err)
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(log))
	if err != nil {
		return fmt.Errorf("start a SIP server: %w", err)
	}
	client, err := sipgo.NewClient(agent, sipgo.WithClientLogger(log), sipgo.WithClientNAT(),
		sipgo.WithClientConnectionAddr(u.local.String()))
	if err != nil {
		return fmt.Errorf("start a SIP client: %w", err)
	}
	u.agent, u.client = agent, client
	server.OnInvite(u.handle(u.onInvite))
	server.OnAck(u.handle(u.onAck))
	server.OnBye(u.handle(u.onBye))
	server.OnCancel(u.handle(u.onStray)) // one that matches no INVITE
	for _, harmless := range []sip.RequestMethod{sip.OPTIONS, sip.NOTIFY, sip.INFO, sip.MESSAGE} {
		server.OnRequest(harmless, u.handle(u.onHarmless))
	}
	u.wg.Go(func() {
		if err := server.ServeUDP(u.conn); err != nil {
			log.Error("SIP port failed", "error", err)
		}
	})
	<-u.conn.reading
	return nil
}

// handle makes a request handler that Close waits for.
func (u *UA) handle(f func(req *sip.Request, tx sip.ServerTransaction)) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		if u.enter() {
			defer u.wg.Done()
			f(req, tx)
		}
	}
}

// enter counts one more goroutine that Close waits for, unless it is too late.
func (u *UA) enter() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-u.closed:
		return false
	default:
	}
	u.wg.Add(1)
	return true
}

// Addr is the address of the user agent's UDP port.
func (u *UA) Addr() string { return u.local.String() }

// Watch delivers the events of all phones and calls from now on.
func (u *UA) Watch() *Watch { return u.feed.watch() }

// Calls returns the calls that are not over.
func (u *UA) Calls() []*Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Collect(maps.Values(u.calls))
}

// Phones returns the phones that were made here.
func (u *UA) Phones() []*Phone {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Collect(maps.Values(u.phones))
}

// Close hangs up every call, takes back every registration, closes the port, and
// waits until all that belongs to the user agent has ended: a few seconds at most.
func (u *UA) Close() error {
	u.onceClose.Do(func() {
		u.mu.Lock()
		u.closing = true
		u.mu.Unlock()
		u.leave()
		u.mu.Lock()
		close(u.closed)
		u.mu.Unlock()
		u.conn.stopHearing()
		u.conn.Close()
		_ = u.agent.Close() // ends the transactions; the socket was ours
		u.wg.Wait()
		u.mu.Lock()
		defer u.mu.Unlock()
		for _, p := range u.phones {
			p.feed.finish()
		}
		u.feed.finish()
	})
	return nil
}

// leave ends calls and registrations in good order, as far as the switch plays along.
func (u *UA) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, c := range u.Calls() {
		wg.Go(func() { _ = c.Hangup(ctx) })
	}
	u.mu.Lock()
	for _, p := range u.phones {
		wg.Go(func() { _ = p.Unregister(ctx) })
	}
	u.mu.Unlock()
	wg.Wait()
	for _, c := range u.Calls() { // who did not play along
		c.finish(time.Now(), Outcome{By: Us, Code: sip.StatusRequestTimeout, Reason: "the phone was closed"})
	}
}

// onInvite begins a call at the phone it is for, or changes one that is going on.
func (u *UA) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if c := u.callOf(req); c != nil {
		c.receiveInvite(req, tx)
		return
	}
	if to := req.To(); to != nil && to.Params.Has("tag") {
		u.onStray(req, tx)
		return
	}
	u.mu.Lock()
	p := u.phones[unescapeUser(req.Recipient.User)]
	closing := u.closing
	u.mu.Unlock()
	if p == nil || closing {
		u.respond(tx, sip.NewResponseFromRequest(req, sip.StatusNotFound, "Not Found", nil))
		return
	}
	p.take(req, tx)
}

func (u *UA) onAck(req *sip.Request, _ sip.ServerTransaction) {
	if c := u.callOf(req); c != nil {
		c.receiveAck(req)
	}
}

func (u *UA) onBye(req *sip.Request, tx sip.ServerTransaction) {
	if c := u.callOf(req); c != nil {
		c.receiveBye(req, tx)
		return
	}
	u.onStray(req, tx)
}

// onStray answers a request for a dialog that is not, or no longer, ours.
func (u *UA) onStray(req *sip.Request, tx sip.ServerTransaction) {
	u.respond(tx, sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil))
}

// onHarmless accepts what a switch sends to phones beside calls: qualify, message
// lamps, and the like.
func (u *UA) onHarmless(req *sip.Request, tx sip.ServerTransaction) {
	u.respond(tx, sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil))
}

// respond sends a response. One that cannot be sent is as good as lost on the way:
// the other side asks again.
func (u *UA) respond(tx sip.ServerTransaction, res *sip.Response) {
	if err := tx.Respond(res); err != nil {
		u.config.Log.Debug("response not sent", "response", res.Short(), "error", err)
	}
}

// contact is the Contact header by which the switch reaches one of ours.
func (u *UA) contact(user string) *sip.ContactHeader {
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: user,
		Host: u.local.Addr().String(), Port: int(u.local.Port())}}
}

// serverURI is the URI of a user at the switch.
func (u *UA) serverURI(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: u.server.Addr().String(), Port: int(u.server.Port())}
}
