package api

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// events reads server-sent events as the standard says, one a call; ok is false at the stream's end.
type events struct{ lines *bufio.Scanner }

func (e events) next() (fields map[string]string, ok bool) {
	fields = map[string]string{}
	for e.lines.Scan() {
		line := e.lines.Text()
		if line == "" {
			return fields, true
		}
		name, value, _ := strings.Cut(line, ":")
		fields[name] += strings.TrimPrefix(value, " ")
	}
	return nil, false
}

func TestEventsAsTheyHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSmallFloor()
		c, stop := serve(t, newServer(f))
		resp := get(t, c, "/v1/events", "41")
		defer func() { _ = resp.Body.Close() }()
		if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Fatalf("content type %q", got)
		}
		stream := events{bufio.NewScanner(resp.Body)}
		if first, _ := stream.next(); first["retry"] == "" {
			t.Errorf("no retry: %v", first)
		}

		at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		f.notices <- Notice{N: 42, At: at, Event: "step\nid: 7", Payload: json.RawMessage("{\n\"name\": \"a\\nb\"\r\n}")}
		got, _ := stream.next()
		want := `{"n":42,"at":"2026-11-20T09:00:00Z","event":"step id: 7","data":{"name":"a\nb"}}`
		if got["id"] != "42" || got["event"] != "step id: 7" || got["data"] != want {
			t.Errorf("got %q", got)
		}

		begin := time.Now()
		if beat, _ := stream.next(); beat[""] == "" || time.Since(begin) != 15*time.Second {
			t.Errorf("heartbeat %q after %v", beat, time.Since(begin))
		}
		stop()
		if more, ok := stream.next(); ok {
			t.Errorf("after the end: %v", more)
		}
	})
}

func TestAStreamEndsWithTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSmallFloor()
		c, _ := serve(t, newServer(f))
		resp := get(t, c, "/v1/events", "")
		<-f.watching
		close(f.notices)
		if body := drain(t, resp.Body); !strings.HasPrefix(body, "retry:") {
			t.Errorf("%q", body)
		}
		_ = resp.Body.Close()
	})
}

func TestASlowReaderIsDroppedAndNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSmallFloor()
		c, _ := serve(t, newServer(f))
		resp := get(t, c, "/v1/events", "")
		<-f.watching
		big, err := json.Marshal(strings.Repeat("x", 1<<20))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		f.notices <- Notice{N: 1, Event: "record", Payload: big} // nobody reads it
		synctest.Wait()
		select {
		case f.notices <- Notice{N: 2, Event: "record", Payload: big}:
			t.Error("the stream took a second event while the first was stuck")
		case <-time.After(slowReader + time.Second):
		}
		if _, err := bufio.NewReader(resp.Body).ReadString(0); err == nil {
			t.Error("the stream is still up")
		}
		if took := time.Since(begin); took > slowReader+2*time.Second {
			t.Errorf("dropped after %v", took)
		}
		_ = resp.Body.Close()
	})
}

func TestAReaderThatLeavesFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSmallFloor()
		s := newServer(f)
		s.watchers = make(chan struct{}, 1)
		c, _ := serve(t, s)
		first := get(t, c, "/v1/events", "")
		<-f.watching
		second := get(t, c, "/v1/events", "")
		if second.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a second stream: %d", second.StatusCode)
		}
		_ = drain(t, second.Body)
		_ = second.Body.Close()
		_ = first.Body.Close()
		synctest.Wait()
		third := get(t, c, "/v1/events", "")
		if third.StatusCode != http.StatusOK {
			t.Errorf("after the first left: %d", third.StatusCode)
		}
		_ = third.Body.Close()
	})
}
