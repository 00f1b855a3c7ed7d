package stasis

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
)

const (
	postLeg   = "POST /channels/rs1.leg"
	getLeg    = "GET /channels/rs1.leg"
	deleteLeg = "DELETE /channels/rs1.leg"
)

var aLeg = engine.Leg{Channel: "rs1.leg", Dial: "PJSIP/1000", Ring: 20 * time.Second}

// absent fails the test unless the leg is told absent once.
func (r *running) absent(t *testing.T, q850 int) {
	t.Helper()
	if got := await[engine.LegGone](t, r.ear, nil); got != (engine.LegGone{Channel: "rs1.leg", Q850: q850, Absent: true}) {
		t.Errorf("%+v", got)
	}
	pass(time.Minute)
	if n := count[engine.LegGone](r.ear, nil); n != 0 {
		t.Errorf("told again:\n%s", r.ear)
	}
}

func TestOriginateWithoutReply(t *testing.T) {
	t.Run("it stands", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.answer(postLeg, lose)
			r.Originate(aLeg)
			f.send(ev("Dial", "dialstatus", `"RINGING"`, "peer", channel("rs1.leg")))
			await[engine.LegRinging](t, r.ear, nil)
			pass(time.Minute)
			if f.count(postLeg) != 1 || f.count(getLeg) != 1 {
				t.Errorf("%d POSTs and %d GETs, want one each", f.count(postLeg), f.count(getLeg))
			}
			if n := len(r.all); n != 0 {
				t.Errorf("told:\n%s", r.ear)
			}
		})
	})
	t.Run("it never came", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.answer(postLeg, lose)
			f.answer(getLeg, status(http.StatusNotFound))
			began := time.Now()
			r.Originate(aLeg)
			await(t, r.ear, func(e engine.LegGone) bool {
				return e == engine.LegGone{Channel: "rs1.leg", Q850: networkDown, Absent: true}
			})
			if took := time.Since(began); took < 10*time.Second || took > 12*time.Second {
				t.Errorf("given up after %v", took)
			}
			// It comes after all: Asterisk had the request in its buffer.
			f.send(ev("Dial", "dialstatus", `""`, "peer", channel("rs1.leg")), ev("Dial", "dialstatus", `"RINGING"`, "peer", channel("rs1.leg")))
			synctest.Wait()
			f.send(ev("StasisStart", "channel", channel("rs1.leg"), "args", `["leg","rs1.leg"]`))
			synctest.Wait()
			if n := f.count(deleteLeg); n != 1 {
				t.Errorf("it was hung up %d times, want once", n)
			}
			f.send(ev("ChannelDestroyed", "channel", channel("rs1.leg"), "cause", "16"))
			synctest.Wait()
			if n := len(r.all); n != 0 {
				t.Errorf("told:\n%s", r.ear)
			}
		})
	})
	t.Run("hung up before it is known", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.answer(postLeg, lose)
			f.answer(getLeg, status(http.StatusNotFound))
			tries := 0
			f.answer(deleteLeg, func(w http.ResponseWriter, _ *http.Request) {
				if tries++; tries < 4 { // the POST is acted on only now
					w.WriteHeader(http.StatusNotFound)
					return
				}
				f.answer(deleteLeg, status(http.StatusNotFound))
				w.WriteHeader(http.StatusNoContent)
				f.send(ev("ChannelDestroyed", "channel", channel("rs1.leg"), "cause", "26"))
			})
			r.Originate(aLeg)
			r.HangUp("rs1.leg", "answered_elsewhere")
			if got := await[engine.LegGone](t, r.ear, nil); got.Channel != "rs1.leg" {
				t.Errorf("%+v", got)
			}
			pass(time.Minute)
			if n := count[engine.LegGone](r.ear, nil); n != 0 || tries != 4 {
				t.Errorf("deleted in %d tries, then told:\n%s", tries, r.ear)
			}
		})
	})
	t.Run("409", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.answer(postLeg, says(http.StatusConflict, `{"message":"Channel with given unique ID already exists"}`))
			r.Originate(aLeg)
			f.send(ev("StasisStart", "channel", channel("rs1.leg"), "args", `["leg","rs1.leg"]`))
			await[engine.LegUp](t, r.ear, nil)
		})
	})
	t.Run("nobody listens", func(t *testing.T) {
		inBubble(t, func(t *testing.T, f *fake) {
			r := f.up()
			f.answer(postLeg, status(http.StatusInternalServerError))
			r.Originate(aLeg)
			r.absent(t, subscriberAbsent)
		})
	})
}

// A command that had to wait too long is not sent: its owner may have lost the floor meanwhile.
func TestStaleCommandsAreNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.answer("POST /channels/1.1/answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		f.answer("POST /channels/rs1.leg/answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		r.Answer("1.1")
		r.Play("1.1", "rs1.p", []string{"sound:ringside/menu"})
		r.Continue("1.1", nil, engine.Variable{Name: "QUEUESTATUS", Value: "TIMEOUT"})
		r.Answer("rs1.leg")
		r.Originate(aLeg)
		if got := await[engine.PlayDone](t, r.ear, nil); !got.Failed {
			t.Errorf("%+v", got)
		}
		await(t, r.ear, func(e engine.Failed) bool { return e.Command == "continue" })
		r.absent(t, networkDown)
		for _, request := range []string{"POST /channels/1.1/play/rs1.p", "POST /channels/1.1/continue", postLeg} {
			if n := f.count(request); n != 0 {
				t.Errorf("%s was sent", request)
			}
		}
	})
}

func TestPlayWithoutReply(t *testing.T) {
	const post, get = "POST /channels/1.1/play/rs1.p", "GET /playbacks/rs1.p"
	for _, there := range []bool{true, false} {
		t.Run(fmt.Sprint("it plays: ", there), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.answer(post, lose)
				if !there {
					f.answer(get, status(http.StatusNotFound))
				}
				r.Play("1.1", "rs1.p", []string{"sound:a", "sound:b"})
				pass(30 * time.Second)
				f.send(ev("PlaybackFinished", "playback", `{"id":"rs1.p","state":"done"}`))
				if got := await[engine.PlayDone](t, r.ear, nil); got.Failed == there {
					t.Errorf("%+v", got)
				}
				synctest.Wait()
				if n := count[engine.PlayDone](r.ear, nil); n != 0 || f.count(post) != 1 {
					t.Errorf("%d POSTs; told again:\n%s", f.count(post), r.ear)
				}
				if body := f.body(post); body != `{"media":["sound:a","sound:b"]}` {
					t.Errorf("asked for %s", body)
				}
			})
		})
	}
}

// A channel that is added to its bridge again leaves it first: after a lost reply we look before we ask again.
func TestBridgeWithoutReply(t *testing.T) {
	const add = "POST /bridges/rs1.b/addChannel"
	for in, want := range map[string]int{`["1.1","rs1.leg"]`: 1, `["1.1"]`: 2} {
		t.Run(in, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.answer(add, func(http.ResponseWriter, *http.Request) {
					f.answer(add, nil)
					panic(http.ErrAbortHandler)
				})
				f.answer("GET /bridges/rs1.b", says(http.StatusOK, `{"id":"rs1.b","channels":`+in+`}`))
				r.Bridge("rs1.b", "1.1", "rs1.leg")
				pass(time.Minute)
				if n := f.count(add); n != want {
					t.Errorf("asked %d times, want %d", n, want)
				}
				if n := len(r.all); n != 0 {
					t.Errorf("told:\n%s", r.ear)
				}
			})
		})
	}
}

func TestBridgeIsMadeWhereItIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.answer("POST /bridges/rs1.b/addChannel", says(http.StatusNotFound, `{"message":"Bridge not found"}`))
		f.answer("POST /bridges/rs1.b", func(http.ResponseWriter, *http.Request) {
			f.answer("POST /bridges/rs1.b/addChannel", nil)
		})
		r.Bridge("rs1.b", "1.1", "rs1.leg")
		synctest.Wait()
		if f.count("POST /bridges/rs1.b") != 1 || f.count("POST /bridges/rs1.b/addChannel") != 2 || f.count("DELETE /channels/1.1/moh") != 1 {
			t.Errorf("asked %v", f.asked)
		}
		if body := f.body("POST /bridges/rs1.b/addChannel"); body != `{"channel":["1.1","rs1.leg"]}` {
			t.Errorf("added with %s", body)
		}
		f.answer("POST /bridges/rs1.b/addChannel", says(http.StatusBadRequest, `{"message":"Channel not found"}`))
		r.Bridge("rs1.b", "1.1", "rs1.leg")
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "bridge" || got.Channel != "1.1" || got.Status != http.StatusBadRequest ||
			!strings.Contains(got.Err.Error(), "Channel not found") {
			t.Errorf("%+v", got)
		}
	})
}

func TestContinueWithoutReply(t *testing.T) {
	const post = "POST /channels/1.1/continue"
	for app, want := range map[string]int{"Playback": 1, "Stasis": 2} {
		t.Run(app, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.answer(post, func(http.ResponseWriter, *http.Request) {
					f.answer(post, nil)
					panic(http.ErrAbortHandler)
				})
				f.answer("GET /channels/1.1", says(http.StatusOK, `{"id":"1.1","dialplan":{"app_name":"`+app+`","app_data":"queueapp,ivr"}}`))
				r.Continue("1.1", nil)
				pass(time.Minute)
				if n := f.count(post); n != want {
					t.Errorf("asked %d times, want %d", n, want)
				}
			})
		})
	}
}
