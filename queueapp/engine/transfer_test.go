package engine

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
)

// near and far are the halves of the channel by which Asterisk sends a call on to a number.
func near(number string) Channel {
	return Channel{ID: "8.1", Name: "Local/" + number + "@phones-1;1", Endpoint: "Local/" + number + "@phones"}
}

func far(number string) Arrived {
	return Arrived{Channel{
		ID: "8.2", Name: "Local/" + number + "@phones-1;2", Endpoint: "Local/" + number + "@phones", Up: true, Args: []string{"transfer", number},
	}}
}

// link is the near half of the channel by which Asterisk brings two calls together.
func link() Channel {
	return Channel{ID: "8.1", Name: linkName + "-1;1", Endpoint: linkName, Up: true}
}

// legEnds is what is told of agent 1000's leg once another channel has its place.
var legEnds = []SwitchEvent{Left{"rs1.c1", "rs1.c1.1.1"}, LegGone{Channel: "rs1.c1.1.1", Q850: 16}}

// talks has caller ch1 talk with agent 1000, in virtual time, until the test is over.
func talks(t *testing.T, then func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(SwitchUp{})
		w.logOn("1000")
		w.tell(caller("ch1", "queue", "support", "code=1111"))
		w.await("originate rs1.c1.1.1")
		w.tell(LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"})
		w.await("bridge rs1.c1 ch1 rs1.c1.1.1")
		w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
		w.await("publish answered 1000 c1.1")
		synctest.Wait()
		then(t, w)
	})
}

// over hangs the caller up, and asserts that nothing of the call is left.
func (w *world) over(channel queueapp.ChannelID) {
	w.t.Helper()
	w.tell(Gone{Channel: channel, HungUp: true, Q850: 16}, Gone{Channel: "8.1", HungUp: true, Q850: 16})
	w.await("destroy rs1.c1")
	synctest.Wait()
	if err := w.eng.ask(w.t.Context(), func(t *tenure) {
		if len(t.calls)+len(t.channels)+len(t.others)+len(t.halves) > 0 {
			w.t.Errorf("left: calls %v channels %v, of transfers %v %v", t.calls, t.channels, t.others, t.halves)
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	for _, a := range []queueapp.AgentID{"1000", "1001"} {
		w.untilAgent(a, func(v queueapp.AgentView) bool { return v.Call == "" })
	}
}

// In any order of the halves the record is there before the dialplan rings; then it is answered, and it ends with the call.
func TestACallSentOnToAPhone(t *testing.T) {
	replaced := append([]SwitchEvent{Replaced{Old: "rs1.c1.1.1", Channel: near("1001")}}, legEnds...)
	for name, told := range map[string][]SwitchEvent{
		"the near half first": append(replaced, far("1001")),
		"the far half first":  append([]SwitchEvent{far("1001")}, replaced...),
		"all of it twice":     append(append([]SwitchEvent{far("1001")}, replaced...), replaced...),
	} {
		t.Run(name, func(t *testing.T) {
			talks(t, func(_ *testing.T, w *world) {
				w.logOn("1001")
				w.tell(told...)
				w.order("commit queueapp.HandOver", "publish transferred 1000 c1.1 transferred", "publish offered 1001 c1.2", "continue 8.2")
				w.times(1, "continue 8.2")
				w.times(1, "commit queueapp.HandOver")
				w.tell(LegUp{"8.1"}, LegUp{"8.1"})
				w.times(1, "publish answered 1001 c1.2")
				w.tell(Held{"8.1"}, Resumed{"8.1"})
				w.times(1, "publish resumed 1001 c1.2")
				w.over("ch1")
				w.times(1, "publish ended 1001 c1.2")
			})
		})
	}
}

// Nobody of the floor's is told where the number is none of its phones': it is rung as soon as that is durable.
func TestACallSentOnToANumberOutside(t *testing.T) {
	talks(t, func(_ *testing.T, w *world) {
		w.tell(Replaced{Old: "rs1.c1.1.1", Channel: near("0015550123")}, far("0015550123"))
		w.order("commit queueapp.HandOver", "continue 8.2")
		w.tell(legEnds...)
		w.tell(LegUp{"8.1"})
		w.times(1, "commit queueapp.Close")
		w.tell(Gone{Channel: "8.1", HungUp: true, Q850: 16})
		w.times(1, "hangup ch1 normal")
		w.times(1, "publish offered")
		w.over("ch1")
	})
}

// A far half whose near one does not come goes on after a moment, and one that is gone by then is not sent anywhere.
func TestAFarHalfAlone(t *testing.T) {
	for name, after := range map[string]SwitchEvent{"goes on": nil, "is gone": Gone{Channel: "8.2", HungUp: true}} {
		t.Run(name, func(t *testing.T) {
			talks(t, func(_ *testing.T, w *world) {
				w.tell(far("1001"))
				<-time.After(passingLimit - time.Millisecond)
				w.times(0, "continue 8.2")
				want := 1
				if after != nil {
					w.tell(after)
					want = 0
				}
				<-time.After(2 * time.Millisecond)
				w.times(want, "continue 8.2")
			})
		})
	}
}

// Who was asked first has the record at once, whether it is told before or after the link who that is, or not at all.
func TestACallBroughtToWhoWasAsked(t *testing.T) {
	for name, test := range map[string]struct {
		target string
		later  []SwitchEvent
		rec    string
	}{
		"told before": {target: "PJSIP/1001", rec: "publish answered 1001 c1.2"},
		"told after":  {later: []SwitchEvent{Reached{"8.1", "PJSIP/1001"}, Reached{"8.1", "PJSIP/1001"}}, rec: "publish answered 1001 c1.2"},
		"nobody's":    {target: "PJSIP/trunk", later: []SwitchEvent{Reached{"8.9", "PJSIP/1001"}}},
		"himself":     {later: []SwitchEvent{Reached{"8.1", "PJSIP/1000"}}, rec: "publish answered 1000 c1.2"},
	} {
		t.Run(name, func(t *testing.T) {
			talks(t, func(_ *testing.T, w *world) {
				w.set(func() { w.stuck = true }) // all in one batch
				w.tell(Replaced{Old: "rs1.c1.1.1", Channel: link(), Target: test.target})
				w.tell(legEnds...)
				w.tell(test.later...)
				synctest.Wait()
				w.set(func() { w.stuck = false })
				if test.rec != "" {
					w.order("publish transferred 1000 c1.1", test.rec)
					w.times(1, test.rec)
				}
				w.oneCall("talking")
				w.over("ch1")
				if test.rec != "" {
					w.times(1, strings.Replace(test.rec, "answered", "ended", 1))
				}
			})
		})
	}
}

// Another channel takes the caller's place: who is in a menu hears it again, who waits has music, who is about to be brought
// together with an agent still is, and who talks, talks.
func TestACallerWhoseChannelIsReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		before []SwitchEvent
		want   string
	}{
		"in a menu": {[]string{"ivr", "main"}, nil, "play 8.1 rs1.c1.p2 [sound:ringside/menu]"},
		"waits":     {[]string{"queue", "support"}, nil, "music 8.1"},
		"is answered": {
			[]string{"queue", "support"}, []SwitchEvent{LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"}}, "bridge rs1.c1 8.1 rs1.c1.1.1",
		},
		"talks": {
			[]string{"queue", "support"},
			[]SwitchEvent{LegRinging{"rs1.c1.1.1"}, LegUp{"rs1.c1.1.1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"}},
			"set 8.1 [{TIMEOUT(absolute) 14400}]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.start(SwitchUp{})
				w.tell(caller("ch1", test.args...))
				synctest.Wait()
				if test.before != nil {
					w.logOn("1000")
					w.await("originate")
				}
				w.tell(test.before...)
				synctest.Wait()
				by := Replaced{Old: "ch1", Channel: near("2000")}
				w.tell(by, by, Gone{Channel: "ch1", HungUp: true, Q850: 16})
				w.times(1, test.want)
				w.times(0, "commit queueapp.Leave")
				w.tell(Gone{Channel: "8.1", HungUp: true, Q850: 16}, LegGone{Channel: "rs1.c1.1.1", Q850: 16})
				synctest.Wait()
				if calls, err := w.eng.Calls(t.Context()); err != nil || len(calls) > 0 {
					t.Errorf("left: %+v, %v", calls, err)
				}
			})
		})
	}
}

// A leg that has ended already is nobody's to send on: what came for it is hung up, again where that had no answer.
func TestATransferThatComesTooLate(t *testing.T) {
	talks(t, func(_ *testing.T, w *world) {
		w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16}, Replaced{Old: "rs1.c1.1.1", Channel: near("1001")})
		w.times(1, "hangup 8.1 normal")
		w.tell(Failed{Command: "hangup", Channel: "8.1", Err: errNoAnswer})
		<-time.After(renewAfter)
		w.times(2, "hangup 8.1 normal")
		w.times(0, "commit queueapp.HandOver")
		w.over("ch1")
	})
}

// Whoever a call was sent on to is rung also while nothing can be written; the dead man's switch of the channel that leads
// there is set again where that had no answer.
func TestACallSentOnWhileTheDatabaseIsAway(t *testing.T) {
	talks(t, func(_ *testing.T, w *world) {
		w.set(func() { w.stuck, w.away = true, errNoAnswer })
		w.tell(Replaced{Old: "rs1.c1.1.1", Channel: near("1001")}, far("1001"))
		w.tell(legEnds...)
		w.times(0, "continue 8.2")
		w.tell(Failed{Command: "variables", Channel: "8.1", Err: errNoAnswer})
		<-time.After(beatLimit + beatEvery)
		w.times(1, "continue 8.2")
		w.times(2, "set 8.1 [{TIMEOUT(absolute) 14400}]")
		w.times(0, "publish offered 1001")
		w.set(func() { w.stuck, w.away = false, nil })
		w.await("publish offered 1001 c1.2")
		w.over("ch1")
	})
}

// What was transferred while nobody listened is found: who stands in the bridge of a call in another's place has that.
func TestATransferThatNobodyHeard(t *testing.T) {
	trunk := Channel{ID: "ch9", Args: []string{"queue", "support"}, Up: true}
	up := func(replacement Channel, rest ...Channel) SwitchUp {
		s := SwitchUp{Channels: append(rest, replacement), Bridges: []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{replacement.ID}}}}
		for _, ch := range rest {
			if len(ch.Args) == 0 || ch.Args[0] != "transfer" {
				s.Bridges[0].Channels = append(s.Bridges[0].Channels, ch.ID)
			}
		}
		return s
	}
	answered := near("1001")
	answered.Up = true
	for name, test := range map[string]struct {
		up   SwitchUp
		want []string
	}{
		"it rings":                 {up(near("1001"), trunk, far("1001").Channel), []string{"publish transferred 1000 c9.1", "publish offered 1001 c9.2", "continue 8.2"}},
		"it was answered":          {up(answered, trunk), []string{"publish transferred 1000 c9.1", "publish answered 1001 c9.2"}},
		"with somebody who talked": {up(link(), trunk), []string{"publish transferred 1000 c9.1"}},
		"the caller's":             {up(near("2000"), leg(true)), []string{"step queueapp.Replaced", "set 8.1 [{TIMEOUT(absolute) 14400}]"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				attempted(w, queueapp.AttemptConnected)
				w.start(test.up)
				for _, line := range test.want {
					w.await(line)
				}
				synctest.Wait()
				if calls, err := w.eng.Calls(t.Context()); err != nil || len(calls) != 1 {
					t.Errorf("calls: %+v, %v", calls, err)
				}
				w.times(0, "hangup 8.1")
			})
		})
	}
}

// A call that was sent on under the last owner goes on where it was: it is answered there, or nobody came.
func TestACallSentOnUnderTheLastOwner(t *testing.T) {
	for name, test := range map[string]struct {
		then SwitchEvent
		want []string
	}{
		"answered":  {LegUp{"8.1"}, []string{"set 8.1 [{TIMEOUT(absolute) 14400}]", "publish answered 1001 c9.2"}},
		"no answer": {Gone{Channel: "8.1", HungUp: true, Q850: 19}, []string{"commit queueapp.Revoke {Attempt:c9.2 Reason:no-answer", "hangup ch9 normal"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				attempted(w, queueapp.AttemptHanded)
				a := &w.left.Attempts[0]
				a.Attempt.N, a.Agent, a.Extension, a.From, a.Channel = 2, "1001", "1001", 1, "8.1"
				w.left.Visits[0].Attempts, w.left.Visits[0].Answered = 2, "1000"
				up := held("ch9")
				up.Channels = append(up.Channels, near("1001"))
				up.Bridges = []Bridge{{ID: "rs1.c9", Channels: []queueapp.ChannelID{"ch9", "8.1"}}}
				w.start(up)
				synctest.Wait()
				w.tell(test.then)
				for _, line := range test.want {
					w.await(line)
				}
			})
		})
	}
}
