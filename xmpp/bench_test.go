package xmpp_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/xmpp"
)

// BenchmarkPublish measures Publish against the real Prosody with one subscriber: how long until the server has answered
// and until the subscriber has the record.
func BenchmarkPublish(b *testing.B) {
	for _, mode := range []record.Mode{record.Transient, record.Current} {
		for _, outstanding := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", mode, outstanding), func(b *testing.B) { benchmark(b, mode, outstanding) })
		}
	}
}

func benchmark(b *testing.B, mode record.Mode, outstanding int) {
	s := prosody(b)
	pub := up(b, config(s, "queueapp", "bench"))
	crm := up(b, config(s, "user1", "bench"))
	for i := range outstanding {
		n := xmpp.Node{Name: fmt.Sprintf("bench-%s-%d", mode, i), Mode: mode, Members: []string{"user1@localhost"}, Enrol: true}
		if err := pub.SetNode(b.Context(), n); err != nil {
			b.Fatal(err)
		}
	}
	slots := make(chan int, outstanding)
	for i := range outstanding {
		slots <- i
	}
	took := make([]time.Duration, b.N)
	sent := make([]time.Time, b.N)
	i := 0
	b.ResetTimer()
	for range b.N {
		slot, n := <-slots, i
		i++
		go func() {
			c := call("c1", int64(n+1), record.Updated, record.Talking)
			c.Attempt = n + 1
			sent[n] = time.Now()
			if r, err := pub.Publish(b.Context(), fmt.Sprintf("bench-%s-%d", mode, slot), c); r != xmpp.Accepted {
				b.Error(r, err)
			}
			took[n] = time.Since(sent[n])
			slots <- slot
		}()
	}
	for range outstanding {
		<-slots
	}
	b.StopTimer()
	await(crm, func(i xmpp.Item) bool { return i.Call.Attempt > 0 })
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkPublishOwnShare measures Publish against a server that does nothing but answer: what it costs on our side, and
// the fake's.
func BenchmarkPublishOwnShare(b *testing.B) {
	f := newFake(b)
	f.iq = goodNode
	p := up(b, f.start().config())
	if err := p.SetNode(b.Context(), xmpp.Node{Name: "n"}); err != nil {
		b.Fatal(err)
	}
	c := call("c1", 1, record.Offered, record.Ringing)
	for b.Loop() {
		if r, err := p.Publish(b.Context(), "n", c); r != xmpp.Accepted {
			b.Fatal(r, err)
		}
	}
}
