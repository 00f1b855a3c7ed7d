package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
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
	"golang.org/x/sync/errgroup"
)

const (
	appName  = "queueapp"
	ariUser  = "queueapp"
	firstNew = 3001 // number of the first agent that Options.Agents adds
)

// secrets are the stack's passwords, made anew for each.
type secrets struct {
	postgres, ari, token string
	sip                  map[string]string // by extension
	xmpp                 map[string]string // by user
}

func newSecrets(agents int) (secrets, error) {
	s := secrets{
		postgres: rand.Text(), ari: rand.Text(), token: rand.Text(),
		sip: make(map[string]string), xmpp: make(map[string]string),
	}
	s.xmpp[queueUser], s.xmpp[Stranger] = rand.Text(), rand.Text()
	for _, n := range numbers(agents) {
		s.sip[n], s.xmpp[userOf(n)] = rand.Text(), rand.Text()
	}
	return s, nil
}

// numbers are the extensions of the sample floor and those added.
func numbers(agents int) []string {
	all := []string{"1000", "2000", "3000"}
	return append(all, addedNumbers(agents)...)
}

func addedNumbers(agents int) []string {
	var added []string
	for i := range agents {
		added = append(added, strconv.Itoa(firstNew+i))
	}
	return added
}

// userOf is the XMPP user of an extension: user1, user2 and user3 for the sample
// floor's three, the number itself for those added.
func userOf(number string) string {
	if n, ok := strings.CutSuffix(number, "000"); ok {
		return "user" + n
	}
	return "user" + number
}

func agentName(number string) string {
	switch number {
	case "1000":
		return "Ana"
	case "2000":
		return "Bruno"
	case "3000":
		return "Clara"
	}
	return "Agent " + number
}

func (s *Stack) describe() Info {
	reach := s.opts.Bind
	if net.ParseIP(reach).IsUnspecified() {
		reach = "127.0.0.1"
	}
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	info := Info{
		Floor: "main",
		SIP:   at(reach, s.ports.sip),
		ARI: ARI{
			URL: "http://" + at("127.0.0.1", s.ports.ari) + "/ari", User: ariUser, Password: s.secrets.ari, App: appName,
		},
		XMPP:      at(reach, s.ports.xmpp),
		PubSub:    pubsubHost,
		WebSocket: "ws://" + at(reach, s.ports.http) + "/xmpp-websocket",
		CA:        s.place.path("ca.pem"),
		Postgres:  fmt.Sprintf("postgres://queueapp:%s@%s/queueapp", s.secrets.postgres, at("127.0.0.1", s.ports.postgres)),
		API:       "http://" + at("127.0.0.1", s.ports.api),
		Token:     s.secrets.token,
		Config:    s.place.path("queueapp.toml"),
		Floorplan: s.place.path("floorplan.toml"),
		Dial:      Dial{IVR: "0000", Queue: "7000", Twin: "7001", Logon: "*56466*", Logoff: "*564633*"},
	}
	for _, n := range numbers(s.opts.Agents) {
		info.Extensions = append(info.Extensions, Extension{
			Number: n, Password: s.secrets.sip[n],
			JID: userOf(n) + "@" + xmppHost, JIDPassword: s.secrets.xmpp[userOf(n)],
		})
	}
	return info
}

// JIDPassword returns the password of an XMPP account of the stack: queueapp's,
// an agent's or the Stranger's, by its user name without the host. It is empty
// for an account that does not exist.
func (s *Stack) JIDPassword(user string) string { return s.secrets.xmpp[user] }

// writeShared writes what a queueapp needs, whoever starts it.
func (s *Stack) writeShared() error {
	for name, secret := range map[string]string{
		"postgres": s.secrets.postgres, "xmpp": s.secrets.xmpp[queueUser],
		"token": s.secrets.token, "ari": s.secrets.ari,
	} {
		if err := write(s.place.path("secrets", name), []byte(secret+"\n"), account{}); err != nil {
			return err
		}
	}
	err := render(s.place.dir, "queueapp.toml", map[string]any{
		"App": appName, "PostgresPort": s.ports.postgres, "Secrets": s.place.path("secrets"),
		"JID": queueUser + "@" + xmppHost + "/queueapp", "XMPP": s.info.XMPP, "CA": s.info.CA,
		"PubSub": pubsubHost, "API": strings.TrimPrefix(s.info.API, "http://"),
		"ARI": s.info.ARI.URL, "ARIUser": ariUser,
	}, account{})
	if err != nil {
		return err
	}
	type desk struct {
		Extension
		Name string
	}
	var desks []desk
	for _, e := range s.info.Extensions {
		desks = append(desks, desk{e, agentName(e.Number)})
	}
	if err := render(s.place.dir, "floorplan.toml", map[string]any{"Extensions": desks}, account{}); err != nil {
		return err
	}
	return render(s.place.dir, "customers.csv", nil, account{})
}

// queueapp makes a command of queueapp's with the stack's configuration.
func (s *Stack) queueapp(args ...string) *exec.Cmd {
	cmd := exec.Command(s.opts.Queueapp, append([]string{"--config", s.info.Config}, args...)...)
	cmd.Dir = s.place.dir
	return cmd
}

func (s *Stack) startQueueapp(ctx context.Context) error {
	srv := s.add(&server{
		name: Queueapp, log: s.place.log(Queueapp),
		command: func() *exec.Cmd { return s.queueapp("run") },
		ready:   s.queueappReady,
		order:   syscall.SIGTERM,
		drop:    syscall.SIGTERM,
	})
	for _, args := range [][]string{
		{"migrate"},
		{"apply", s.info.Floorplan},
		{"customers", "import", s.place.path("customers.csv")},
	} {
		if err := s.family.Run(ctx, s.queueapp(args...), srv.log); err != nil {
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
	return nil
}

func (s *Stack) queueappReady(ctx context.Context) error {
	return get(ctx, s.info.API+"/readyz", nil)
}

// get asks by HTTP and is content with 200 only.
func get(ctx context.Context, url string, authorise func(*http.Request)) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if authorise != nil {
		authorise(req)
	}
	return ask(req, http.StatusOK)
}

// ask sends a request on a connection of its own: idle ones would outlive the
// servers.
func ask(req *http.Request, want ...int) error {
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 2000))
	if err != nil {
		return err
	}
	for _, code := range want {
		if resp.StatusCode == code {
			return nil
		}
	}
	return fmt.Errorf("%s %s: %s: %s", req.Method, req.URL.Path, resp.Status, bytes.TrimSpace(body))
}

// logOn logs the added agents on, each at the extension of its own number.
func (s *Stack) logOn(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, number := range addedNumbers(s.opts.Agents) {
		group.Go(func() error {
			body, err := json.Marshal(map[string]string{"extension": number})
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, startLimit)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.info.API+"/v1/agents/"+number+"/logon", bytes.NewReader(body))
			if err != nil {
				return err
			}
			req.Header.Set("Authorization", "Bearer "+s.secrets.token)
			req.Header.Set("Content-Type", "application/json")
			if err := ask(req, http.StatusOK, http.StatusCreated, http.StatusNoContent); err != nil {
				return fmt.Errorf("log agent %s on: %w", number, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// mind starts queueapp again whenever it dies, as systemd would, until the stack
// is stopped.
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
		s.opts.Report(fmt.Sprintf("queueapp ended (%s); starting it again", how(p)))
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
		s.opts.Report(fmt.Sprintf("queueapp is ready again, pid %d", srv.pid()))
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
