package stack

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A link is between queueapp and a server, and nobody else notices what it does.
func TestLinks(t *testing.T) {
	s := start(t, Options{NoQueueapp: true, Links: []string{Asterisk, Prosody, Postgres}})
	info := s.Info()
	config, err := os.ReadFile(info.Config)
	if err != nil {
		t.Fatal(err)
	}
	database, err := s.newCluster()
	if err != nil {
		t.Fatal(err)
	}
	database.port = portOf(t, s.Link(Postgres).Addr())
	linked := &Stack{info: info, secrets: s.secrets}
	asterisk := func(s *Stack, port int) func(context.Context) error {
		return func(ctx context.Context) error { return s.asteriskReady(ctx, &exchange{sip: info.SIP, ariPort: port}) }
	}
	linked.info.XMPP = s.Link(Prosody).Addr()

	for server, c := range map[string]struct {
		inConfig       string
		over, straight func(context.Context) error
	}{
		Asterisk: {`url = "http://` + s.Link(Asterisk).Addr() + `/ari"`, asterisk(linked, portOf(t, s.Link(Asterisk).Addr())), asterisk(s, s.ports.ari)},
		Prosody:  {`address = "` + linked.info.XMPP + `"`, linked.prosodyReady, s.prosodyReady},
		Postgres: {"@" + s.Link(Postgres).Addr() + "/queueapp", database.ready, s.servers[Postgres].ready},
	} {
		t.Run(server, func(t *testing.T) {
			if !strings.Contains(string(config), c.inConfig) {
				t.Errorf("queueapp.toml has no %s:\n%s", c.inConfig, config)
			}
			if err := c.over(t.Context()); err != nil {
				t.Errorf("over the link: %v", err)
			}
			s.Link(server).Cut()
			if err := c.over(t.Context()); err == nil {
				t.Error("the link is cut, and the server answers over it")
			}
			if err := c.straight(t.Context()); err != nil {
				t.Errorf("beside the link that is cut: %v", err)
			}
			s.Link(server).Heal()
			if err := c.over(t.Context()); err != nil {
				t.Errorf("over the link when it is healed: %v", err)
			}
		})
	}
}

func TestALinkToNoServer(t *testing.T) {
	for _, name := range []string{"asterix", Queueapp} {
		if _, err := Start(t.Context(), Options{Links: []string{name}}); err == nil || !strings.Contains(err.Error(), "no link to") {
			t.Errorf("a link to %q: %v", name, err)
		}
	}
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
