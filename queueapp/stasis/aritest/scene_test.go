package aritest_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// scene is a script of requests and of what happens around Asterisk. It must go the same way however fast things are.
type scene struct {
	name string
	play func(t *testing.T, w world, r *recorder)
}

func scenes() []scene {
	return []scene{
		{"a talk", talk},
		{"bridges", bridges},
		{"phones refuse", phonesRefuse},
		{"legs are given up", legsGivenUp},
		{"prepared legs talk", preparedTalk},
		{"prepared legs end", preparedEnds},
		{"prepared legs are refused", preparedRefused},
		{"prompts", prompts},
		{"recordings", recordings},
		{"onwards", onwards},
		{"onwards from what goes on", onwardsFrom},
		{"unanswered", unanswered},
		{"deadlines", deadlines},
		{"refused originates", refusedOriginates},
		{"refused commands", refusedCommands},
		{"devices", devices},
		{"own device states", ownStates},
		{"applications", applications},
		{"nobody listens", nobodyListens},
		{"restart", restart},
	}
}

type js = map[string]any

const (
	queue = "7000" // what leads into the queue, and into the menu
	menu  = "0000"
)

// up listens as package stasis does.
func (r *recorder) up() {
	r.listen("queueapp")
	r.do("PUT", "/applications/queueapp/eventFilter", filter())
}

func filter() js {
	var kinds []js
	for _, k := range []string{
		"ApplicationReplaced", "ChannelDestroyed", "ChannelDtmfReceived", "ChannelEnteredBridge", "ChannelHangupRequest",
		"ChannelHold", "ChannelLeftBridge", "ChannelUnhold", "DeviceStateChanged", "Dial", "PlaybackFinished", "RecordingFailed",
		"RecordingFinished", "StasisEnd", "StasisStart",
	} {
		kinds = append(kinds, js{"type": k})
	}
	return js{"allowed": kinds}
}

// arrives has somebody call, and says the channel.
func (r *recorder) arrives(w world, number string) (outsider, string) {
	r.t.Helper()
	c := w.dial(r.t, number)
	r.callers++
	return c, r.caller(r.callers)
}

// calls has an agent call from his own phone.
func (r *recorder) calls(w world, agent, number string) (outsider, string) {
	r.t.Helper()
	c := w.agentDials(r.t, agent, number)
	r.callers++
	return c, r.caller(r.callers)
}

func (r *recorder) answered(w world, number string) (outsider, string) {
	r.t.Helper()
	c, ch := r.arrives(w, number)
	r.do("POST", "/channels/"+ch+"/answer", nil)
	return c, ch
}

func (r *recorder) leg(id, caller, number string) {
	r.t.Helper()
	r.do("POST", "/channels/"+id, js{
		"endpoint": "PJSIP/" + number, "app": "queueapp", "appArgs": "leg," + id, "originator": caller,
		"callerId": `"support: \"Company\" 1" <5550100>`, "timeout": 10, "variables": js{"TIMEOUT(absolute)": "14400"},
	})
}

// hangUp ends a channel by request, and awaits its last event.
func (r *recorder) hangUp(ch string) {
	r.t.Helper()
	r.do("DELETE", "/channels/"+ch, nil)
	if strings.HasPrefix(ch, "rs1.") || r.wanted[ch] {
		r.await("ChannelDestroyed", ch, 1)
	} else {
		r.await("StasisEnd", ch, 1)
	}
	r.gone("/channels/" + ch)
}

// bridged has a caller and a leg talk.
func (r *recorder) bridged(b, ch, leg string) {
	r.t.Helper()
	r.do("POST", "/bridges/"+b, js{"type": "mixing", "name": b})
	r.do("POST", "/bridges/"+b+"/addChannel", js{"channel": []string{ch, leg}})
	r.await("ChannelEnteredBridge", ch, 1)
	r.await("ChannelEnteredBridge", leg, 1)
}

func talk(t *testing.T, w world, r *recorder) {
	r.up()
	for _, first := range []string{"agent", "caller"} {
		w.behave(t, "1000", phone.AnswerAfter(100*time.Millisecond))
		c, ch := r.arrives(w, queue)
		leg, b := "rs1."+first+".1.1", "rs1."+first
		r.do("GET", "/channels/"+ch, nil)
		r.do("POST", "/channels/"+ch+"/answer", nil)
		r.do("POST", "/channels/"+ch+"/moh", js{"mohClass": ""})
		r.do("POST", "/channels/"+ch+"/variables", js{"variables": js{"TIMEOUT(absolute)": "600"}})
		r.leg(leg, ch, "1000")
		r.await("StasisStart", leg, 1)
		r.do("GET", "/channels/"+leg, nil)
		r.do("DELETE", "/channels/"+ch+"/moh", nil)
		r.bridged(b, ch, leg)
		for _, target := range []string{"/channels", "/bridges", "/bridges/" + b, "/applications/queueapp"} {
			r.do("GET", target, nil)
		}
		if first == "agent" {
			w.agentHangsUp(t, "1000")
			r.await("ChannelDestroyed", leg, 1)
			r.gone("/channels/" + leg)
			r.do("DELETE", "/channels/"+leg+"?reason=normal", nil)
			r.hangUp(ch)
		} else {
			c.hangUp(t)
			r.await("StasisEnd", ch, 1)
			r.hangUp(leg)
		}
		r.do("DELETE", "/bridges/"+b, nil)
		r.gone("/bridges/" + b)
		r.do("DELETE", "/bridges/"+b, nil)
		r.listsNothing("/channels")
		r.listsNothing("/bridges")
	}
}

func bridges(t *testing.T, w world, r *recorder) {
	r.up()
	w.behave(t, "1000", phone.AnswerAfter(0))
	_, ch := r.answered(w, queue)
	r.leg("rs1.b.1.1", ch, "1000")
	r.await("StasisStart", "rs1.b.1.1", 1)
	r.bridged("rs1.b", ch, "rs1.b.1.1")
	r.do("POST", "/bridges/rs1.b/addChannel", js{"channel": []string{ch}}) // again
	r.await("ChannelEnteredBridge", ch, 2)
	r.do("POST", "/bridges/rs1.c", js{"type": "mixing", "name": "rs1.c"})
	r.do("POST", "/bridges/rs1.c/addChannel", js{"channel": ch}) // another
	r.await("ChannelEnteredBridge", ch, 3)
	r.do("GET", "/bridges", nil)
	r.do("DELETE", "/bridges/rs1.b", nil) // with somebody in it
	r.await("ChannelLeftBridge", "rs1.b.1.1", 1)
	r.do("GET", "/channels/rs1.b.1.1", nil)
	r.hangUp("rs1.b.1.1")
	r.hangUp(ch)
	r.do("GET", "/bridges/rs1.c", nil)
	r.do("DELETE", "/bridges/rs1.c", nil)
}

func phonesRefuse(t *testing.T, w world, r *recorder) {
	r.up()
	_, ch := r.arrives(w, queue)
	w.behave(t, "1000", phone.NeverAnswer())
	for _, end := range []string{"403", "404", "408", "480", "486", "488", "500", "503", "600", "603", "no-answer", "hangs-up"} {
		leg, seconds := "rs1."+end+".1.1", 10
		if end == "no-answer" {
			seconds = 1
		}
		r.do("POST", "/channels/"+leg, js{"endpoint": "PJSIP/1000", "app": "queueapp", "appArgs": "leg," + leg, "originator": ch, "timeout": seconds})
		r.await("Dial", leg, 2)
		r.isEnded(w, leg, end)
		r.do("GET", "/channels/"+leg, nil)
	}
	r.hangUp(ch)
}

// isEnded has the phone end a leg that rings there: by refusing it with a code, by silence, or after it has answered.
func (r *recorder) isEnded(w world, leg, how string) {
	r.t.Helper()
	if code, err := strconv.Atoi(how); err == nil {
		w.agentRefuses(r.t, "1000", code)
	}
	if how == "hangs-up" {
		w.agentAnswers(r.t, "1000")
		r.await("Dial", leg, 3)
		r.shows("/channels/"+leg, `"app_name":"Stasis"`)
		w.agentHangsUp(r.t, "1000")
	}
	r.await("ChannelDestroyed", leg, 1)
	r.gone("/channels/" + leg)
}

func legsGivenUp(t *testing.T, w world, r *recorder) {
	r.up()
	_, ch := r.arrives(w, queue)
	w.behave(t, "1000", phone.NeverAnswer())
	for _, reason := range []string{
		"normal", "answered_elsewhere", "busy", "congestion", "no_answer", "timeout", "rejected", "unallocated",
		"normal_unspecified", "number_incomplete", "codec_mismatch", "interworking", "failure",
	} {
		leg := "rs1." + reason + ".1.1"
		r.leg(leg, ch, "1000")
		r.await("Dial", leg, 2)
		r.shows("/channels/"+leg, `"state":"Ringing"`)
		r.do("GET", "/channels/"+leg, nil)
		r.do("DELETE", "/channels/"+leg+"?reason="+reason, nil)
		r.await("ChannelDestroyed", leg, 1)
		r.gone("/channels/" + leg)
	}
	r.hangUp(ch)
}

func devices(t *testing.T, w world, r *recorder) {
	r.up()
	w.unregister(t, "1000")
	r.shows("/deviceStates/PJSIP%2F1000", `"state":"UNAVAILABLE"`)
	const nobody, agent = "deviceState:PJSIP/nobody", "deviceState:PJSIP/1000"
	r.do("POST", "/applications/queueapp/subscription", js{"eventSource": []string{agent, nobody}})
	r.do("GET", "/deviceStates/PJSIP%2F1000", nil)
	r.do("GET", "/deviceStates/PJSIP%2Fnobody", nil)
	changes := 0
	becomes := func(state string) {
		t.Helper()
		changes++
		r.await("DeviceStateChanged", "PJSIP/1000", changes)
		r.shows("/deviceStates/PJSIP%2F1000", `"state":"`+state+`"`)
	}
	w.behave(t, "1000", phone.AnswerAfter(50*time.Millisecond))
	becomes("NOT_INUSE")
	r.leg("rs1.d.1.1", "", "1000")
	r.await("StasisStart", "rs1.d.1.1", 1)
	becomes("BUSY")
	r.hangUp("rs1.d.1.1")
	becomes("NOT_INUSE")
	w.behave(t, "1000", phone.NeverAnswer())
	r.leg("rs1.d.2.1", "", "1000")
	r.await("Dial", "rs1.d.2.1", 2)
	becomes("BUSY")
	r.hangUp("rs1.d.2.1")
	becomes("NOT_INUSE")
	_, own := r.calls(w, "1000", queue)
	r.do("GET", "/deviceStates/PJSIP%2F1000", nil)
	r.do("POST", "/channels/"+own+"/answer", nil)
	becomes("BUSY")
	r.hangUp(own)
	becomes("NOT_INUSE")
	r.do("DELETE", "/applications/queueapp/subscription", js{"eventSource": []string{nobody}})
	r.do("DELETE", "/applications/queueapp/subscription", js{"eventSource": []string{nobody}})
	w.unregister(t, "1000")
	becomes("UNAVAILABLE")
	r.do("DELETE", "/applications/queueapp/subscription", js{"eventSource": []string{agent}})
	w.behave(t, "1000", phone.NeverAnswer())
	r.shows("/deviceStates/PJSIP%2F1000", `"state":"NOT_INUSE"`)
}
