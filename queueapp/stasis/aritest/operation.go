package aritest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// operations are what ARI can be asked for, with {} for an id.
func operations() map[string]operation {
	return map[string]operation{
		"GET /asterisk/info":                   info,
		"GET /asterisk/ping":                   ping,
		"GET /channels":                        listChannels,
		"GET /channels/{}":                     of((*channel).show),
		"POST /channels/{}":                    originate,
		"POST /channels/create":                create,
		"POST /channels/{}/dial":               of((*channel).call),
		"DELETE /channels/{}":                  of((*channel).remove),
		"POST /channels/{}/answer":             in((*channel).accept),
		"POST /channels/{}/moh":                in((*channel).startMusic),
		"DELETE /channels/{}/moh":              in((*channel).stopMusic),
		"POST /channels/{}/play/{}":            in((*channel).playMedia),
		"POST /channels/{}/continue":           in((*channel).sendOn),
		"POST /channels/{}/variable":           setOne,
		"GET /channels/{}/variable":            of((*channel).getOne),
		"POST /channels/{}/variables":          setSeveral,
		"GET /playbacks/{}":                    showPlayback,
		"DELETE /playbacks/{}":                 stopPlayback,
		"GET /bridges":                         listBridges,
		"POST /bridges/{}":                     makeBridge,
		"GET /bridges/{}":                      showBridge,
		"DELETE /bridges/{}":                   removeBridge,
		"POST /bridges/{}/addChannel":          addChannels,
		"POST /bridges/{}/record":              recordBridge,
		"GET /recordings/live/{}":              live((*recording).show),
		"POST /recordings/live/{}/pause":       live((*recording).pause),
		"DELETE /recordings/live/{}/pause":     live((*recording).resume),
		"POST /recordings/live/{}/stop":        live((*recording).stop),
		"GET /recordings/stored/{}":            showStored,
		"GET /applications":                    listApplications,
		"GET /applications/{}":                 named(showApplication),
		"PUT /applications/{}/eventFilter":     named(filterEvents),
		"POST /applications/{}/subscription":   named(subscribe),
		"DELETE /applications/{}/subscription": named(unsubscribe),
		"GET /deviceStates":                    listDevices,
		"GET /deviceStates/{}":                 showDevice,
		"PUT /deviceStates/{}":                 setDevice,
		"DELETE /deviceStates/{}":              unsetDevice,
		"GET /sounds/{}":                       showSound,
	}
}

const (
	noChannel = "Channel not found"
	noStasis  = "Channel not in Stasis application"
)

// of is an operation on a channel, in on one that has to be in an application.
func of(f func(*channel, *request) reply) operation {
	return func(x *exchange, q *request) reply {
		ch := x.channels[q.ids[0]]
		if ch == nil {
			return refuse(http.StatusNotFound, noChannel)
		}
		return f(ch, q)
	}
}

func in(f func(*channel, *request) reply) operation {
	return of(func(ch *channel, q *request) reply {
		if ch.stasis == nil {
			return refuse(http.StatusConflict, noStasis)
		}
		return f(ch, q)
	})
}

func listChannels(x *exchange, _ *request) reply {
	b := []byte{'['}
	for i, ch := range x.inOrder() {
		if i > 0 {
			b = append(b, ',')
		}
		b = ch.snapshot(b)
	}
	return reply{body: append(b, ']')}
}

func (ch *channel) show(*request) reply { return reply{body: ch.snapshot(nil)} }

// lineFor opens a channel to the phone that a request names; without a channel, the reply says why.
func (x *exchange) lineFor(q *request, id string) (*channel, reply) {
	_, number, ok := strings.Cut(q.Endpoint, "/")
	p := x.phones[q.Endpoint]
	switch {
	case q.Endpoint == "":
		return nil, refuse(http.StatusBadRequest, "Endpoint must be specified")
	case !ok:
		return nil, refuse(http.StatusBadRequest, "Invalid endpoint specified")
	case x.channels[id] != nil:
		q.conflict()
		return nil, taken()
	case p == nil || p.absent:
		return nil, noLine(q)
	}
	ch := x.open(id, q.Endpoint)
	ch.leg = &leg{app: x.apps[q.App], args: strings.Split(q.AppArgs, ",")}
	ch.place = Place{"ringside-extensions", "s", 1}
	ch.callerName, ch.callerNumber = number, number
	for name, value := range q.Variables {
		ch.set(name, value)
	}
	return ch, reply{}
}

func taken() reply {
	return refuse(http.StatusConflict, "Channel with given unique ID already exists")
}

// noLine is the answer where a phone cannot be reached. A connection by which something was asked for that stood already
// gets that answer ever after: Asterisk looks at the last error of its thread.
func noLine(q *request) reply {
	if q.conflicts() {
		return taken()
	}
	return reply{status: http.StatusInternalServerError, body: []byte(`{"error":"Allocation failed"}`)}
}

func originate(x *exchange, q *request) reply {
	switch {
	case q.Endpoint != "" && strings.Contains(q.Endpoint, "/") && q.App == "" && q.Extension == "":
		return refuse(http.StatusBadRequest, "Application or extension must be specified")
	case q.Originator != "" && x.channels[q.Originator] == nil:
		return refuse(http.StatusBadRequest, "Provided originator channel was not found")
	case q.App != "" && x.apps[q.App] == nil && strings.Contains(q.Endpoint, "/"):
		return noLine(q)
	}
	ch, why := x.lineFor(q, q.ids[0])
	if ch == nil {
		return why
	}
	ch.appName, ch.appData = "AppDial2", "(Outgoing Line)"
	if q.CallerID != "" {
		ch.callerName, ch.callerNumber = splitCallerID(q.CallerID)
	}
	ch.subscribe(ch.leg.app)
	limit := 30 * time.Second
	if q.Timeout != 0 {
		limit = time.Duration(q.Timeout) * time.Second
	}
	return reply{body: ch.snapshot(nil), then: func() { ch.dial(limit) }}
}

// create makes a leg that calls nobody yet. Whoever it is for, the application hears of from now on.
func create(x *exchange, q *request) reply {
	ch, why := x.lineFor(q, q.ChannelID)
	if ch == nil {
		return why
	}
	body := ch.snapshot(nil)
	ch.leg.prepared = true
	if ch.leg.app.active() {
		ch.subscribe(ch.leg.app) // it may be hung up before it is in the application, and that is told
	}
	return reply{body: body, then: func() {
		if ch.gone {
			return
		}
		if !ch.leg.app.active() {
			ch.destroy(16)
			return
		}
		ch.subscribe(ch.leg.app)
		if caller := x.channels[q.Originator]; caller != nil {
			caller.subscribe(ch.leg.app)
		}
		ch.enter(ch.leg.app, ch.leg.args)
	}}
}

// call has a leg that was prepared call its phone.
func (ch *channel) call(q *request) reply {
	switch {
	case ch.state != stateDown:
		return refuse(http.StatusConflict, "Channel is not in the 'Down' state")
	case ch.stasis == nil:
		return refuse(http.StatusConflict, noStasis)
	}
	return reply{status: http.StatusNoContent, then: func() { ch.dial(time.Duration(q.Timeout) * time.Second) }}
}

// splitCallerID reads "Name" <number>.
func splitCallerID(s string) (callerName, callerNumber string) {
	quoted, rest, ok := strings.Cut(s, " <")
	if !ok {
		return "", s
	}
	quoted = strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted), strings.TrimSuffix(rest, ">")
}

func (ch *channel) remove(q *request) reply {
	cause := causeOf(q.query.Get("reason"))
	if cause < 0 {
		return refuse(http.StatusBadRequest, "Invalid reason for hangup reason provided")
	}
	ch.asked(cause)
	return done()
}

// causeOf is the Q.850 cause that a reason of DELETE /channels/{id} gives, or -1.
func causeOf(reason string) int {
	switch reason {
	case "", "normal":
		return 16
	case "busy":
		return 17
	case "congestion":
		return 34
	case "no_answer":
		return 19
	case "timeout":
		return 18
	case "rejected":
		return 21
	case "unallocated":
		return 1
	case "normal_unspecified":
		return 31
	case "number_incomplete":
		return 28
	case "codec_mismatch":
		return 58
	case "interworking":
		return 127
	case "failure":
		return 38
	case "answered_elsewhere":
		return 26
	}
	return -1
}

func (ch *channel) accept(*request) reply {
	ch.state = stateUp
	if ch.phone != nil {
		ch.phone.changed()
	}
	return done()
}

func (ch *channel) startMusic(*request) reply {
	ch.music = true
	return done()
}

func (ch *channel) stopMusic(*request) reply {
	ch.music = false
	return done()
}

func (ch *channel) playMedia(q *request) reply {
	if len(q.Media) == 0 {
		return refuse(http.StatusInternalServerError, "Failed to queue media for playback")
	}
	p := &playback{id: q.ids[1], channel: ch, media: q.Media, state: "queued"}
	body := p.snapshot(nil)
	ch.play(p)
	return reply{status: http.StatusCreated, body: body}
}

func (ch *channel) sendOn(q *request) reply {
	to := Place{q.Context, q.Extension, q.Priority}
	if to == (Place{}) {
		to = Place{Exten: ch.place.Exten, Priority: ch.place.Priority + 1}
	}
	ch.goOn(to)
	return done()
}

func setOne(x *exchange, q *request) reply {
	if q.Variable == "" {
		return refuse(http.StatusBadRequest, "Variable name is required")
	}
	return in(func(ch *channel, q *request) reply {
		ch.set(q.Variable, q.Value)
		return done()
	})(x, q)
}

func (ch *channel) getOne(q *request) reply {
	value, ok := ch.variable[q.query.Get("variable")]
	if !ok {
		return refuse(http.StatusNotFound, "Provided variable was not found")
	}
	return reply{body: append(pair([]byte("{"), "value", value), '}')}
}

func setSeveral(x *exchange, q *request) reply {
	ch := x.channels[q.ids[0]]
	switch {
	case ch == nil:
		return refuse(http.StatusNotFound, "Provided channel was not found")
	case q.Variables == nil:
		return refuse(http.StatusBadRequest, "The 'variables' field must be a JSON object")
	case ch.stasis == nil:
		return refuse(http.StatusConflict, noStasis)
	}
	for name, value := range q.Variables {
		ch.set(name, value)
	}
	return done()
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
