package trial

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// The prompts of these trials are tones, so that a phone can tell them from the music and from each other.
var tones = map[string]float64{"welcome": 1500, "there-are": 1900, "next": 2300, "periodic": 2700, "connect": 3100}

// toneTime is how long each is.
const toneTime = 1200 * time.Millisecond

// hearing has callers of the queue hear what these options say, in tones.
func (s *site) hearing(options string) {
	s.t.Helper()
	dir := filepath.Join(s.stack.Dir(), "servers/asterisk/data/sounds/en/trial")
	s.must(os.MkdirAll(dir, 0o755))
	for name, hertz := range tones {
		file := filepath.Join(dir, name+".wav")
		s.must(os.WriteFile(file, wav(hertz, toneTime), 0o644))
	}
	s.plan("joinempty = true", "joinempty = true\n"+options)
}

// wav is a tone as a file.
func wav(hertz float64, long time.Duration) []byte {
	samples := make([]int16, 8*long.Milliseconds())
	tone := voice.Tone{Hertz: hertz}
	tone.Next(samples)
	size := uint32(2 * len(samples))
	var b bytes.Buffer
	for _, part := range []any{
		[]byte("RIFF"), 36 + size, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(8000), uint32(16000), uint16(2), uint16(16),
		[]byte("data"), size, samples,
	} {
		_ = binary.Write(&b, binary.LittleEndian, part) // a buffer takes all
	}
	return b.Bytes()
}

const announced = `welcome = "trial/welcome"
there_are = "trial/there-are"
you_are_next = "trial/next"
thank_you = []
announce_frequency = "5s"
min_announce_frequency = "5s"
periodic_announce = "trial/periodic"
periodic_announce_frequency = "9s"
keys."#" = "continue"
keys.2 = { goto = "trial-back,s,1" }`

// hears waits until a caller has heard most of a tone.
func (s *site) hears(c *phone.Call, what string) {
	s.t.Helper()
	if err := c.AwaitTone(s.within(15*time.Second), tones[what], 45); err != nil {
		s.t.Fatalf("%s: %v; heard %+v", what, err, c.Heard())
	}
}

// longestQuiet is how long a caller may hear nothing: the music has softer places, and between two of Asterisk's files there
// are a few packets.
const longestQuiet = 700 * time.Millisecond

func TestWhatAWaitingCallerHears(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.hearing(announced)
	one, two := newCaller(), newCaller()
	first := s.callAs(one, "7107")
	s.must(first.AwaitAnswer(s.ctx))
	s.hears(first, "welcome")
	s.hears(first, "next")
	s.must(first.AwaitLoud(s.ctx, 100)) // music
	second := s.callAs(two, "7107")
	s.hears(second, "welcome")
	s.hears(second, "there-are")
	s.hears(first, "periodic")
	s.must(second.AwaitLoud(s.ctx, 100))

	s.must(second.Press(s.ctx, "9#", phone.KeyTiming{}))
	if got := s.cameBack(two.Number); got != "SUCCESS/CONTINUE/key" {
		t.Errorf("the call came back with %s", got)
	}
	s.until("the key", func() bool { return s.global("KEY_"+two.Number) == "#" })
	pressed := time.Now()
	s.must(first.Press(s.ctx, "2", phone.KeyTiming{}))
	if got := s.cameBack(one.Number); got != "SUCCESS/CONTINUE/key" {
		t.Errorf("the call came back with %s", got)
	}
	t.Logf("back in the dialplan %v after the key began", time.Since(pressed))
	for who, c := range map[string]*phone.Call{"first": first, "second": second} {
		if h := c.Heard(); h.Quietest > longestQuiet {
			t.Errorf("the %s caller heard nothing for %v", who, h.Quietest)
		} else {
			t.Logf("the %s caller heard nothing for %v at most", who, h.Quietest)
		}
		s.must(c.Hangup(s.ctx))
	}
}

// Whoever answers ends what plays, and the caller has him at once.
func TestAnAnswerEndsTheWelcome(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.hearing(announced)
	call := s.callAs(newCaller(), "7107")
	s.must(call.AwaitTone(s.ctx, tones["welcome"], 5))
	agent := s.register("1000", phone.AnswerAfter(0))
	rings := agent.Watch()
	defer rings.Close()
	s.post("/v1/agents/1000/logon", nil)
	t.Cleanup(func() { s.logOff("1000") })
	invite := s.invited(rings)
	answered := s.event(invite.Call, phone.AckReceived).At
	s.until("a conversation", func() bool { return s.calls()[0].State == string(queueapp.StatusTalking) })
	t.Logf("together %v after the answer", s.calls()[0].Connected.Sub(answered))
	if took := s.calls()[0].Connected.Sub(answered); took > 500*time.Millisecond {
		t.Errorf("together only %v after the answer", took)
	}
	s.must(call.Hangup(s.ctx))
}

// An agent who answers as the welcome begins, or before it does, has the caller as soon as without one.
func TestAWelcomeHoldsNoRing(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.hearing(announced)
	rings := s.agent("1000", phone.AnswerAfter(0)).Watch()
	defer rings.Close()
	for range 10 {
		begun := time.Now()
		call := s.callAs(newCaller(), "7107")
		invite := s.invited(rings)
		answered := s.event(invite.Call, phone.AckReceived).At
		s.until("a conversation", func() bool { return len(s.calls()) == 1 && s.calls()[0].State == string(queueapp.StatusTalking) })
		together := s.calls()[0].Connected
		t.Logf("rung after %v, together %v after the answer", invite.At.Sub(begun), together.Sub(answered))
		if together.Sub(answered) > 500*time.Millisecond {
			t.Errorf("together only %v after the answer", together.Sub(answered))
		}
		s.must(call.Hangup(s.ctx))
		s.until("nobody talks", func() bool { return len(s.calls()) == 0 })
	}
}

func TestTheCallerIsToldThatHeIsConnected(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.hearing(announced + "\nconnect_announce = \"trial/connect\"")
	rings := s.agent("1000", phone.AnswerAfter(200*time.Millisecond)).Watch()
	defer rings.Close()
	call := s.callAs(newCaller(), "7107")
	answered := s.event(s.invited(rings).Call, phone.AckReceived).At
	s.hears(call, "connect")
	s.until("a conversation", func() bool { return s.calls()[0].State == string(queueapp.StatusTalking) })
	took := s.calls()[0].Connected.Sub(answered)
	t.Logf("together %v after the answer, of which the prompt took %v", took, toneTime)
	if took > toneTime+500*time.Millisecond {
		t.Errorf("together only %v after the answer", took)
	}
	s.must(call.Hangup(s.ctx))
}

// After a kill the caller has music again, is not welcomed again, and is announced the rest when it is due.
func TestWhatACallerHearsAfterAKill(t *testing.T) {
	for name, kill := range map[string]string{"over the welcome": "welcome", "over music": ""} {
		t.Run(name, func(t *testing.T) {
			s := newSiteWithDialplan(t)
			s.hearing(announced)
			call := s.callAs(newCaller(), "7107")
			if kill != "" {
				s.must(call.AwaitTone(s.ctx, tones[kill], 5))
			} else {
				s.hears(call, "next")
				s.must(call.AwaitLoud(s.ctx, 30))
			}
			s.kill(nil)
			again := make(chan error, 1)
			watch := s.within(20 * time.Second)
			if kill == "" {
				go func() { again <- call.AwaitTone(watch, tones["welcome"], 20) }()
			}
			s.hears(call, "next")
			s.must(call.AwaitLoud(s.ctx, 60))
			select {
			case err := <-again:
				t.Errorf("welcomed again: %v", err)
			default:
			}
			t.Logf("heard nothing for %v at most", call.Heard().Quietest)
			s.must(call.Hangup(s.ctx))
			if kill == "" {
				<-again
			}
		})
	}
}

func TestAClosedQueueGivesCallersBack(t *testing.T) {
	s := newSiteWithDialplan(t)
	s.hearing("hours = \"never\"\n[hours.never]\nzone = \"Europe/Berlin\"\nclosed = [\"2000-01-01..2999-12-31\"]\n[queue.other]")
	who := newCaller()
	call := s.callAs(who, "7107")
	if got := s.cameBack(who.Number); got != "SUCCESS/CLOSED/closed" {
		t.Errorf("the call came back with %s", got)
	}
	s.must(call.AwaitLoud(s.ctx, 5))
	s.must(call.Hangup(s.ctx))
}
