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
// SIP's messages and their parser are those of github.com/emiago/sipgo. Transactions
// are kept here, for the library handles each message in a goroutine of its own: of
// two that come together either may be first, and neither knows when it came.
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

	"github.com/emiago/sipgo/sip"

	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/watch"
)

// closeTime is how long Close waits for calls and registrations to end in good order.
const closeTime = 3 * time.Second

// Config says where a user agent listens and which switch it talks to.
type Config struct {
	// Server is the switch, address:port of its SIP over UDP: registrar and trunk.
	Server string
	// Listen is the address of the user agent's UDP port, "127.0.0.1:0" (any free
	// port) if empty. RTP uses the same host and a free port for each call.
	Listen string
	// Media is what its phones and callers send, unless told otherwise.
	Media voice.Media
	// Loss says which SIP datagrams that come are lost on the way, to try a bad network.
	// It is called by one goroutine at a time; nil loses none.
	Loss func(datagram []byte) bool
	// Log is told what is odd about the messages that come. Nothing is logged if it
	// is nil.
	Log *slog.Logger
}

// UA is a SIP user agent on one UDP port, shared by any number of phones and callers.
// All methods are safe for concurrent use.
type UA struct {
	config    Config
	server    netip.AddrPort
	wire      *wire
	tx        *transactions
	sessionID uint64
	feed      watch.Feed[Event]
	closed    chan struct{} // closed when calls that still go on must end at once
	onceClose sync.Once
	wg        sync.WaitGroup

	mu      sync.Mutex
	closing bool
	phones  map[string]*Phone // by line
	calls   map[string]*Call  // by dialog key
}

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
	w, err := openWire(config.Listen, config.Log)
	if err != nil {
		return nil, err
	}
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	u := &UA{
		config: config, server: server, wire: w, tx: newTransactions(w),
		sessionID: uint64(binary.BigEndian.Uint32(id[:])),
		closed:    make(chan struct{}),
		phones:    make(map[string]*Phone),
		calls:     make(map[string]*Call),
	}
	u.wg.Go(func() { w.receive(u, config.Loss) })
	return u, nil
}

// Addr is the address of the user agent's UDP port.
func (u *UA) Addr() string { return u.wire.local.String() }

// Watch delivers the events of all phones and calls from now on.
func (u *UA) Watch() *Watch { return &Watch{u.feed.Watch()} }

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
		close(u.closed)
		u.tx.stop()
		u.wire.conn.Close()
		u.wg.Wait()
		for _, p := range u.Phones() {
			p.feed.Finish()
		}
		u.feed.Finish()
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
	for _, p := range u.Phones() {
		wg.Go(func() { _ = p.Unregister(ctx) })
	}
	wg.Wait()
}

// begin makes requests within the call's dialog find it, and runs it in a goroutine
// that Close waits for. It reports false if the user agent is closing.
func (u *UA) begin(c *Call, run func()) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closing {
		return false
	}
	u.calls[c.key] = c
	u.wg.Go(run)
	return true
}

// start runs something in a goroutine that Close waits for, unless it is too late.
func (u *UA) start(run func()) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.closing {
		u.wg.Go(run)
	}
	return !u.closing
}

func (u *UA) forget(c *Call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.calls, c.key)
}

// takeRequest hands a request to the call or the phone that it is for. It runs in the
// goroutine that reads the port.
func (u *UA) takeRequest(req *sip.Request, from netip.AddrPort, at time.Time) {
	call := u.callOf(req)
	inDialog := req.To() != nil && req.To().Params.Has("tag")
	s := u.tx.serve(req, from, at)
	switch {
	case s == nil:
	case call != nil:
		call.box.Put(message{at: at, req: s})
	case req.Method == sip.ACK:
	case inDialog || req.Method == sip.BYE || req.Method == sip.CANCEL:
		s.answer(sip.StatusCallTransactionDoesNotExists)
	case req.Method == sip.INVITE:
		u.takeCall(s, at)
	default:
		s.answer(elsewhere(req.Method))
	}
}

// elsewhere is the answer to what a switch sends to phones beside calls: qualify,
// message lamps, and the like are welcome.
func elsewhere(method sip.RequestMethod) int {
	switch method {
	case sip.OPTIONS, sip.NOTIFY, sip.INFO, sip.MESSAGE:
		return sip.StatusOK
	default:
		return sip.StatusMethodNotAllowed
	}
}

// takeResponse hands a response to the transaction that it belongs to.
func (u *UA) takeResponse(res *sip.Response, at time.Time) { u.tx.takeResponse(res, at) }

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

// takeCall gives a call that comes in to the phone that it is for.
func (u *UA) takeCall(invite *served, at time.Time) {
	u.mu.Lock()
	p := u.phones[unescapeUser(invite.req.Recipient.User)]
	u.mu.Unlock()
	if p == nil {
		invite.answer(sip.StatusNotFound)
		return
	}
	p.take(invite, at)
}

// contact is the Contact header by which the switch reaches one of ours.
func (u *UA) contact(user string) *sip.ContactHeader {
	local := u.wire.local
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: user,
		Host: local.Addr().String(), Port: int(local.Port())}}
}

// serverURI is the URI of a user at the switch.
func (u *UA) serverURI(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: u.server.Addr().String(), Port: int(u.server.Port())}
}
