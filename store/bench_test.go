package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// BenchmarkCommit measures what a ring waits for: a caller enters, an agent is offered, the record goes to the outbox. The
// other two are what follows, and how a backlog is written.
func BenchmarkCommit(b *testing.B) {
	_, o, _ := owned(b)
	n := int64(0)
	payload := make([]byte, 900)
	begin := func() engine.Batch {
		n++
		call := newCall(b)
		step := enter(n, call, queueapp.AgentID(fmt.Sprint(n)))
		return engine.Batch{Steps: []queueapp.Step{step}, Records: []engine.Outgoing{{
			RecordKey: engine.RecordKey{Call: call, Seq: 1}, Attempt: queueapp.AttemptID{Call: call, N: 1}, Extension: "1000",
			Event: "offered", Payload: payload, At: step.At,
		}}}
	}
	end := func(first engine.Batch) engine.Batch {
		n++
		id := first.Records[0].Attempt
		return engine.Batch{Sent: []engine.RecordKey{first.Records[0].RecordKey}, Steps: []queueapp.Step{{
			N: n, At: noon().Add(time.Duration(n) * time.Second), Event: queueapp.Hangup{Call: id.Call}, Effects: []queueapp.Effect{
				queueapp.Revoke{Attempt: id, Reason: queueapp.RevokeCallerGone},
				queueapp.Leave{Call: id.Call, Queue: "support", Outcome: queueapp.OutcomeAbandoned, Then: queueapp.ThenNothing},
			},
		}}}
	}
	b.Run("offer", func(b *testing.B) {
		measure(b, func(timed func(func())) {
			first := begin()
			timed(func() { write(b, o, first) })
			write(b, o, end(first))
		})
	})
	b.Run("hangup", func(b *testing.B) {
		measure(b, func(timed func(func())) {
			first := begin()
			write(b, o, first)
			second := end(first)
			timed(func() { write(b, o, second) })
		})
	})
	b.Run("50 steps", func(b *testing.B) {
		measure(b, func(timed func(func())) {
			var all engine.Batch
			for range 25 {
				first := begin()
				second := end(first)
				all.Steps = append(all.Steps, append(first.Steps, second.Steps...)...)
				all.Records = append(all.Records, first.Records...)
				all.Sent = append(all.Sent, second.Sent...)
			}
			timed(func() { write(b, o, all) })
		})
	})
	b.Run("beat", func(b *testing.B) {
		for b.Loop() {
			if err := o.Beat(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func write(b *testing.B, o engine.Owner, batch engine.Batch) {
	if err := o.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
}

// measure reports how long what is timed takes each time, without what is around it.
func measure(b *testing.B, once func(timed func(func()))) {
	var took []time.Duration
	for b.Loop() {
		once(func(f func()) {
			began := time.Now()
			f()
			took = append(took, time.Since(began))
		})
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op") // which has what is around it in it, too
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
