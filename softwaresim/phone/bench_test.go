package phone_test

import (
	"syscall"
	"testing"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// BenchmarkCall makes calls from a caller to a phone in the same process, one after
// the other, answered and hung up at once. cpu-µs/call is what both ends cost
// together.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name  string
		media voice.Media
	}{{"media", voice.Media{}}, {"deaf", voice.Media{Deaf: true, Every: time.Second}}} {
		b.Run(c.name, func(b *testing.B) {
			phones, err := phone.Listen(phone.Config{Server: "127.0.0.1:9", Media: c.media})
			if err != nil {
				b.Fatal(err)
			}
			defer phones.Close()
			callers, err := phone.Listen(phone.Config{Server: phones.Addr(), Media: c.media})
			if err != nil {
				b.Fatal(err)
			}
			defer callers.Close()
			phones.NewPhone(phone.Account{Number: "1000"}, phone.AnswerAfter(0)).SetLines(100)
			caller := callers.Caller(phone.Party{Number: "1"})
			before := processorTime(b)
			for b.Loop() {
				call, err := caller.Dial(b.Context(), "1000")
				if err != nil {
					b.Fatal(err)
				}
				if err := call.AwaitAnswer(b.Context()); err != nil {
					b.Fatal(err)
				}
				if err := call.Hangup(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/call")
		})
	}
}

// processorTime is what this process has used so far, user and system.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
