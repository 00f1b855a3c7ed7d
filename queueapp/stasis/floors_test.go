package stasis

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// Legs and bridges of another floor on the same Asterisk are named like ours. They are not shown, so nobody ends them.
func TestAnotherFloorsLegsAreNotOurs(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.Call(aritest.Call{ID: "1.elsewhere", App: "another"})
		floors := map[string]*running{}
		for _, app := range []string{DefaultApp, "queueapp-upstairs"} {
			r := f.up(func(c *Config) { c.App = app })
			floors[app] = r
			leg := engine.Leg{Channel: queueapp.ChannelID("rs1." + app + ".ringing"), Dial: "PJSIP/1000", Ring: time.Hour}
			r.Originate(leg) // in no application before its answer
			leg.Channel = queueapp.ChannelID("rs1." + app + ".prepared")
			r.Prepare(leg)
			r.PrepareBridge(engine.BridgeID("rs1."+app), "")
			synctest.Wait()
		}
		f.ask("POST", "/bridges/rs1.old", map[string]string{"type": "mixing", "name": "rs1.old"}) // from before bridges told
		f.Cut()
		for app, r := range floors {
			want := []string{"rs1." + app, "rs1." + app + ".prepared", "rs1." + app + ".ringing"}
			if app == DefaultApp {
				want = append(want, "rs1.old")
			}
			slices.Sort(want)
			if got := shown(await[engine.SwitchUp](t, r.ear, nil)); !slices.Equal(got, want) {
				t.Errorf("%s holds %q, want %q", app, got, want)
			}
		}
	})
}

// shown are the channels and bridges of a listing.
func shown(up engine.SwitchUp) (ids []string) {
	for _, ch := range up.Channels {
		ids = append(ids, string(ch.ID))
	}
	for _, b := range up.Bridges {
		ids = append(ids, string(b.ID))
	}
	slices.Sort(ids)
	return ids
}

// A bridge bears the floor's application as its name.
func TestABridgeTellsWhoseItIs(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		s := f.up(func(c *Config) { c.App = "queueapp-upstairs" })
		s.PrepareBridge("rs1.b", "1.1")
		synctest.Wait()
		if body := f.Body("POST /bridges/rs1.b"); body != `{"type":"mixing","name":"queueapp-upstairs"}` {
			t.Error(body)
		}
	})
}
