package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/bench"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/crowd"
	"ringside/softwaresim/outside"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// world is the stack and everybody on it.
type world struct {
	Options
	stack   *stack.Stack
	tables  *store.Store
	ua      *phone.UA
	phones  []*phone.Phone
	crms    map[string]*crm.CRM
	witness *outside.Witness
	samples []Sample        // of look
	outages outside.Outages // of trouble

	mu      sync.Mutex
	done    []inflicted
	ending  string // the server that a fault may end now
	strange []string
}

// open fills the floor by the crowd's plan: phones, agents, CRMs.
func (w *world) open(ctx context.Context) (err error) {
	info := w.stack.Info()
	if w.tables, err = store.Open(store.Config{Address: info.Postgres}); err != nil {
		return err
	}
	if err := w.shorten(ctx); err != nil {
		return err
	}
	if err := w.staff(ctx, phone.NeverAnswer(), info.Extensions...); err != nil {
		return err
	}
	if err := w.screens(ctx, info); err != nil {
		return err
	}
	w.witness = outside.Watch(w.ua, w.crms)
	return nil
}

// staff registers phones and logs their agents on.
func (w *world) staff(ctx context.Context, b phone.Behaviour, extensions ...stack.Extension) (err error) {
	// Sound is not what is tried here, and its cost would be.
	w.ua, err = phone.Listen(phone.Config{Server: w.stack.Info().SIP, Media: voice.Media{Deaf: true, Every: 200 * time.Millisecond}})
	if err != nil {
		return err
	}
	for _, x := range extensions {
		p := w.ua.NewPhone(phone.Account{Number: x.Number, Password: x.Password}, b)
		if err := p.Register(ctx); err != nil {
			return err
		}
		w.phones = append(w.phones, p)
		if err := w.command(ctx, x.Number, "logon"); err != nil {
			return err
		}
	}
	return nil
}

// screens logs every agent's CRM in.
func (w *world) screens(ctx context.Context, info stack.Info) (err error) {
	w.crms = map[string]*crm.CRM{}
	for _, x := range info.Extensions {
		w.crms[x.Number], err = crm.Open(crm.Config{JID: x.JID, Password: x.JIDPassword, Server: info.XMPP, CA: info.CA,
			PubSub: info.PubSub, Nodes: []string{"extension" + x.Number}})
		if err != nil {
			return err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for x, c := range w.crms {
		if err := c.AwaitSubscribed(bounded, "extension"+x); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything in order. Parts that were not opened are nil.
func (w *world) close(ctx context.Context) error {
	var errs []error
	if w.witness != nil {
		w.witness.Close()
	}
	for _, c := range w.crms {
		errs = append(errs, c.Close())
	}
	if w.ua != nil {
		errs = append(errs, w.ua.Close())
	}
	if w.tables != nil {
		w.tables.Close()
	}
	w.expect("every")
	return errors.Join(append(errs, w.stack.Stop(ctx))...)
}

// queueapp runs a command of queueapp's with the stack's configuration.
func (w *world) queueapp(ctx context.Context, args ...string) (string, error) {
	program := w.Stack.Queueapp
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find queueapp: %w", err)
		}
		program = filepath.Join(filepath.Dir(self), "queueapp")
	}
	out, err := exec.CommandContext(ctx, program, append([]string{"--config", w.stack.Info().Config}, args...)...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("queueapp %s: %w", args[0], err)
	}
	return string(out), nil
}

var appliedVersion = regexp.MustCompile(`is at version (\d+);`)

// shorten puts the crowd's floor plan in force.
func (w *world) shorten(ctx context.Context) error {
	own, err := os.ReadFile(w.stack.Info().Floorplan)
	if err != nil {
		return fmt.Errorf("read the stack's floor plan: %w", err)
	}
	file := filepath.Join(w.stack.Dir(), "soak.toml")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(crowd.Replacements()...).Replace(string(own))), 0o600); err != nil {
		return fmt.Errorf("write the soak's floor plan: %w", err)
	}
	defer func() { _ = os.Remove(file) }() // or the stack's directory is not empty at its end, and stays
	out, err := w.queueapp(ctx, "apply", file)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	version := appliedVersion.FindStringSubmatch(out)
	if version == nil {
		return fmt.Errorf("queueapp apply said %q", out)
	}
	return w.until(ctx, 10*time.Second, "floor plan "+version[1]+" in force", func() error {
		log, err := os.ReadFile(w.stack.Log(stack.Queueapp))
		if err == nil && !strings.Contains(string(log), "version="+version[1]) {
			return errors.New("the log does not say so")
		}
		return err
	})
}

// until polls what only can be asked for, not waited for.
func (w *world) until(ctx context.Context, limit time.Duration, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", what, context.Cause(ctx), err)
		}
	}
}

// told takes what the stack reports: the end of a server that no fault ended is a finding.
func (w *world) told(line string) {
	server, rest, _ := strings.Cut(line, " ")
	w.mu.Lock()
	explained := !strings.HasPrefix(rest, "ended") || w.ending == server || w.ending == "every"
	w.mu.Unlock()
	if !explained {
		w.odd(line + ", at " + outside.Clock(time.Now()))
	}
}

// odd notes what no fault explains.
func (w *world) odd(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.strange = append(w.strange, what)
}

// expect says which server may end from now on.
func (w *world) expect(server string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ending = server
}

// deaths are the ends of servers that no fault explains, and the panics in queueapp's log.
func (w *world) deaths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := append(panics(w.stack.Log(stack.Queueapp)), w.strange...)
	if w.Stack.Standby {
		found = append(found, panics(w.stack.Log(stack.Standby))...)
	}
	return found
}

// panics are the lines of a log in which a Go program says that it dies of a mistake of its own.
func panics(path string) (found []string) {
	log, err := os.ReadFile(path)
	if err != nil {
		return []string{err.Error()}
	}
	for line := range strings.Lines(string(log)) {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") || strings.Contains(line, "DATA RACE") {
			found = append(found, path+": "+strings.TrimSpace(line))
		}
	}
	return found
}

var anyCall = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// callIn is the first call that a text names.
func callIn(text string) queueapp.CallID { return queueapp.CallID(anyCall.FindString(text)) }

// Sample is what queueapp uses at a moment.
type Sample struct {
	At         time.Time `json:"at"`
	Begun      float64   `json:"-"`    // when the process was started
	RSS        float64   `json:"rss"`  // bytes
	Live       float64   `json:"live"` // bytes that the last collection left, about
	Goroutines float64   `json:"goroutines"`
}

func (w *world) sample(ctx context.Context) (Sample, error) {
	m, err := bench.Scrape(ctx, w.stack.Info())
	if err != nil {
		return Sample{}, err
	}
	// The collector next works when twice of what it left is used (GOGC=100).
	return Sample{At: time.Now(), Begun: m["process_start_time_seconds"], RSS: m["process_resident_memory_bytes"],
		Live: m["go_memstats_next_gc_bytes"] / 2, Goroutines: m["go_goroutines"]}, nil
}
