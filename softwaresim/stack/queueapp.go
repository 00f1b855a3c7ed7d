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
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

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
	trunk                string            // between two switches
	sip                  map[string]string // by extension
	xmpp                 map[string]string // by user
}

func newSecrets(opts Options) (secrets, error) {
	s := secrets{
		postgres: rand.Text(), ari: rand.Text(), token: rand.Text(), trunk: rand.Text(),
		sip: make(map[string]string), xmpp: make(map[string]string),
	}
	s.xmpp[queueUser], s.xmpp[Stranger] = rand.Text(), rand.Text()
	all := numbers(opts.Agents)
	if opts.SecondFloor {
		all = append(all, upstairsNumbers()...)
	}
	for _, n := range all {
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
		Floor:     "main",
		SIP:       s.switches[0].sip,
		ARI:       s.ari(s.switches[0]),
		XMPP:      at(reach, s.ports.xmpp),
		PubSub:    pubsubHost,
		WebSocket: "ws://" + at(reach, s.ports.http) + "/xmpp-websocket",
		CA:        s.place.path("ca.pem"),
		Postgres:  fmt.Sprintf("postgres://queueapp:%s@%s/queueapp", s.secrets.postgres, at("127.0.0.1", s.ports.postgres)),
		Token:     s.secrets.token,
		Floorplan: s.place.path("floorplan.toml"),
		Dial:      Dial{IVR: "0000", Queue: "7000", Twin: "7001", Logon: "*56466*", Logoff: "*564633*"},
	}
	info.Extensions = s.extensions(numbers(s.opts.Agents))
	s.arrange(info.Extensions)
	if len(s.switches) > 1 {
		for _, x := range s.switches {
			info.Switches = append(info.Switches, Switch{Name: x.name, SIP: x.sip, ARI: s.ari(x)})
		}
	}
	if s.opts.SecondFloor {
		info.Floors = []Floor{s.describeUpstairs()}
	}
	return info
}

func (s *Stack) extensions(numbers []string) (all []Extension) {
	for _, n := range numbers {
		all = append(all, Extension{
			Number: n, Password: s.secrets.sip[n],
			JID: userOf(n) + "@" + xmppHost, JIDPassword: s.secrets.xmpp[userOf(n)],
		})
	}
	return all
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
	all := s.queueapps
	if s.opts.SecondFloor {
		all = append(slices.Clone(all), s.upstairs())
	}
	for _, q := range all {
		if err := s.writeConfig(q); err != nil {
			return err
		}
	}
	for _, f := range s.info.everyFloor() {
		desks := slices.DeleteFunc(s.desks(s.switches[0]), func(d desk) bool { return d.App != f.App })
		added := ""
		if f.App == appName {
			added = s.opts.Append["floorplan.toml"]
		}
		if err := render(f.Floorplan, "floorplan.toml", map[string]any{"Extensions": desks}, account{}, added); err != nil {
			return err
		}
	}
	if err := s.replace(); err != nil {
		return err
	}
	return render(s.place.path("customers.csv"), "customers.csv", nil, account{})
}

// replace makes the floor plan what Options.Replace wants.
func (s *Stack) replace() error {
	plan, err := os.ReadFile(s.info.Floorplan)
	if err != nil {
		return fmt.Errorf("change the floor plan: %w", err)
	}
	for pair := range slices.Chunk(s.opts.Replace, 2) {
		if !bytes.Contains(plan, []byte(pair[0])) {
			return fmt.Errorf("change the floor plan: it has no %q", pair[0])
		}
		plan = bytes.ReplaceAll(plan, []byte(pair[0]), []byte(pair[1]))
	}
	return write(s.info.Floorplan, plan, account{})
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
