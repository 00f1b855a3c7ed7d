package stack

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// alone gives the test a share directory of its own.
func alone(t *testing.T) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("RINGSIDE_STACK", "")
}

func reserve(t *testing.T, opts Options) *ports {
	t.Helper()
	opts.Bind = "127.0.0.1"
	p, err := reservePorts(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.release(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestPortsPassOverWhatIsTaken(t *testing.T) {
	alone(t)
	first := reserve(t, Options{})
	taken := first.sip
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	// Only UDP, only loopback: that is enough to be in Asterisk's way.
	conn, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", itoa(taken)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	second := reserve(t, Options{})
	if second.sip == taken {
		t.Errorf("port %d was given out while something listens on it", taken)
	}
	seen := make(map[int]bool)
	for _, port := range []int{second.sip, second.ari, second.xmpp, second.http, second.postgres, second.api} {
		if seen[port] || port >= audioPorts || port < serverPorts {
			t.Errorf("port %d is given out twice or is out of its block", port)
		}
		seen[port] = true
	}
}

func TestPortsOfManyAgents(t *testing.T) {
	alone(t)
	small, large := reserve(t, Options{}), reserve(t, Options{Agents: 500})
	if small.audioLast >= large.audioFirst {
		t.Errorf("audio ranges overlap: up to %d, from %d", small.audioLast, large.audioFirst)
	}
	if n := large.audioLast - large.audioFirst + 1; n < 500*4 {
		t.Errorf("%d audio ports for 500 agents and their callers", n)
	}
	if large.audioLast >= 32768 {
		t.Errorf("audio ports reach the ephemeral range: %d", large.audioLast)
	}
	if _, err := reservePorts(Options{Bind: "127.0.0.1", Agents: MaxAgents}); err == nil || !strings.Contains(err.Error(), "end one") {
		t.Errorf("more ports than there are: %v", err)
	}
	if err := small.release(); err != nil {
		t.Fatal(err)
	}
	if again := reserve(t, Options{}); again.audioFirst != small.audioFirst {
		t.Errorf("a block given back is not used again: %d, was %d", again.audioFirst, small.audioFirst)
	}
}

func TestFind(t *testing.T) {
	alone(t)
	if _, err := Find(); !errors.Is(err, ErrNoStack) || !strings.Contains(err.Error(), "softwaresim stack") {
		t.Errorf("without a stack: %v", err)
	}
	describe := func(sip string) string {
		dir := t.TempDir()
		data, err := json.Marshal(Info{SIP: sip})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "stack.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	hidden := reserve(t, Options{Only: []string{Prosody}, Unlisted: true})
	if err := hidden.announce(describe("hidden")); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(); !errors.Is(err, ErrNoStack) {
		t.Errorf("an unlisted stack is found: %v", err)
	}
	older, newer := reserve(t, Options{Only: []string{Prosody}}), reserve(t, Options{Only: []string{Prosody}})
	for sip, p := range map[string]*ports{"older": older, "newer": newer} {
		if err := p.announce(describe(sip)); err != nil {
			t.Fatal(err)
		}
	}
	stat, err := newer.locks[0].Stat()
	if err != nil {
		t.Fatal(err)
	}
	before := stat.ModTime().Add(-1e9)
	if err := os.Chtimes(older.locks[0].Name(), before, before); err != nil {
		t.Fatal(err)
	}
	find := func(want string) {
		t.Helper()
		if info, err := Find(); err != nil || info.SIP != want {
			t.Errorf("found %q, %v; want %q", info.SIP, err, want)
		}
	}
	find("newer")
	if err := newer.release(); err != nil {
		t.Fatal(err)
	}
	find("older")
	t.Setenv("RINGSIDE_STACK", describe("named"))
	find("named")
}

func TestShareDirOfSomebodyElse(t *testing.T) {
	alone(t)
	if err := os.Mkdir(shareDir(), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(shareDir(), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := makeShareDir(); err == nil || !strings.Contains(err.Error(), "set TMPDIR") {
		t.Errorf("a directory of another user is trusted: %v", err)
	}
}
