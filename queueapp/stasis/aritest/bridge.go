package aritest

import (
	"slices"
	"strings"
	"time"
)

// bridge is where channels hear each other.
type bridge struct {
	id, name string
	created  time.Time
	channels []*channel
}

func (br *bridge) ids() []string {
	ids := make([]string, len(br.channels))
	for i, ch := range br.channels {
		ids[i] = ch.id
	}
	return ids
}

// join puts a channel into a bridge. It leaves the one that it is in, also where that is the same.
func (br *bridge) join(ch *channel) {
	ch.unbridge()
	ch.music = false
	ch.bridge, ch.bridged = br, true
	br.channels = append(br.channels, ch)
	ch.tell("ChannelEnteredBridge", br.shown)
}

func (ch *channel) unbridge() {
	br := ch.bridge
	if br == nil {
		return
	}
	ch.bridge = nil
	br.channels = slices.DeleteFunc(br.channels, func(c *channel) bool { return c == ch })
	ch.tell("ChannelLeftBridge", br.shown)
	if len(br.channels) == 0 {
		ch.x.endRecordings(br)
	}
}

func (br *bridge) shown(b []byte) []byte { return br.snapshot(name(b, "bridge")) }

// playback is what a channel is played.
type playback struct {
	id      string
	channel *channel
	media   []string
	at      int // which of them plays
	state   string
	next    *time.Timer
}

// play has a channel hear a playback behind those that it hears already.
func (ch *channel) play(p *playback) {
	ch.x.playbacks[p.id] = p
	ch.queue = append(ch.queue, p)
	if len(ch.queue) == 1 {
		p.start()
	}
}

func (p *playback) start() {
	p.state = "playing"
	if sound, ok := strings.CutPrefix(p.media[p.at], "sound:"); ok && contains(p.channel.x.a.o.Missing, sound) {
		p.next = p.channel.x.later(0, func() { p.finish("failed") })
		return
	}
	p.next = p.channel.x.later(p.channel.x.a.o.Length(p.media[p.at]), func() {
		if p.at+1 == len(p.media) {
			p.finish("done")
			return
		}
		p.at++
		p.start()
	})
}

func (p *playback) stop() {
	if p.next != nil {
		p.next.Stop()
	}
}

// finish ends a playback, and the next begins.
func (p *playback) finish(state string) {
	if !p.end(state) {
		return
	}
	if q := p.channel.queue; len(q) > 0 && q[0].state == "queued" {
		q[0].start()
	}
}

func (p *playback) end(state string) bool {
	ch := p.channel
	at := slices.Index(ch.queue, p)
	if at < 0 {
		return false
	}
	p.stop()
	ch.queue = slices.Delete(ch.queue, at, at+1)
	p.state = state
	if ch.x.playbacks[p.id] == p {
		delete(ch.x.playbacks, p.id)
	}
	for _, app := range ch.heard {
		const kind = "PlaybackFinished"
		if !app.wants(kind) {
			continue
		}
		e := app.begin(kind, p.id)
		e.text = p.snapshot(name(e.text, "playback"))
		app.socket.queue(e)
	}
	return true
}

// silence ends all that a channel is played, as where it hangs up.
func (ch *channel) silence() {
	for len(ch.queue) > 0 {
		ch.queue[0].end("failed")
	}
}
