package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// config is queueapp.toml with the environment laid over it: how to connect. What the floor is stands in the floor plan.
type config struct {
	file string // where it was read; relative files are looked up beside it
	env  environment

	Floor    floorConfig
	Postgres postgresConfig
	XMPP     xmppConfig
	HTTP     httpConfig
	Log      logConfig
	Switches []switchConfig
}

type floorConfig struct {
	Name string // the floor that this process owns, or stands by for
	App  string // the Stasis application's name
}

type postgresConfig struct {
	DSN      string
	Password secret // goes into the DSN
}

type xmppConfig struct {
	JID       string // with a resource where the file has one
	Address   string // host:port
	Password  secret
	CAFile    string // absolute; empty: the system's
	PubSub    string // the pubsub service
	Mode      string // transient or current
	Observers []string
}

type httpConfig struct {
	Listen string
	Token  secret
}

type logConfig struct {
	Level  string // debug, info, warn, error
	Format string // text or json
}

type switchConfig struct {
	Name     string
	URL      string
	User     string
	Password secret
}

// defaultConfig is what holds where neither the file nor the environment says otherwise.
func defaultConfig() config {
	return config{
		Floor: floorConfig{Name: "main", App: "queueapp"},
		XMPP:  xmppConfig{Mode: "transient"},
		HTTP:  httpConfig{Listen: "127.0.0.1:9580"},
		Log:   logConfig{Level: "info", Format: "text"},
	}
}

// derive fills in what follows from other keys.
func (c *config) derive() {
	if domain := c.XMPP.domain(); domain != "" {
		if c.XMPP.Address == "" {
			c.XMPP.Address = net.JoinHostPort(domain, "5222")
		}
		if c.XMPP.PubSub == "" {
			c.XMPP.PubSub = "pubsub." + domain
		}
	}
}

// domain is the part of the JID between @ and the resource.
func (x xmppConfig) domain() string {
	bare, _, _ := strings.Cut(x.JID, "/")
	_, domain, _ := strings.Cut(bare, "@")
	return domain
}

// secret is a password or token: where it is, and never shown.
type secret struct {
	file  string // absolute
	value string // from the environment; wins
}

// String hides the secret from logs and messages.
func (secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (secret) GoString() string { return "[secret]" }

// given reports whether there is a secret at all.
func (s secret) given() bool { return s.value != "" || s.file != "" }

// maxSecret is more than any password or token, and keeps a wrong path from being read whole.
const maxSecret = 4 << 10

// read is the secret itself: one line, without its end. A secret that is not given is empty.
func (s secret) read() (string, error) {
	if s.value != "" || s.file == "" {
		return s.value, nil
	}
	b, err := readSome(s.file, maxSecret)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(b), "\r\n")
	if line == "" || len(b) > maxSecret || strings.ContainsAny(line, "\r\n\x00") {
		return "", fmt.Errorf("%s holds no secret of one line", s.file)
	}
	return line, nil
}

// readSome reads a file up to a byte past most: a wrong path may be a device without an end.
func readSome(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}

// apiURL is where the owner's API is asked: a server that listens everywhere is asked on loopback.
func (h httpConfig) apiURL() string {
	host, port, err := net.SplitHostPort(h.Listen)
	if err != nil {
		return "http://" + h.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// place makes a file's name absolute: a relative one is a credential that systemd hands over where there is one of that
// name (systemd.exec(5), LoadCredential=), else beside queueapp.toml.
func (c *config) place(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if dir, ok := c.env.lookup("CREDENTIALS_DIRECTORY"); ok {
		credential := filepath.Join(dir, name)
		if _, err := os.Stat(credential); err == nil {
			return credential
		}
	}
	beside := filepath.Join(filepath.Dir(c.file), name)
	if abs, err := filepath.Abs(beside); err == nil {
		return abs
	}
	return beside
}

// environment is the process's environment, handed in.
type environment []string

func (e environment) lookup(name string) (string, bool) {
	for i := len(e) - 1; i >= 0; i-- { // the last one of a name wins, as for a child process
		if key, value, ok := strings.Cut(e[i], "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}
