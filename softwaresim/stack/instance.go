package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// An instance is one queueapp.
type instance struct {
	server     string // Queueapp, Standby or Upstairs
	floor, app string
	config     string // path
	plan       string // path
	api        string // URL
	switches   []*exchange
}

func (s *Stack) instances() []*instance {
	at := func(name string, port int) *instance {
		return &instance{
			server: name, floor: "main", app: appName,
			config: s.place.path(name + ".toml"), plan: s.place.path("floorplan.toml"), switches: s.switches,
			api: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		}
	}
	all := []*instance{at(Queueapp, s.ports.api)}
	if s.opts.Standby {
		all = append(all, at(Standby, s.ports.standby))
	}
	return all
}

func (s *Stack) writeConfig(q *instance) error {
	type pbx struct{ Name, ARI string }
	var switches []pbx
	for _, x := range q.switches {
		switches = append(switches, pbx{x.name, "http://" + s.reach(x.server) + "/ari"})
	}
	queueLog := ""
	if s.opts.QueueLog && q.floor == s.info.Floor {
		queueLog = s.QueueLog()
	}
	return render(q.config, "queueapp.toml", map[string]any{
		"QueueLog": queueLog,
		"Floor":    q.floor, "App": q.app, "Postgres": s.reach(Postgres), "Secrets": s.place.path("secrets"),
		"JID": queueUser + "@" + xmppHost + "/" + q.app, "XMPP": s.reach(Prosody), "CA": s.info.CA,
		"PubSub": pubsubHost, "API": strings.TrimPrefix(q.api, "http://"), "Switches": switches, "ARIUser": ariUser,
	}, account{})
}

// queueapp makes a command of queueapp's with an instance's configuration.
func (s *Stack) queueapp(q *instance, args ...string) *exec.Cmd {
	cmd := exec.Command(s.opts.Queueapp, append([]string{"--config", q.config}, args...)...)
	cmd.Dir = s.place.dir
	return cmd
}

// startQueueapps prepares the floor, then starts who is to own it, and then who
// stands by.
func (s *Stack) startQueueapps(ctx context.Context) error {
	first := s.queueapps[0]
	srv := s.addQueueapp(first)
	for _, args := range [][]string{
		{"migrate"},
		{"apply", first.plan},
		{"customers", "import", s.place.path("customers.csv")},
	} {
		if err := s.family.Run(ctx, s.queueapp(first, args...), srv.log); err != nil {
			return srv.failure(err)
		}
	}
	if err := s.launch(ctx, srv); err != nil {
		return err
	}
	if err := s.logOn(ctx); err != nil {
		return srv.failure(err)
	}
	s.minders.Go(func() { s.mind(srv) })
	if len(s.queueapps) == 1 {
		return nil
	}
	standby := s.addQueueapp(s.queueapps[1])
	if err := s.launch(ctx, standby); err != nil {
		return err
	}
	s.minders.Go(func() { s.mind(standby) })
	s.minders.Go(s.watchOwner)
	return nil
}

func (s *Stack) addQueueapp(q *instance) *server {
	return s.add(&server{
		name: q.server, log: s.place.log(q.server),
		command: func() *exec.Cmd { return s.queueapp(q, "run") },
		ready:   func(ctx context.Context) error { return s.queueappReady(ctx, q) },
		order:   syscall.SIGTERM,
		drop:    syscall.SIGTERM,
		minded:  true,
	})
}

// queueappReady is content with a standby where there is somebody to stand by for.
func (s *Stack) queueappReady(ctx context.Context, q *instance) error {
	err := s.active(ctx, q)
	var other notActive
	if errors.As(err, &other) && other == "standby" && s.opts.Standby {
		return nil
	}
	return err
}

// notActive is the state of a queueapp that gives no calls away.
type notActive string

func (n notActive) Error() string { return "it is not active: " + string(n) }

// active asks a queueapp whether it gives calls away, those of every Asterisk that
// runs.
func (s *Stack) active(ctx context.Context, q *instance) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.api+"/readyz", nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 10000))
	if err != nil {
		return err
	}
	var ready struct {
		State string
		Parts []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(body, &ready); err != nil {
		return fmt.Errorf("%s: %w", bytes.TrimSpace(body), err)
	}
	if ready.State != "active" {
		return fmt.Errorf("%w: %s", notActive(ready.State), bytes.TrimSpace(body))
	}
	for _, p := range ready.Parts {
		if name, ok := strings.CutPrefix(p.Name, "switch "); ok && !p.OK && s.runs(name) {
			return fmt.Errorf("%s does not hear switch %s yet", q.server, name)
		}
	}
	return nil
}

// runs reports whether a switch's Asterisk does.
func (s *Stack) runs(name string) bool {
	for _, x := range s.switches {
		if x.name != name {
			continue
		}
		srv, err := s.server(x.server)
		return err == nil && srv.pid() != 0
	}
	return false
}

// watchOwner has stack.json say who owns the floor, until the stack is stopped.
func (s *Stack) watchOwner() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.stopping.Done():
			return
		case <-tick.C:
		}
		for _, q := range s.queueapps {
			if q.server == s.Owner() || s.active(s.stopping, q) != nil {
				continue
			}
			s.setOwner(q)
			if err := s.publish(); err != nil {
				s.opts.Report(err.Error())
			}
			s.opts.Report(fmt.Sprintf("%s owns the floor now", q.server))
		}
	}
}

// setOwner notes who owns the floor, and who stands by where there are two.
func (s *Stack) setOwner(q *instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.API, s.info.Config = q.api, q.config
	for _, other := range s.queueapps {
		if other != q {
			s.info.Owner, s.info.Standby = q.server, &Replica{API: other.api, Config: other.config}
		}
	}
}

// Owner says which of the stack's two queueapps owns the floor, Queueapp or
// Standby, as far as it was heard; empty where there is only one. Signal, Kill
// and Restart take these names: they stay with a process, whatever it does.
func (s *Stack) Owner() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info.Owner
}

// AwaitOwner returns when that one of the two queueapps owns the floor and gives
// calls away.
func (s *Stack) AwaitOwner(ctx context.Context, server string) error {
	for {
		s.mu.Lock()
		owner, changed := s.info.Owner, s.changed
		s.mu.Unlock()
		if owner == server {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to own the floor: %w", server, context.Cause(ctx))
		}
	}
}

// inStopOrder gives the queueapps' names, the owner's last: else the other would
// take the floor over for nothing.
func (s *Stack) inStopOrder() []string {
	if s.Owner() == Standby {
		return []string{Upstairs, Queueapp, Standby}
	}
	return []string{Upstairs, Standby, Queueapp}
}

// mind starts a queueapp again whenever it dies, as systemd would, until the
// stack is stopped.
func (s *Stack) mind(srv *server) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, 5*time.Second
	for {
		p := srv.current()
		select {
		case <-s.stopping.Done():
			return
		case <-p.Ended():
		}
		select {
		case <-s.stopping.Done():
			return
		case <-srv.mayStart():
		}
		s.opts.Report(fmt.Sprintf("%s ended (%s); starting it again", srv.name, how(p)))
		select {
		case <-s.stopping.Done():
			return
		case <-time.After(pause.NextBackOff()):
		}
		if err := s.revive(srv); err != nil {
			if s.stopping.Err() == nil {
				s.opts.Report(err.Error())
			}
			continue
		}
		pause.Reset()
		s.opts.Report(fmt.Sprintf("%s is ready again, pid %d", srv.name, srv.pid()))
	}
}

// revive waits for as long as it takes: what queueapp needs may be away too.
func (s *Stack) revive(srv *server) error {
	p, err := s.spawn(srv)
	if err != nil {
		return err
	}
	if err := srv.await(s.stopping, p); err != nil {
		return err
	}
	return s.publish()
}
