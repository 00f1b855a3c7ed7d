package stasis

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis/aritest"
)

// fake is an Asterisk for what the real one does not do when asked.
type fake struct {
	*aritest.Asterisk
	t *testing.T
}

// newFake serves until the test ends. It must be called in a synctest bubble.
func newFake(t *testing.T, change ...func(*aritest.Options)) *fake {
	t.Helper()
	o := aritest.Options{Keep: true}
	for _, g := range change {
		g(&o)
	}
	a, err := aritest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	a.Phone("PJSIP/1000").Behave(aritest.Behaviour{Never: true})
	return &fake{a, t}
}

// connect runs a Switch on the fake, without waiting for it to be up.
func (f *fake) connect(change ...func(*Config)) *running {
	r := f.make(change...)
	r.start(f.t, r.hear)
	return r
}

// connectTo runs a Switch on the fake with a sink of one's own.
func (f *fake) connectTo(sink func(engine.SwitchEvent), change ...func(*Switch)) *running {
	r := f.make()
	for _, g := range change {
		g(r.Switch)
	}
	r.start(f.t, sink)
	return r
}

func (f *fake) make(change ...func(*Config)) *running {
	counts := newTally()
	c := Config{Name: "pbx", URL: f.URL(), User: f.User(), Password: f.Password(), Log: logTo(f.t), Observer: counts}
	for _, g := range change {
		g(&c)
	}
	s, err := New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	s.rest.client.Transport.(*http.Transport).DialContext = f.Dial
	s.sockets.client.Transport.(*http.Transport).DialContext = f.Dial
	return &running{Switch: s, ear: newEar(), tally: counts}
}

func (f *fake) up(change ...func(*Config)) *running {
	f.t.Helper()
	r := f.connect(change...)
	await[engine.SwitchUp](f.t, r.ear, nil)
	synctest.Wait()
	return r
}

// calls has somebody call whose channel is named, and takes the arrival.
func (f *fake) calls(r *running, id string) *aritest.Caller {
	f.t.Helper()
	c := f.Call(aritest.Call{ID: id, Args: []string{"queue", "support"}, Name: "Ana", Number: "5550100"})
	await(f.t, r.ear, func(e engine.Arrived) bool { return string(e.ID) == id })
	return c
}

// empty fails the test unless Asterisk holds nothing.
func (f *fake) empty() {
	f.t.Helper()
	synctest.Wait()
	if ch, br := f.Channels(), f.Bridges(); len(ch)+len(br) != 0 {
		f.t.Errorf("left in Asterisk: channels %v, bridges %v", ch, br)
	}
}

// ask makes a request that no Switch makes.
func (f *fake) ask(method, target string, body any) {
	f.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.URL()+target, bytes.NewReader(text))
	if err != nil {
		f.t.Fatal(err)
	}
	req.SetBasicAuth(f.User(), f.Password())
	client := &http.Client{Transport: &http.Transport{DialContext: f.Dial, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	resp.Body.Close()
}

// ev builds an event: pairs of keys and JSON values after the type.
func ev(kind string, pairs ...string) string {
	e := map[string]json.RawMessage{
		"type": json.RawMessage(`"` + kind + `"`), "application": json.RawMessage(`"queueapp"`),
		"timestamp": json.RawMessage(`"2026-11-20T18:38:40.713+0000"`),
	}
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func channel(id queueapp.ChannelID) string {
	return `{"id":"` + string(id) + `","name":"PJSIP/trunk-00000001","state":"Up","caller":{"name":"Ana","number":"5550100"},` +
		`"dialplan":{"context":"in","exten":"7000","priority":1},"creationtime":"2026-11-20T18:38:40.194+0000"}`
}

// inBubble runs a test against a fake Asterisk, with a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, f *fake)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFake(t)) })
}
