package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// watchman notes who was barred, and what was logged.
type watchman struct {
	mu   sync.Mutex
	told []string
	log  strings.Builder
}

func (o *watchman) Stepped(queueapp.Step)                                      {}
func (o *watchman) Committed(time.Duration, int)                               {}
func (o *watchman) CommitFailed()                                              {}
func (o *watchman) Lagged(time.Duration)                                       {}
func (o *watchman) TurnedAway(string)                                          {}
func (o *watchman) LookedUp(result string)                                     { o.tell("look-up " + result) }
func (o *watchman) Estimated(queueapp.QueueName, time.Duration, time.Duration) {}
func (o *watchman) Recorded(q queueapp.QueueName, result string) {
	o.tell("recording " + string(q) + " " + result)
}
func (o *watchman) Barred(what string) { o.tell("bar " + what) }

func (o *watchman) tell(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, s)
}

func (o *watchman) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.Write(p)
}

// guessing is a world whose menu asks for codes, and has whoever is barred told so.
func guessing(t *testing.T, l ivr.Limits) (*world, *watchman) {
	w, o := newWorld(t), &watchman{}
	w.observer, w.said = o, slog.NewTextHandler(o, nil)
	again := ivr.Step{Verb: ivr.VerbMenu, Menu: "main"}
	w.plan.Menus[0].Keys = append(w.plan.Menus[0].Keys, ivr.Choice{Key: '1', Step: ivr.Step{Verb: ivr.VerbAsk, Ask: &ivr.Ask{
		Tries: 1, Response: time.Minute, Digit: time.Minute, Prompts: []string{"code"}, Then: ivr.Step{Verb: ivr.VerbQueue, Queue: "support"},
		Fail: again, Barred: ivr.Step{Verb: ivr.VerbHangUp, Play: []string{"barred"}}, Unavailable: again,
	}}})
	w.plan.Codes = l
	w.start(SwitchUp{})
	return w, o
}

// keys has a caller of a number go through the menu with a code, and waits until the outcome begins so.
func (w *world) keys(ch queueapp.ChannelID, number, code, outcome string) {
	w.t.Helper()
	w.tell(Arrived{Channel{ID: ch, Args: []string{"ivr", "main"}, Caller: queueapp.Caller{Number: number}}})
	for _, k := range []byte("1" + code + "#") {
		w.tell(Digit{ch, k})
	}
	w.await(outcome)
}

func TestANumberThatGuessesIsBarred(t *testing.T) {
	limits := ivr.Limits{Number: 2, Withheld: 3, Window: time.Hour, Bar: time.Hour}
	for _, number := range []string{"5551", ""} {
		w, o := guessing(t, limits)
		wrong := 2
		if number == "" {
			wrong = 3
		}
		for i := range wrong {
			w.keys(queueapp.ChannelID(fmt.Sprintf("ch%d", i)), number, fmt.Sprintf("987%d", i), fmt.Sprintf("play ch%d rs1.c%d.p4 [sound:ringside/menu]", i, i+1))
		}
		// A code that is right is not looked up any more; another number's is.
		w.keys("late", number, "1111", fmt.Sprintf("play late rs1.c%d.p4 [sound:barred]", wrong+1))
		w.keys("other", "5552", "1111", "answer other")
		w.await("step queueapp.Enter")
		if n := w.count("step queueapp.Enter"); n != 1 {
			t.Errorf("%d callers are in the queue", n)
		}
		// The dialplan's codes are of the same kind.
		w.tell(Arrived{Channel{ID: "dialplan", Args: []string{"queue", "support", "code=1111"}, Caller: queueapp.Caller{Number: number}}})
		w.await("step queueapp.Enter {Call:" + fmt.Sprintf("c%d", wrong+3))
		o.mu.Lock()
		told := strings.Join(o.told, ", ")
		what := map[bool]string{true: "withheld", false: "number"}[number == ""]
		want := strings.Repeat("look-up none, ", wrong) + "bar " + what + ", look-up barred, look-up found, look-up barred"
		if told != want {
			t.Errorf("told %s, want %s", told, want)
		}
		if log := o.log.String(); strings.Contains(log, "987") || strings.Contains(log, "1111") || strings.Count(log, "too many wrong codes") != 1 {
			t.Errorf("logged:\n%s", log)
		}
		o.mu.Unlock()
	}
}

func TestACallThatGuessesIsBarred(t *testing.T) {
	w, o := guessing(t, ivr.Limits{Call: 2})
	w.keys("ch1", "5551", "9871", "play ch1 rs1.c1.p4 [sound:ringside/menu]")
	for _, k := range []byte("19872#") {
		w.tell(Digit{"ch1", k})
	}
	w.await("play ch1 rs1.c1.p7 [sound:barred]")
	o.mu.Lock()
	defer o.mu.Unlock()
	if told := strings.Join(o.told, ", "); told != "look-up none, look-up none, bar call" {
		t.Errorf("told %s", told)
	}
	if log := o.log.String(); strings.Contains(log, "987") || !strings.Contains(log, "barred=call wrong=2 call=c1 number=5551") {
		t.Errorf("logged:\n%s", log)
	}
}
