package ivr_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/ivr"
)

// telling is a queue that tells a caller everything: place and wait each 60 s, at least 15 s apart, periodic prompts from 40 s on.
func telling(change func(*ivr.Announcements)) ivr.Announcements {
	a := ivr.Announcements{
		Welcome: []string{"welcome"}, Position: ivr.PositionAlways, PositionLimit: 5, Holdtime: ivr.HoldtimeAlways,
		Frequency: time.Minute, MinFrequency: 15 * time.Second, ToFirst: true,
		Words: ivr.Words{
			YouAreNext: []string{"next"}, ThereAre: []string{"you-are"}, CallsWaiting: []string{"in-line"}, Quantity1: []string{"more-than"},
			Quantity2: []string{"callers"}, Holdtime: []string{"about"}, Minute: []string{"minute"}, Minutes: []string{"minutes"},
			Seconds: []string{"seconds"}, ThankYou: []string{"thanks"},
		},
		Keys: []ivr.Exit{
			{Key: '1', Step: ivr.Step{Verb: ivr.VerbQueue, Queue: "sales"}}, {Key: '#'},
		},
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestWaiting(t *testing.T) {
	periodic := func(a *ivr.Announcements) {
		a.Frequency, a.Welcome = 0, nil
		a.Periodic, a.PeriodicFrequency, a.PeriodicStart = []string{"one", "two"}, 30*time.Second, 40*time.Second
	}
	for name, c := range map[string]struct {
		change func(*ivr.Announcements)
		lines  string
	}{
		"is welcomed, and told place and wait": {nil, `
			0s    start             | play welcome
			4s    played            | where
			4s    at 3 130s         | play you-are number:3 in-line about number:2 minutes thanks
			9s    played            | music
			24s   tick              | where
			24s   at 3 120s         |
			39s   tick              | where
			39s   at 2 80s          | play you-are number:2 in-line about number:1 minute thanks
			44s   played            | music
			59s   tick              | where
			59s   at 2 60s          |
			74s   tick              | where
			74s   at 2 60s          |
			89s   tick              | where
			89s   at 2 60s          |
			99s   tick              | where
			99s   at 1              | play next thanks
			101s  unplayable        | music`},
		"hears the wait in seconds, and nothing of one that rounds to nothing": {
			func(a *ivr.Announcements) { a.Welcome, a.Round = nil, 30 }, `
			0s    start             | where
			0s    at 3 100s         | play you-are number:3 in-line about number:1 minute number:30 seconds thanks
			9s    played            | music
			24s   tick              | where
			24s   at 2 10s          | play you-are number:2 in-line thanks`},
		"hears the wait once": {
			func(a *ivr.Announcements) { a.Welcome, a.Holdtime = nil, ivr.HoldtimeOnce }, `
			0s    start             | where
			0s    at 3              | play you-are number:3 in-line thanks
			9s    played            | music
			24s   tick              | where
			24s   at 2 60s          | play you-are number:2 in-line about number:1 minute thanks
			29s   played            | music
			44s   tick              | where
			44s   at 1 60s          | play next thanks`},
		"hears the place only up to a limit": {
			func(a *ivr.Announcements) { a.Welcome, a.Position = nil, ivr.PositionLimit }, `
			0s    start             | where
			0s    at 6 180s         | play about number:3 minutes thanks
			9s    played            | music
			24s   tick              | where
			24s   at 5              | play you-are number:5 in-line thanks`},
		"hears that there are more than the limit": {
			func(a *ivr.Announcements) { a.Welcome, a.Position = nil, ivr.PositionMore }, `
			0s    start             | where
			0s    at 6              | play more-than number:5 callers thanks`},
		"hears the place only where it is better": {
			func(a *ivr.Announcements) { a.Welcome, a.OnlyUp = nil, true }, `
			0s    start             | where
			0s    at 2              | play you-are number:2 in-line thanks
			5s    played            | music
			20s   tick              | where
			20s   at 3              |
			35s   tick              | where
			35s   at 2              |
			50s   tick              | where
			50s   at 1              | play next thanks`},
		"is next, and told nothing": {
			func(a *ivr.Announcements) { a.Welcome, a.ToFirst = nil, false }, `
			0s    start             | where
			0s    at 1 60s          |
			15s   tick              | where`},
		"is told nothing while a phone rings": {
			func(a *ivr.Announcements) { a.Welcome = nil }, `
			0s    start             | where
			0s    at 0              |
			15s   tick              | where
			15s   at 1              | play next thanks`},
		"hears prompts in turn": {periodic, `
			0s    start             |
			40s   tick              | where
			40s   at 1              | play one
			43s   played            | music
			70s   tick              | where
			70s   at 1              | play two
			73s   played            | music
			100s  tick              | where
			100s  at 1              | play one`},
		"hears any of the prompts": {func(a *ivr.Announcements) { periodic(a); a.PeriodicRandom = true }, `
			0s    start             |
			40s   tick              | where
			40s   at 1 7            | play two
			43s   played            | music
			70s   tick              | where
			70s   at 1 9            | play two`},
		"hears place and prompt together": {func(a *ivr.Announcements) {
			periodic(a)
			a.Frequency, a.PeriodicStart = time.Minute, 0
		}, `
			0s    start             | where
			0s    at 2 60s          | play you-are number:2 in-line about number:1 minute thanks one`},
		"is answered over the welcome": {nil, `
			0s    start             | play welcome
			1s    answered          | stop
			1s    played            |
			9s    key 5             |`},
		"is answered, and put down again": {nil, `
			0s    start             | play welcome
			1s    answered          | stop
			1s    played            |
			2s    unanswered        | where
			2s    at 2              | play you-are number:2 in-line thanks`},
		"is answered, and put down again before the prompt has ended": {nil, `
			0s    start             | play welcome
			1s    answered          | stop
			1s    unanswered        |
			1s    played            | where
			1s    at 0              | music`},
		"is told something before the agent": {func(a *ivr.Announcements) { a.Connect = []string{"connect"} }, `
			0s    start             | play welcome
			1s    answered          | stop; play connect
			1s    played 1          |
			3s    played 2          | meet
			3s    played 2          |`},
		"is told too much before the agent": {func(a *ivr.Announcements) { a.Connect, a.Welcome = []string{"connect"}, nil }, `
			0s    start             | where
			0s    at 0              |
			1s    answered          | play connect
			5s    tick              | stop; meet
			5s    played            |`},
		"is told something, and put down again": {func(a *ivr.Announcements) { a.Connect = []string{"connect"} }, `
			0s    start             | play welcome
			1s    answered          | stop; play connect
			2s    unanswered        | stop
			2s    played 2          | where
			2s    at 0              | music`},
		"leaves by a key": {nil, `
			0s    start             | play welcome
			1s    key 5             |
			1s    key #             | stop; leave by #
			1s    key #             |
			1s    key 1             |
			1s    played            |`},
		"leaves for another queue, without a prompt": {func(a *ivr.Announcements) { a.Welcome, a.Frequency = nil, 0 }, `
			0s    start             |
			60s   key 1             | leave by 1 queue sales`},
		"cannot leave": {func(a *ivr.Announcements) { a.Frequency = 0 }, `
			0s    start             | play welcome
			1s    key #             | stop; leave by #
			1.2s  played            |
			2.2s  tick              | music
			3s    key 1             | leave by 1 queue sales`},
		"presses a key when answered": {nil, `
			0s    start             | play welcome
			1s    answered          | stop
			1s    key #             | leave by #
			1s    key #             |
			1s    played            |`},
		"has a prompt whose end is never told": {func(a *ivr.Announcements) { a.Frequency = 0 }, `
			0s    start             | play welcome
			5m    tick              | music`},
		"has not begun": {nil, `
			0s    key 1             |
			0s    played 1          |
			0s    at 1              |
			0s    answered          |
			0s    unanswered        |
			0s    start             | play welcome`},
	} {
		t.Run(name, func(t *testing.T) { play(t, ivr.NewWaiting(telling(c.change), midday, false), c.lines) })
	}
}

// A caller whom another process takes over is not welcomed again, and hears the rest when it would have been due.
func TestWaitingIsTakenOver(t *testing.T) {
	a := telling(func(a *ivr.Announcements) {
		a.Periodic, a.PeriodicFrequency, a.PeriodicStart = []string{"one", "two"}, 50*time.Second, 50*time.Second
		a.Holdtime = ivr.HoldtimeOnce
	})
	play(t, ivr.NewWaiting(a, midday, true), `
		70s   start             |
		100s  tick              | where
		100s  at 2              | play two
		103s  played            | music
		120s  tick              | where
		120s  at 2 60s          | play you-are number:2 in-line thanks`)
}

// Whatever happens, one prompt plays at a time, each key that leads out is heeded once, music follows on every prompt that
// ends in line, and the dialogue never asks for a tick that it has had.
func TestWaitingHoldsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := telling(func(a *ivr.Announcements) {
			a.MinFrequency = time.Duration(rapid.IntRange(0, 40).Draw(t, "least")) * time.Second
			a.Frequency = time.Duration(rapid.IntRange(0, 90).Draw(t, "often")) * time.Second
			a.Periodic, a.PeriodicRandom = []string{"one", "two", "three"}, rapid.Bool().Draw(t, "random")
			a.PeriodicFrequency = time.Duration(rapid.IntRange(1, 60).Draw(t, "periodic")) * time.Second
			if rapid.Bool().Draw(t, "connect") {
				a.Connect = []string{"connect"}
			}
		})
		o := &overheard{t: t, dialogue: ivr.NewWaiting(a, midday, rapid.Bool().Draw(t, "resumed")), now: midday}
		o.give(ivr.Start{})
		for range rapid.IntRange(0, 60).Draw(t, "inputs") {
			o.step()
		}
	})
}

// overheard is a dialogue in line and what a caller would have heard of it.
type overheard struct {
	t        *rapid.T
	dialogue *ivr.Waiting
	now      time.Time
	playing  int
	expired  int // the prompt whose end was not told in time
	stopped  bool
	answered bool
	left     bool
	silence  bool // nothing is heard
}

func (o *overheard) step() {
	switch rapid.SampledFrom([]string{"tick", "tick", "played", "played", "key", "answered", "unanswered", "later", "stale"}).Draw(o.t, "input") {
	case "tick":
		if next := o.dialogue.Next(); !next.IsZero() {
			if o.expired = o.playing; next.After(o.now) {
				o.now = next
			}
			o.give(ivr.Tick{})
			if again := o.dialogue.Next(); !again.IsZero() && !again.After(o.now) {
				o.t.Fatalf("wants a tick at %s, which it had at %s", again, o.now)
			}
		}
	case "played":
		if n := o.playing; n != 0 {
			o.playing, o.silence = 0, true
			o.give(ivr.Played{N: n, Failed: rapid.Bool().Draw(o.t, "failed")})
		}
	case "key":
		o.give(ivr.Key{Key: rapid.SampledFrom([]byte("15#x")).Draw(o.t, "key")})
	case "answered":
		o.answered = true
		o.give(ivr.Answered{})
	case "unanswered":
		o.answered = false
		o.give(ivr.Unanswered{})
	case "later":
		o.now = o.now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(o.t, "ms")) * time.Millisecond)
	case "stale":
		o.give(ivr.Played{N: rapid.IntRange(-3, 0).Draw(o.t, "n")})
	}
}

func (o *overheard) give(in ivr.Input) {
	key, isKey := in.(ivr.Key)
	left := false
	for _, action := range o.dialogue.Handle(o.now, in) {
		switch a := action.(type) {
		case ivr.Play:
			if o.playing != 0 && o.playing != o.expired && !o.stopped {
				o.t.Fatalf("%d begins while %d plays", a.N, o.playing)
			}
			if len(a.Prompts) == 0 {
				o.t.Fatal("plays nothing")
			}
			o.playing, o.stopped, o.silence = a.N, false, false
		case ivr.StopPlay:
			ended, isEnd := in.(ivr.Played) // of a prompt that was to stop at that moment
			if (!isEnd || ended.N != a.N) && a.N != o.playing || o.stopped {
				o.t.Fatalf("stops %d, and %d plays", a.N, o.playing)
			}
			o.stopped = true
		case ivr.Music:
			if o.answered {
				o.t.Fatal("music for a caller who is answered")
			}
			o.playing, o.silence, o.left = 0, false, false
		case ivr.Locate:
			o.give(ivr.Located{
				Position: rapid.IntRange(0, 12).Draw(o.t, "position"), Wait: time.Duration(rapid.IntRange(0, 600).Draw(o.t, "wait")) * time.Second,
				Known: rapid.Bool().Draw(o.t, "known"), Draw: rapid.Uint64().Draw(o.t, "draw"),
			})
		case ivr.Leave:
			if !isKey || key.Key != a.Key || left {
				o.t.Fatalf("leaves by %c on %#v", a.Key, in)
			}
			left = true
			o.left = true
		}
	}
	if o.silence && !o.answered && !o.left && o.dialogue.Next().IsZero() {
		o.t.Fatal("silence")
	}
	if o.silence && !o.answered && !o.left && o.playing == 0 {
		o.t.Fatalf("silence after %#v", in)
	}
}
