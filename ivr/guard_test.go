package ivr_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/ivr"
)

func TestGuessing(t *testing.T) {
	again := func() []ivr.Menu {
		menus := seed()
		ask := menus[0].Keys[0].Step.Ask
		ask.Fail = ivr.Step{Verb: ivr.VerbMenu, Menu: "main"} // a menu that lets callers try for ever
		ask.Barred = ivr.Step{Verb: ivr.VerbHangUp, Play: []string{ivr.PromptPleaseTryLater}}
		return menus
	}
	for name, c := range map[string]struct {
		limits ivr.Limits
		lines  string
	}{
		"a call is barred by its wrong codes, whichever question they answered": {ivr.Limits{Call: 4}, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			2s     key #            | look-up 1
			2s     not-found        | play wrong-code enter-code
			3s     key 2            | stop
			3s     key #            | look-up 2
			3s     not-found        | play wrong-code enter-code
			4s     key 3            | stop
			4s     key #            | look-up 3
			4s     not-found        | play menu
			5s     key 1            | stop; play enter-code
			6s     key 4            | stop
			6s     key #            | look-up 4
			6s     not-found        | bar after 4; play please-try-later
			7s     key 1            |
			9s     played           | hang-up`},
		"neither a right code nor one that could not be looked up is a wrong one": {ivr.Limits{Call: 1}, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			2s     key #            | look-up 1
			2s     failed           | queue support code 1`},
		"each wrong code makes the next answer later": {ivr.Limits{Slow: time.Second}, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			2s     key #            | look-up 1
			2s     not-found        | play wrong-code enter-code
			3s     key 2            | stop
			3s     key #            |
			3.5s   key 9            |
			4s     tick             | look-up 2
			4.1s   key #            |
			4.2s   not-found        |
			6.2s   tick             | look-up 9
			6.3s   found Company 9  | queue support code 9 for Company 9`},
		"a number that is barred is not looked up, and told so": {ivr.Limits{}, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			2s     key #            | look-up 1
			2s     barred 7         |
			2s     barred           | play please-try-later
			4s     played           | hang-up`},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := ivr.NewCaller(again(), "main", c.limits)
			if err != nil {
				t.Fatal(err)
			}
			play(t, d, c.lines)
		})
	}
}

// Where the way on for who is barred leads back to the question, it is not asked again.
func TestWhoIsBarredIsAskedNoMore(t *testing.T) {
	menus := seed()
	menus[0].Keys[0].Step.Ask.Barred = ivr.Step{Verb: ivr.VerbMenu, Menu: "main"}
	d, err := ivr.NewCaller(menus, "main", ivr.Limits{Call: 1})
	if err != nil {
		t.Fatal(err)
	}
	play(t, d, `
		0s     start            | play menu
		1s     key 1            | stop; play enter-code
		2s     key 1            | stop
		2s     key #            | look-up 1
		2s     not-found        | bar after 1; play menu
		3s     key 1            | stop; play menu
		4s     key 2            | stop; goto site,2000,1 code 1`)
}

func TestAGuardForgetsTheOldest(t *testing.T) {
	g := ivr.NewGuard(2)
	bar := func(who string) { g.Wrong(midday, who, 1, time.Hour, time.Hour) }
	bar("a")
	bar("b")
	if !g.Barred(midday, "a") || !g.Barred(midday, "b") || g.Barred(midday, "c") {
		t.Fatal("a and b are to be barred")
	}
	bar("c")
	if g.Barred(midday, "a") || !g.Barred(midday, "b") || !g.Barred(midday, "c") {
		t.Error("a is to be forgotten for c")
	}
}

// A guard does what a list of all wrong guesses would: it bars who made limit of them within a window of the first, for
// that long, and nobody else.
func TestGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 4).Draw(t, "limit")
		const window, bar = 10 * time.Second, 7 * time.Second
		g, now := ivr.NewGuard(100), midday
		type guesser struct {
			at    []time.Time // of the wrong guesses that count
			until time.Time
		}
		all := map[string]*guesser{"a": {}, "b": {}, "": {}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "pause")) * time.Second)
			who := rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "who")
			m := all[who]
			var want bool
			if limit > 0 && !now.Before(m.until) {
				if len(m.at) > 0 && now.Sub(m.at[0]) >= window {
					m.at = nil
				}
				if m.at = append(m.at, now); len(m.at) == limit {
					want, m.at, m.until = true, nil, now.Add(bar)
				}
			}
			if got := g.Wrong(now, who, limit, window, bar); got != want {
				t.Fatalf("%q at %s: barred %t, want %t", who, now, got, want)
			}
			for who, m := range all {
				if got, want := g.Barred(now, who), now.Before(m.until); got != want {
					t.Fatalf("%q at %s: is barred %t, want %t", who, now, got, want)
				}
			}
		}
	})
}
