package trial

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// How long callers may stay when nobody looks after them any more, as this trial's floor plan and queueapp have it: a
// dialogue, a wait with its margin, and a conversation.
const (
	inDialogue = 10 * time.Minute
	inQueue    = 30*time.Second + time.Minute
	inTalk     = time.Minute
)

// ringingPhone is ended by Asterisk's own time for the ring, which is over sooner.
const ringingPhone = "the phone that rings"

// left is one channel's dead man's switch, as Asterisk counts it down.
type left struct {
	what, channel string
	most          time.Duration // what it was set to
	since         time.Time     // not before this moment
}

// remains reads how long a channel still has.
func (s *site) remains(channel string) time.Duration {
	s.t.Helper()
	var v struct{ Value string }
	s.fromARI("channels/"+channel+"/variable?variable="+url.QueryEscape("TIMEOUT(absolute)"), &v)
	seconds, err := strconv.ParseFloat(v.Value, 64)
	if err != nil {
		s.t.Errorf("channel %s has the time-out %q", channel, v.Value)
	}
	return time.Duration(seconds * float64(time.Second))
}

// judge finds that it was set to what it should be, at a time when it should be.
func (l left) judge(s *site) {
	s.t.Helper()
	remains := s.remains(l.channel)
	const rounding = time.Second // queueapp counts whole ones
	if least := l.most - time.Since(l.since); remains < least || remains > l.most+rounding {
		s.t.Errorf("%s has %v left, want between %v and %v", l.what, remains, least, l.most)
	}
}

// hurry lets a channel's time be over in a moment, as queueapp's absence would in the end.
func (s *site) hurry(channel string) {
	s.t.Helper()
	a := s.stack.Info().ARI
	q := url.Values{"variable": {"TIMEOUT(absolute)"}, "value": {"1"}}
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, a.URL+"/channels/"+channel+"/variable?"+q.Encode(), nil)
	s.must(err)
	r.SetBasicAuth(a.User, a.Password)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		s.t.Fatalf("set the time-out of %s: %s", channel, resp.Status)
	}
}

// channelOf is the caller's channel.
func (s *site) channelOf(c *phone.Call) (id string) {
	s.t.Helper()
	s.until("a channel of "+c.From().Number, func() bool {
		for _, ch := range s.ari("channels") {
			if from, _ := ch["caller"].(map[string]any); from["number"] == c.From().Number && !strings.HasPrefix(ch["id"].(string), "rs1.") {
				id = ch["id"].(string)
				return true
			}
		}
		return false
	})
	return id
}

// legOf is the channel to the phone of an extension.
func (s *site) legOf(extension string) (id string) {
	s.t.Helper()
	s.until("a leg to "+extension, func() bool {
		for _, ch := range s.ari("channels") {
			if name, _ := ch["name"].(string); strings.HasPrefix(name, "PJSIP/"+extension+"-") {
				id = ch["id"].(string)
				return true
			}
		}
		return false
	})
	return id
}

// TestQueueappGoneForGood: each caller has as long as DESIGN §4.9 says, on every leg; then who waits is with the
// dialplan's own queue, and who talks does so no longer. The last resort sends on at once whoever still waits.
// RINGSIDE_LONG has the waits and talks end by themselves; else, and for the menu, their time is cut short.
func TestQueueappGoneForGood(t *testing.T) {
	s := newSiteFor(t, 3*time.Minute)
	s.plan(`ring = "20s"`, `ring = "15s"`, `after = "3s"`, `after = "2m"`, `timeout = "10m"`, `timeout = "30s"`,
		"[floor]", "[floor]\nmax_call = \"1m\"")
	s.agent("1000", phone.AnswerAfter(0)).SetMedia(voice.Media{Tone: talkTone})
	began := time.Now()
	talking := s.callAs(newCaller(), "7000")
	s.must(talking.AwaitTone(s.ctx, talkTone, 5))
	ringing := s.agent("2000", phone.NeverAnswer()).Watch()
	defer ringing.Close()
	rung := s.callAs(newCaller(), "7000")
	invite := s.invited(ringing)
	menu := s.callAs(newCaller(), "0000")
	s.must(menu.AwaitLoud(s.ctx, 5))
	waiting, released := s.callAs(newCaller(), "7000"), s.callAs(newCaller(), "7000")
	s.must(waiting.AwaitLoud(s.ctx, 5))
	s.must(released.AwaitLoud(s.ctx, 5))
	s.until("four callers", func() bool { return len(s.calls()) == 4 })
	s.down()

	limits := []left{
		{"the caller in the menu", s.channelOf(menu), inDialogue, began}, {"the caller who waits", s.channelOf(waiting), inQueue, began},
		{"the caller for whom a phone rings", s.channelOf(rung), inQueue, began}, {ringingPhone, s.legOf("2000"), inTalk, began},
		{"the caller who talks", s.channelOf(talking), inTalk, began}, {"the phone in the conversation", s.legOf("1000"), inTalk, began},
	}
	for _, l := range limits {
		l.judge(s)
		if l.what != ringingPhone && (l.most == inDialogue || !long()) {
			s.hurry(l.channel)
		}
	}
	if !long() { // whoever still waits may be sent on at once
		out, err := s.queueapp("release")
		if err != nil || !strings.Contains(out, "sent on") {
			t.Errorf("release: %v\n%s", err, out)
		}
		s.inFallback(released.From())
	}
	for _, c := range []*phone.Call{menu, waiting, rung} {
		s.inFallback(c.From())
	}
	if took := time.Since(began); long() && took < inQueue {
		t.Errorf("they were sent on after %v", took)
	}
	// The conversation is over on both sides, and so is the ring.
	for what, leg := range map[string]string{"the phone in the conversation": limits[5].channel, "the phone that rang": limits[3].channel} {
		s.until(what+" is free", func() bool { return !s.hasChannel(leg) })
	}
	if _, err := invite.Call.AwaitEnd(s.ctx); err != nil {
		t.Error(err)
	}
	for _, c := range []*phone.Call{talking, rung, menu, waiting, released} {
		s.must(c.Hangup(s.ctx))
	}

	// A queueapp that comes back at last finds it all over.
	s.up()
	s.until("an empty floor", func() bool { return len(s.calls()) == 0 })
	x := s.extension("1000")
	screen := s.crm(x.JID, x.JIDPassword, "1000")
	again := s.callAs(newCaller(), "7000")
	s.until("a conversation on the screen", func() bool {
		shown := screen.Shown()
		return len(shown) == 1 && shown[0].State == record.Talking && shown[0].Caller.Number == again.From().Number
	})
	s.must(again.Hangup(s.ctx))
}

func (s *site) hasChannel(id string) bool {
	s.t.Helper()
	for _, ch := range s.ari("channels") {
		if ch["id"] == id {
			return true
		}
	}
	return false
}
