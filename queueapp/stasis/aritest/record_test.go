package aritest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// recorder speaks ARI as plainly as can be, and keeps what comes back with all that differs between two runs taken out:
// requests with their answers in order, events in order for each channel, bridge or device.
type recorder struct {
	t              *testing.T
	client         *http.Client // with a connection of its own, which Asterisk remembers things by
	base           string
	user, password string

	mu     sync.Mutex
	more   chan struct{} // closed and replaced with each event
	events []event
	names  map[string]string // what ids that Asterisk chose are called
	log    []string

	callers int             // how many have called
	wanted  map[string]bool // callers of whom Asterisk tells until their end, since a leg was prepared for them
}

type event struct {
	kind string
	of   string // the id of the channel, bridge or device
	raw  map[string]any
}

func newRecorder(t *testing.T, base, user, password string) *recorder {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &recorder{t: t, client: client, base: base, user: user, password: password, more: make(chan struct{}), names: map[string]string{}, wanted: map[string]bool{}}
}

// listen opens a websocket and keeps its events until the test ends or the other end closes it.
func (r *recorder) listen(app string) *websocket.Conn {
	r.t.Helper()
	head := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(r.user+":"+r.password))}}
	ws, _, err := websocket.Dial(r.t.Context(), "ws"+strings.TrimPrefix(r.base, "http")+"/events?app="+app, &websocket.DialOptions{HTTPHeader: head})
	if err != nil {
		r.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, frame, err := ws.Read(context.Background())
			if err != nil {
				r.take([]byte(`{"type":"closed","channel":{"id":"websocket"}}`))
				return
			}
			r.take(frame)
		}
	}()
	r.t.Cleanup(func() {
		hangUpSocket(ws)
		<-ended
	})
	return ws
}

// hangUpSocket ends a websocket in order, and knows that the other end has understood.
func hangUpSocket(ws *websocket.Conn) { _ = ws.Close(websocket.StatusNormalClosure, "") }

func (r *recorder) take(frame []byte) {
	var raw map[string]any
	if err := json.Unmarshal(frame, &raw); err != nil {
		r.t.Errorf("an event is no JSON: %s", frame)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := event{kind: text(raw["type"]), of: subject(raw), raw: raw}
	if e.kind == "StasisStart" && !strings.HasPrefix(e.of, "rs1.") && r.names[e.of] == "" {
		r.names[e.of] = fmt.Sprint("caller", len(r.names)+1)
	}
	r.events = append(r.events, e)
	close(r.more)
	r.more = make(chan struct{})
}

func text(v any) string { s, _ := v.(string); return s }

// subject is the id of what an event is about.
func subject(e map[string]any) string {
	for _, key := range []string{"channel", "peer", "device_state", "bridge"} {
		if m, ok := e[key].(map[string]any); ok {
			if key == "device_state" {
				return text(m["name"])
			}
			return text(m["id"])
		}
	}
	if m, ok := e["playback"].(map[string]any); ok {
		return strings.TrimPrefix(text(m["target_uri"]), "channel:")
	}
	if m, ok := e["recording"].(map[string]any); ok {
		return "recording " + text(m["name"])
	}
	return "application"
}

// await waits for the nth event of a kind about something.
func (r *recorder) await(kind, of string, nth int) {
	r.t.Helper()
	r.until("no "+kind+" of "+of+" came", func() bool {
		n := 0
		for _, e := range r.events {
			if e.kind == kind && e.of == of {
				n++
			}
		}
		return n >= nth
	})
}

// caller waits for the nth caller, and says the id of the channel.
func (r *recorder) caller(nth int) string {
	r.t.Helper()
	name := fmt.Sprint("caller", nth)
	var id string
	r.until("nobody called", func() bool {
		for known, n := range r.names {
			if n == name {
				id = known
			}
		}
		return id != ""
	})
	return id
}

// until waits until something is so that only events change.
func (r *recorder) until(otherwise string, so func() bool) {
	r.t.Helper()
	late := time.After(patience)
	for {
		r.mu.Lock()
		is, more := so(), r.more
		r.mu.Unlock()
		if is {
			return
		}
		select {
		case <-more:
		case <-late:
			r.t.Fatalf("%s; what came:\n%s", otherwise, strings.Join(r.story(), "\n"))
		}
	}
}

// shows waits until Asterisk shows something that holds a text: not everything is told as an event.
func (r *recorder) shows(target, holds string) {
	r.t.Helper()
	r.poll(target, func(_ int, answer any) bool {
		b, err := json.Marshal(answer)
		return err == nil && strings.Contains(string(b), holds)
	})
}

// gone waits until Asterisk has nothing there any more.
func (r *recorder) gone(target string) {
	r.t.Helper()
	r.poll(target, func(status int, _ any) bool { return status == http.StatusNotFound })
}

// listsNothing waits until a listing is empty.
func (r *recorder) listsNothing(target string) {
	r.t.Helper()
	r.poll(target, func(_ int, answer any) bool {
		list, ok := answer.([]any)
		return ok && len(list) == 0
	})
}

func (r *recorder) poll(target string, so func(int, any) bool) {
	r.t.Helper()
	late := time.After(patience)
	for {
		status, answer := r.ask("GET", target, nil)
		if so(status, answer) {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-late:
			r.t.Fatalf("%s shows %d %v", target, status, answer)
		}
	}
}

// note keeps something else that is to be the same.
func (r *recorder) note(what string, v any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprint(what, ": ", v))
}

// do makes a request and keeps its answer.
func (r *recorder) do(method, target string, body any) (int, any) {
	r.t.Helper()
	status, answer := r.ask(method, target, body)
	if shown, ok := answer.(map[string]any); ok && strings.Contains(target, "/play/") {
		delete(shown, "state") // it plays already, or not yet, or no more
	}
	sent, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, fmt.Sprintf("%s %s %s -> %d %s", method, target, sent, status, plain(answer)))
	return status, answer
}

func (r *recorder) ask(method, target string, body any) (int, any) {
	r.t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		content = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.base+target, content)
	if err != nil {
		r.t.Fatal(err)
	}
	req.SetBasicAuth(r.user, r.password)
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var answer any
	if len(b) > 0 && json.Unmarshal(b, &answer) != nil {
		answer = "not JSON: " + string(b)
	}
	return resp.StatusCode, answer
}

// story is all that was kept, for comparing: requests in order, then events in order for each thing that they are about.
func (r *recorder) story() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	story := slices.Clone(r.log)
	by := map[string][]string{}
	for _, e := range r.events {
		about := r.called(e.of)
		if e.kind == "Dial" && e.raw["dialstatus"] == "" { // sometimes it comes behind what follows from it
			about += " is dialled"
		}
		by[about] = append(by[about], "    "+e.kind+" "+plain(e.raw))
	}
	for _, k := range slices.Sorted(maps.Keys(by)) {
		story = append(append(story, k+":"), by[k]...)
	}
	for i := range story {
		for id, name := range r.names {
			story[i] = strings.ReplaceAll(story[i], id, name)
		}
	}
	return story
}

func (r *recorder) called(id string) string {
	if n := r.names[id]; n != "" {
		return n
	}
	return id
}
