package stasis

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/CyCoreSystems/ari/v5"
	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// A number that is not to be shown is kept nowhere, whichever way Asterisk tells of it.
func TestWithheldNumbers(t *testing.T) {
	known := queueapp.Caller{Number: "5550100", Name: "Ana", Dialled: "7000"}
	for _, test := range []struct {
		number, vars string
		want         queueapp.Caller
	}{
		{"5550100", ``, known},
		{"5550100", `,"channelvars":{"CALLERID(num-pres)":"allowed_not_screened"}`, known},
		{"5550100", `,"channelvars":{"CALLERID(num-pres)":""}`, known},
		{"5550100", `,"channelvars":{"CALLERID(num-pres)":"prohib_not_screened"}`, queueapp.Caller{Dialled: "7000"}},
		{"5550100", `,"channelvars":{"CALLERID(num-pres)":"prohib"}`, queueapp.Caller{Dialled: "7000"}},
		{"5550100", `,"channelvars":{"CALLERID(num-pres)":"unavailable"}`, queueapp.Caller{Dialled: "7000"}},
		{"anonymous", ``, queueapp.Caller{Dialled: "7000"}},
		{" Restricted", `,"channelvars":{"CALLERID(num-pres)":"allowed"}`, queueapp.Caller{Dialled: "7000"}},
		{"anonymous1", ``, queueapp.Caller{Number: "anonymous1", Name: "Ana", Dialled: "7000"}},
	} {
		text := strings.Replace(channel("1.1"), "5550100", test.number, 1)
		text = strings.Replace(text, `,"creationtime"`, test.vars+`,"creationtime"`, 1)
		var arrived ari.ChannelData
		if err := json.Unmarshal([]byte(text), &arrived); err != nil {
			t.Fatal(err)
		}
		var found listed
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatal(err)
		}
		for how, got := range map[string]engine.Channel{"arrived": arrival(&arrived, nil), "listed": found.channel("queueapp")} {
			if got.Caller != test.want {
				t.Errorf("%s, %q%s: %+v, want %+v", how, test.number, test.vars, got.Caller, test.want)
			}
		}
	}
}

// TestEvents gives events and states exactly what must be told of them.
func TestEvents(t *testing.T) {
	start := func(id queueapp.ChannelID, more ...string) string {
		return ev("StasisStart", append([]string{"channel", channel(id), "args", `["queue","support"]`}, more...)...)
	}
	dial := func(status string) string {
		return ev("Dial", "dialstatus", `"`+status+`"`, "peer", channel("rs1.leg"))
	}
	of := func(kind string, id queueapp.ChannelID, more ...string) string {
		return ev(kind, append([]string{"channel", channel(id)}, more...)...)
	}
	in := func(kind, bridge string, id queueapp.ChannelID) string {
		return of(kind, id, "bridge", `{"id":"`+bridge+`"}`)
	}
	for _, test := range []struct {
		name    string
		leg     bool // rs1.leg is asked for first
		events  []string
		want    string // what is told, without the types' package
		dropped string // the channel that is hung up
	}{
		{name: "hung up", events: []string{start("1.1"), of("ChannelHangupRequest", "1.1", "cause", "38"), of("StasisEnd", "1.1"), of("ChannelDestroyed", "1.1", "cause", "16")},
			want: "Arrived 1.1, Gone{1.1 true 38}"},
		{name: "hung up without a cause", events: []string{start("1.1"), of("ChannelHangupRequest", "1.1"), of("StasisEnd", "1.1")},
			want: "Arrived 1.1, Gone{1.1 true 16}"},
		{name: "hung up by order", events: []string{start("1.1"), of("ChannelHangupRequest", "1.1", "soft", "true", "cause", "32"), of("StasisEnd", "1.1")},
			want: "Arrived 1.1, Gone{1.1 true 16}"},
		{name: "sent on", events: []string{start("1.1"), of("StasisEnd", "1.1"), of("ChannelHangupRequest", "1.1"), of("StasisEnd", "1.1")},
			want: "Arrived 1.1, Gone{1.1 false 0}"},
		{name: "sent on and back", events: []string{start("1.1"), of("StasisEnd", "1.1"), start("1.1")},
			want: "Arrived 1.1, Gone{1.1 false 0}, Arrived 1.1"},
		{name: "destroyed only", events: []string{start("1.1"), of("ChannelDestroyed", "1.1", "cause", "44")},
			want: "Arrived 1.1, Gone{1.1 true 44}"},
		{name: "doubled", events: []string{start("1.1"), start("1.1"), of("StasisEnd", "1.1"), of("StasisEnd", "1.1")},
			want: "Arrived 1.1, Gone{1.1 false 0}"},
		{name: "of another application", events: []string{strings.Replace(start("1.1"), `"queueapp"`, `"another"`, 1)}},
		{name: "keys", events: []string{of("ChannelDtmfReceived", "1.1", "digit", `"#"`), of("ChannelDtmfReceived", "1.1", "digit", `"E"`),
			of("ChannelDtmfReceived", "1.1", "digit", `"12"`), of("ChannelDtmfReceived", "1.1"), of("ChannelDtmfReceived", "1.1", "digit", `"D"`)},
			want: "Digit{1.1 35}, Digit{1.1 68}"},
		{name: "bridges", events: []string{in("ChannelEnteredBridge", "rs1.b", "1.1"), in("ChannelEnteredBridge", "conference", "1.1"), in("ChannelLeftBridge", "rs1.b", "1.1")},
			want: "Entered{rs1.b 1.1}, Left{rs1.b 1.1}"},
		{name: "hold", events: []string{of("ChannelHold", "rs1.x"), of("ChannelUnhold", "rs1.x")}, want: "Held{rs1.x}, Resumed{rs1.x}"},
		{name: "a device that is not followed", events: []string{ev("DeviceStateChanged", "device_state", `{"name":"PJSIP/9","state":"BUSY"}`)}},

		{name: "answered", leg: true, events: []string{dial(""), dial("RINGING"), dial("RINGING"), dial("ANSWER"), start("rs1.leg"), start("rs1.leg"),
			of("ChannelHangupRequest", "rs1.leg"), of("StasisEnd", "rs1.leg"), of("ChannelDestroyed", "rs1.leg"), of("ChannelDestroyed", "rs1.leg")},
			want: "LegRinging{rs1.leg}, LegUp{rs1.leg}, LegGone{rs1.leg 16 false}"},
		{name: "a prepared leg is answered, and Dial does not tell", leg: true, events: []string{
			of("StasisStart", "rs1.leg", "args", `["prepared","rs1.leg"]`), dial("RINGING"), of("ChannelStateChange", "rs1.leg"),
			of("ChannelStateChange", "1.1")},
			want: "LegRinging{rs1.leg}, LegUp{rs1.leg}"},
		{name: "a prepared leg is answered", leg: true, events: []string{
			of("StasisStart", "rs1.leg", "args", `["prepared","rs1.leg"]`), dial("RINGING"), dial("ANSWER"), of("ChannelStateChange", "rs1.leg")},
			want: "LegRinging{rs1.leg}, LegUp{rs1.leg}"},
		{name: "early media", leg: true, events: []string{dial("PROGRESS"), dial("RINGING"), of("ChannelDestroyed", "rs1.leg", "cause", "19")},
			want: "LegRinging{rs1.leg}, LegGone{rs1.leg 19 false}"},
		{name: "ended without a cause before the answer", leg: true, events: []string{of("ChannelDestroyed", "rs1.leg")},
			want: "LegGone{rs1.leg 0 false}"},
		{name: "a leg that was given up rings", events: []string{dial("RINGING"), dial("RINGING")}, dropped: "rs1.leg"},
		{name: "a leg that was given up answers", events: []string{start("rs1.leg")}, dropped: "rs1.leg"},
		{name: "a leg that was given up ends", events: []string{dial("CANCEL"), of("ChannelDestroyed", "rs1.leg")}},
		{name: "diverted by the phone", leg: true, events: []string{
			ev("Dial", "dialstatus", `"CANCEL"`, "forward", `"2000"`, "peer", channel("rs1.leg"), "forwarded", channel("1.9")),
			of("ChannelDestroyed", "rs1.leg", "cause", "23")},
			want: "LegGone{rs1.leg 23 false}", dropped: "1.9"},
		{name: "the diverted call is answered", events: []string{of("StasisStart", "1.9", "args", `["leg","rs1.leg"]`)}, dropped: "1.9"},
		{name: "the far half of a local leg", events: []string{start("rs1.leg;2")}, dropped: "rs1.leg;2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fake) {
				r := f.up()
				f.On(postLeg, 0, aritest.Refused(http.StatusOK, "of it only what stands here is told"))
				if test.leg {
					r.Originate(aLeg)
					synctest.Wait()
				}
				f.Send(test.events...)
				synctest.Wait()
				var told []string
				for _, e := range r.all {
					if a, ok := e.(engine.Arrived); ok {
						told = append(told, "Arrived "+string(a.ID))
						continue
					}
					told = append(told, strings.TrimPrefix(fmt.Sprintf("%T%v", e, e), "engine."))
				}
				if diff := cmp.Diff(test.want, strings.Join(told, ", ")); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
				for request, n := range f.Asked() {
					if strings.HasPrefix(request, "DELETE") && (n != 1 || request != "DELETE "+path("channels", test.dropped)) {
						t.Errorf("%s was sent %d times", request, n)
					}
				}
				if test.dropped != "" && f.Count("DELETE "+path("channels", test.dropped)) == 0 {
					t.Errorf("%s is not hung up", test.dropped)
				}
			})
		})
	}
}

// A change that is told while a device's state is being asked for is not undone by the older answer.
func TestDeviceAnswerIsOvertaken(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		r := f.up()
		f.On("GET /deviceStates/PJSIP%2F1000", 1, aritest.LateReply(time.Second))
		r.Follow([]string{"PJSIP/1000", "bad,name", ""})
		synctest.Wait()
		f.Phone("PJSIP/1000").Register(false)
		pass(2 * time.Second)
		want := []engine.SwitchEvent{engine.DeviceChanged{Device: "PJSIP/1000", State: queueapp.DeviceUnavailable}}
		if !slices.Equal(r.all, want) {
			t.Errorf("told:\n%s", r.ear)
		}
		if body := f.Body("POST /applications/queueapp/subscription"); body != `{"eventSource":["deviceState:PJSIP/1000"]}` {
			t.Errorf("subscribed with %s", body)
		}
		f.Cut()
		f.Phone("PJSIP/1000").Register(true) // while nobody listens
		await(t, r.ear, func(e engine.DeviceChanged) bool { return e.State == queueapp.DeviceNotInUse })
		r.Follow(nil)
		synctest.Wait()
		if f.Count("DELETE /applications/queueapp/subscription") != 1 {
			t.Error("not unsubscribed")
		}
	})
}

func TestEndpoint(t *testing.T) {
	for name, want := range map[string]string{
		"PJSIP/1000-00000001":         "PJSIP/1000",
		"PJSIP/ag-dash-1-0000002a":    "PJSIP/ag-dash-1",
		"PJSIP/cafe-beef-0000002a":    "PJSIP/cafe-beef",
		"Local/7000@in-00000003;2":    "Local/7000@in",
		"PJSIP/1000-00000001<ZOMBIE>": "PJSIP/1000",
		"PJSIP/no-suffix":             "PJSIP/no-suffix",
		"":                            "",
	} {
		if got := endpoint(name); got != want {
			t.Errorf("endpoint(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSplitArgs(t *testing.T) {
	// The first is as a real Asterisk split it; the app_data it had shown is the key.
	for data, want := range map[string][]string{
		`queueapp,queue,"a,b",c\,d, e ,f(x,y),g=%2C`: {"queueapp", "queue", "a,b", "c,d", " e ", "f(x,y)", "g=%2C"},
		`queueapp`:         {"queueapp"},
		``:                 {""},
		`a,,b`:             {"a", "", "b"},
		`a],b),c[x,y`:      {"a]", "b)", "c[x,y"},
		`a"b,c"d,\"e\\,f"`: {"ab,cd", `"e\`, "f"},
	} {
		if diff := cmp.Diff(want, splitArgs(data)); diff != "" {
			t.Errorf("splitArgs(%s) (-want +got):\n%s", data, diff)
		}
	}
}

func TestCallerID(t *testing.T) {
	for _, test := range []struct{ name, number, want string }{
		{"", "", ""},
		{"Ana", "5550100", `"Ana" <5550100>`},
		{`Ana "x" \ <1>`, "+49 (30) 1\n", `"Ana \"x\" \\ <1>" <+49301>`},
		{"a\x00\tb\u202e\xff", "<script>", `"a b" <script>`},
		{strings.Repeat("é", 300), "", `"` + strings.Repeat("é", maxName) + `" <>`},
	} {
		if got := callerID(test.name, test.number); got != test.want {
			t.Errorf("callerID(%q, %q) = %s, want %s", test.name, test.number, got, test.want)
		}
	}
}

func TestNewRefusesBadConfiguration(t *testing.T) {
	good := Config{Name: "pbx", URL: "http://127.0.0.1:8088/ari/", User: "u", Password: "p4ss"}
	if s, err := New(good); err != nil || s.rest.base != "http://127.0.0.1:8088/ari" || s.app != DefaultApp {
		t.Errorf("%v", err)
	}
	for name, change := range map[string]func(*Config){
		"no scheme": func(c *Config) { c.URL = "127.0.0.1:8088/ari" }, "no host": func(c *Config) { c.URL = "http:///ari" },
		"password in the url": func(c *Config) { c.URL = "http://u:p4ss@pbx/ari" }, "unreadable": func(c *Config) { c.URL = "http://u:p4ss@[/ari" },
		"no user": func(c *Config) { c.User = "" }, "no password": func(c *Config) { c.Password = "" },
		"no name": func(c *Config) { c.Name = "" }, "two applications": func(c *Config) { c.App = "a,b" },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "p4ss") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzEvent gives a live Switch any frame: it must not panic, and must tell, count, or pass over what it gets.
func FuzzEvent(f *testing.F) {
	for _, kind := range append(wanted(), "ChannelTransfer", "ChannelVarset", "BridgeAttendedTransfer") {
		f.Add([]byte(ev(kind, "channel", channel("1.1"), "args", `["queue","support"]`, "digit", `"1"`, "cause", "16", "peer", channel("rs1.leg"),
			"dialstatus", `"RINGING"`, "forwarded", channel("1.9"), "bridge", `{"id":"rs1.b"}`, "playback", `{"id":"rs1.p","state":"failed"}`,
			"device_state", `{"name":"PJSIP/1","state":"BUSY"}`)))
		f.Add([]byte(ev(kind, "channel", channel("rs1.leg"), "args", `["leg"]`)))
		f.Add([]byte(ev(kind, "channel", "null", "bridge", "null", "playback", "null", "peer", "null")))
	}
	f.Add([]byte(`{"type":"StasisStart","timestamp":"0000-00-00T00:00:00.000+0000"}`))
	f.Add([]byte(`{"type":"StasisStart","channel":{"creationtime":"9999-12-31T23:59:59.999-9999"}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		counts := newTally()
		s, err := New(Config{Name: "pbx", URL: "http://pbx/ari", User: "u", Password: "p", Observer: counts})
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		l := newLive(s, func(e engine.SwitchEvent) {
			told++
			if a, ok := e.(engine.Arrived); ok {
				for _, text := range []string{a.Caller.Name, a.Caller.Number, a.Caller.Dialled, a.Endpoint} {
					if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\n\r\x1b\u202e") || utf8.RuneCountInString(text) > maxName {
						t.Errorf("told %q", text)
					}
				}
			}
		})
		l.cancel = func(error) {}
		l.legs["rs1.leg"] = &leg{}
		l.callers["1.1"] = &caller{}
		l.plays["rs1.p"] = &play{channel: "1.1"}
		l.follow(map[string]bool{"PJSIP/1": true})
		l.event(frame)
		counted := 0
		for _, m := range []map[string]int{counts.events, counts.unknown, counts.malformed} {
			for kind, n := range m {
				counted += n
				if utf8.RuneCountInString(kind) > maxKind && m != nil && len(counts.events) == 0 {
					t.Errorf("counted under %q", kind)
				}
			}
		}
		if counted > 1 || counted == 0 && told > 0 {
			t.Errorf("counted %d times, told %d events", counted, told)
		}
	})
}

// FuzzText gives the readers of hostile text anything.
func FuzzText(f *testing.F) {
	for _, s := range []string{"Ana", "a\x00\u202e\xff b", `queueapp,"a,b",c\,d(e,f)`, "PJSIP/a-b-0000002a;2<ZOMBIE>", strings.Repeat("é ", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := clean(s, maxName)
		if !utf8.ValidString(c) || utf8.RuneCountInString(c) > maxName || clean(c, maxName) != c {
			t.Errorf("clean(%q) = %q", s, c)
		}
		if args := splitArgs(s); len(args) == 0 || len(strings.Join(args, "")) > 3*len(s) {
			t.Errorf("splitArgs(%q) = %q", s, args)
		}
		if e := endpoint(s); !utf8.ValidString(e) {
			t.Errorf("endpoint(%q) = %q", s, e)
		}
		if id := callerID(s, s); strings.ContainsAny(id, "\r\n\x00") || id != "" && (id[0] != '"' || id[len(id)-1] != '>') {
			t.Errorf("callerID(%q) = %q", s, id)
		}
	})
}
