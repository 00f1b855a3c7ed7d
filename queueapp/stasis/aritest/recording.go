package aritest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// recording is what is heard in a bridge on its way into a file.
type recording struct {
	bridge       *bridge
	name, format string
	state        string
	heard        []*application // whoever hears of the bridge
}

const noRecording = "Recording not found"

// recordable are the file formats that there are.
func recordable() []string { return []string{"gsm", "sln", "ulaw", "wav", "wav49"} }

func recordBridge(x *exchange, q *request) reply {
	br := x.bridges[q.ids[0]]
	live := x.recorded[q.Name] != nil
	switch {
	case br == nil:
		return refuse(http.StatusNotFound, noBridge)
	case !contains(recordable(), q.Format):
		return refuse(http.StatusUnprocessableEntity, "specified format is unknown on this system")
	case q.Name == "", contains(strings.Split(q.Name, "/"), ".."):
		return refuse(http.StatusInternalServerError, "Error parsing request")
	case live, x.stored[q.Name] != nil && q.IfExists != "append" && q.IfExists != "overwrite":
		return refuse(http.StatusConflict, "Recording '"+q.Name+"' already exists and can not be overwritten")
	}
	r := &recording{bridge: br, name: q.Name, format: q.Format, state: "queued"}
	x.recorded[r.name], x.stored[r.name] = r, r
	body := r.snapshot(nil)
	return reply{status: http.StatusCreated, body: body, then: func() {
		if r.state == "queued" {
			r.becomes("recording", "RecordingStarted")
		}
	}}
}

// live is an operation on a recording that goes on.
func live(f func(*recording, *exchange) reply) operation {
	return func(x *exchange, q *request) reply {
		r := x.recorded[q.ids[0]]
		if r == nil {
			return refuse(http.StatusNotFound, noRecording)
		}
		return f(r, x)
	}
}

func (r *recording) show(*exchange) reply { return reply{body: r.snapshot(nil)} }

func (r *recording) pause(*exchange) reply {
	r.state = "paused"
	return done()
}

func (r *recording) resume(*exchange) reply {
	r.state = "recording"
	return done()
}

func (r *recording) stop(x *exchange) reply {
	r.end(x, "done", "RecordingFinished")
	return done()
}

func (r *recording) end(x *exchange, state, kind string) {
	delete(x.recorded, r.name)
	r.becomes(state, kind)
}

// endRecordings ends those of a bridge that is gone, or in which nobody is any more.
func (x *exchange) endRecordings(br *bridge) {
	for _, n := range slices.Sorted(maps.Keys(x.recorded)) {
		if r := x.recorded[n]; r.bridge == br {
			r.end(x, "done", "RecordingFinished")
		}
	}
}

// becomes tells whoever hears of a channel in the bridge.
func (r *recording) becomes(state, kind string) {
	r.state = state
	for _, ch := range r.bridge.channels {
		for _, app := range ch.heard {
			if !slices.Contains(r.heard, app) {
				r.heard = append(r.heard, app)
			}
		}
	}
	for _, app := range r.heard {
		if !app.wants(kind) {
			continue
		}
		e := app.begin(kind, r.name)
		e.text = r.snapshot(name(e.text, "recording"))
		app.socket.queue(e)
	}
}

func showStored(x *exchange, q *request) reply {
	r := x.stored[q.ids[0]]
	if r == nil {
		return refuse(http.StatusNotFound, noRecording)
	}
	return reply{body: append(pair(pair([]byte("{"), "name", r.name), "format", r.format), '}')}
}

// snapshot appends a recording as ARI shows it.
func (r *recording) snapshot(b []byte) []byte {
	b = pair(append(b, '{'), "name", r.name)
	b = pair(b, "format", r.format)
	b = pair(b, "state", r.state)
	return append(pair(b, "target_uri", "bridge:"+r.bridge.id), '}')
}

// BreakOff has a recording that goes on fail, as where the disk is full.
func (a *Asterisk) BreakOff(recording string) {
	a.do(func(x *exchange) {
		if r := x.recorded[recording]; r != nil {
			r.end(x, "failed", "RecordingFailed")
		}
	})
}

// Recordings tells how those stand that go on, by their names.
func (a *Asterisk) Recordings() map[string]string {
	out := map[string]string{}
	a.do(func(x *exchange) {
		for n, r := range x.recorded {
			out[n] = r.state
		}
	})
	return out
}
