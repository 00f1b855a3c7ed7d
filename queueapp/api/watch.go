package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"ringside/queueapp"
)

// slowReader is how long a reader of the event stream may leave a write blocked before it is dropped.
const slowReader = 5 * time.Second

// Happening is the data of one server-sent event.
type Happening struct {
	N     int64           `json:"n"`
	At    time.Time       `json:"at"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// Step is the data of an event "step": a turn of the floor in the words of a transcript.
type Step struct {
	Event   string   `json:"event"`
	Effects []string `json:"effects"`
}

// RecordingChange is the data of an event "recording": how a conversation's recording stands now.
type RecordingChange struct {
	Call queueapp.CallID `json:"call"`
	Recording
	Why string `json:"why,omitempty"` // of one that failed
}

// events streams what happens from now on as server-sent events (HTML, 9.2). Last-Event-ID is not heeded: by the first
// event a reader sees what it missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	select {
	case s.watchers <- struct{}{}:
		defer func() { <-s.watchers }()
	default:
		return problem(http.StatusServiceUnavailable, "watchers", "Too many event streams are open",
			fmt.Sprintf("At most %d at a time: close one.", cap(s.watchers)))
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	notices, err := s.floor.Watch(ctx)
	if err != nil {
		return err
	}
	s.stream(ctx, eventStream{w: w, control: http.NewResponseController(w)}, notices)
	return nil
}

// stream writes until somebody is gone: the reader, the floor, or this server. What then goes wrong has nobody to hear it.
func (s *Server) stream(ctx context.Context, out eventStream, notices <-chan Notice) {
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	err := out.begin()
	for err == nil {
		select {
		case n, open := <-notices:
			if !open {
				return
			}
			err = out.send(n)
		case <-beat.C:
			err = out.comment("still here")
		case <-s.closing:
			return
		case <-ctx.Done():
			return
		}
	}
}

// eventStream writes server-sent events, each within slowReader.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (o eventStream) begin() error {
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not keep events back
	// The read deadline of the request would end the stream. A test's recorder has none.
	_ = o.control.SetReadDeadline(time.Time{})
	return o.write("retry: 1000\n\n")
}

func (o eventStream) comment(text string) error { return o.write(": " + text + "\n\n") }

func (o eventStream) send(n Notice) error {
	event := strings.NewReplacer("\r", " ", "\n", " ").Replace(n.Event)
	data, err := json.Marshal(Happening{N: n.N, At: n.At, Event: event, Data: n.Payload})
	if err != nil {
		return fmt.Errorf("event %d: %w", n.N, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %d\nevent: %s\ndata: %s\n\n", n.N, event, data)
	return o.write(b.String())
}

func (o eventStream) write(text string) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(slowReader)) // a test's recorder has none
	if _, err := o.w.Write([]byte(text)); err != nil {
		return err
	}
	return o.control.Flush()
}
