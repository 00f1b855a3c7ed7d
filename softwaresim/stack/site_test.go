package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The samples that a site copies are what the servers take, with nothing but
// names, addresses and passwords changed.
func TestSiteSamples(t *testing.T) {
	s := start(t, Options{Only: []string{Prosody, Asterisk}})
	info := s.Info()
	site := func(server, from, to string, replace ...string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("../../install/site", from))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(replace); i += 2 {
			if !strings.Contains(string(text), replace[i]) {
				t.Errorf("%s does not hold %q any more", from, replace[i])
			}
		}
		owner, err := s.place.account(server)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.place.servers, server, to)
		if err := write(path, []byte(strings.NewReplacer(replace...).Replace(string(text))), owner); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("asterisk", func(t *testing.T) {
		site(Asterisk, "extensions.conf", "etc/extensions.conf")
		site(Asterisk, "queues.conf", "etc/queues.conf")
		site(Asterisk, "stasis.conf", "etc/stasis.conf")
		site(Asterisk, "ari.conf", "etc/ari.conf", "CHANGE-ME", info.ARI.Password)
		site(Asterisk, "http.conf", "etc/http.conf", "8088", itoa(s.ports.ari))
		site(Asterisk, "musiconhold.conf", "etc/musiconhold.conf",
			"/usr/share/asterisk/moh-ringside", filepath.Join(s.place.inner, "asterisk/data/moh"))
		site(Asterisk, "pjsip.conf", "etc/pjsip.conf", "0.0.0.0:5060", info.SIP, "192.0.2.10", "127.0.0.1",
			"CHANGE-ME-1000", info.Extensions[0].Password)
		site(Asterisk, "pjsip-switch.conf", "etc/pjsip-switch.conf", "192.0.2.21:5060", info.SIP)
		site(Asterisk, "extensions-switch.conf", "etc/extensions-switch.conf")
		include(t, s, "pjsip", "extensions")
		testSiteCalls(t, s)
	})
	t.Run("prosody", func(t *testing.T) {
		home := filepath.Join(s.place.inner, "prosody")
		site(Prosody, "ringside-groups.txt", "groups.txt", "queue@", queueUser+"@", "example.com", xmppHost)
		site(Prosody, "prosody.cfg.lua", "prosody.cfg.lua", "queue@", queueUser+"@", "example.com", xmppHost,
			"/etc/prosody/ringside-groups.txt", home+"/groups.txt",
			// Where this Prosody is, rather than Debian's own.
			`log = { info = "*syslog" }`, `log = { info = "*console" }
				data_path = "`+home+`/data"; pidfile = "`+home+`/prosody.pid"
				interfaces = { "127.0.0.1" }; c2s_ports = { `+itoa(s.ports.xmpp)+` }; c2s_direct_tls_ports = {}
				http_interfaces = { "127.0.0.1" }; http_ports = { `+itoa(s.ports.http)+` }; https_ports = {}`,
			`certificates = "certs"`, `ssl = { certificate = "`+home+`/localhost.crt", key = "`+home+`/localhost.key" }`)
		if err := s.Restart(t.Context(), Prosody); err != nil {
			t.Fatal(err)
		}
		testChat(t, s)
	})
}

// include has files of Asterisk's include what is to stand behind them for several switches.
func include(t *testing.T, s *Stack, files ...string) {
	t.Helper()
	for _, name := range files {
		f, err := os.OpenFile(filepath.Join(s.place.servers, Asterisk, "etc", name+".conf"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(f, "\n#include %s-switch.conf\n", name); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func testSiteCalls(t *testing.T, s *Stack) {
	if err := os.Truncate(s.Log(Asterisk), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context(), Asterisk); err != nil {
		t.Fatal(err)
	}
	agent := newPhone(t, s.Info().SIP, "1000")
	agent.register(s.Info().Extensions[0].Password)
	caller := newPhone(t, s.Info().SIP, "5551234")
	for _, number := range []string{"*56466*", "1000"} {
		caller.call(number)
		if got := caller.expect("SIP/2.0 4", "SIP/2.0 100"); !strings.HasPrefix(got, "SIP/2.0 404") {
			t.Errorf("a caller reaches %s: %s", number, got)
		}
	}
	spoof := newPhone(t, s.Info().SIP, "1000")
	spoof.call("7000")
	if got := spoof.expect("SIP/2.0 4", "SIP/2.0 100"); !strings.HasPrefix(got, "SIP/2.0 401") {
		t.Errorf("a caller who says to be 1000: %s", got)
	}
	caller.call("7000")
	agent.rung() // by the fallback: there is no queueapp

	log, err := os.ReadFile(s.Log(Asterisk))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "ERROR") || strings.Contains(line, "WARNING") && !strings.Contains(line, "app 'queueapp'") {
			t.Errorf("Asterisk complains about the samples: %s", line)
		}
	}
}
