package stack

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
)

// DefaultRoot is where install/root.sh builds the private root unless the
// environment variable RINGSIDE_ROOT names another place.
const DefaultRoot = "/var/cache/ringside/root"

// MaxAgents is how many extra agents a stack may have: their numbers go from
// 3001 upwards and stay below 7000, the first number that callers dial.
const MaxAgents = 3999

// Options say what to start, and how. The zero value starts all four servers on
// loopback in a temporary directory.
type Options struct {
	// Dir gets stack.json, the configuration and the logs. Empty makes a
	// temporary directory.
	Dir string
	// Agents is how many agents and extensions, 3001 upwards, to add to the three
	// of the sample floor. They are logged on; 0 to MaxAgents.
	Agents int
	// Keep leaves the stack's files, logs and databases for reading afterwards.
	Keep bool
	// Bind is the address that phones and CRMs reach the stack at. Empty is
	// 127.0.0.1. PostgreSQL, ARI and queueapp's API listen on loopback whatever
	// it says.
	Bind string
	// Root is the private root. Empty takes RINGSIDE_ROOT, or DefaultRoot.
	Root string
	// Asterisk is the path of an Asterisk of this machine (22.3 or newer) to run
	// in place of the root's.
	Asterisk string
	// Queueapp is the path of queueapp. Empty takes the one beside the running
	// program.
	Queueapp string
	// NoQueueapp leaves queueapp out, so that a test can be in its place.
	NoQueueapp bool
	// Standby also starts a second queueapp for the floor, which takes it over
	// when the first one dies or freezes.
	Standby bool
	// Switches is how many Asterisks the floor has, 1 or 2; 0 is 1. Every second
	// phone registers at the other one, callers may call either, and phones of
	// the one are reached from the other over a trunk between them.
	Switches int
	// SecondFloor also starts a floor called Upstairs, with a queueapp, agents and
	// phones of its own, on the first Asterisk.
	SecondFloor bool
	// Only starts just the servers named. Empty starts all.
	Only []string
	// QueueLog has the floor's queue_log kept as a file too: see Stack.QueueLog.
	QueueLog bool
	// Replace changes the floor plan that the stack begins with: texts of it, each
	// followed by what comes in its place.
	Replace []string
	// Links names the servers — Asterisk (ARI), Prosody, Postgres — to put a link
	// before that can be cut, hung and slowed: queueapp reaches them over it, and
	// everybody else goes straight. See Stack.Link.
	Links []string
	// Append is what to add to the stack's own configuration files, by their
	// names: floorplan.toml of the floor itself, and Asterisk's. It is a template
	// with the same values as the file.
	Append map[string]string
	// Unlisted keeps the stack from being found by Find: tests set it, so that
	// they do not get into the way of a stack that somebody works with.
	Unlisted bool
	// Report is told what happens while the stack runs, such as a server that
	// died, in whole sentences; it may be called from any goroutine. Nil ignores.
	Report func(line string)
}

func (o Options) wants(server string) bool {
	if server == Queueapp && o.NoQueueapp {
		return false
	}
	return len(o.Only) == 0 || slices.Contains(o.Only, server)
}

func (o *Options) complete() error {
	if os.Geteuid() != 0 {
		return errors.New("stack: each server runs under its own user in the private root, which only root can arrange: run it with sudo")
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	if o.Bind == "" {
		o.Bind = "127.0.0.1"
	}
	if ip := net.ParseIP(o.Bind); ip == nil || ip.To4() == nil {
		return fmt.Errorf("stack: %q is no IPv4 address to listen on", o.Bind)
	}
	if o.Agents < 0 || o.Agents > MaxAgents {
		return fmt.Errorf("stack: %d agents asked for; it takes 0 to %d", o.Agents, MaxAgents)
	}
	if len(o.Replace)%2 != 0 {
		return fmt.Errorf("stack: %d texts to replace in the floor plan, and to replace them by; it takes pairs", len(o.Replace))
	}
	if o.Switches < 0 || o.Switches > 2 {
		return fmt.Errorf("stack: %d switches asked for; it takes 1 or 2", o.Switches)
	}
	known := []string{Postgres, Prosody, Asterisk, Queueapp}
	for _, name := range o.Only {
		if !slices.Contains(known, name) {
			return fmt.Errorf("stack: there is no server %q; there are %q", name, known)
		}
	}
	for _, name := range o.Links {
		if !slices.Contains(known[:3], name) {
			return fmt.Errorf("stack: there is no link to %q; there are to %q", name, known[:3])
		}
	}
	if err := o.checkAppend(); err != nil {
		return err
	}
	if err := o.findRoot(); err != nil {
		return err
	}
	return o.findQueueapp()
}

func (o *Options) checkAppend() error {
	files := append(asteriskFiles(), "floorplan.toml")
	for name := range o.Append {
		if !slices.Contains(files, name) {
			return fmt.Errorf("stack: nothing can be added to %q, only to %q", name, files)
		}
	}
	return nil
}

func (o *Options) findRoot() error {
	if o.Root == "" {
		o.Root = os.Getenv("RINGSIDE_ROOT")
	}
	if o.Root == "" {
		o.Root = DefaultRoot
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return fmt.Errorf("stack: find the private root: %w", err)
	}
	o.Root = root
	for _, file := range []string{"usr/sbin/asterisk", "usr/bin/prosody", "usr/lib/postgresql"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			return fmt.Errorf("stack: no private root at %s (%w): run install/root.sh, or name another root with RINGSIDE_ROOT", root, err)
		}
	}
	return nil
}

func (o *Options) findQueueapp() error {
	if !o.wants(Queueapp) {
		return nil
	}
	if o.Queueapp == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("stack: find queueapp: %w", err)
		}
		o.Queueapp = filepath.Join(filepath.Dir(self), "queueapp")
	}
	if _, err := os.Stat(o.Queueapp); err != nil {
		return fmt.Errorf("stack: no queueapp (%w): build it with `go build -o %s ./cmd/queueapp`, or name one with --queueapp", err, o.Queueapp)
	}
	path, err := filepath.Abs(o.Queueapp)
	o.Queueapp = path
	return err
}
