package stasis

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// A listing that cannot be read is no listing: to take it for an empty Asterisk would end every call. The connection is made
// again, and only what is there then counts.
func TestListingGoesWrong(t *testing.T) {
	faults := map[string]aritest.Fault{
		"refused": aritest.Refused(http.StatusServiceUnavailable, "Asterisk not booted"), "torn": {Torn: true},
		"lost": aritest.LostReply(), "hung": aritest.NoAnswer(),
	}
	for _, request := range []string{
		"PUT /applications/queueapp/eventFilter", "GET /asterisk/info", "GET /channels", "GET /applications/queueapp", "GET /bridges",
	} {
		for name, fault := range faults {
			if name == "torn" && request == "PUT /applications/queueapp/eventFilter" {
				continue // it was acted on, and of its answer nothing is read
			}
			t.Run(request+" "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fake) { listingGoesWrong(t, f, request, fault) })
			})
		}
	}
}

func listingGoesWrong(t *testing.T, f *fake, request string, fault aritest.Fault) {
	r := f.up()
	f.talks(r)
	r.Bridge("rs1.b", "1.1", aLeg.Channel)
	await(t, r.ear, func(e engine.Entered) bool { return e.Channel == aLeg.Channel })
	f.On(request, 0, fault)
	f.Cut()
	await[engine.SwitchDown](t, r.ear, nil)
	pass(time.Second)
	f.Send(ev("StasisEnd", "channel", channel("1.gone"))) // held, where the connection waits for an answer
	await[engine.SwitchDown](t, r.ear, nil)               // why it is not up again at once
	f.Off(request)
	up := await[engine.SwitchUp](t, r.ear, nil)
	synctest.Wait()
	_, caller := held(up, "1.1")
	_, leg := held(up, aLeg.Channel)
	if !caller || !leg || len(up.Bridges) != 1 || up.Started.IsZero() {
		t.Errorf("up with %+v", up)
	}
	if n := count[engine.Gone](r.ear, nil) + count[engine.LegGone](r.ear, nil); n != 0 {
		t.Errorf("told gone who is there:\n%s", r.ear)
	}
	if n := r.inbox.frames; n != 0 {
		t.Errorf("%d events are still counted as waiting", n)
	}
	f.Phone(aLeg.Dial).Hold(true)
	await[engine.Held](t, r.ear, nil)
}

// forgotten puts a leg of ours into Asterisk of whose end our application would not hear.
func (f *fake) forgotten() *aritest.Caller {
	return f.Call(aritest.Call{ID: string(aLeg.Channel)}) // nobody listens, so that the application does not have it
}

const subscribeLeg = "POST /applications/queueapp/subscription"

// The end of a leg is told, also of one that Asterisk would not tell us about unless it is asked.
func TestForgottenLegIsFollowed(t *testing.T) {
	for name, fault := range map[string]aritest.Fault{"nothing goes wrong": {}, "the request is lost": aritest.LostRequest(), "the reply is lost": aritest.LostReply()} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				leg := f.forgotten()
				f.On(subscribeLeg, 1, fault)
				r := f.up()
				leg.HangUp()
				r.endsOnce(t)
			})
		})
	}
}

// A leg that ends between the listing and the question for its end is not shown: its end was told to nobody.
func TestForgottenLegEndsMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		leg, ended := f.forgotten(), make(chan struct{})
		f.On(subscribeLeg, 1, aritest.Fault{Until: ended})
		r := f.connect()
		synctest.Wait()
		leg.HangUp()
		close(ended) // 422: there is nothing to hear of
		up := await[engine.SwitchUp](t, r.ear, nil)
		if _, there := held(up, aLeg.Channel); there || len(r.all) != 0 || f.Count(subscribeLeg) != 1 {
			t.Errorf("up with %+v; told:\n%s", up, r.ear)
		}
	})
}
