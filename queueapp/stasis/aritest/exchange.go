package aritest

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// entity is what every event is said to come from.
const entity = "02:00:00:00:00:01"

// exchange is what Asterisk holds: the model of calls. It belongs to whoever has the lock of its Asterisk.
type exchange struct {
	a         *Asterisk
	started   time.Time
	serial    int // of channels
	channels  map[string]*channel
	bridges   map[string]*bridge
	playbacks map[string]*playback
	recorded  map[string]*recording // that go on
	stored    map[string]*recording // in files, which a death leaves
	apps      map[string]*application
	phones    map[string]*Phone
	set       map[string]string // device states that were set, which outlive a death
}

func newExchange(a *Asterisk) *exchange {
	x := &exchange{a: a, phones: map[string]*Phone{}, set: map[string]string{}, stored: map[string]*recording{}}
	x.clear()
	return x
}

// clear is what a death leaves: phones stay where they are.
func (x *exchange) clear() {
	for _, ch := range x.channels {
		ch.stopTimers()
		ch.end()
	}
	x.channels, x.bridges, x.playbacks = map[string]*channel{}, map[string]*bridge{}, map[string]*playback{}
	x.apps, x.recorded = map[string]*application{}, map[string]*recording{}
	for _, p := range x.phones {
		clear(p.channels)
		p.told = p.state()
	}
}

// later runs f after a while, with the lock, unless it is stopped before.
func (x *exchange) later(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		x.a.mu.Lock()
		defer x.a.mu.Unlock()
		if !x.a.closed {
			f()
		}
	})
}

// do runs f on the exchange.
func (a *Asterisk) do(f func(x *exchange)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(a.x)
}

// application is what a websocket was opened for.
type application struct {
	x       *exchange
	name    string
	socket  *socket // nil where nobody listens
	allowed []string
	allows  map[string]bool // the same; nil lets everything pass
	devices map[string]bool // whose states are followed
}

func (x *exchange) app(name string) *application {
	app := x.apps[name]
	if app == nil {
		app = &application{x: x, name: name, devices: map[string]bool{}}
		x.apps[name] = app
	}
	return app
}

func (app *application) filter(kinds []string) {
	app.allowed, app.allows = kinds, nil
	if len(kinds) == 0 {
		return
	}
	app.allows = make(map[string]bool, len(kinds))
	for _, k := range kinds {
		app.allows[k] = true
	}
}

// listen gives the application a websocket. The one that it had is told, and hears nothing any more.
func (app *application) listen(s *socket) {
	if app.socket != nil {
		old := app.socket
		old.queue(app.begin("ApplicationReplaced", ""))
		old.app = nil
	}
	app.socket, s.app = s, app
}

// deafen takes the websocket away. Asterisk forgets the filter with the application, which it keeps while there are calls
// in it, and the devices not at all.
func (app *application) deafen() {
	app.socket = nil
	for _, ch := range app.x.channels {
		if ch.hears(app) {
			return
		}
	}
	app.filter(nil)
}

// active reports whether somebody listens.
func (app *application) active() bool { return app != nil && app.socket != nil }

// wants reports whether events of a kind are told.
func (app *application) wants(kind string) bool {
	return app.active() && (app.allows == nil || app.allows[kind])
}

// begin is the begin of an event: the members that every one has. about is the id that faults name it by.
func (app *application) begin(kind, about string) event {
	b := pair(append(make([]byte, 0, 1024), '{'), "type", kind)
	b = moment(b, "timestamp", time.Now())
	b = pair(b, "asterisk_id", entity)
	return event{kind: kind, about: about, text: pair(b, "application", app.name)}
}

// tell tells an event of a channel to whoever hears of it.
func (ch *channel) tell(kind string, more func(b []byte) []byte) {
	for _, app := range ch.heard {
		if !app.wants(kind) {
			continue
		}
		e := app.begin(kind, ch.id)
		key := "channel"
		if kind == "Dial" {
			key = "peer"
		}
		e.text = ch.snapshot(name(e.text, key))
		if more != nil {
			e.text = more(e.text)
		}
		app.socket.queue(e)
	}
}

func (ch *channel) hears(app *application) bool { return slices.Contains(ch.heard, app) }

// hear has an application hear of a channel that is in it.
func (ch *channel) hear(app *application) {
	if !ch.hears(app) {
		ch.heard = append(ch.heard, app)
	}
}

// subscribe has an application hear of a channel wherever that is.
func (ch *channel) subscribe(app *application) {
	ch.hear(app)
	if ch.wanted == nil {
		ch.wanted = map[*application]bool{}
	}
	ch.wanted[app] = true
}

// inOrder are the channels, oldest first.
func (x *exchange) inOrder() []*channel {
	return slices.SortedFunc(maps.Values(x.channels), func(a, b *channel) int { return a.serial - b.serial })
}

// nextID is the id that Asterisk gives a channel that has none.
func (x *exchange) nextID() string {
	return strconv.FormatInt(x.started.Unix(), 10) + "." + strconv.Itoa(x.serial)
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
