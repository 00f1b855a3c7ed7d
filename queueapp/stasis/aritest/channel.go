package aritest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of a channel that there are here.
const (
	stateDown    = "Down"
	stateRing    = "Ring"
	stateRinging = "Ringing"
	stateUp      = "Up"
)

// Place is where in the dialplan a channel is.
type Place struct {
	Context, Exten string
	Priority       int
}

// channel is a call's one side.
type channel struct {
	x      *exchange
	serial int
	id     string
	name   string
	state  string

	callerName, callerNumber string
	presentation             string

	place    Place
	appName  string // what the dialplan does with it: Stasis, where an application has it
	appData  string
	created  time.Time
	variable map[string]string

	heard   []*application        // who hears of it
	wanted  map[*application]bool // who does also while it is elsewhere
	stasis  *application          // whose it is; nil while it is in the dialplan
	phone   *Phone                // at its other end, where one is known
	leg     *leg                  // how it is dialled; nil of who came by himself
	caller  *Caller
	bridge  *bridge
	bridged bool // it was in one
	music   bool
	queue   []*playback // what plays, and what is to follow
	left    *time.Timer // until TIMEOUT(absolute)
	gone    bool
}

// open makes a channel.
func (x *exchange) open(id, endpoint string) *channel {
	x.serial++
	if id == "" {
		id = x.nextID()
	}
	ch := &channel{
		x: x, serial: x.serial, id: id, name: fmt.Sprintf("%s-%08x", endpoint, x.serial), state: stateDown, created: time.Now(),
		presentation: "allowed_not_screened",
		phone:        x.phones[endpoint],
	}
	x.channels[id] = ch
	if ch.phone != nil {
		ch.phone.channels[ch] = true
	}
	return ch
}

// enter puts a channel into an application, as the dialplan's Stasis() does.
func (ch *channel) enter(app *application, args []string) {
	ch.stasis, ch.appName, ch.appData = app, "Stasis", strings.Join(append([]string{app.name}, args...), ",")
	ch.hear(app)
	ch.tell("StasisStart", func(b []byte) []byte { return list(b, "args", args) })
}

// leave takes a channel out of its application, its bridge and its playbacks.
func (ch *channel) leave() {
	ch.unbridge()
	ch.silence()
	if ch.stasis == nil {
		return
	}
	ch.music = false
	ch.tell("StasisEnd", nil)
	if !ch.wanted[ch.stasis] {
		ch.heard = slices.DeleteFunc(ch.heard, func(app *application) bool { return app == ch.stasis })
	}
	ch.stasis = nil
}

// goOn sends a channel on in the dialplan.
func (ch *channel) goOn(to Place) {
	ch.leave()
	if to.Context != "" {
		ch.place.Context = to.Context
	}
	ch.place.Exten, ch.place.Priority = to.Exten, max(1, to.Priority)
	ch.appName, ch.appData = "Playback", ""
	if ch.caller != nil {
		ch.caller.went(Onwards)
	}
}

// set sets a variable, or a function.
func (ch *channel) set(name, value string) {
	if ch.variable == nil {
		ch.variable = map[string]string{}
	}
	ch.variable[name] = value
	if name != "TIMEOUT(absolute)" {
		return
	}
	if ch.left != nil {
		ch.left.Stop()
		ch.left = nil
	}
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		ch.left = ch.x.later(time.Duration(n)*time.Second, ch.expire)
	}
}

// expire is the dead man's switch: a caller goes to extension T, a leg ends.
func (ch *channel) expire() {
	switch {
	case ch.gone:
	case ch.leg == nil:
		ch.goOn(Place{Exten: "T"})
	case ch.state == stateUp: // before the answer, nothing in the dialplan looks at it
		ch.destroy(16)
	}
}

// asked is a hang-up by ARI: the cause is the one that it asked for.
func (ch *channel) asked(cause int) {
	ch.tell("ChannelHangupRequest", func(b []byte) []byte { return append(number(b, "cause", 32), `,"soft":true`...) })
	ch.undial(cause)
	ch.leave()
	if ch.leg != nil && ch.leg.prepared && !ch.leg.asked {
		ch.tell("ChannelHangupRequest", func(b []byte) []byte { return number(b, "cause", cause) })
	}
	ch.destroy(cause)
}

// hungUp is a hang-up by the other end, with the cause that its signalling gives, 0 for none.
func (ch *channel) hungUp(cause int) {
	prepared := ch.leg != nil && ch.leg.prepared
	if cause == 0 && prepared && ch.bridged {
		cause = 16
	}
	ch.tell("ChannelHangupRequest", func(b []byte) []byte {
		if cause == 0 {
			return b
		}
		return number(b, "cause", cause)
	})
	ch.undial(cause)
	if cause == 0 && (ch.bridged || prepared) { // its bridge has set one: to call, a prepared one is in one, too
		cause = 16
	}
	ch.destroy(cause)
}

// undial tells the end of dialling, where a leg ends unanswered.
func (ch *channel) undial(cause int) {
	if ch.leg == nil || ch.leg.prepared || ch.state == stateUp {
		return
	}
	switch cause {
	case 17:
		ch.dialled("BUSY")
	case 34:
		ch.dialled("CONGESTION")
	default:
		ch.dialled("NOANSWER")
	}
}

func (ch *channel) destroy(cause int) {
	ch.leave()
	ch.stopTimers()
	ch.gone = true
	delete(ch.x.channels, ch.id)
	if ch.leg == nil { // whoever hears of this has asked for it
		ch.tell("ChannelHangupRequest", func(b []byte) []byte { return append(number(b, "cause", cause), `,"soft":true`...) })
	}
	ch.appName, ch.appData = "", ""
	if ch.leg != nil && !ch.leg.prepared {
		ch.appName, ch.appData = "AppDial2", "(Outgoing Line)"
	}
	ch.tell("ChannelDestroyed", func(b []byte) []byte {
		return pair(number(b, "cause", cause), "cause_txt", causeText(cause))
	})
	if p := ch.phone; p != nil {
		delete(p.channels, ch)
		p.changed()
	}
	ch.end()
}

// end tells whoever stands at the other end that it is over.
func (ch *channel) end() {
	if ch.caller != nil {
		ch.caller.went(Ended)
	}
}

func (ch *channel) stopTimers() {
	if ch.left != nil {
		ch.left.Stop()
	}
	if ch.leg != nil {
		ch.leg.stopTimers()
	}
	for _, p := range ch.queue {
		p.stop()
	}
}

// causeText is Asterisk's name of a Q.850 cause.
func causeText(cause int) string {
	switch cause {
	case 1:
		return "Unallocated (unassigned) number"
	case 16:
		return "Normal Clearing"
	case 17:
		return "User busy"
	case 18:
		return "No user responding"
	case 19:
		return "User alerting, no answer"
	case 21:
		return "Call Rejected"
	case 26:
		return "Answered elsewhere"
	case 28:
		return "Invalid number format"
	case 31:
		return "Normal, unspecified"
	case 34:
		return "Circuit/channel congestion"
	case 38:
		return "Network out of order"
	case 58:
		return "Bearer capability not available"
	case 127:
		return "Interworking, unspecified"
	}
	return "Unknown"
}
