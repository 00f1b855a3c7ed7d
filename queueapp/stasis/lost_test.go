package stasis

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
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
	time.Sleep(time.Minute)
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
			time.Sleep(time.Minute)
			if f.count(postLeg) != 1 || f.count(getLeg) != 1 {
				t.Errorf("%d POSTs and %d GETs, want one each", f.count(postLeg), f.count(getLeg))
			}
			if n := len(r.ear.all); n != 0 {
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
			if n := len(r.ear.all); n != 0 {
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
			time.Sleep(time.Minute)
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
				time.Sleep(30 * time.Second)
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
				time.Sleep(time.Minute)
				if n := f.count(add); n != want {
					t.Errorf("asked %d times, want %d", n, want)
				}
				if n := len(r.ear.all); n != 0 {
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
		f.answer("POST /bridges/rs1.b", func(w http.ResponseWriter, _ *http.Request) {
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
				time.Sleep(time.Minute)
				if n := f.count(post); n != want {
					t.Errorf("asked %d times, want %d", n, want)
				}
			})
		})
	}
}

// Variables go in one request and in order, and one by one where Asterisk does not know how.
func TestVariables(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		vars := []engine.Variable{{Name: "B", Value: `"<`}, {Name: "A", Value: "1"}}
		r.SetVariables("1.1", vars...)
		synctest.Wait()
		var sent string
		if sent = f.body("POST /channels/1.1/variables"); !strings.Contains(sent, `{"B":`) || !strings.Contains(sent, `,"A":"1"}`) {
			t.Errorf("sent %s", sent)
		}
		f.answer("POST /channels/1.1/variables", says(http.StatusNotFound, `{"message":"Resource not found"}`))
		r.SetVariables("1.1", vars...)
		r.SetVariables("1.1", vars...)
		synctest.Wait()
		if f.count("POST /channels/1.1/variables") != 2 || f.count("POST /channels/1.1/variable") != 4 {
			t.Errorf("asked %v", f.asked)
		}
		f.answer("POST /channels/1.1/variable", says(http.StatusNotFound, `{"message":"Channel not found"}`))
		r.Continue("1.1", &engine.Place{Context: "in", Extension: "2", Priority: 1}, vars...)
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "continue" || got.Status != http.StatusNotFound {
			t.Errorf("%+v", got)
		}
		f.answer("POST /channels/1.1/variable", says(http.StatusBadRequest, `{"message":"Variable name is required"}`))
		r.Continue("1.1", &engine.Place{Context: "in", Extension: "2", Priority: 1}, vars...)
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "variables" {
			t.Errorf("%+v", got)
		}
		synctest.Wait()
		if body := f.body("POST /channels/1.1/continue"); body != `{"context":"in","extension":"2","priority":1}` {
			t.Errorf("sent on with %s", body)
		}
	})
}

// The commands of one channel go one after the other, those of others do not wait for them.
func TestLanes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		let := make(chan struct{})
		f.answer("POST /channels/1.1/answer", func(http.ResponseWriter, *http.Request) { <-let })
		r.Answer("1.1")
		r.StartMusic("1.1", "jazz")
		r.Answer("1.2")
		synctest.Wait()
		if f.count("POST /channels/1.1/moh") != 0 || f.count("POST /channels/1.2/answer") != 1 {
			t.Errorf("asked %v", f.asked)
		}
		close(let)
		synctest.Wait()
		if body := f.body("POST /channels/1.1/moh"); body != `{"mohClass":"jazz"}` {
			t.Errorf("music with %s", body)
		}
		if n := len(r.lanes.lanes); n != 0 {
			t.Errorf("%d lanes are left", n)
		}

		f.answer("POST /channels/1.3/answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for range maxLane + 2 {
			r.Answer("1.3")
		}
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "answer" || got.Channel != "1.3" {
			t.Errorf("%+v", got)
		}
	})
}

// At the end of Run nothing is under way any more, whatever hangs, and later commands are refused.
func TestEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		for i := range 2 * maxRequests {
			ch := fmt.Sprint("1.", i)
			f.answer("POST /channels/"+ch+"/answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			r.Answer(queueapp.ChannelID(ch))
		}
		synctest.Wait()
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("ended after %v", took)
		}
		r.Originate(aLeg)
		synctest.Wait()
		if f.count(postLeg) != 0 {
			t.Error("a command was sent after the end")
		}
		if err := r.Run(t.Context(), nil); err == nil {
			t.Error("it ran twice")
		}
	})
}
