// Package stack starts the real servers that Ringside works with — PostgreSQL,
// Prosody, Asterisk and queueapp itself — as children of this process, in one
// private directory, on free ports. The command `softwaresim stack`, the demo
// and the integration tests all start their world here.
//
// It does not build the root that the servers live in: install/root.sh does.
package stack

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"ringside/softwaresim/link"
	"ringside/softwaresim/stack/child"
)

// The servers of a stack, as Options.Only and the methods of Stack name them.
const (
	Postgres  = "postgres"
	Prosody   = "prosody"
	Asterisk  = "asterisk"
	Queueapp  = "queueapp"
	Standby   = "standby"    // the floor's second queueapp, with Options.Standby
	AsteriskB = "asterisk-b" // the floor's second Asterisk, with Options.Switches
	Upstairs  = "upstairs"   // the queueapp of another floor, with Options.SecondFloor
)

// A Stack is a set of running servers. Its methods may be called from any
// goroutine. Whoever starts one must Stop it; should the process die first, a
// guard process ends the servers and removes their files.
type Stack struct {
	opts    Options
	place   *place
	ports   *ports
	family  *child.Family
	secrets secrets
	servers map[string]*server
	links   map[string]*link.Link // by the server they lead to

	stopping context.Context
	stop     context.CancelFunc
	minders  sync.WaitGroup

	switches  []*exchange
	queueapps []*instance // of the floor, the one that is started first to begin with

	telling sync.Mutex // of CLI

	mu      sync.Mutex
	info    Info
	changed chan struct{} // closed and replaced whenever info changes
}

// Start starts the servers and returns when every one of them has answered a
// real request of its protocol. When one does not, the others are ended and the
// error is a *Failure that names it. Cancelling ctx abandons the start; once
// Start has returned it has no effect, and Stop ends the stack.
func Start(ctx context.Context, opts Options) (_ *Stack, err error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	s := &Stack{
		opts: opts, servers: make(map[string]*server), links: make(map[string]*link.Link), changed: make(chan struct{}),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.startAll(ctx); err != nil {
		return nil, err
	}
	if err := s.publish(); err != nil {
		return nil, err
	}
	return s, s.ports.announce(s.place.dir)
}

func (s *Stack) prepare() (err error) {
	if s.ports, err = reservePorts(s.opts); err != nil {
		return err
	}
	if s.place, err = newPlace(s.opts); err != nil {
		return err
	}
	if s.family, err = child.NewFamily(); err != nil {
		return err
	}
	if !s.opts.Keep {
		if err := s.place.clear(s.family); err != nil {
			return err
		}
	}
	if s.secrets, err = newSecrets(s.opts); err != nil {
		return err
	}
	s.switches = s.exchanges()
	s.queueapps = s.instances()
	s.info = s.describe()
	s.setOwner(s.queueapps[0])
	if err := s.placeLinks(); err != nil {
		return err
	}
	return s.writeShared()
}

func (s *Stack) startAll(ctx context.Context) error {
	group, groupCtx := errgroup.WithContext(ctx)
	start := map[string]func(context.Context) error{Postgres: s.startPostgres, Prosody: s.startProsody}
	for _, x := range s.switches {
		start[x.server] = func(ctx context.Context) error { return s.startAsterisk(ctx, x) }
	}
	for name, start := range start {
		if s.opts.wants(name) || name == AsteriskB && s.opts.wants(Asterisk) {
			group.Go(func() error { return start(groupCtx) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !s.opts.wants(Queueapp) {
		return nil
	}
	if err := s.startQueueapps(ctx); err != nil || !s.opts.SecondFloor {
		return err
	}
	return s.startUpstairs(ctx)
}

// add makes a server known before it starts, so that Stop finds it whatever
// happens next.
func (s *Stack) add(srv *server) *server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers[srv.name] = srv
	return srv
}

// Stop ends the servers, queueapp first so that it can say goodbye to the
// others, and removes the stack's files unless Options.Keep asked for them. A
// server that does not end within 10 s, or before ctx is over, is killed.
// Stopping twice does nothing.
func (s *Stack) Stop(ctx context.Context) error {
	s.stop()
	s.minders.Wait()
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	s.endAll(ctx)

	var errs []error
	if s.family != nil {
		errs = append(errs, s.family.Close())
	}
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	if s.ports != nil {
		errs = append(errs, s.ports.release())
	}
	return errors.Join(errs...)
}

func (s *Stack) endAll(ctx context.Context) {
	s.mu.Lock()
	servers := maps.Clone(s.servers)
	s.mu.Unlock()
	end := func(srv *server) {
		if p := srv.current(); p != nil {
			_ = s.Thaw(srv.name) // fails for one that has ended; whoever is frozen could not end
			p.End(ctx, srv.order)
		}
	}
	for _, name := range s.inStopOrder() {
		if srv, ok := servers[name]; ok {
			end(srv)
			delete(servers, name)
		}
	}
	var ending sync.WaitGroup
	for _, srv := range servers {
		ending.Go(func() { end(srv) })
	}
	ending.Wait()
}

// Info returns what stack.json says now.
func (s *Stack) Info() Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.info
	info.Extensions = slices.Clone(info.Extensions)
	return info
}

// Dir returns the stack's directory: stack.json, the configuration files, and
// the servers' logs in logs/.
func (s *Stack) Dir() string { return s.place.dir }

// Log returns the path of a server's log, whether or not that server was started.
func (s *Stack) Log(name string) string { return s.place.log(name) }

// QueueLog returns the path of the file that Options.QueueLog asks for.
func (s *Stack) QueueLog() string { return s.place.path("logs", "queue_log") }
