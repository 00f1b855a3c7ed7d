package stasis

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// A channel that takes the place of ours is told before the end of the one that it replaces; what is told of it later is told as
// of any, and who is at its other end as soon as Asterisk says so.
func TestTransfers(t *testing.T) {
	const near, far = "1.8", "1.9"
	of := func(kind string, id queueapp.ChannelID, more ...string) string {
		return ev(kind, append([]string{"channel", channel(id)}, more...)...)
	}
	replaces := func(old queueapp.ChannelID) string {
		return of("StasisStart", near, "args", "[]", "replace_channel", channel(old))
	}
	link := func(result, target string) string {
		return ev("BridgeAttendedTransfer", "result", `"`+result+`"`, "transfer_target", `{"id":"1.7","name":"`+target+`"}`,
			"destination_link_first_leg", channel(near), "destination_link_second_leg", channel(far))
	}
	arrived := of("StasisStart", "1.1", "args", `["queue","support"]`)
	answered := []string{ev("Dial", "dialstatus", `"RINGING"`, "peer", channel("rs1.leg")), of("StasisStart", "rs1.leg", "args", `["leg","rs1.leg"]`)}
	for _, test := range []struct {
		name   string
		events []string
		want   string
	}{
		{"of a leg", append(answered, replaces("rs1.leg"), of("ChannelStateChange", near), of("StasisEnd", "rs1.leg"), of("ChannelDestroyed", "rs1.leg"),
			of("ChannelHold", near), of("ChannelUnhold", near), of("ChannelDestroyed", near, "cause", "19"), of("StasisEnd", near)),
			"LegRinging{rs1.leg}, LegUp{rs1.leg}, Replaced rs1.leg by 1.8 to \"\", LegUp{1.8}, LegGone{rs1.leg 16 false}, Held{1.8}, Resumed{1.8}, Gone{1.8 true 19}"},
		{"of a caller", []string{arrived, replaces("1.1"), of("StasisEnd", "1.1"), of("StasisEnd", near)},
			"Arrived 1.1, Replaced 1.1 by 1.8 to \"\", Gone{1.1 false 0}, Gone{1.8 false 0}"},
		{"who it went to is told first", append(answered, link("Success", "PJSIP/2000-0000002a"), replaces("rs1.leg")),
			"LegRinging{rs1.leg}, LegUp{rs1.leg}, Replaced rs1.leg by 1.8 to \"PJSIP/2000\""},
		{"who it went to is told after", append(answered, replaces("rs1.leg"), link("Success", "PJSIP/2000-0000002a"), link("Success", "PJSIP/2000-0000002a")),
			"LegRinging{rs1.leg}, LegUp{rs1.leg}, Replaced rs1.leg by 1.8 to \"\", Reached{1.8 PJSIP/2000}, Reached{1.8 PJSIP/2000}"},
		{"one that failed, and one of nobody", append(answered, link("Fail", "PJSIP/2000-0000002a"), ev("BridgeAttendedTransfer", "result", `"Success"`), replaces("rs1.leg")),
			"LegRinging{rs1.leg}, LegUp{rs1.leg}, Replaced rs1.leg by 1.8 to \"\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(postLeg, 0, aritest.Refused(http.StatusOK, "of it only what stands here is told"))
				r.Originate(aLeg)
				synctest.Wait()
				f.Send(test.events...)
				synctest.Wait()
				var told []string
				for _, e := range r.all {
					switch e := e.(type) {
					case engine.Arrived:
						told = append(told, "Arrived "+string(e.ID))
					case engine.Replaced:
						told = append(told, fmt.Sprintf("Replaced %s by %s to %q", e.Old, e.Channel.ID, e.Target))
					default:
						told = append(told, strings.TrimPrefix(fmt.Sprintf("%T%v", e, e), "engine."))
					}
				}
				if diff := cmp.Diff(test.want, strings.Join(told, ", ")); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}
