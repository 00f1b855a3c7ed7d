// Package config reads queueapp.toml and the environment over it: how queueapp connects. It says everything that is wrong
// in one go, with its line and a remedy, and never shows a secret.
package config

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed" // for the sample
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

//go:embed queueapp.toml
var sample string

// Sample is a queueapp.toml to start from, whose comments are its manual.
func Sample() string { return sample }

// Config is queueapp.toml with the environment laid over it: how to connect. What the floor is stands in the floor plan.
type Config struct {
	File string // where it was read; relative files are looked up beside it
	env  Environment

	Floor    Floor
	Postgres Postgres
	XMPP     XMPP
	HTTP     HTTP
	Log      Log
	Switches []Switch
}

// Floor is [floor].
type Floor struct {
	Name string // the floor that this process owns, or stands by for
	App  string // the Stasis application's name
}

// Postgres is [postgres]: Ringside's own database.
type Postgres struct {
	DSN      string
	Password Secret // goes into the DSN
}

// XMPP is [xmpp].
type XMPP struct {
	JID       string // with a resource where the file has one
	Address   string // host:port
	Password  Secret
	CAFile    string // absolute; empty: the system's
	PubSub    string // the pubsub service
	Mode      string // transient or current
	Observers []string
}

// HTTP is [http]: where the API listens, and is asked.
type HTTP struct {
	Listen string
	Token  Secret
}

// Log is [log].
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text or json
	// QueueLog is the file in which Asterisk's queue_log is kept, absolute; empty: in none. The table has it anyway.
	QueueLog string
}

// Switch is a [[switch]]: an Asterisk's ARI.
type Switch struct {
	Name     string
	URL      string
	User     string
	Password Secret
	CAFile   string // absolute; empty: the system's
}

// TLS is how the switch's certificate is verified; nil is by the system's authorities.
func (s Switch) TLS() (*tls.Config, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	roots, err := authorities(s.CAFile)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// maxCA is more than all authorities of a system.
const maxCA = 1 << 20

// authorities reads a PEM file of certificates.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := readSome(file, maxCA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errNoCertificate
	}
	return pool, nil
}

var errNoCertificate = errors.New("holds no certificate; it must be a PEM file")

// Default is what holds where neither the file nor the environment says otherwise.
func Default() Config {
	return Config{
		Floor: Floor{Name: "main", App: "queueapp"},
		XMPP:  XMPP{Mode: "transient"},
		HTTP:  HTTP{Listen: "127.0.0.1:9580"},
		Log:   Log{Level: "info", Format: "text"},
	}
}

// derive fills in what follows from other keys.
func (c *Config) derive() {
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
func (x XMPP) domain() string {
	bare, _, _ := strings.Cut(x.JID, "/")
	_, domain, _ := strings.Cut(bare, "@")
	return domain
}

// Secret is a password or token: where it is, and never shown.
type Secret struct {
	file  string // absolute
	value string // from the environment; wins
}

// File is where the secret is read, absolute; empty where the environment holds it.
func (s Secret) File() string {
	if s.value != "" {
		return ""
	}
	return s.file
}

// String hides the secret from logs and messages.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[secret]" }

// given reports whether there is a secret at all.
func (s Secret) given() bool { return s.value != "" || s.file != "" }

// maxSecret is more than any password or token, and keeps a wrong path from being read whole.
const maxSecret = 4 << 10

// Read is the secret itself: one line, without its end. A secret that is not given is empty.
func (s Secret) Read() (string, error) {
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

// URL is where the owner's API is asked: a server that listens everywhere is asked on loopback.
func (h HTTP) URL() string {
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
func (c *Config) place(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if dir, ok := c.env.Lookup("CREDENTIALS_DIRECTORY"); ok {
		credential := filepath.Join(dir, name)
		if _, err := os.Stat(credential); err == nil {
			return credential
		}
	}
	beside := filepath.Join(filepath.Dir(c.File), name)
	if abs, err := filepath.Abs(beside); err == nil {
		return abs
	}
	return beside
}

// Environment is the process's environment, handed in.
type Environment []string

// Lookup finds a variable.
func (e Environment) Lookup(name string) (string, bool) {
	for i := len(e) - 1; i >= 0; i-- { // the last one of a name wins, as for a child process
		if key, value, ok := strings.Cut(e[i], "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}
