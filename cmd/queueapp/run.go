package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ringside/cmd/queueapp/config"
	"ringside/migrations"
	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/delivery"
	"ringside/queueapp/engine"
	"ringside/queueapp/failpoint"
	"ringside/queueapp/stasis"
	"ringside/store"
	"ringside/store/logfile"
)

type runCommand struct{}

// Run is the queue itself: it owns the floor, or stands by for it, until SIGTERM or SIGINT. All calls stay up then.
func (*runCommand) Run(ctx context.Context, a *app) error {
	c, err := a.config()
	if err != nil {
		return err
	}
	log := newLogger(a.stderr, c.Log)
	if failpoint.Built {
		log.Warn("this build has failpoints: it is for tests, not for callers")
	}
	password, err := c.Postgres.Password.Read()
	if err != nil {
		return fmt.Errorf("[postgres] password: %w", err)
	}
	memory, err := store.Open(store.Config{Address: c.Postgres.DSN, Password: password, Log: log.With("part", "store")})
	if err != nil {
		return err
	}
	defer memory.Close()
	if err := awaitDatabase(ctx, memory, log); err != nil {
		return err
	}
	built := thisBuild()
	metrics := api.NewMetrics(built.version, built.commit)
	lease := engine.NewLease(time.Now)
	messenger, err := newMessenger(c.XMPP, lease, log)
	if err != nil {
		return err
	}
	crm := delivery.New(delivery.Options{
		Messenger: messenger, Observers: c.XMPP.Observers, Mode: messenger.mode,
		Published: metrics.Published, Pending: metrics.OutboxPending, GaveUp: metrics.DeliveryFailed,
		Lease: lease, Log: log.With("part", "delivery"), Now: time.Now,
	})
	switches, err := switchMaker(c, metrics, lease, log)
	if err != nil {
		return err
	}
	floor := engine.New(engine.Options{
		Floor: c.Floor.Name, Memory: memory, Switches: switches, CRM: crm, Observer: metrics, Lease: lease, Log: log,
		Now: time.Now, NewID: newCallID,
	})
	return a.serve(ctx, c, log, floor, metrics, queueLogFile(ctx, c, memory, log))
}

// queueLogFile is the queue_log as a file; nil: there is to be none. One that cannot be written costs no caller anything.
func queueLogFile(ctx context.Context, c config.Config, memory *store.Store, log *slog.Logger) *logfile.File {
	if c.Log.QueueLog == "" {
		return nil
	}
	file := logfile.New(logfile.Config{Name: c.Log.QueueLog, Floor: c.Floor.Name, Table: memory, Log: log.With("part", "queue_log")})
	if err := file.Begin(ctx); err != nil {
		log.Error("the queue_log file cannot begin yet; it is tried again", "file", c.Log.QueueLog, "err", err)
	}
	return file
}

// serve runs the floor and its API together, keeps the queue_log file where there is one, and tells systemd how they are.
func (a *app) serve(ctx context.Context, c config.Config, log *slog.Logger, floor *engine.Engine, metrics *api.Metrics, file *logfile.File) error {
	token, err := c.HTTP.Token.Read()
	if err != nil {
		return fmt.Errorf("[http] token: %w", err)
	}
	listener, err := net.Listen("tcp", c.HTTP.Listen)
	if err != nil {
		return fmt.Errorf("[http] listen: %w; is another queueapp running?", err)
	}
	server := api.New(api.Config{Floor: apiFloor{floor}, Metrics: metrics, Token: token, Log: log.With("part", "api")})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return floor.Run(ctx) })
	g.Go(func() error { return server.Serve(ctx, listener) })
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	g.Go(func() error { hear(ctx, log, hangups, file); return nil })
	if file != nil {
		g.Go(func() error { return file.Run(ctx) })
	}
	g.Go(func() error { return a.tellSystemd(ctx, log, floor) })
	log.Info("queueapp runs", "version", thisBuild().version, "floor", c.Floor.Name, "api", c.HTTP.Listen)
	err = g.Wait()
	log.Info("queueapp ends; calls go on in Asterisk")
	return err
}

// tellSystemd says when calls can be placed, and from then on that we live. A standby is ready too: that is its work.
func (a *app) tellSystemd(ctx context.Context, log *slog.Logger, floor *engine.Engine) error {
	tell := func(state string) {
		if err := notifySystemd(a.env, state); err != nil {
			log.Warn("systemd could not be told", "err", err)
		}
	}
	every := watchdogEvery(a.env)
	if every <= 0 {
		every = time.Second
	}
	tick := time.NewTicker(min(every, time.Second))
	defer tick.Stop()
	ready := false
	for {
		select {
		case <-tick.C:
			state := apiFloor{floor}.Ready()
			stuck := slices.ContainsFunc(state.Parts, func(p api.Part) bool { return p.Name == "loop" && !p.OK })
			if !ready && (state.State == api.StateActive || state.State == api.StateStandby) {
				ready = true
				tell(systemdReady)
			}
			if !stuck {
				tell(systemdWatchdog)
			}
		case <-ctx.Done():
			tell(systemdStopping)
			return nil
		}
	}
}

// hear has the queue_log file opened anew on SIGHUP. The floor plan is live by `queueapp apply`, and what queueapp.toml says
// holds until a restart.
func hear(ctx context.Context, log *slog.Logger, hangups <-chan os.Signal, file *logfile.File) {
	for {
		select {
		case <-hangups:
			log.Info("SIGHUP: the queue_log file is opened anew; the floor plan is changed by `queueapp apply`, queueapp.toml by a restart")
			if file != nil {
				file.Reopen()
			}
		case <-ctx.Done():
			return
		}
	}
}

// awaitDatabase waits until PostgreSQL can be reached, and refuses tables of another version.
func awaitDatabase(ctx context.Context, memory *store.Store, log *slog.Logger) error {
	for {
		err := memory.Ready(ctx)
		if err == nil || errors.Is(err, migrations.ErrOld) || errors.Is(err, migrations.ErrNew) {
			return err
		}
		log.Warn("database not ready; trying again", "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

func newCallID() queueapp.CallID {
	id, err := uuid.NewV7()
	if err != nil { // no randomness: nothing on this machine works then
		panic(fmt.Errorf("make a call id: %w", err))
	}
	return queueapp.CallID(id.String())
}

// switchMaker makes fresh switches for each time that this process owns the floor.
func switchMaker(c config.Config, metrics *api.Metrics, lease *engine.Lease, log *slog.Logger) (func() ([]engine.Switch, error), error) {
	configs, err := stasisConfigs(c, metrics.ARI(), lease, log)
	if err != nil {
		return nil, err
	}
	return func() ([]engine.Switch, error) {
		var out []engine.Switch
		var errs []error
		for _, s := range configs {
			sw, err := stasis.New(s)
			errs = append(errs, err)
			out = append(out, sw)
		}
		return out, errors.Join(errs...)
	}, nil
}

// stasisConfigs says in package stasis's words which switches there are.
func stasisConfigs(c config.Config, observer stasis.Observer, lease *engine.Lease, log *slog.Logger) ([]stasis.Config, error) {
	configs := make([]stasis.Config, 0, len(c.Switches))
	for _, s := range c.Switches {
		to, err := stasisConfig(c, s)
		if err != nil {
			return nil, fmt.Errorf("[[switch]] %s: %w", s.Name, err)
		}
		to.Log, to.Observer, to.Lease = log.With("part", "stasis"), observer, lease
		configs = append(configs, to)
	}
	return configs, nil
}

func stasisConfig(c config.Config, s config.Switch) (stasis.Config, error) {
	password, err := s.Password.Read()
	if err != nil {
		return stasis.Config{}, fmt.Errorf("password: %w", err)
	}
	verify, err := s.TLS()
	if err != nil {
		return stasis.Config{}, fmt.Errorf("ca_file: %w", err)
	}
	return stasis.Config{
		Name: queueapp.SwitchName(s.Name), URL: s.URL, User: s.User, Password: password, App: c.Floor.App, TLS: verify,
	}, nil
}
