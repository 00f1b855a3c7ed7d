package stasis

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// stock is what Asterisk holds of ours at one moment.
type stock struct {
	channels []engine.Channel
	bridges  []engine.Bridge
	ringing  map[queueapp.ChannelID]bool // legs that ring
	started  time.Time
	version  string
}

// listed is a channel as GET /channels shows it. Other than in ari.ChannelData the application is there, which alone tells
// who is in ours (reference: ARI lists every channel of the Asterisk).
type listed struct {
	ID       string
	Name     string
	State    string
	Caller   struct{ Name, Number string }
	Dialplan struct {
		Exten   string
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	}
	Creationtime string
	ChannelVars  map[string]string
}

// in reports whether a channel is in the application.
func (c *listed) in(app string) bool {
	return c.Dialplan.AppName == "Stasis" && splitArgs(c.Dialplan.AppData)[0] == app
}

func (c *listed) channel(app string) engine.Channel {
	id := queueapp.ChannelID(c.ID)
	here := c.in(app)
	ch := engine.Channel{
		ID: id, Name: c.Name, Ours: ours(id), Up: c.State == "Up" && here, Endpoint: endpoint(c.Name),
		Caller: callerOf(c.Caller.Name, c.Caller.Number, c.Dialplan.Exten, c.ChannelVars),
	}
	if here {
		ch.Args = splitArgs(c.Dialplan.AppData)[1:]
	}
	if t, err := time.Parse(ari.DateFormat, c.Creationtime); err == nil {
		ch.Created = t.UTC()
	}
	return ch
}

// takeStock readies a fresh connection and lists what Asterisk holds of ours. The filter must be set each time: Asterisk
// forgets it with the application, which it keeps for as long as a channel of ours lives.
func (s *Switch) takeStock(ctx context.Context) (stock, error) {
	var (
		info ari.AsteriskInfo
		st   stock
	)
	if err := s.rest.do(ctx, "event-filter", http.MethodPut, path("applications", s.app, "eventFilter"), filter(), nil); err != nil {
		return st, err
	}
	if err := s.rest.do(ctx, "info", http.MethodGet, "/asterisk/info", nil, &info); err != nil {
		return st, err
	}
	st.version, st.started = info.SystemInfo.Version, time.Time(info.StatusInfo.StartupTime).UTC()
	channels, err := s.listChannels(ctx)
	if err != nil {
		return st, err
	}
	if channels, err = s.subscribeLegs(ctx, channels); err != nil {
		return st, err
	}
	st.addChannels(channels, s.app)
	return st, s.addBridges(ctx, &st)
}

// filter is the body of PUT /applications/{app}/eventFilter.
func filter() any {
	type kind struct {
		Type string `json:"type"`
	}
	var f struct {
		Allowed []kind `json:"allowed"`
	}
	for _, w := range wanted() {
		f.Allowed = append(f.Allowed, kind{w})
	}
	return f
}

// listChannels lists all channels but the legs of other floors.
func (s *Switch) listChannels(ctx context.Context) (channels []listed, err error) {
	if err := s.rest.do(ctx, "list-channels", http.MethodGet, "/channels", nil, &channels); err != nil {
		return nil, err
	}
	others, err := s.othersLegs(ctx, channels)
	return slices.DeleteFunc(channels, func(c listed) bool { return others[c.ID] }), err
}

// othersLegs finds the legs of other floors on this Asterisk, which are named like ours. One that is in a Stasis application
// tells by that; of one that is not, only the list of who hears of it does.
func (s *Switch) othersLegs(ctx context.Context, channels []listed) (map[string]bool, error) {
	others, outside := map[string]bool{}, false
	for _, c := range channels {
		switch {
		case !ours(queueapp.ChannelID(c.ID)):
		case c.Dialplan.AppName != "Stasis":
			outside = true
		case !c.in(s.app):
			others[c.ID] = true
		}
	}
	if !outside {
		return others, nil
	}
	var apps []ari.ApplicationData
	if err := s.rest.do(ctx, "applications", http.MethodGet, "/applications", nil, &apps); err != nil {
		return nil, err
	}
	own := func(a ari.ApplicationData) bool { return a.Name == s.app }
	for _, a := range slices.DeleteFunc(apps, own) {
		for _, id := range a.ChannelIDs {
			others[id] = ours(queueapp.ChannelID(id))
		}
	}
	return others, nil
}

// subscribeLegs makes sure that the end of every leg of ours will be told, and lists again where that was not so: a leg
// that ended before the subscription must not be shown.
func (s *Switch) subscribeLegs(ctx context.Context, channels []listed) ([]listed, error) {
	var app ari.ApplicationData
	if err := s.rest.do(ctx, "application", http.MethodGet, path("applications", s.app), nil, &app); err != nil {
		return nil, err
	}
	var deaf []string
	for _, c := range channels {
		if ours(queueapp.ChannelID(c.ID)) && !slices.Contains(app.ChannelIDs, c.ID) {
			deaf = append(deaf, "channel:"+c.ID)
		}
	}
	if len(deaf) == 0 {
		return channels, nil
	}
	for _, source := range deaf {
		err := s.rest.do(ctx, "subscribe", http.MethodPost, path("applications", s.app, "subscription"), sources{[]string{source}}, nil)
		if err != nil && statusOf(err) == 0 {
			return nil, err
		}
	}
	return s.listChannels(ctx)
}

// sources is the body of POST and DELETE /applications/{app}/subscription.
type sources struct {
	EventSource []string `json:"eventSource"`
}

func (st *stock) addChannels(channels []listed, app string) {
	st.ringing = make(map[queueapp.ChannelID]bool)
	for _, c := range channels {
		ch := c.channel(app)
		if secondHalf(ch.ID) || !ch.Ours && !c.in(app) || !ch.Ours && len(ch.Args) > 0 && ch.Args[0] == legArg {
			continue
		}
		ch.Ringing = ch.Ours && c.State == "Ringing"
		st.channels = append(st.channels, ch)
		if ch.Ringing {
			st.ringing[ch.ID] = true
		}
	}
	slices.SortFunc(st.channels, func(a, b engine.Channel) int {
		if n := a.Created.Compare(b.Created); n != 0 {
			return n
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
}

// addBridges adds the bridges that bear our application's name. One from before bridges did has its id there, and is the
// first floor's: there was no other.
func (s *Switch) addBridges(ctx context.Context, st *stock) error {
	var bridges []ari.BridgeData
	if err := s.rest.do(ctx, "list-bridges", http.MethodGet, "/bridges", nil, &bridges); err != nil {
		return err
	}
	for _, b := range bridges {
		if !strings.HasPrefix(b.ID, prefix) || b.Name != s.app && (b.Name != b.ID || s.app != DefaultApp) {
			continue
		}
		ours := engine.Bridge{ID: engine.BridgeID(b.ID)}
		for _, ch := range b.ChannelIDs {
			ours.Channels = append(ours.Channels, queueapp.ChannelID(ch))
		}
		st.bridges = append(st.bridges, ours)
	}
	return nil
}
