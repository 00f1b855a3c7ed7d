package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp/delivery"
	"ringside/queueapp/engine"
	"ringside/queueapp/record"
	"ringside/xmpp"
)

// messenger lets the delivery speak XMPP. Each time that this process owns the floor it logs in with a new client.
type messenger struct {
	config xmpp.Config
	mode   record.Mode
	log    *slog.Logger

	mu     sync.Mutex
	client *xmpp.Client
	why    string // there is no session
}

var _ delivery.Messenger = (*messenger)(nil)

func newMessenger(c config.XMPP, lease *engine.Lease, log *slog.Logger) (*messenger, error) {
	password, err := c.Password.Read()
	if err != nil {
		return nil, fmt.Errorf("[xmpp] password: %w", err)
	}
	m := &messenger{
		config: xmpp.Config{
			JID: c.JID, Password: password, Servers: []string{c.Address}, CAFile: c.CAFile, PubSub: c.PubSub,
			May: lease.Begin, Log: log.With("part", "xmpp"),
		},
		mode: record.Transient, log: log.With("part", "xmpp"), why: "not logged in yet",
	}
	if c.Mode == "current" {
		m.mode = record.Current
	}
	if _, err := xmpp.New(m.config, xmpp.Handler{}); err != nil {
		return nil, err
	}
	return m, nil
}

// Run implements delivery.Messenger.
func (m *messenger) Run(ctx context.Context, up func(), available func(string)) error {
	client, err := xmpp.New(m.config, xmpp.Handler{
		Status: func(s xmpp.Status) { m.changed(s, up) },
		Presence: func(p xmpp.Presence) {
			if p.Came {
				available(p.Contact)
			}
		},
		Lost: func(n int) { m.log.Warn("presence changes were passed over", "count", n) },
	})
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.client = client
	m.mu.Unlock()
	return client.Run(ctx)
}

func (m *messenger) changed(s xmpp.Status, up func()) {
	m.mu.Lock()
	m.why = ""
	if !s.Up {
		m.why = string(s.Reason)
	}
	m.mu.Unlock()
	switch {
	case s.Up:
		m.log.Info("logged in", "jid", s.JID)
		up()
	case s.Reason != xmpp.Stopped:
		m.log.Warn("no XMPP session; calls go on without records", "reason", s.Reason, "err", s.Err, "again_in", s.RetryIn)
	}
}

// Up implements delivery.Messenger.
func (m *messenger) Up() (ok bool, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.client != nil && m.client.Up(), m.why
}

func (m *messenger) current() (*xmpp.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.client == nil {
		return nil, xmpp.ErrDown
	}
	return m.client, nil
}

// Node implements delivery.Messenger. Members are subscribed by us, so that an agent who logs on has pop-ups at once.
func (m *messenger) Node(ctx context.Context, node string, members []string) error {
	c, err := m.current()
	if err != nil {
		return err
	}
	return c.SetNode(ctx, xmpp.Node{Name: node, Mode: m.mode, Members: members, Enrol: true})
}

// Publish implements delivery.Messenger.
func (m *messenger) Publish(ctx context.Context, node string, r record.Call) error {
	c, err := m.current()
	if err != nil {
		return err
	}
	result, err := c.Publish(ctx, node, r)
	if result == xmpp.Refused {
		return fmt.Errorf("%w: %w", delivery.ErrRefused, err)
	}
	return err
}

// Chat implements delivery.Messenger: to every resource of the JID that is available, and to nobody where none is.
func (m *messenger) Chat(ctx context.Context, jid, body, thread string) error {
	c, err := m.current()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range c.Available(jid) {
		if err := c.Chat(ctx, p.JID, body, thread); !errors.Is(err, xmpp.ErrNotAvailable) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
