package engine

import (
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/store/projection"
)

// tables plays the database: what is in here is durable. Which rows follow from a batch is the store's own projection; how
// they are merged and read is what its SQL says.
type tables struct {
	m         *model
	away      bool
	epoch     int64
	owner     *holder
	plan      floorplan.Plan
	version   int64
	rows      *projection.Projector
	nextStep  int64
	nextEntry int64
	lastAt    time.Time

	visits   map[queueapp.CallID][]*projection.Visit
	attempts map[queueapp.AttemptID]*projection.Attempt
	sessions map[queueapp.AgentID]queueapp.ExtensionID
	pauses   map[queueapp.AgentID]string
	wraps    map[queueapp.AgentID]projection.WrapUp
	misses   map[queueapp.AgentID]int
	leaves   []leaveRow
	outbox   map[RecordKey]*Outgoing // all there ever were
	unsent   map[RecordKey]bool
}

func newTables(m *model) *tables {
	return &tables{
		m: m, version: 1, visits: map[queueapp.CallID][]*projection.Visit{},
		attempts: map[queueapp.AttemptID]*projection.Attempt{}, sessions: map[queueapp.AgentID]queueapp.ExtensionID{},
		pauses: map[queueapp.AgentID]string{}, wraps: map[queueapp.AgentID]projection.WrapUp{},
		misses: map[queueapp.AgentID]int{}, outbox: map[RecordKey]*Outgoing{}, unsent: map[RecordKey]bool{},
	}
}

// leaveRow is a visit's end, as the journal has it.
type leaveRow struct {
	queueapp.Leave
	at time.Time
}

// write makes a batch durable.
func (d *tables) write(b Batch) {
	for _, s := range b.Steps {
		d.nextStep, d.lastAt = max(d.nextStep, s.N+1), s.At
		if e, ok := s.Event.(queueapp.Enter); ok {
			d.nextEntry = max(d.nextEntry, e.Entry+1)
		}
		for _, e := range s.Effects {
			if l, ok := e.(queueapp.Leave); ok && l.Then != queueapp.ThenNothing {
				d.leaves = append(d.leaves, leaveRow{l, s.At})
			}
		}
	}
	for _, rows := range d.rows.Project(b.Steps) {
		d.close(rows)
		d.open(rows)
		d.people(rows)
	}
	for i := range b.Records {
		k := b.Records[i].RecordKey
		if d.outbox[k] != nil {
			d.m.fail("record %v is written twice", k)
		}
		d.outbox[k], d.unsent[k] = &b.Records[i], true
	}
	for _, k := range b.Sent {
		delete(d.unsent, k)
	}
	d.rules()
}

func (d *tables) openVisit(c queueapp.CallID) *projection.Visit {
	if all := d.visits[c]; len(all) > 0 && all[len(all)-1].Ended.IsZero() {
		return all[len(all)-1]
	}
	return nil
}

func (d *tables) close(r projection.Rows) {
	for _, l := range r.Leaves {
		if v := d.openVisit(l.Call); v != nil {
			v.Ended, v.Outcome, v.Agent = l.At, l.Outcome, l.Agent
		}
	}
	for i := range r.Attempts {
		if a := d.attempts[r.Attempts[i].ID]; a != nil {
			merge(a, &r.Attempts[i])
		}
	}
	for _, l := range r.LogOffs {
		delete(d.sessions, l.Agent)
	}
	for _, u := range r.Unpauses {
		delete(d.pauses, u.Agent)
	}
	for _, c := range r.Callers {
		if v := d.openVisit(c.Call); v != nil {
			v.Customers, v.Data = c.Customers, c.Data
		}
	}
	for _, m := range r.Moves {
		if v := d.openVisit(m.Call); v != nil {
			v.Priority = m.Priority
		}
	}
}

// merge is the statement "attempt".
func merge(a, b *projection.Attempt) {
	set := func(to *time.Time, at time.Time) {
		if to.IsZero() {
			*to = at
		}
	}
	if a.Publish == "" {
		a.Publish = b.Publish
	}
	set(&a.Published, b.Published)
	set(&a.Rang, b.Rang)
	set(&a.Alerted, b.Alerted)
	set(&a.Answered, b.Answered)
	open := a.Closed.IsZero()
	if open && !a.Answered.IsZero() {
		set(&a.Connected, b.Connected)
	}
	set(&a.Closed, b.Closed)
	set(&a.Closed, b.Ended)
	if open {
		a.Reason, a.By = b.Reason, b.By
	}
	set(&a.Ended, b.Ended)
	if a.Rang.IsZero() {
		set(&a.Ended, a.Closed)
	}
}

func (d *tables) open(r projection.Rows) {
	for i := range r.Visits {
		v := r.Visits[i]
		if d.openVisit(v.Call) != nil {
			d.m.fail("%s has two open visits", v.Call)
		}
		d.visits[v.Call] = append(d.visits[v.Call], &v)
	}
	for i := range r.Offers {
		a := r.Offers[i]
		if d.attempts[a.ID] != nil {
			d.m.fail("attempt %s is written twice", a.ID)
		}
		d.attempts[a.ID] = &a
	}
}

func (d *tables) people(r projection.Rows) {
	for _, s := range r.Sessions {
		if s.Ended.IsZero() {
			d.sessions[s.Agent] = s.Extension
		}
	}
	for _, p := range r.Pauses {
		if p.Ended.IsZero() {
			d.pauses[p.Agent] = p.Reason
		}
	}
	for _, w := range r.WrapUps {
		d.wraps[w.Agent] = w
	}
	for _, m := range r.Misses {
		d.misses[m.Agent] = m.Count
	}
}

// rules are the tables' unique indexes: invariant 1, and one open visit a call and an entry number.
func (d *tables) rules() {
	agents, phones := map[queueapp.AgentID]queueapp.AttemptID{}, map[queueapp.ExtensionID]queueapp.AttemptID{}
	for id, a := range d.attempts {
		if !a.Ended.IsZero() {
			continue
		}
		if other, twice := agents[a.Agent]; twice && a.Agent != "" {
			d.m.fail("%s has %s and %s", a.Agent, id, other)
		}
		if other, twice := phones[a.Extension]; twice {
			d.m.fail("%s has %s and %s", a.Extension, id, other)
		}
		agents[a.Agent], phones[a.Extension] = id, id
	}
	seats := map[queueapp.ExtensionID]queueapp.AgentID{}
	for a, x := range d.sessions {
		if seats[x] != "" {
			d.m.fail("%s and %s sit at %s", a, seats[x], x)
		}
		seats[x] = a
	}
}
