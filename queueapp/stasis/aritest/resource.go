package aritest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What ARI shows besides channels.

func info(x *exchange, _ *request) reply {
	b := pair(append(name([]byte("{"), "system"), '{'), "version", x.a.o.Version)
	b = pair(b, "entity_id", entity)
	b = moment(append(name(append(b, '}'), "status"), '{'), "startup_time", x.started)
	return reply{body: append(moment(b, "last_reload_time", x.started), "}}"...)}
}

func ping(*exchange, *request) reply {
	b := moment(pair([]byte("{"), "ping", "pong"), "timestamp", time.Now())
	return reply{body: append(pair(b, "asterisk_id", entity), '}')}
}

func listBridges(x *exchange, _ *request) reply {
	b := []byte{'['}
	for i, id := range slices.Sorted(maps.Keys(x.bridges)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = x.bridges[id].snapshot(b)
	}
	return reply{body: append(b, ']')}
}

const noBridge = "Bridge not found"

func makeBridge(x *exchange, q *request) reply {
	id := q.ids[0]
	if x.bridges[id] != nil {
		return refuse(http.StatusConflict, "Bridge with id '"+id+"' already exists")
	}
	br := &bridge{id: id, name: q.Name, created: time.Now()}
	x.bridges[id] = br
	return reply{body: br.snapshot(nil)}
}

func showBridge(x *exchange, q *request) reply {
	br := x.bridges[q.ids[0]]
	if br == nil {
		return refuse(http.StatusNotFound, noBridge)
	}
	return reply{body: br.snapshot(nil)}
}

func removeBridge(x *exchange, q *request) reply {
	br := x.bridges[q.ids[0]]
	if br == nil {
		return refuse(http.StatusNotFound, noBridge)
	}
	delete(x.bridges, br.id)
	for len(br.channels) > 0 {
		br.channels[0].unbridge()
	}
	x.endRecordings(br)
	return done()
}

func addChannels(x *exchange, q *request) reply {
	br := x.bridges[q.ids[0]]
	if br == nil {
		return refuse(http.StatusNotFound, noBridge)
	}
	if len(q.Channel) == 0 {
		return refuse(http.StatusBadRequest, "Missing parameter channel")
	}
	for _, id := range q.Channel {
		switch ch := x.channels[id]; {
		case ch == nil:
			return refuse(http.StatusBadRequest, noChannel)
		case ch.stasis == nil:
			return refuse(http.StatusUnprocessableEntity, noStasis)
		}
	}
	for _, id := range q.Channel {
		br.join(x.channels[id])
	}
	return done()
}

func showPlayback(x *exchange, q *request) reply {
	p := x.playbacks[q.ids[0]]
	if p == nil {
		return refuse(http.StatusNotFound, "Playback not found")
	}
	return reply{body: p.snapshot(nil)}
}

func stopPlayback(x *exchange, q *request) reply {
	p := x.playbacks[q.ids[0]]
	if p == nil {
		return refuse(http.StatusNotFound, "Playback not found")
	}
	p.finish("done")
	return done()
}

// named is an operation on an application.
func named(f func(*application, *request) reply) operation {
	return func(x *exchange, q *request) reply {
		app := x.apps[q.ids[0]]
		if app == nil {
			return refuse(http.StatusNotFound, "Application not found")
		}
		return f(app, q)
	}
}

func listApplications(x *exchange, _ *request) reply {
	b := []byte{'['}
	for i, n := range slices.Sorted(maps.Keys(x.apps)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = x.apps[n].snapshot(b)
	}
	return reply{body: append(b, ']')}
}

func showApplication(app *application, _ *request) reply { return reply{body: app.snapshot(nil)} }

func filterEvents(app *application, q *request) reply {
	kinds := make([]string, len(q.Allowed))
	for i, k := range q.Allowed {
		kinds[i] = k.Type
	}
	app.filter(kinds)
	return reply{body: app.snapshot(nil)}
}

func subscribe(app *application, q *request) reply {
	for _, source := range q.EventSource {
		scheme, id, _ := strings.Cut(source, ":")
		switch {
		case scheme == "deviceState":
			app.devices[id] = true
		case scheme == "channel" && app.x.channels[id] != nil:
			app.x.channels[id].subscribe(app)
		case scheme == "channel":
			return refuse(http.StatusUnprocessableEntity, "Event source does not exist")
		default:
			return refuse(http.StatusBadRequest, "Invalid event source URI scheme")
		}
	}
	return reply{body: app.snapshot(nil)}
}

func unsubscribe(app *application, q *request) reply {
	for _, source := range q.EventSource {
		scheme, id, _ := strings.Cut(source, ":")
		if scheme != "deviceState" {
			return refuse(http.StatusBadRequest, "Invalid event source URI scheme")
		}
		if !app.devices[id] {
			return refuse(http.StatusUnprocessableEntity, "Event source was not subscribed to")
		}
		delete(app.devices, id)
	}
	return reply{body: app.snapshot(nil)}
}

func showSound(x *exchange, q *request) reply {
	if contains(x.a.o.Missing, q.ids[0]) {
		return refuse(http.StatusNotFound, "Sound not found")
	}
	b := append(pair([]byte("{"), "id", q.ids[0]), `,"formats":[{"language":"en","format":"slin"}]}`...)
	return reply{body: b}
}
