package stasis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// prefix begins the id of every channel, bridge and playback that we make (DESIGN §4.3).
const prefix = "rs1."

// DefaultApp is the name of the Stasis application where the configuration names none.
const DefaultApp = "queueapp"

// Config says which Asterisk to speak to. Name, URL, User and Password are needed; all else has defaults.
type Config struct {
	Name     queueapp.SwitchName
	URL      string // of ARI, "http://127.0.0.1:8088/ari" or https; without user and password
	User     string
	Password string
	App      string        // the Stasis application, DefaultApp where empty
	TLS      *tls.Config   // for https; nil verifies against the system's roots
	Log      *slog.Logger  // nil logs nothing
	Observer Observer      // nil observes nothing
	Lease    *engine.Lease // asked before each request, websocket and leg; nil lets all pass
	Timing   Timing
}

// Timing says how patient a Switch is. Each zero field has the default that is named at it.
type Timing struct {
	Request time.Duration // the deadline of a request: 5 s
	Ping    time.Duration // between two pings on the websocket, and for each pong: 3 s, so a dead one is found in 6 s
	Retry   time.Duration // the longest pause between two attempts to connect: 1 s, and a fifth more or less
	Refused time.Duration // the pause after a refused log-in, or after another process took the application: 15 s
	Stale   time.Duration // an originate, play or continue that waited longer than this in its lane is not sent: 3 s
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Request, 5 * time.Second},
		{&t.Ping, 3 * time.Second},
		{&t.Retry, time.Second},
		{&t.Refused, 15 * time.Second},
		{&t.Stale, 3 * time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return t
}

// Observer counts what a Switch does. Its methods may be called concurrently and must return at once.
type Observer interface {
	// Event counts an event by its ARI type.
	Event(kind string)
	// EventUnknown counts an event of a type that this version does not know.
	EventUnknown(kind string)
	// EventMalformed counts an event of a known type that could not be read.
	EventMalformed(kind string)
	// Request counts a request by what it was for; status is 0 where no answer came.
	Request(op string, took time.Duration, status int)
}

type blind struct{}

func (blind) Event(string)                       {}
func (blind) EventUnknown(string)                {}
func (blind) EventMalformed(string)              {}
func (blind) Request(string, time.Duration, int) {}

// Switch is one Asterisk. Its commands may be called concurrently, also from within the sink of Run.
type Switch struct {
	name   queueapp.SwitchName
	app    string
	timing Timing
	log    *slog.Logger
	watch  Observer

	rest     *rest
	sockets  *sockets
	inbox    *inbox
	lanes    *lanes
	devices  *devices
	lamps    *lamps
	started  atomic.Bool
	oneByOne atomic.Bool // this Asterisk cannot set several variables at once
}

var _ engine.Switch = (*Switch)(nil)

// New checks the configuration and makes a Switch. It connects to nothing: Run does.
func New(c Config) (*Switch, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	s := &Switch{
		name: c.Name, app: c.App, timing: c.Timing, watch: c.Observer, log: c.Log.With("switch", c.Name),
		rest: newREST(c), sockets: newSockets(c), inbox: newInbox(maxFrames), lanes: newLanes(),
	}
	s.devices, s.lamps = newDevices(s), newLamps(s)
	return s, nil
}

func (c *Config) complete() error {
	u, err := url.Parse(c.URL)
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	switch {
	case err != nil:
		wrong("switch %s: ari url cannot be read: want one like http://127.0.0.1:8088/ari", c.Name)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		wrong("switch %s: ari url %q: want one like http://127.0.0.1:8088/ari", c.Name, u.Redacted())
	case u.User != nil:
		wrong("switch %s: ari url %q: put user and password into keys of their own, not into the url", c.Name, u.Redacted())
	}
	if c.Name == "" {
		wrong("switch: a name is missing")
	}
	if c.User == "" || c.Password == "" {
		wrong("switch %s: ari user or password is missing: they are those of ari.conf", c.Name)
	}
	if strings.ContainsAny(c.App, ",/ ") {
		wrong("switch %s: application %q: want a plain word, the one that the dialplan has in Stasis()", c.Name, c.App)
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if c.App == "" {
		c.App = DefaultApp
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observer == nil {
		c.Observer = blind{}
	}
	c.Timing = c.Timing.withDefaults()
	return errors.Join(problems...)
}

// Name is the switch's name in the configuration.
func (s *Switch) Name() queueapp.SwitchName { return s.name }

var errOnce = errors.New("stasis: Run may be called once")

// Run implements [engine.Switch]. A Switch runs once; commands given before or after are refused, and where Run has ended
// nothing is under way any more. It drops what waits in the lanes when ctx ends: whoever ends it may have lost the floor.
func (s *Switch) Run(ctx context.Context, sink func(engine.SwitchEvent)) error {
	if !s.started.CompareAndSwap(false, true) {
		return errOnce
	}
	ctx, cancel := context.WithCancel(ctx)
	defer s.rest.close()
	var background sync.WaitGroup
	defer background.Wait()
	defer s.lanes.close()
	defer cancel()
	s.lanes.open(ctx)
	live := newLive(s, sink)
	background.Go(func() { s.listen(ctx) })
	background.Go(func() { s.devices.run(ctx) })
	background.Go(func() { s.lamps.run(ctx) })
	s.inbox.serve(ctx, live.handle)
	return nil
}
