package engine

import (
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/record"
)

// closedLife is how long a closing record is good for: long enough to be delivered late, when nothing is shown any more.
const closedLife = 5 * time.Minute

// base is what all records of a call have in common. Each one gets the call's next seq.
func (t *tenure) base(c *call, a *attempt, now time.Time) record.Call {
	c.seq++
	r := record.Call{
		ID: string(c.id), Seq: c.seq, At: now, Expires: a.expires, Direction: record.In, Queue: string(c.queue),
		Extension: string(a.extension), Agent: string(a.agent), Attempt: a.id.N, Channel: string(c.channel.ID), From: string(a.from),
		Caller: record.Caller{
			Number: c.channel.Caller.Number, Name: c.channel.Caller.Name, Dialled: c.channel.Caller.Dialled,
			Withheld: c.channel.Caller.Number == "",
		},
		Times:   record.Times{Entered: c.entered, Offered: a.offered, Connected: a.connected},
		Seconds: record.Seconds{},
		Data:    dataOf(c.data),
	}
	for _, k := range c.customers {
		r.Customers = append(r.Customers, record.Customer{
			ID: k.ID, Code: k.Code, Match: record.Match(k.Match), URL: k.URL, Name: k.Name, Data: dataOf(k.Data),
		})
	}
	return r
}

func dataOf(data []queueapp.Datum) record.Data {
	var out record.Data
	for _, d := range data {
		out = append(out, record.Datum{Key: d.Key, Value: d.Value})
	}
	return out
}

func (t *tenure) offeredRecord(c *call, a *attempt) record.Call {
	r := t.base(c, a, a.offered)
	r.Event, r.State = record.Offered, record.Ringing
	if a.other != "" {
		r.Reason = record.MovedOn
	}
	r.Seconds.Wait = known(a.offered.Sub(c.entered))
	return r
}

func (t *tenure) answeredRecord(c *call, a *attempt) record.Call {
	r := t.base(c, a, a.connected)
	r.Event, r.State = record.Answered, record.Talking
	r.Seconds.Wait = known(a.connected.Sub(c.entered))
	r.Seconds.Ring = a.rangFor(a.connected)
	return r
}

// standingRecord is what the last owner published of an attempt, as far as it is known. Whoever has it knows its seq.
func (t *tenure) standingRecord(c *call, a *attempt) record.Call {
	next := c.seq
	r := t.offeredRecord(c, a)
	if !a.connected.IsZero() {
		r = t.answeredRecord(c, a)
	}
	c.seq, r.Seq = next, max(1, t.seqs[c.id])
	return r
}

// updatedRecord tells an open record's viewers what has become known of the caller.
func (t *tenure) updatedRecord(c *call, a *attempt, now time.Time) record.Call {
	r := t.base(c, a, now)
	r.Event, r.State = record.Updated, record.Ringing
	r.Seconds.Wait = known(a.offered.Sub(c.entered))
	if !a.connected.IsZero() {
		r.State = a.talkState()
		r.Seconds.Wait, r.Seconds.Ring = known(a.connected.Sub(c.entered)), a.rangFor(a.connected)
	}
	return r
}

func (t *tenure) holdRecord(c *call, a *attempt, now time.Time) record.Call {
	r := t.updatedRecord(c, a, now)
	r.Event, r.Seconds.Hold = record.Resumed, known(a.held)
	if a.onHold {
		r.Event = record.Held
	}
	return r
}

func (t *tenure) revokedRecord(c *call, a *attempt, e queueapp.Revoke, now time.Time) record.Call {
	a.expires = now.Add(closedLife)
	r := t.base(c, a, now)
	r.Event, r.State, r.Reason = record.Revoked, record.Closed, record.Reason(e.Reason)
	r.Seconds.Wait = known(now.Sub(c.entered))
	r.Seconds.Ring = a.rangFor(now)
	r.Outcome.Cause = e.Q850
	if e.Reason == queueapp.RevokeCallerGone {
		r.Outcome.Value, r.Outcome.By = string(queueapp.OutcomeAbandoned), string(queueapp.ByCaller)
	}
	return r
}

func (t *tenure) endedRecord(c *call, a *attempt, e queueapp.Close, now time.Time) record.Call {
	a.expires = now.Add(closedLife)
	r := t.base(c, a, now)
	r.Event, r.State, r.Times.Ended = record.Ended, record.Closed, now
	r.Seconds.Wait = known(a.connected.Sub(c.entered))
	r.Seconds.Ring = a.rangFor(a.connected)
	r.Seconds.Talk = known(now.Sub(a.connected) - e.Held)
	r.Seconds.Hold = known(e.Held)
	r.Outcome = record.Outcome{Value: string(queueapp.OutcomeAnswered), By: string(e.By), Cause: e.Q850}
	if e.By == queueapp.ByTransfer {
		r.Event, r.Reason, r.Outcome.By = record.Transferred, record.MovedOn, string(queueapp.ByAgent)
	}
	return r
}

// talkState is what a connected attempt's record says it is.
func (a *attempt) talkState() record.State {
	if a.onHold {
		return record.OnHold
	}
	return record.Talking
}

// rangFor is how long the phone rang until then; unknown where it was never heard to ring.
func (a *attempt) rangFor(until time.Time) *time.Duration {
	if a.ringing.IsZero() {
		return nil
	}
	if !a.pickedUp.IsZero() && a.pickedUp.Before(until) {
		until = a.pickedUp
	}
	return known(until.Sub(a.ringing))
}

func known(d time.Duration) *time.Duration { return &d }

// outgoing wraps a record for its node. A record that cannot be written is a mistake of ours: it is told, and goes out
// without what the call brought in.
func (t *tenure) outgoing(c *call, a *attempt, r record.Call) Outgoing {
	payload, err := r.XML()
	if err != nil {
		t.log.Error("record cannot be written; it goes out without the caller's data", "call", c.id, "err", err)
		r = r.Anonymous()
		if payload, err = r.XML(); err != nil {
			t.log.Error("record cannot be written at all", "call", c.id, "err", err)
		}
	}
	return Outgoing{
		RecordKey: RecordKey{Call: c.id, Seq: r.Seq}, Attempt: a.id, Extension: a.extension, Event: string(r.Event),
		Payload: payload, Record: r, At: r.At,
	}
}

// words is what the floor plan's templates may use of a call, and of an attempt where there is one.
func (t *tenure) words(c *call, a *attempt) floorplan.Words {
	w := floorplan.NewWords(queueapp.Enter{
		Call: c.id, Queue: c.queue, Switch: c.sw.Name(), Caller: c.channel.Caller, Customers: c.customers,
	})
	if a != nil {
		w.Extension, w.Agent = string(a.extension), string(a.agent)
	}
	return w
}
