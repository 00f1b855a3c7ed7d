package aritest_test

import (
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// prepare makes a leg that calls nobody yet.
func (r *recorder) prepare(leg, caller, number string) int {
	r.t.Helper()
	status, _ := r.do("POST", "/channels/create", js{
		"endpoint": "PJSIP/" + number, "app": "queueapp", "appArgs": "prepared," + leg, "channelId": leg, "originator": caller,
		"variables": js{"TIMEOUT(absolute)": "14400", "CONNECTEDLINE(name,i)": "support: Company 1", "CONNECTEDLINE(num,i)": "5550100"},
	})
	if status == 200 {
		r.await("StasisStart", leg, 1)
		r.wanted[caller] = true
		r.shows("/channels/"+leg, `"app_name":"Stasis"`)
	}
	return status
}

// call has a leg that was prepared call its phone.
func (r *recorder) call(leg string, seconds int) {
	r.t.Helper()
	r.do("POST", "/channels/"+leg+"/dial", js{"timeout": seconds})
}

func preparedTalk(t *testing.T, w world, r *recorder) {
	r.up()
	for _, first := range []string{"agent", "caller"} {
		w.behave(t, "1000", phone.AnswerAfter(100*time.Millisecond))
		c, ch := r.answered(w, queue)
		leg, b := "rs1."+first+".1.1", "rs1."+first
		r.prepare(leg, ch, "1000")
		r.do("GET", "/channels/"+leg, nil)
		r.do("GET", "/applications/queueapp", nil)
		r.call(leg, 10)
		r.await("Dial", leg, 3)
		r.shows("/channels/"+leg, `"state":"Up"`)
		r.do("GET", "/channels/"+leg, nil)
		r.bridged(b, ch, leg)
		r.do("GET", "/bridges/"+b, nil)
		if first == "agent" {
			w.agentHangsUp(t, "1000")
			r.await("ChannelDestroyed", leg, 1)
			r.hangUp(ch)
		} else {
			c.hangUp(t)
			r.await("ChannelDestroyed", ch, 1)
			r.hangUp(leg)
		}
		r.do("DELETE", "/bridges/"+b, nil)
	}
}

func preparedEnds(t *testing.T, w world, r *recorder) {
	r.up()
	_, ch := r.arrives(w, queue)
	w.behave(t, "1000", phone.NeverAnswer())
	for _, end := range []string{"403", "404", "408", "480", "486", "488", "500", "503", "600", "603", "no-answer", "hangs-up"} {
		leg, seconds := "rs1."+end+".1.1", 10
		if end == "no-answer" {
			seconds = 1
		}
		r.prepare(leg, ch, "1000")
		r.call(leg, seconds)
		r.await("Dial", leg, 2)
		r.isEnded(w, leg, end)
	}
	for _, reason := range []string{"normal", "answered_elsewhere", "busy", "no_answer"} {
		leg := "rs1." + reason + ".1.1"
		r.prepare(leg, ch, "1000")
		r.call(leg, 10)
		r.await("Dial", leg, 2)
		r.shows("/channels/"+leg, `"state":"Ringing"`)
		r.do("DELETE", "/channels/"+leg+"?reason="+reason, nil)
		r.await("ChannelDestroyed", leg, 1)
		r.gone("/channels/" + leg)
		leg = "rs1." + reason + ".2.1" // undialled
		r.prepare(leg, ch, "1000")
		r.do("DELETE", "/channels/"+leg+"?reason="+reason, nil)
		r.await("ChannelDestroyed", leg, 1)
		r.gone("/channels/" + leg)
	}
	r.hangUp(ch)
}

func preparedRefused(t *testing.T, w world, r *recorder) {
	r.up()
	w.behave(t, "1000", phone.NeverAnswer())
	_, ch := r.arrives(w, queue)
	r.call("rs1.none.1.1", 1)
	r.call(ch, 1)
	w.unregister(t, "3000")
	r.prepare("rs1.absent.1.1", ch, "3000")
	r.prepare("rs1.absent.1.1", ch, "nobody")
	for _, body := range []js{
		{"app": "queueapp"}, {"endpoint": "1000", "app": "queueapp"}, {"endpoint": "FOO/1000", "app": "queueapp"},
	} {
		body["channelId"] = "rs1.unmade.1.1" // of which Asterisk then believes for ever that it stands
		r.do("POST", "/channels/create", body)
	}
	r.prepare("rs1.twice.1.1", ch, "1000")
	r.prepare("rs1.twice.1.1", ch, "1000")
	r.prepare("rs1.absent.1.1", ch, "3000") // is now said to stand
	r.do("GET", "/channels/rs1.absent.1.1", nil)
	r.call("rs1.twice.1.1", 10)
	r.await("Dial", "rs1.twice.1.1", 2)
	r.shows("/channels/rs1.twice.1.1", `"state":"Ringing"`)
	r.call("rs1.twice.1.1", 10)
	r.hangUp("rs1.twice.1.1")
	r.hangUp(ch)
}
