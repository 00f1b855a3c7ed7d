package ivr_test

import (
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// FuzzKeys plays a hostile caller, switch and database: each byte of the script is one input, each pause a byte of another.
// A dialogue must answer with few actions, end exactly once, never wait without a time at which it goes on, and always end
// when nobody does anything any more.
func FuzzKeys(f *testing.F) {
	f.Add([]byte("s1k1111#f"), []byte{1, 2, 3}, false)
	f.Add([]byte("s3333***999pppp"), []byte{0}, false)
	f.Add([]byte("s*#*#*#********************************n"), []byte{9, 200}, false)
	f.Add([]byte("sgrpt"), []byte{50}, true)
	f.Add([]byte("s11#n1#n*"), []byte{60, 60}, false)
	f.Fuzz(func(t *testing.T, script, pauses []byte, agent bool) {
		var d ivr.Dialogue = ivr.NewAgent(ivr.Command{Verb: ivr.AgentPause}, ivr.AgentAsk{Number: true, PIN: true})
		if !agent {
			menus := seed()
			menus[0].Keys[0].Step.Ask.Digits = len(pauses) % 6
			c, err := ivr.NewCaller(menus, "main", ivr.Limits{Call: len(script) % 4, Slow: time.Duration(len(pauses)%2) * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			d = c
		}
		h := &hostile{t: t, d: d, now: midday}
		h.take(ivr.Start{})
		for i, b := range script {
			if len(pauses) > 0 {
				h.now = h.now.Add(time.Duration(pauses[i%len(pauses)]) * 20 * time.Millisecond)
			}
			h.take(h.input(b))
		}
		for i := 0; !d.Over(); i++ {
			if i > 2000 {
				t.Fatal("the dialogue goes on though nobody does anything")
			}
			h.now = d.Next()
			h.take(ivr.Tick{})
		}
		if !h.ended || !d.Next().IsZero() {
			t.Fatalf("over without an end, or still waiting until %s", d.Next())
		}
	})
}

type hostile struct {
	t       *testing.T
	d       ivr.Dialogue
	now     time.Time
	n       int // asked for last
	playing int
	ended   bool
	barred  bool
}

func (h *hostile) input(b byte) ivr.Input {
	n := h.n - int(b>>7) // now and then an answer to what was asked before
	switch b & 0x7f {
	case 's':
		return ivr.Start{}
	case 'p':
		return ivr.Played{N: n, Failed: b&1 == 0}
	case 'f':
		return ivr.Found{N: n, Customers: make([]queueapp.Customer, h.n%3)}
	case 'n':
		return ivr.NotFound{N: n}
	case 'x':
		return ivr.LookupFailed{N: n}
	case 'b':
		return ivr.Barred{N: n}
	case 'g':
		return ivr.Granted{N: n}
	case 'r':
		return ivr.Refused{N: n, Reason: queueapp.RefusedAlready}
	case 'z':
		return ivr.DoFailed{N: n}
	case 't':
		return ivr.Tick{}
	}
	return ivr.Key{Key: b}
}

func (h *hostile) take(in ivr.Input) {
	actions := h.d.Handle(h.now, in)
	if len(actions) > 200 {
		h.t.Fatalf("%d actions of one input", len(actions))
	}
	if p, ok := in.(ivr.Played); ok && p.N == h.playing {
		h.playing = 0
	}
	for _, a := range actions {
		if h.ended {
			h.t.Fatalf("%#v after the end", a)
		}
		switch a := a.(type) {
		case ivr.Play:
			h.number(a.N)
			h.playing = a.N
		case ivr.StopPlay:
			if a.N != h.playing {
				h.t.Fatalf("stops %d, but %d plays", a.N, h.playing)
			}
			h.playing = 0
		case ivr.LookUp:
			h.number(a.N)
			if h.barred {
				h.t.Fatalf("looks %q up, and is barred", a.Code)
			}
			if len(a.Code) == 0 || len(a.Code) > ivr.MaxDigits {
				h.t.Fatalf("looks up %q", a.Code)
			}
		case ivr.Do:
			h.number(a.N)
		case ivr.Bar:
			if h.barred {
				h.t.Fatal("barred twice")
			}
			h.barred = true
		case ivr.Queue, ivr.Goto, ivr.HangUp:
			h.ended = true
		}
	}
	if h.ended != h.d.Over() {
		h.t.Fatalf("ended %t, over %t", h.ended, h.d.Over())
	}
	if !h.ended && h.d.Next().IsZero() {
		h.t.Fatal("waits for ever")
	}
}

func (h *hostile) number(n int) {
	if n <= h.n {
		h.t.Fatalf("number %d after %d", n, h.n)
	}
	h.n = n
}
