package stasis

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/stasis/aritest"
)

type states = map[string]queueapp.DeviceState

// shows fails the test unless the device states that were set are these: "Stasis:queue_support RINGING".
func (f *fake) shows(want ...string) {
	f.t.Helper()
	synctest.Wait()
	var got []string
	for _, id := range f.SetDevices() {
		got = append(got, id+" "+f.DeviceState(id))
	}
	if !slices.Equal(got, want) {
		f.t.Errorf("it shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// changes is how often lamps were told anything, or taken away.
func (r *running) changes() int { return r.tally.of(r.tally.requests, "lamp") }

func TestLampsAreToldWhatChanged(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		r.Light(states{"queue_support": queueapp.DeviceNotInUse, "agent_1000": queueapp.DeviceUnavailable})
		f.shows("Stasis:agent_1000 UNAVAILABLE", "Stasis:queue_support NOT_INUSE")
		r.Light(states{"queue_support": queueapp.DeviceRinging, "agent_1000": queueapp.DeviceUnavailable})
		f.shows("Stasis:agent_1000 UNAVAILABLE", "Stasis:queue_support RINGING")
		if n := r.changes(); n != 3 {
			t.Errorf("%d requests", n)
		}
		r.Light(states{"queue_support": queueapp.DeviceRinging})
		f.shows("Stasis:queue_support RINGING")
		if body := f.Body("PUT /deviceStates/Stasis:agent_1000"); body != `{"deviceState":"UNAVAILABLE"}` {
			t.Errorf("before it was taken away phones heard %s", body)
		}
		r.Light(states{})
		f.shows()
		if len(r.all) != 0 {
			t.Errorf("told:\n%s", r.ear)
		}
	})
}

// Asterisk keeps lamps over restarts, its own and ours: what is not wanted any more is taken away, and nothing of others.
func TestLampsOfAnEarlierTimeAreTakenAway(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		others := []string{"Stasis:door", "Stasis:queueapp-east:queue_support"}
		for _, id := range append([]string{"Stasis:queue_old", "Stasis:queue_support", "Stasis:agent_1000"}, others...) {
			f.ask("PUT", "/deviceStates/"+id, map[string]string{"deviceState": "BUSY"})
		}
		r := f.up()
		lamps := states{"queue_support": queueapp.DeviceNotInUse, "agent_1000": queueapp.DeviceBusy}
		r.Light(lamps)
		want := []string{"Stasis:agent_1000 BUSY", "Stasis:door BUSY", "Stasis:queue_support NOT_INUSE", "Stasis:queueapp-east:queue_support BUSY"}
		f.shows(want...)
		if n := r.changes(); n != 3 { // one that changes, and two to take one away
			t.Errorf("%d requests", n)
		}
		if err := f.Restart(); err != nil {
			t.Fatal(err)
		}
		f.ask("PUT", "/deviceStates/Stasis:queue_support", map[string]string{"deviceState": "INUSE"})
		pass(10 * time.Second)
		if n := r.changes(); n != 3 {
			t.Errorf("%d requests before anybody said what they are to show", n-3)
		}
		r.Light(lamps)
		f.shows(want...)
	})
}

// Two floors on one Asterisk have lamps of their own.
func TestLampsOfAnotherFloor(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.ask("PUT", "/deviceStates/Stasis:queue_support", map[string]string{"deviceState": "BUSY"})
		f.ask("PUT", "/deviceStates/Stasis:queueapp-east:agent_1", map[string]string{"deviceState": "BUSY"})
		r := f.up(func(c *Config) { c.App = "queueapp-east" })
		r.Light(states{"queue_support": queueapp.DeviceRinging})
		f.shows("Stasis:queue_support BUSY", "Stasis:queueapp-east:queue_support RINGING")
	})
}

// While Asterisk is slow, lamps wait, and what is told then is the newest.
func TestLampsAreToldTheNewest(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		const tell = "PUT /deviceStates/Stasis:queue_support"
		r := f.up()
		f.On(tell, 1, aritest.LateReply(3*time.Second))
		for _, s := range []queueapp.DeviceState{queueapp.DeviceNotInUse, queueapp.DeviceRinging, queueapp.DeviceInUse, queueapp.DeviceBusy} {
			r.Light(states{"queue_support": s})
			pass(100 * time.Millisecond)
		}
		f.shows("Stasis:queue_support NOT_INUSE")
		pass(3 * time.Second)
		f.shows("Stasis:queue_support BUSY")
		if n := f.Count(tell); n != 2 {
			t.Errorf("told %d times", n)
		}
	})
}

// What goes wrong is tried again, said once, and keeps no other lamp.
func TestLampsGoWrong(t *testing.T) {
	const list, tell = "GET /deviceStates", "PUT /deviceStates/Stasis:agent_1000"
	for name, test := range map[string]struct {
		request string
		fault   aritest.Fault
	}{
		"the module is not loaded":   {list, aritest.Refused(http.StatusNotFound, "Resource not found")},
		"the list is not answered":   {list, aritest.NoAnswer()},
		"one is refused":             {tell, aritest.Refused(http.StatusInternalServerError, "Unknown device")},
		"one is not answered":        {tell, aritest.NoAnswer()},
		"one is told, but who knows": {tell, aritest.LostReply()},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				said := &strings.Builder{}
				r := f.up(func(c *Config) { c.Log = slog.New(slog.NewTextHandler(said, nil)) })
				f.On(test.request, 0, test.fault)
				for i := range 600 {
					other := []queueapp.DeviceState{queueapp.DeviceInUse, queueapp.DeviceNotInUse}[i%2]
					r.Light(states{"queue_support": other, "agent_1000": queueapp.DeviceUnavailable})
					pass(100 * time.Millisecond)
				}
				refused := test.fault.Status != 0 && test.request == tell
				if n := f.Count("PUT /deviceStates/Stasis:queue_support"); n > 0 != refused {
					t.Errorf("the other lamp was told %d times", n)
				}
				if n := f.Count(test.request); n < 5 || n > 65 {
					t.Errorf("asked for %d times within a minute", n)
				}
				f.Off(test.request)
				r.Light(states{"queue_support": queueapp.DeviceRinging, "agent_1000": queueapp.DeviceUnavailable})
				pass(15 * time.Second)
				f.shows("Stasis:agent_1000 UNAVAILABLE", "Stasis:queue_support RINGING")
				if n := strings.Count(said.String(), "msg=\"lamps "); n != 2 {
					t.Errorf("said %d times:\n%s", n, said)
				}
			})
		})
	}
}

// What was told, as far as anybody knows, is told again although it is what was told before.
func TestLampsOfWhichNobodyKnows(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		const tell = "PUT /deviceStates/Stasis:queue_support"
		r := f.up()
		r.Light(states{"queue_support": queueapp.DeviceNotInUse})
		synctest.Wait()
		f.On(tell, 0, aritest.LostReply())
		r.Light(states{"queue_support": queueapp.DeviceRinging})
		f.shows("Stasis:queue_support RINGING")
		f.Off(tell)
		r.Light(states{"queue_support": queueapp.DeviceNotInUse})
		pass(lampAgain)
		f.shows("Stasis:queue_support NOT_INUSE")
	})
}

// A stream that is lost while lamps are told ends that, and nothing is told before somebody says what they are to show.
func TestLampsOfALostStream(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On("PUT /deviceStates/Stasis:agent_1000", 1, aritest.LateReply(time.Second))
		r.Light(states{"queue_support": queueapp.DeviceNotInUse, "agent_1000": queueapp.DeviceUnavailable})
		pass(time.Millisecond)
		f.Cut()
		pass(10 * time.Second)
		f.shows("Stasis:agent_1000 UNAVAILABLE")
		r.Light(states{"queue_support": queueapp.DeviceNotInUse, "agent_1000": queueapp.DeviceUnavailable})
		f.shows("Stasis:agent_1000 UNAVAILABLE", "Stasis:queue_support NOT_INUSE")
	})
}
