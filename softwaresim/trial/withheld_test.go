package trial

import (
	"testing"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// A caller who does not want the number shown has none on the screen, in the chat and on the phone, whether the network
// keeps the number or hands it on with the wish.
func TestWithheldNumbers(t *testing.T) {
	s := newSite(t)
	rings := s.agent("1000", briefly).Watch()
	defer rings.Close()
	x := s.extension("1000")
	shown := s.crm(x.JID, x.JIDPassword, "1000").Watch()
	defer shown.Close()
	me := newCaller()
	known := s.ua.Caller(me)
	private := s.ua.Caller(phone.Party{Name: "Ana Müller", Number: "0301234567"})
	private.Withheld = true
	for _, c := range []struct {
		who      *phone.Caller
		withheld bool
	}{{known, false}, {private, true}, {s.ua.Caller(phone.Party{Name: "Anonymous", Number: "anonymous"}), true}} {
		call, err := c.who.Dial(s.ctx, "7000")
		s.must(err)
		invite := s.invited(rings)
		e, err := shown.Next(s.ctx, func(e crm.Event) bool { return e.Kind == crm.Opened })
		s.must(err)
		none := record.Caller{Dialled: "7000", Withheld: true}
		if got := e.Call.Caller; got.Withheld != c.withheld || c.withheld && got != none || !c.withheld && got.Number == "" {
			t.Errorf("withheld %t: the CRM shows %+v", c.withheld, got)
		}
		if number := invite.From.Number; c.withheld == (number == me.Number) {
			t.Errorf("withheld %t: the phone shows %q", c.withheld, number)
		}
		_, err = call.AwaitEnd(s.ctx)
		s.must(err)
	}
}
