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
