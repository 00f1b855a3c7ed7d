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
	"ringside/queueapp/stasis/aritest"
)

// Variables go in one request and in order, and one by one where Asterisk does not know how.
func TestVariables(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		c := f.calls(r, "1.1")
		vars := []engine.Variable{{Name: "B", Value: `"<`}, {Name: "A", Value: "1"}}
		r.SetVariables("1.1", vars...)
		synctest.Wait()
		if sent := f.Body("POST /channels/1.1/variables"); !strings.Contains(sent, `{"B":`) || !strings.Contains(sent, `,"A":"1"}`) {
			t.Errorf("sent %s", sent)
		}
		r.SetVariables("1.none", vars...) // of a caller who is gone, Asterisk knows how
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "variables" || got.Status != http.StatusNotFound {
			t.Errorf("%+v", got)
		}
		r.SetVariables("1.1", vars...)
		synctest.Wait()
		if f.Count("POST /channels/1.1/variables") != 2 || f.Count("POST /channels/1.1/variable") != 0 {
			t.Errorf("asked %v", f.Asked())
		}
		f.On("POST /channels/1.1/variables", 0, aritest.Refused(http.StatusNotFound, "Resource not found"))
		r.SetVariables("1.1", vars...)
		r.SetVariables("1.1", vars...)
		synctest.Wait()
		if f.Count("POST /channels/1.1/variables") != 3 || f.Count("POST /channels/1.1/variable") != 4 || c.Variable("B") != `"<` {
			t.Errorf("asked %v", f.Asked())
		}
		place := &engine.Place{Context: "in", Extension: "2", Priority: 1}
		r.Continue("1.none", place, vars...)
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "continue" || got.Status != http.StatusNotFound {
			t.Errorf("%+v", got)
		}
		f.On("POST /channels/1.1/variable", 0, aritest.Refused(http.StatusBadRequest, "Variable name is required"))
		r.Continue("1.1", place, vars...)
		if got := await[engine.Failed](t, r.ear, nil); got.Command != "variables" {
			t.Errorf("%+v", got)
		}
		if c.Left(time.Minute) != aritest.Onwards || c.At() != (aritest.Place{Context: "in", Exten: "2", Priority: 1}) {
			t.Errorf("sent on to %+v", c.At())
		}
	})
}

// The commands of one channel go one after the other, those of others do not wait for them.
func TestLanes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		for _, id := range []string{"1.1", "1.2", "1.3"} {
			f.calls(r, id)
		}
		f.On("POST /channels/1.1/answer", 1, aritest.Fault{Act: time.Second})
		r.Answer("1.1")
		r.StartMusic("1.1", "jazz")
		r.Answer("1.2")
		synctest.Wait()
		if f.Count("POST /channels/1.1/moh") != 0 || f.Count("POST /channels/1.2/answer") != 1 {
			t.Errorf("asked %v", f.Asked())
		}
		pass(2 * time.Second)
		if body := f.Body("POST /channels/1.1/moh"); body != `{"mohClass":"jazz"}` {
			t.Errorf("music with %s", body)
		}
		if n := len(r.lanes.lanes); n != 0 {
			t.Errorf("%d lanes are left", n)
		}

		f.On("POST /channels/1.3/answer", 0, aritest.NoAnswer())
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
		f.On("POST /channels/*/answer", 0, aritest.NoAnswer())
		for i := range 2 * maxRequests {
			r.Answer(queueapp.ChannelID(fmt.Sprint("1.", i)))
		}
		synctest.Wait()
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("ended after %v", took)
		}
		r.Originate(aLeg)
		synctest.Wait()
		if f.Count(postLeg) != 0 {
			t.Error("a command was sent after the end")
		}
		if err := r.Run(t.Context(), nil); err == nil {
			t.Error("it ran twice")
		}
	})
}
