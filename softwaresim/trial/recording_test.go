package trial

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/api"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// The tones of a trial of recordings: of the two, and of a third party that is heard while it is recorded or while it is not.
const (
	callersTone, agentsTone = 440.0, 700.0
	openTone, secretTone    = 1000.0, 1400.0
	window                  = 800 // samples: a tenth of a second
)

// What a recording holds: both from the answer on, nothing of what was said while it was paused, and that although queueapp
// was started anew meanwhile. Nobody's name leads it elsewhere.
func TestAConversationIsRecorded(t *testing.T) {
	s := newSiteFor(t, time.Minute)
	s.plan(`music = "default"`, "music = \"default\"\nrecord = \"wav\"\nrecord_name = \"trial/{{.Name}}/{{.Call}}-{{.Attempt}}\"")
	p := s.agent("1000", phone.AnswerAfter(700*time.Millisecond))
	p.SetMedia(voice.Media{Tone: agentsTone})
	rings := p.Watch()
	defer rings.Close()
	caller := s.ua.Caller(phone.Party{Name: "../../..", Number: newCaller().Number})
	caller.Media = voice.Media{Tone: callersTone}
	call, err := caller.Dial(s.ctx, "7000")
	s.must(err)
	leg := s.invited(rings).Call
	if now := s.calls(); len(now) != 1 || now[0].Recording != nil {
		t.Errorf("before the answer: %+v", now)
	}
	s.must(leg.AwaitTone(s.ctx, callersTone, 5))
	s.must(call.AwaitTone(s.ctx, agentsTone, 50))
	s.recordingIs("recording")
	id := string(s.calls()[0].Call)
	s.says(call, id, openTone)

	s.record(id, "pause", "recording paused")
	s.says(call, id, secretTone)
	s.must(s.stack.Restart(s.ctx, stack.Queueapp))
	s.recordingIs("paused")
	s.says(call, id, secretTone)
	s.record(id, "resume", "recorded")
	s.must(call.AwaitTone(s.ctx, agentsTone, 50))

	s.record(id, "stop", "recording off")
	s.says(call, id, secretTone)
	s.record(id, "start", "recorded") // in the same file
	s.must(call.AwaitTone(s.ctx, agentsTone, 50))
	s.must(call.Hangup(s.ctx))
	_, err = leg.AwaitEnd(s.ctx)
	s.must(err)
	s.until("the call over", func() bool { return len(s.calls()) == 0 })

	sound := s.recorded("trial", "_._.._..", id+"-1.wav")
	t.Logf("the file holds %.1f s", float64(len(sound))/8000)
	if len(sound) < 2*8000 || len(sound) > 8*8000 {
		t.Errorf("the file holds %d samples", len(sound))
	}
	var lacks, open int
	for n := 0; n+window <= len(sound); n += window {
		part := sound[n : n+window]
		if share(part, secretTone) > 0.01 {
			t.Errorf("what was said in the pause is in the file, at %.1f s", float64(n)/8000)
		}
		if share(part, openTone) > 0.1 {
			open++
		}
		if share(part, callersTone) < 0.2 || share(part, agentsTone) < 0.2 {
			lacks++
		}
	}
	if open == 0 {
		t.Error("what was said while it was recorded is not in the file")
	}
	if most := 6; lacks > most { // at both ends and at the seams
		t.Errorf("in %d tenths of a second of %d not both are heard", lacks, len(sound)/window)
	}
}

// A conversation that Asterisk cannot record goes on all the same, and that is told.
func TestAConversationThatCannotBeRecorded(t *testing.T) {
	s := newSite(t)
	s.plan(`music = "default"`, "music = \"default\"\nrecord = \"nothing\"")
	failed := func() float64 { return s.metric(`queueapp_recordings_total{queue="support",result="failed"}`) }
	before := failed()
	p := s.agent("1000", phone.AnswerAfter(0))
	p.SetMedia(voice.Media{Tone: agentsTone})
	rings := p.Watch()
	defer rings.Close()
	call := s.callAs(newCaller(), "7000")
	leg := s.invited(rings).Call
	s.recordingIs("failed")
	if n := failed() - before; n != 1 {
		t.Errorf("counted %v failures", n)
	}
	if !strings.Contains(s.log(100), "a conversation is not recorded") {
		t.Error("the log does not say so")
	}
	s.must(call.AwaitTone(s.ctx, agentsTone, 25))
	s.must(call.Hangup(s.ctx))
	_, err := leg.AwaitEnd(s.ctx)
	s.must(err)
}

// recordingIs waits until the one call's recording stands so.
func (s *site) recordingIs(state string) {
	s.t.Helper()
	s.until("the recording "+state, func() bool {
		var list api.Calls
		err := s.get("/v1/calls", &list)
		return err == nil && len(list.Calls) == 1 && list.Calls[0].Recording != nil && list.Calls[0].Recording.State == state
	})
}

// record has an operator do something about the recording.
func (s *site) record(call, do, says string) {
	s.t.Helper()
	out, err := s.queueapp("call", call, "record", do)
	if want := fmt.Sprintf("call %s: %s\n", call, says); err != nil || out != want {
		s.t.Fatalf("%s: %v, %q", do, err, out)
	}
}

// says has somebody else be heard in a call's bridge for half a second, until the two hear only each other again.
func (s *site) says(call *phone.Call, id string, hertz float64) {
	s.t.Helper()
	s.playback(http.MethodPost, "bridges/rs1."+id+"/play/trial", fmt.Sprintf(`{"media":"tone:%v"}`, hertz))
	s.until("the third tone playing", func() bool {
		var now struct{ State string }
		s.fromARI("playbacks/trial", &now)
		return now.State == "playing"
	})
	s.must(call.AwaitLoud(s.ctx, 25))
	s.playback(http.MethodDelete, "playbacks/trial", "")
	s.must(call.AwaitTone(s.ctx, agentsTone, 10))
}

func (s *site) playback(method, path, body string) {
	s.t.Helper()
	a := s.stack.Info().ARI
	r, err := http.NewRequestWithContext(s.ctx, method, a.URL+"/"+path, strings.NewReader(body))
	s.must(err)
	r.SetBasicAuth(a.User, a.Password)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// recorded reads a file of the first Asterisk's recordings: 16-bit samples, 8000 a second.
func (s *site) recorded(path ...string) []int16 {
	s.t.Helper()
	dir := filepath.Join(s.stack.Dir(), "servers/asterisk/spool/recording")
	b, err := os.ReadFile(filepath.Join(dir, filepath.Join(path...)))
	if err != nil {
		there, globErr := filepath.Glob(filepath.Join(dir, "*/*/*"))
		s.t.Fatalf("%v; there are %q, %v", err, there, globErr)
	}
	const header = 44
	samples := make([]int16, (len(b)-header)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(b[header+2*i:]))
	}
	return samples
}

// share is how much of a sound's power lies at a frequency (Goertzel's algorithm), 0 to 1.
func share(sound []int16, hertz float64) float64 {
	coefficient := 2 * math.Cos(2*math.Pi*hertz/8000)
	var one, two, power float64
	for _, v := range sound {
		one, two = float64(v)+coefficient*one-two, one
		power += float64(v) * float64(v)
	}
	if power == 0 {
		return 0
	}
	return (one*one + two*two - coefficient*one*two) * 2 / float64(len(sound)) / power
}
