package aritest

import (
	"encoding/json"
	"strconv"
	"time"
)

// clock is how ARI writes a time.
const clock = "2006-01-02T15:04:05.000-0700"

// Events are written by hand: there are tens of thousands of them a second.

// text appends a string, quoted.
func text(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil { // of a string there is none
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// pair appends a member and its text.
func pair(b []byte, key, value string) []byte {
	return text(name(b, key), value)
}

// name appends a member's name, after a comma where it is not the first.
func name(b []byte, key string) []byte {
	if n := len(b); n > 0 && b[n-1] != '{' {
		b = append(b, ',')
	}
	return append(text(b, key), ':')
}

func number(b []byte, key string, n int) []byte { return strconv.AppendInt(name(b, key), int64(n), 10) }

func moment(b []byte, key string, t time.Time) []byte {
	return append(t.AppendFormat(append(name(b, key), '"'), clock), '"')
}

func list(b []byte, key string, items []string) []byte {
	b = append(name(b, key), '[')
	for i, s := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = text(b, s)
	}
	return append(b, ']')
}

// snapshot appends a channel as ARI shows it.
func (ch *channel) snapshot(b []byte) []byte {
	b = pair(append(b, '{'), "id", ch.id)
	b = pair(b, "name", ch.name)
	b = pair(b, "state", ch.state)
	b = pair(append(name(b, "caller"), '{'), "name", ch.callerName)
	b = pair(b, "number", ch.callerNumber)
	b = pair(append(name(append(b, '}'), "connected"), '{'), "name", "")
	b = pair(b, "number", "")
	b = pair(append(name(pair(append(b, '}'), "accountcode", ""), "dialplan"), '{'), "context", ch.place.Context)
	b = pair(b, "exten", ch.place.Exten)
	b = number(b, "priority", ch.place.Priority)
	b = pair(b, "app_name", ch.appName)
	b = pair(b, "app_data", ch.appData)
	b = moment(append(b, '}'), "creationtime", ch.created)
	b = pair(b, "language", "en")
	return append(pair(append(name(b, "channelvars"), '{'), "CALLERID(num-pres)", ch.presentation), "}}"...)
}

// snapshot appends a bridge as ARI shows it.
func (br *bridge) snapshot(b []byte) []byte {
	b = pair(append(b, '{'), "id", br.id)
	b = pair(b, "technology", "simple_bridge")
	b = pair(b, "bridge_type", "mixing")
	b = pair(b, "bridge_class", "stasis")
	b = pair(b, "creator", "Stasis")
	b = pair(b, "name", br.name)
	b = list(b, "channels", br.ids())
	b = moment(b, "creationtime", br.created)
	return append(pair(b, "video_mode", "talker"), '}')
}

// snapshot appends a playback as ARI shows it.
func (p *playback) snapshot(b []byte) []byte {
	b = pair(append(b, '{'), "id", p.id)
	b = pair(b, "media_uri", p.media[p.at])
	if p.at+1 < len(p.media) {
		b = pair(b, "next_media_uri", p.media[p.at+1])
	}
	b = pair(b, "target_uri", "channel:"+p.channel.id)
	b = pair(b, "language", "en")
	return append(pair(b, "state", p.state), '}')
}

// snapshot appends an application as ARI shows it.
func (app *application) snapshot(b []byte) []byte {
	var channels, bridges []string
	for _, ch := range app.x.inOrder() {
		if ch.hears(app) {
			channels = append(channels, ch.id)
			if ch.bridge != nil && !contains(bridges, ch.bridge.id) {
				bridges = append(bridges, ch.bridge.id)
			}
		}
	}
	b = pair(append(b, '{'), "name", app.name)
	b = list(b, "channel_ids", channels)
	b = list(b, "bridge_ids", bridges)
	b = list(b, "endpoint_ids", nil)
	b = list(b, "device_names", sorted(app.devices))
	b = append(name(b, "events_allowed"), '[')
	for i, kind := range app.allowed {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(pair(append(b, '{'), "type", kind), '}')
	}
	return append(append(b, ']'), `,"events_disallowed":[]}`...)
}
