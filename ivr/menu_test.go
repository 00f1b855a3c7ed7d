package ivr_test

import (
	"errors"
	"testing"

	"ringside/ivr"
)

func TestKeysAndSilence(t *testing.T) {
	deaf, mute := seed(), seed()
	deaf[0].Silence.After = 0
	mute[0].Prompts = nil
	talks(t, map[string]talk{
		"2 goes on in the dialplan": {seed(), `
			0s     start            | play menu
			0.5s   key 2            | stop; goto site,2000,1`},
		"nothing pressed: 3 s from the end of the prompt": {seed(), `
			0s     start            | play menu
			9s     played           |
			12s    tick             | goto site,3000,1`},
		"a key in the last moment": {seed(), `
			0s     start            | play menu
			9s     played           |
			11.9s  key 2            | goto site,2000,1`},
		"a key after the last moment is too late, whether the tick came or not": {seed(), `
			0s     start            | play menu
			9s     played           |
			12s    key 2            | goto site,3000,1`},
		"a prompt that cannot be played is no prompt": {seed(), `
			0s     start            | play menu
			0.1s   unplayable       |
			3.1s   tick             | goto site,3000,1`},
		"a prompt whose end is never told": {seed(), `
			0s     start            | play menu
			5m     tick             |
			5m3s   tick             | goto site,3000,1`},
		"a menu without a prompt": {mute, `
			0s     start            |
			3s     tick             | goto site,3000,1`},
		"no patience at all": {deaf, `
			0s     start            | play menu
			9s     played           |
			9s     tick             | goto site,3000,1`},
		"the end of a stopped prompt does not end the next one": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			1.1s   played 1         |
			9s     key 1            | stop
			9.1s   played 2         |
			12s    tick             | look-up 1`},
		"all keys pressed before the first word": {seed(), `
			0s     start            | play menu
			0.1s   key 1            | stop; play enter-code
			0.2s   key 1            | stop
			0.3s   key 2            |
			0.4s   key #            | look-up 12
			0.5s   found Company 1  | queue support code 12 for Company 1`},
		"keys during a look-up are the next code": {seed(), `
			0s     start            | play menu
			1s     key 1            | stop; play enter-code
			2s     key 9            | stop
			2.1s   key #            | look-up 9
			2.2s   key 4            |
			2.3s   key 2            |
			2.4s   not-found        |
			2.5s   key #            | look-up 42
			2.6s   key 7            |
			2.7s   key #            |
			2.8s   not-found        | look-up 7
			2.9s   found Company 7  | queue support code 7 for Company 7`},
	})
}

func TestMenus(t *testing.T) {
	talks(t, map[string]talk{
		"a menu in a menu, announced and with data": {seed(), `
			0s     start            | play menu
			1s     key 3            | stop; play topics or-wait
			2s     key 1            | stop; play sales-welcome
			4s     played           | queue sales priority 5 ivr.topic=billing`},
		"a key cuts an announcement short": {seed(), `
			0s     start            | play menu
			1s     key 3            | stop; play topics or-wait
			2s     key 1            | stop; play sales-welcome
			3s     key 5            | stop; queue sales priority 5 ivr.topic=billing`},
		"a silence that is given a second chance": {seed(), `
			0s     start            | play menu
			1s     key 3            | stop; play topics or-wait
			4s     played           |
			6s     tick             | play topics or-wait
			9s     played           |
			11s    tick             | play goodbye
			12s    played           | hang-up`},
		"wrong keys": {seed(), `
			0s     start            | play menu
			1s     key 9            | stop; play menu
			2s     key 0            | stop; play menu
			3s     key #            | stop; play goodbye
			4s     played           | hang-up`},
		"wrong keys that lead somewhere": {seed(), `
			0s     start            | play menu
			1s     key 3            | stop; play topics or-wait
			2s     key 2            | stop; play no-such-key topics or-wait
			3s     key 2            | stop; queue support ivr.topic=other`},
		"back to the first menu, which counts from the start": {seed(), `
			0s     start            | play menu
			1s     key 9            | stop; play menu
			2s     key 3            | stop; play topics or-wait
			3s     key *            | stop; play menu
			4s     key 9            | stop; play menu
			5s     key 9            | stop; play menu
			6s     key 9            | stop; play goodbye`},
		"what is no key is none": {seed(), `
			0s     start            | play menu
			1s     key x            |
			1s     key ,            |
			2s     key 1            | stop; play enter-code
			3s     key A            | stop
			3.1s   key 5            |
			3.2s   key D            |
			3.3s   key #            | look-up 5`},
		"nothing before the start": {seed(), `
			0s     key 1            |
			0s     granted          |
			1s     start            | play menu
			1s     start            |`},
	})
}

func TestRoundAndRoundEnds(t *testing.T) {
	d, err := ivr.NewCaller(seed(), "main", ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d.Handle(midday, ivr.Start{})
	for i := 0; i < 100 && !d.Over(); i++ {
		d.Handle(midday, ivr.Key{Key: '3'})
		d.Handle(midday, ivr.Key{Key: '*'})
	}
	if got := d.Handle(d.Next(), ivr.Tick{}); !d.Over() || len(got) != 1 || got[0] != (ivr.HangUp{}) {
		t.Errorf("after a hundred rounds: %v, over %t", got, d.Over())
	}
}

func TestACallThatIsTakenOverBeginsWithItsMenu(t *testing.T) {
	d, err := ivr.NewCaller(seed(), "main", ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, d, "0s start | play menu\n1s key 3 | stop; play topics or-wait")
	again, err := ivr.NewCaller(seed(), d.Menu(), ivr.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	play(t, again, "9s start | play topics or-wait")
	if _, err := ivr.NewCaller(seed(), "gone", ivr.Limits{}); !errors.Is(err, ivr.ErrUnknownMenu) {
		t.Errorf("a menu that is gone: %v", err)
	}
}
