package aritest_test

import (
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

func prompts(t *testing.T, w world, r *recorder) {
	r.up()
	c, ch := r.answered(w, menu)
	play := func(id string, media ...string) {
		t.Helper()
		r.do("POST", "/channels/"+ch+"/play/"+id, js{"media": media})
	}
	play("rs1.p1", "digits:1", "digits:2")
	r.await("PlaybackFinished", ch, 1)
	play("rs1.p2", "sound:ringside/menu")
	c.press(t, "1#*0")
	r.await("ChannelDtmfReceived", ch, 4)
	r.do("GET", "/playbacks/rs1.p2", nil)
	r.do("DELETE", "/playbacks/rs1.p2", nil)
	r.await("PlaybackFinished", ch, 2)
	r.gone("/playbacks/rs1.p2")
	r.do("DELETE", "/playbacks/rs1.p2", nil)
	r.do("GET", "/playbacks/rs1.p2", nil)
	play("rs1.p3", "sound:ringside/no-such-prompt")
	r.await("PlaybackFinished", ch, 3)
	play("rs1.p4", "sound:ringside/menu")
	play("rs1.p5", "sound:ringside/menu")
	r.do("GET", "/playbacks/rs1.p5", nil)
	r.do("DELETE", "/playbacks/rs1.p4", nil) // the next one begins
	r.shows("/playbacks/rs1.p5", `"state":"playing"`)
	play("rs1.p6", "sound:ringside/menu")
	c.hangUp(t)
	r.await("StasisEnd", ch, 1)
	r.gone("/channels/" + ch)
	play("rs1.p7", "sound:ringside/menu")

	_, ch = r.answered(w, menu)
	play("rs1.p8", "sound:ringside/menu")
	r.hangUp(ch)
}

func onwards(t *testing.T, w world, r *recorder) {
	r.up()
	c, ch := r.answered(w, queue)
	r.do("POST", "/channels/"+ch+"/moh", js{})
	r.do("POST", "/channels/"+ch+"/variables", js{"variables": js{"QUEUESTATUS": "TIMEOUT", "QUEUEAPP_CALL": "x"}})
	r.do("POST", "/channels/"+ch+"/variable", js{"variable": "QUEUEAPP_CALL", "value": `a,b"c\${EXTEN} & <d>`})
	r.do("GET", "/channels/"+ch+"/variable?variable=QUEUEAPP_CALL", nil)
	r.do("GET", "/channels/"+ch+"/variable?variable=NONE", nil)
	r.do("POST", "/channels/"+ch+"/continue", js{})
	r.await("StasisEnd", ch, 1)
	r.shows("/channels/"+ch, `"app_name":"Playback"`)
	r.do("GET", "/channels/"+ch, nil)
	for _, command := range []string{"/answer", "/moh", "/continue", "/play/rs1.onwards"} {
		r.do("POST", "/channels/"+ch+command, js{"media": []string{"sound:x"}})
	}
	r.do("DELETE", "/channels/"+ch+"/moh", nil)
	r.do("POST", "/channels/"+ch+"/variables", js{"variables": js{"X": "Y"}})
	r.do("POST", "/channels/"+ch+"/variable", js{"variable": "X", "value": "Y"})
	r.do("GET", "/channels/"+ch+"/variable?variable=QUEUESTATUS", nil)
	r.do("GET", "/applications/queueapp", nil)
	r.do("DELETE", "/channels/"+ch, nil)
	r.gone("/channels/" + ch)
	c.hangUp(t)

	w.behave(t, "2000", phone.NeverAnswer())
	c, ch = r.answered(w, menu)
	r.do("POST", "/channels/"+ch+"/continue", js{"context": "ringside-extensions", "extension": "2000", "priority": 1})
	r.await("StasisEnd", ch, 1)
	r.shows("/channels/"+ch, `"exten":"2000"`)
	c.hangUp(t)
	r.gone("/channels/" + ch)
}

func onwardsFrom(t *testing.T, w world, r *recorder) {
	r.up()
	w.behave(t, "1000", phone.AnswerAfter(0))
	c, ch := r.answered(w, queue)
	r.leg("rs1.from.1.1", ch, "1000")
	r.await("StasisStart", "rs1.from.1.1", 1)
	r.bridged("rs1.from", ch, "rs1.from.1.1")
	r.do("POST", "/channels/"+ch+"/continue", js{}) // from a talk
	r.await("StasisEnd", ch, 1)
	r.do("GET", "/bridges/rs1.from", nil)
	c.hangUp(t)
	r.gone("/channels/" + ch)
	r.hangUp("rs1.from.1.1")
	r.do("DELETE", "/bridges/rs1.from", nil)

	c, ch = r.answered(w, menu)
	r.do("POST", "/channels/"+ch+"/play/rs1.from", js{"media": []string{"sound:ringside/menu"}})
	r.shows("/playbacks/rs1.from", `"state":"playing"`)
	r.do("DELETE", "/playbacks/rs1.from", nil)
	r.do("POST", "/channels/"+ch+"/continue", js{}) // from a prompt that has been stopped
	r.await("StasisEnd", ch, 1)
	c.hangUp(t)
	r.gone("/channels/" + ch)
}

func unanswered(t *testing.T, w world, r *recorder) {
	r.up()
	c, ch := r.arrives(w, menu)
	c.hangUp(t) // a CANCEL
	r.await("StasisEnd", ch, 1)
	_, ch = r.arrives(w, menu)
	r.do("DELETE", "/channels/"+ch+"?reason=busy", nil)
	r.await("StasisEnd", ch, 1)
	_, ch = r.arrives(w, queue)
	r.do("POST", "/channels/"+ch+"/moh", js{})
	r.do("POST", "/channels/"+ch+"/play/rs1.early", js{"media": []string{"sound:ringside/menu"}})
	r.shows("/playbacks/rs1.early", `"state":"playing"`)
	r.hangUp(ch)
}

func deadlines(t *testing.T, w world, r *recorder) {
	r.up()
	w.behave(t, "1000", phone.AnswerAfter(0))
	_, ch := r.answered(w, queue)
	r.do("POST", "/channels/rs1.dead.1.1", js{
		"endpoint": "PJSIP/1000", "app": "queueapp", "appArgs": "leg", "originator": ch, "timeout": 10,
		"variables": js{"TIMEOUT(absolute)": "1"},
	})
	r.await("StasisStart", "rs1.dead.1.1", 1)
	r.bridged("rs1.dead", ch, "rs1.dead.1.1")
	r.await("ChannelDestroyed", "rs1.dead.1.1", 1)
	r.do("POST", "/channels/"+ch+"/variable", js{"variable": "TIMEOUT(absolute)", "value": "1"})
	r.await("StasisEnd", ch, 1)
	r.do("DELETE", "/channels/"+ch, nil)
	r.do("DELETE", "/bridges/rs1.dead", nil)

	w.behave(t, "1000", phone.NeverAnswer())
	r.do("POST", "/channels/rs1.dead.2.1", js{
		"endpoint": "PJSIP/1000", "app": "queueapp", "appArgs": "leg", "timeout": 2, "variables": js{"TIMEOUT(absolute)": "1"},
	})
	r.await("ChannelDestroyed", "rs1.dead.2.1", 1)
}

func refusedOriginates(t *testing.T, w world, r *recorder) {
	r.up()
	w.unregister(t, "3000")
	const leg = "/channels/rs1.refused.1.1"
	for _, endpoint := range []string{"PJSIP/3000", "PJSIP/nobody", "FOO/1000", "1000", ""} {
		r.do("POST", leg, js{"endpoint": endpoint, "app": "queueapp", "appArgs": "leg"})
	}
	r.do("POST", leg, js{"endpoint": "PJSIP/3000", "app": "queueapp", "originator": "1.1"})
	r.do("POST", leg, js{"endpoint": "PJSIP/3000", "app": "nothing"})
	r.do("POST", leg, js{"endpoint": "PJSIP/3000"})
	r.do("GET", leg, nil)
	w.behave(t, "1000", phone.NeverAnswer())
	_, ch := r.arrives(w, queue)
	r.leg("rs1.refused.1.1", ch, "1000")
	r.leg("rs1.refused.1.1", ch, "1000")
	r.await("Dial", "rs1.refused.1.1", 2)
	for _, command := range []string{"/answer", "/moh", "/continue", "/play/rs1.refused"} {
		r.do("POST", leg+command, js{"media": []string{"sound:x"}})
	}
	r.do("DELETE", leg+"?reason=nonsense", nil)
	r.hangUp("rs1.refused.1.1")
	r.do("DELETE", leg, nil)
	r.hangUp(ch)
}

func refusedCommands(t *testing.T, w world, r *recorder) {
	r.up()
	_, ch := r.arrives(w, queue)
	w.behave(t, "1000", phone.NeverAnswer())
	r.leg("rs1.down.1.1", ch, "1000")
	r.await("Dial", "rs1.down.1.1", 2)
	add := func(channels ...string) { r.do("POST", "/bridges/rs1.refused/addChannel", js{"channel": channels}) }
	add(ch)
	r.do("POST", "/bridges/rs1.refused", js{"type": "mixing"})
	r.do("POST", "/bridges/rs1.refused", js{"type": "mixing"})
	add(ch, "rs1.none")
	add(ch, "rs1.down.1.1")
	r.do("POST", "/bridges/rs1.refused/addChannel", js{})
	r.do("GET", "/bridges/rs1.refused", nil)
	r.do("GET", "/bridges/rs1.none", nil)
	for _, on := range []string{"rs1.none", ch} {
		for _, command := range []string{"/play/rs1.refused", "/nonsense"} {
			r.do("POST", "/channels/"+on+command, js{"media": []string{}})
		}
		r.do("DELETE", "/channels/"+on+"/moh", nil)
		r.do("POST", "/channels/"+on+"/variable", js{"value": "x"})
		r.do("POST", "/channels/"+on+"/variables", js{})
	}
	for _, command := range []string{"/answer", "/moh", "/continue"} {
		r.do("POST", "/channels/rs1.none"+command, nil)
	}
	r.do("POST", "/channels/rs1.none/variable", js{"variable": "X", "value": "x"})
	r.do("POST", "/channels/rs1.none/variables", js{"variables": js{"X": "x"}})
	for _, target := range []string{"/channels/rs1.none", "/playbacks/rs1.none", "/nonsense", "/sounds/ringside%2Fmenu", "/sounds/ringside%2Fnone", "/asterisk/info", "/asterisk/ping"} {
		r.do("GET", target, nil)
	}
	r.do("PUT", "/channels/"+ch, nil)
	r.do("DELETE", "/bridges/rs1.refused", nil)
	r.hangUp("rs1.down.1.1")
	r.hangUp(ch)
	status, _ := newRecorder(t, r.base, r.user, "wrong").ask("GET", "/channels", nil)
	r.note("a wrong password", status)
}

func ownStates(t *testing.T, w world, r *recorder) {
	r.up()
	const lamp, another = "Stasis:queue_support", "Stasis:queueapp-east:agent_1.a-b"
	r.do("GET", "/deviceStates", nil)
	r.do("GET", "/deviceStates/"+lamp, nil)
	r.do("POST", "/applications/queueapp/subscription", js{"eventSource": []string{"deviceState:" + lamp}})
	set := func(device, state string) {
		t.Helper()
		r.do("PUT", "/deviceStates/"+device, js{"deviceState": state})
	}
	for i, state := range []string{"NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"} {
		set(lamp, state)
		r.await("DeviceStateChanged", lamp, i+1)
		r.do("GET", "/deviceStates/"+lamp, nil)
	}
	set(lamp, "ONHOLD") // again
	set(another, "BUSY")
	for _, state := range []string{"UNKNOWN", "LATE", ""} {
		set(lamp, state)
	}
	set(lamp, "busy")
	r.await("DeviceStateChanged", lamp, 9)
	r.do("PUT", "/deviceStates/"+lamp, nil)
	for _, device := range []string{"PJSIP%2F1000", "Custom:x", "Stasis:", "queue_support"} {
		set(device, "BUSY")
		r.do("DELETE", "/deviceStates/"+device, nil)
	}
	r.do("GET", "/deviceStates", nil)
	for range 2 {
		r.do("DELETE", "/deviceStates/"+lamp, nil)
	}
	r.do("GET", "/deviceStates/"+lamp, nil)
	r.do("DELETE", "/deviceStates/"+another, nil)
	r.do("GET", "/deviceStates", nil)
	set(lamp, "INUSE")
	r.await("DeviceStateChanged", lamp, 10)
	r.do("DELETE", "/deviceStates/"+lamp, nil)
	r.do("DELETE", "/applications/queueapp/subscription", js{"eventSource": []string{"deviceState:" + lamp}})
}

func applications(t *testing.T, w world, r *recorder) {
	r.up()
	const here = "/applications/queueapp"
	_, ch := r.arrives(w, queue)
	r.do("GET", here, nil)
	r.do("POST", here+"/subscription", js{"eventSource": []string{"channel:none"}})
	r.do("POST", here+"/subscription", js{"eventSource": []string{"nonsense"}})
	r.do("POST", "/applications/none/subscription", js{"eventSource": []string{"deviceState:x"}})
	r.do("GET", "/applications/none", nil)
	r.do("PUT", "/applications/none/eventFilter", filter())
	second := newRecorder(t, r.base, r.user, r.password)
	second.names = r.names
	ws := second.listen("queueapp")
	r.await("ApplicationReplaced", "application", 1)
	r.do("GET", here, nil) // the filter stays
	r.do("POST", "/channels/"+ch+"/answer", nil)
	second.do("POST", "/channels/"+ch+"/play/rs1.applications", js{"media": []string{"digits:1"}})
	second.await("PlaybackFinished", ch, 1)
	hangUpSocket(ws)
	third := newRecorder(t, r.base, r.user, r.password)
	third.names = r.names
	third.listen("queueapp")
	r.do("GET", here, nil) // kept while a call is in it
	third.do("POST", "/channels/"+ch+"/play/rs1.applications", js{"media": []string{"digits:1"}})
	third.await("PlaybackFinished", ch, 1)
	third.hangUp(ch)
	r.log = append(append(r.log, second.story()...), third.story()...)
}

func nobodyListens(t *testing.T, w world, r *recorder) {
	ws := r.listen("queueapp")
	r.do("PUT", "/applications/queueapp/eventFilter", filter())
	w.behave(t, "1000", phone.AnswerAfter(300*time.Millisecond))
	_, stays := r.answered(w, queue)
	r.leg("rs1.nobody.1.1", stays, "1000")
	r.await("Dial", "rs1.nobody.1.1", 2)
	hangUpSocket(ws)
	c := w.dial(t, queue)
	r.shows("/channels", `"exten":"s"`) // it went on: Stasis() failed
	c.hangUp(t)
	r.gone("/channels/rs1.nobody.1.1") // it was answered
	r.listen("queueapp")
	r.do("GET", "/channels", nil)
	r.hangUp(stays)
}

func restart(t *testing.T, w world, r *recorder) {
	r.up()
	_, _ = r.answered(w, queue)
	_, before := r.ask("GET", "/asterisk/info", nil)
	w.restart(t)
	r.await("closed", "websocket", 1)
	again := newRecorder(t, r.base, r.user, r.password)
	again.up()
	again.do("GET", "/channels", nil)
	again.do("GET", "/applications/queueapp", nil)
	_, after := again.ask("GET", "/asterisk/info", nil)
	r.note("it says another start time", startedAt(after) > startedAt(before))
	r.log = append(r.log, again.story()...)
}

func startedAt(info any) string {
	status, _ := info.(js)["status"].(js)
	return text(status["startup_time"])
}
