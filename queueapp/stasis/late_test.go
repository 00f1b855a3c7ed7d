package stasis

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/stasis/aritest"
)

// What Asterisk tells of a leg or a playback after its end, as its parts do not wait for each other, brings nothing back to
// life and ends nothing twice.
func TestLateEvents(t *testing.T) {
	late := aritest.Trouble{Late: 2 * time.Second}
	for _, test := range []struct{ name, kind, about string }{
		{"a leg rings", "Dial", string(aLeg.Channel)},
		{"a leg was answered", "StasisStart", string(aLeg.Channel)},
		{"a leg ended", "ChannelDestroyed", string(aLeg.Channel)},
		{"a playback ended", "PlaybackFinished", "rs1.p"},
		{"a caller left", "StasisEnd", "1.1"},
		{"a caller ended", "ChannelDestroyed", "1.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.Trouble(test.kind, test.about, 0, late)
				f.Phone(aLeg.Dial).Behave(aritest.Behaviour{})
				c := f.calls(r, "1.1")
				r.Play("1.1", "rs1.p", []string{"sound:a"})
				r.Originate(aLeg)
				synctest.Wait()
				r.HangUp(aLeg.Channel, "normal")
				r.HangUp(aLeg.Channel, "normal") // 404: it is gone, whatever is told
				c.HangUp()
				f.endsAll(r)
			})
		})
	}
}

// endsAll fails the test unless the caller, the leg and the playback are told gone once, and nothing after that.
func (f *fake) endsAll(r *running) {
	f.t.Helper()
	pass(time.Minute)
	ended := map[string]int{}
	for _, e := range r.all {
		kind := fmt.Sprintf("%T", e)
		ended[kind]++
		if ended["engine.LegGone"] > 0 && (kind == "engine.LegRinging" || kind == "engine.LegUp") {
			f.t.Errorf("back to life: %+v", e)
		}
	}
	if ended["engine.LegGone"] != 1 || ended["engine.Gone"] != 1 || ended["engine.PlayDone"] != 1 || ended["engine.Failed"] != 0 {
		f.t.Errorf("told:\n%s", r.ear)
	}
	f.empty()
}
