package aritest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// own begins the names of the device states that are set over ARI.
const own = "Stasis:"

// settable are the states that can be set.
func settable() []string {
	return []string{"NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD"}
}

// device is the state of a phone, or one that was set.
func (x *exchange) device(id string) string {
	switch state := x.set[id]; {
	case state != "":
		return state
	case strings.HasPrefix(id, own):
		return "UNKNOWN"
	case x.phones[id] != nil:
		return x.phones[id].state()
	}
	return "INVALID"
}

// tellDevice tells a device's state to whoever follows it.
func (x *exchange) tellDevice(id string) {
	const kind = "DeviceStateChanged"
	for _, app := range x.apps {
		if !app.devices[id] || !app.wants(kind) {
			continue
		}
		e := app.begin(kind, id)
		e.text = deviceState(name(e.text, "device_state"), id, x.device(id))
		app.socket.queue(e)
	}
}

func deviceState(b []byte, device, state string) []byte {
	return append(pair(pair(append(b, '{'), "name", device), "state", state), '}')
}

func showDevice(x *exchange, q *request) reply {
	return reply{body: deviceState(nil, q.ids[0], x.device(q.ids[0]))}
}

// listDevices lists those that were set.
func listDevices(x *exchange, _ *request) reply {
	b := []byte{'['}
	for i, id := range slices.Sorted(maps.Keys(x.set)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = deviceState(b, id, x.set[id])
	}
	return reply{body: append(b, ']')}
}

func setDevice(x *exchange, q *request) reply {
	id, state := q.ids[0], strings.ToUpper(q.DeviceState)
	if no := notOwn(id); no.status != 0 {
		return no
	}
	if !slices.Contains(settable(), state) {
		return refuse(http.StatusInternalServerError, "Unknown device")
	}
	was := x.device(id)
	if x.set[id] = state; was != state {
		x.tellDevice(id)
	}
	return done()
}

// notOwn refuses names that do not begin as those do that can be set.
func notOwn(id string) reply {
	switch {
	case !strings.HasPrefix(id, own):
		return refuse(http.StatusConflict, "Uncontrolled device specified")
	case id == own:
		return refuse(http.StatusNotFound, "Device name is missing")
	}
	return reply{}
}

func unsetDevice(x *exchange, q *request) reply {
	if no := notOwn(q.ids[0]); no.status != 0 {
		return no
	}
	delete(x.set, q.ids[0]) // without an event
	return done()
}

// DeviceState is what a device shows: a phone, or one of a name that begins with Stasis:. The latter outlive a death.
func (a *Asterisk) DeviceState(id string) (state string) {
	a.do(func(x *exchange) { state = x.device(id) })
	return state
}

// SetDevices are the names of the devices whose states were set, in alphabetical order.
func (a *Asterisk) SetDevices() (ids []string) {
	a.do(func(x *exchange) { ids = slices.Sorted(maps.Keys(x.set)) })
	return ids
}
