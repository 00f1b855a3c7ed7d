package aritest_test

import (
	"testing"

	"ringside/softwaresim/phone"
)

func recordings(t *testing.T, w world, r *recorder) {
	r.up()
	w.behave(t, "1000", phone.AnswerAfter(0))
	_, ch := r.answered(w, queue)
	r.leg("rs1.r.1.1", ch, "1000")
	r.await("StasisStart", "rs1.r.1.1", 1)
	r.bridged("rs1.r", ch, "rs1.r.1.1")
	record := func(bridge string, of js) { t.Helper(); r.do("POST", "/bridges/"+bridge+"/record", of) }
	record("rs1.r", js{"name": "day/one", "format": "wav"})
	const one = "/recordings/live/day%2Fone"
	r.shows(one, `"state":"recording"`)
	for _, again := range []string{"fail", "append", "overwrite"} {
		record("rs1.r", js{"name": "day/one", "format": "wav", "ifExists": again})
	}
	for range 2 {
		r.do("POST", one+"/pause", nil)
		r.shows(one, `"state":"paused"`)
	}
	r.do("GET", one, nil)
	for range 2 {
		r.do("DELETE", one+"/pause", nil)
		r.shows(one, `"state":"recording"`)
	}
	r.do("GET", "/bridges/rs1.r", nil) // whoever records is nobody's channel
	r.do("GET", "/channels", nil)
	r.do("POST", one+"/stop", nil)
	r.await("RecordingFinished", "recording day/one", 1)
	r.gone(one) // a moment after it is told
	for _, command := range []string{"/stop", "/pause"} {
		r.do("POST", one+command, nil)
	}
	r.do("DELETE", one+"/pause", nil)
	r.do("GET", one, nil)
	r.do("GET", "/recordings/stored/day%2Fone", nil)
	record("rs1.r", js{"name": "day/one", "format": "wav"})
	record("rs1.r", js{"name": "day/one", "format": "wav", "ifExists": "append"})
	r.shows(one, `"state":"recording"`)
	for _, of := range []js{{"name": "../two", "format": "wav"}, {"name": "two", "format": "none"}, {"format": "wav"}} {
		record("rs1.r", of)
	}
	record("rs1.none", js{"name": "two", "format": "wav"})
	r.do("POST", one+"/pause", nil)
	r.shows(one, `"state":"paused"`)
	r.do("POST", one+"/stop", nil) // while it is paused
	r.await("RecordingFinished", "recording day/one", 2)
	r.do("GET", "/recordings/stored/day%2Fone", nil)
	r.poll("/bridges/rs1.r", func(_ int, bridge any) bool { return bridge.(js)["technology"] != "softmix" }) // who recorded has left
	r.hangUp("rs1.r.1.1")
	r.hangUp(ch)
	r.do("DELETE", "/bridges/rs1.r", nil)
	r.gone("/bridges/rs1.r")
	r.shows("/applications/queueapp", `"bridge_ids":[]`) // not at once
}
