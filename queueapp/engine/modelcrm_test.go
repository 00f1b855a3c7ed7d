package engine

import (
	"bytes"
	"context"
	"sync"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/record"
)

// screens is what the CRM side was given: by all processes, the dead ones too.
type screens struct {
	m         *model
	given     map[RecordKey]*Outgoing // that may have been seen
	last      map[shownAt]int64
	opened    map[queueapp.AttemptID]bool
	closes    map[queueapp.AttemptID]map[int64]bool // the seqs by which it was closed
	settled   map[queueapp.AttemptID]bool           // the publish was answered, or its budget is over
	publishes []*publish
	unheard   []RecordKey // accepted, and not yet told
	sent      func(RecordKey)
}

// shownAt is a call on a node, where its seqs rise.
type shownAt struct {
	call queueapp.CallID
	node queueapp.ExtensionID
}

// publish is an offer whose answer is awaited.
type publish struct {
	out  Outgoing
	ring func(queueapp.PublishResult)
}

func newScreens(m *model) *screens {
	return &screens{
		m: m, given: map[RecordKey]*Outgoing{}, last: map[shownAt]int64{}, opened: map[queueapp.AttemptID]bool{},
		closes: map[queueapp.AttemptID]map[int64]bool{}, settled: map[queueapp.AttemptID]bool{},
	}
}

// take notes a record. One that is given again is the same, and a new one is newer than all before of its call on that node.
func (s *screens) take(o Outgoing) {
	at := shownAt{o.Call, o.Extension}
	if old := s.given[o.RecordKey]; old != nil {
		if !bytes.Equal(old.Payload, o.Payload) {
			s.m.fail("record %v is given twice:\n%s\n%s", o.RecordKey, old.Payload, o.Payload)
		}
	} else if o.Seq <= s.last[at] {
		s.m.fail("record %v after seq %d", o.RecordKey, s.last[at])
	}
	again := s.given[o.RecordKey] != nil
	s.given[o.RecordKey] = &o
	s.last[at] = max(s.last[at], o.Seq)
	switch {
	case o.Record.State == record.Closed:
		if s.closes[o.Attempt] == nil {
			s.closes[o.Attempt] = map[int64]bool{}
		}
		s.closes[o.Attempt][o.Seq] = true
		if s.m.db.outbox[o.RecordKey] == nil {
			s.m.fail("close %v is sent before it is durable", o.RecordKey)
		}
	case len(s.closes[o.Attempt]) > 0:
		if !again {
			s.m.fail("record %v (%s) after the close of %s", o.RecordKey, o.Event, o.Attempt)
		}
	default:
		s.opened[o.Attempt] = true
	}
}

// display is the CRM as a process has it.
type display struct{ *life }

func (d display) Begin() {}

func (d display) Run(ctx context.Context, sent func(RecordKey)) error {
	d.m.mu.Lock()
	d.m.crm.sent = sent
	d.m.mu.Unlock()
	<-ctx.Done()
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	d.m.crm.publishes, d.m.crm.unheard, d.m.crm.sent = nil, nil, nil
	return nil
}

func (d display) Offer(o Outgoing, budget time.Duration, ring func(queueapp.PublishResult)) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	if !d.act() {
		return
	}
	if d.m.db.attempts[o.Attempt] == nil {
		d.m.fail("%s is published before it is durable", o.Attempt)
	}
	d.m.crm.take(o)
	p := &publish{out: o}
	var once sync.Once
	p.ring = func(r queueapp.PublishResult) {
		once.Do(func() {
			d.m.mu.Lock()
			d.m.crm.settled[o.Attempt] = true
			d.m.mu.Unlock()
			ring(r)
		})
	}
	d.m.crm.publishes = append(d.m.crm.publishes, p)
	time.AfterFunc(budget, func() { p.ring(queueapp.PublishLate) })
}

func (d display) Send(o Outgoing) {
	d.m.mu.Lock()
	defer d.m.mu.Unlock()
	if d.act() {
		d.m.crm.take(o)
		d.m.crm.unheard = append(d.m.crm.unheard, o.RecordKey)
	}
}

// Shown implements [CRM].
func (d display) Shown(Outgoing) {}

func (d display) Nodes(map[queueapp.ExtensionID]Node) {}
func (d display) Node(queueapp.ExtensionID, Node)     {}
func (d display) Chat(_ []string, _ string, _ string) {}
func (d display) Ready() (ok bool, why string)        { return true, "" }
