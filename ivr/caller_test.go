package ivr_test

import (
	"strings"
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

func hangUp() ivr.Step { return ivr.Step{Verb: ivr.VerbHangUp, Play: []string{ivr.PromptGoodbye}} }

func toQueue(name string) ivr.Step {
	return ivr.Step{Verb: ivr.VerbQueue, Queue: queueapp.QueueName(name)}
}

// seed is the menu of the default floor plan: 1 asks for the code, 2 goes to 2000, nothing goes to 3000.
func seed() []ivr.Menu {
	place := func(x string) ivr.Step {
		return ivr.Step{Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "site", Extension: x, Priority: 1}}
	}
	ask := &ivr.Ask{
		Tries: 3, Response: 10 * time.Second, Digit: 3 * time.Second,
		Prompts: []string{ivr.PromptEnterCode}, Wrong: []string{ivr.PromptWrongCode},
		Then: toQueue("support"), Fail: hangUp(), Unavailable: toQueue("support"), Barred: hangUp(),
	}
	return []ivr.Menu{{
		Name: "main", Prompts: []string{ivr.PromptMenu},
		Keys: []ivr.Choice{
			{Key: '1', Step: ivr.Step{Verb: ivr.VerbAsk, Ask: ask}}, {Key: '2', Step: place("2000")},
			{Key: '3', Step: ivr.Step{Verb: ivr.VerbMenu, Menu: "topics", Data: []queueapp.Datum{{Key: "topic", Value: "other"}}}},
		},
		Silence: ivr.Silence{After: 3 * time.Second, Tries: 1, Step: place("3000")},
		Invalid: ivr.Invalid{Tries: 3, Step: hangUp()},
	}, {
		Name: "topics", Prompts: []string{"topics", "or-wait"},
		Keys: []ivr.Choice{
			{Key: '1', Step: ivr.Step{
				Verb: ivr.VerbQueue, Queue: "sales", Priority: 5, Play: []string{"sales-welcome"},
				Data: []queueapp.Datum{{Key: "topic", Value: "billing"}},
			}},
			{Key: '*', Step: ivr.Step{Verb: ivr.VerbMenu, Menu: "main"}},
		},
		Silence: ivr.Silence{After: 2 * time.Second, Tries: 2, Step: hangUp()},
		Invalid: ivr.Invalid{Tries: 2, Prompts: []string{"no-such-key"}, Step: toQueue("support")},
	}}
}

// digits is the same menu with codes of a fixed length.
func digits(n int) []ivr.Menu {
	menus := seed()
	menus[0].Keys[0].Step.Ask.Digits = n
	return menus
}

// A talk is a dialogue with a caller, from the start of the menu "main".
type talk struct {
	menus []ivr.Menu
	lines string
}

func talks(t *testing.T, all map[string]talk) {
	t.Helper()
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			d, err := ivr.NewCaller(c.menus, "main", ivr.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			play(t, d, c.lines)
		})
	}
}

func TestCodes(t *testing.T) {
	talks(t, map[string]talk{
		"a code that is known leads to the queue with the customer": {seed(), `
			0s     start            | play menu
			2s     key 1            | stop; play enter-code
			2.1s   played 1         |
			5s     key 1            | stop
			5.2s   key 1            |
			5.4s   key 1            |
			5.6s   key 1            |
			5.8s   key #            | look-up 1111
			5.81s  found Company 1  | queue support code 1111 for Company 1
			9s     key 1            |`},
		"a code without # is complete 3 s after its last digit": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 2            | stop
			4.9s   key 2            |
			7.9s   tick             | look-up 22
			8s     found Company 2  | queue support code 22 for Company 2`},
		"a code of a fixed length is complete at once, and its # is not taken for the next key": {digits(4), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 9            | stop
			2.1s   key 9            |
			2.2s   key 9            |
			2.3s   key 9            | look-up 9999
			2.4s   not-found        | play wrong-code enter-code
			2.5s   key #            |
			9s     played           |
			10s    key #            |
			11s    key 1            |
			11s    key 1            |
			11s    key 1            |
			11s    key 1            | look-up 1111`},
		"the # behind a code of a fixed length that was typed ahead": {digits(4), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 9            | stop
			2s     key 9            |
			2s     key #            | look-up 99
			2.1s   key 8            |
			2.1s   key 8            |
			2.1s   key 8            |
			2.1s   key 8            |
			2.1s   key #            |
			2.2s   not-found        | look-up 8888
			2.3s   not-found        | play wrong-code enter-code`},
		"star starts a code again": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 7            | stop
			2.1s   key *            |
			12.1s  tick             | play enter-code
			13s    key 1            | stop
			13.1s  key *            |
			13.2s  key 2            |
			13.3s  key #            | look-up 2`},
		"three wrong codes, goodbye": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 9            | stop
			3s     key #            | look-up 9
			3.1s   not-found        | play wrong-code enter-code
			5s     key 9            | stop
			5.1s   key #            | look-up 9
			5.2s   not-found        | play wrong-code enter-code
			9s     played           |
			19s    tick             | play goodbye
			20s    key 1            |
			21s    played           | hang-up`},
	})
}

func TestLookUps(t *testing.T) {
	unavailable, round, back := seed(), seed(), seed()
	unavailable[0].Keys[0].Step.Ask.Unavailable = ivr.Step{Verb: ivr.VerbHangUp, Play: []string{ivr.PromptPleaseTryLater}}
	round[0].Keys[0].Step.Ask.Then = ivr.Step{Verb: ivr.VerbMenu, Menu: "main"}
	back[0].Keys[0].Step.Ask.Unavailable = ivr.Step{Verb: ivr.VerbMenu, Menu: "main"}
	talks(t, map[string]talk{
		"what was found for one code is not kept for the next": {round, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 5            | stop
			2s     key #            | look-up 5
			2.1s   found Company 5  | play menu
			3s     key 1            | stop; play enter-code
			4s     key 6            | stop
			4s     key #            | look-up 6
			4.5s   failed           | queue support code 6`},
		"an answer that comes after all is not taken for the next code's": {back, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 5            | stop
			2s     key #            | look-up 5
			32s    tick             | play menu
			33s    key 1            | stop; play enter-code
			34s    key 6            | stop
			34s    key #            | look-up 6
			34.1s  found 3          |
			34.1s  not-found 3      |
			34.1s  failed 3         |
			34.2s  found Company 6  | queue support code 6 for Company 6`},
		"a look-up that fails is no wrong code": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			3s     key #            | look-up 1
			3.5s   failed           | queue support code 1`},
		"a look-up that fails may lead to a hang-up": {unavailable, `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			3s     key #            | look-up 1
			3.5s   failed           | play please-try-later
			6s     played           | hang-up`},
		"a look-up that is never answered has failed": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 1            | stop
			3s     key #            | look-up 1
			33s    tick             | queue support code 1
			34s    not-found        |`},
	})
}

func TestACodeThatIsTooLongIsNobodys(t *testing.T) {
	d, err := ivr.NewCaller(seed(), "main", ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, d, "0s start | play menu\n1s key 1 | stop; play enter-code\n2s key 5 | stop"+
		strings.Repeat("\n2s key 5 |", ivr.MaxDigits)+"\n3s key # | play wrong-code enter-code")
}

func TestStarForgetsACodeThatWasTooLong(t *testing.T) {
	d, err := ivr.NewCaller(seed(), "main", ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, d, "0s start | play menu\n1s key 1 | stop; play enter-code\n2s key 5 | stop"+
		strings.Repeat("\n2s key 5 |", ivr.MaxDigits)+"\n3s key * |\n3s key 7 |\n3s key # | look-up 7")
}

func TestKeysBeyondAllMeasureAreDropped(t *testing.T) {
	d, err := ivr.NewCaller(seed(), "main", ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, d, "0s start | play menu\n1s key 1 | stop; play enter-code\n2s key 5 | stop\n2s key # | look-up 5"+
		strings.Repeat("\n2s key * |", 63)+"\n2s key 7 |\n2s key # |\n3s not-found |\n6s tick | look-up 7\n6s not-found | play wrong-code enter-code"+
		"\n7s key * | stop"+strings.Repeat("\n7s key * |", 1000-68)+"\n8s key 1 |\n8s key # |\n17s tick | play goodbye")
}
