package engine

import (
	"context"
	"time"

	"ringside/queueapp"
)

// PlaybackID names a playback that we chose before asking for it.
type PlaybackID string

// BridgeID names a bridge that we chose before asking for it.
type BridgeID string

// Switch speaks to one Asterisk. Its commands return at once: they are queued and sent in order for each channel (the
// lane named at each command), with different channels in parallel; what came of them is told as a [SwitchEvent].
// All methods may be called concurrently.
type Switch interface {
	// Name is the switch's name in the configuration.
	Name() queueapp.SwitchName
	// Run keeps the event stream up until ctx ends, reconnecting by itself, and hands every event to sink in Asterisk's
	// order from one goroutine. A SwitchUp with what the switch holds comes first after each connect, then what happened
	// since; SwitchDown follows when the stream is lost. It returns nil when ctx ends and an error only where trying again
	// cannot help.
	Run(ctx context.Context, sink func(SwitchEvent)) error

	// Answer answers a caller's channel (lane: the channel).
	Answer(ch queueapp.ChannelID)
	// StartMusic starts music on hold on a channel; class "" is Asterisk's default (lane: the channel).
	StartMusic(ch queueapp.ChannelID, class string)
	// Play plays media ("sound:ringside/menu") one after the other as one playback; PlayDone tells its end (lane: the channel).
	Play(ch queueapp.ChannelID, id PlaybackID, media []string)
	// StopPlay stops a playback; its PlayDone comes all the same (lane: the channel).
	StopPlay(ch queueapp.ChannelID, id PlaybackID)
	// SetVariables sets channel variables or functions, in order (lane: the channel).
	SetVariables(ch queueapp.ChannelID, vars ...Variable)
	// Variable reads a channel variable; one that is not set is empty, and so is one of a channel that is not there. Other than
	// the rest it waits for the answer, at most as long as the switch does for any.
	Variable(ctx context.Context, ch queueapp.ChannelID, name string) (string, error)
	// Prepare makes a leg's channel, which calls nobody yet. LegGone tells where that cannot be (lane: the leg).
	Prepare(leg Leg)
	// Originate calls the phone: by the channel that was prepared, or by one that is made for it (lane: the leg).
	Originate(leg Leg)
	// HangUp ends a channel; reason is ARI's ("normal", "busy", "answered_elsewhere", …). A leg that turns out to be absent
	// is told as LegGone{Absent: true}, a caller's channel as Gone (lane: the channel).
	HangUp(ch queueapp.ChannelID, reason string)
	// PrepareBridge makes an empty mixing bridge; one that stands already is fine (lane: caller).
	PrepareBridge(id BridgeID, caller queueapp.ChannelID)
	// Bridge stops the caller's music and puts the caller and the leg into the bridge, making it where it is missing.
	// Entered events tell that they are in; Failed tells that they are not (lane: caller).
	Bridge(id BridgeID, caller, leg queueapp.ChannelID)
	// DestroyBridge removes a bridge; one that is gone already is fine (lane: caller).
	DestroyBridge(id BridgeID, caller queueapp.ChannelID)
	// Record does something about the recording of what is heard in a bridge; Recorded tells what came of it (lane: caller).
	Record(order RecordingOrder)
	// Continue sets the variables and sends the channel back to the dialplan: to place, or to the next priority where
	// place is nil. Gone follows (lane: the channel).
	Continue(ch queueapp.ChannelID, place *Place, vars ...Variable)
	// Follow replaces the set of devices whose state is followed: the current state of each new one is told as
	// DeviceChanged, and every later change. After a reconnect the same happens again by itself.
	Follow(devices []string)
	// Light replaces what lamps show, which are device states of our own that phones subscribe to. Only what changed is told,
	// of each lamp the newest state, in a lane of its own; one that is left out is taken away. After a connect nothing is told
	// before it is called again: then all is, and what an owner before us left there is taken away. The map must not change
	// any more. What cannot be told is tried again, and logged once.
	Light(lamps map[string]queueapp.DeviceState)
}

// Variable is a channel variable or a writable dialplan function and its value.
type Variable struct{ Name, Value string }

// Place is a place in the dialplan.
type Place struct {
	Context, Extension string
	Priority           int
}

// Leg is a channel to an agent's phone, to be asked for.
type Leg struct {
	Channel      queueapp.ChannelID // chosen by us: rs1.<call>.<attempt>.<leg>
	Dial         string             // "PJSIP/1000"
	Originator   queueapp.ChannelID // the caller's channel, for codecs; may be empty
	CallerNumber string             // what the phone displays
	CallerName   string
	Ring         time.Duration // Asterisk ends the ring after this
	Variables    []Variable
	Prepared     bool // Prepare was called for it before
}

// SwitchEvent is something that happened at a switch. The set is sealed.
//
//sumtype:decl
type SwitchEvent interface{ switchEvent() }

// SwitchUp says that the event stream is up, and what the switch holds of ours at that moment.
type SwitchUp struct {
	Channels []Channel
	Bridges  []Bridge
	Started  time.Time // when Asterisk was started: a change means that all calls are gone
	Version  string
}

// SwitchDown says that the event stream is lost and why. Calls go on in Asterisk.
type SwitchDown struct{ Err error }

// Channel is a channel in our application, as the switch lists it.
type Channel struct {
	ID       queueapp.ChannelID
	Name     string // "PJSIP/1000-0000002a"; the halves of a Local channel end in ";1" and ";2"
	Ours     bool   // a leg that we named
	Up       bool   // answered
	Ringing  bool   // of a leg: its phone rings
	Args     []string
	Caller   queueapp.Caller
	Endpoint string // technology and resource, "PJSIP/1000": who is really at the other end
	Created  time.Time
}

// Bridge is a bridge that we named, and who is in it.
type Bridge struct {
	ID       BridgeID
	Channels []queueapp.ChannelID
}

// Arrived says that a channel came into our application from the dialplan (ARI StasisStart).
type Arrived struct{ Channel }

// Replaced says that a phone has asked for a transfer, and that Asterisk has therefore put another channel into the place of
// a caller's or a leg's: into its bridge, and into our application. The end of the old one follows.
type Replaced struct {
	Old     queueapp.ChannelID
	Channel Channel // it is told gone, up and held by the events of callers and legs
	Target  string  // technology and resource of who is at its other end, where that is known already
}

// Reached says who is at the other end of a channel that has taken another's place.
type Reached struct {
	Channel queueapp.ChannelID
	Target  string
}

// Gone says that a caller's channel left our application: hung up, or sent on in the dialplan by us or by others.
type Gone struct {
	Channel queueapp.ChannelID
	HungUp  bool
	Q850    int
}

// Digit says that a key was pressed (ARI ChannelDtmfReceived). Key is one of 0-9, A-D, * and #.
type Digit struct {
	Channel queueapp.ChannelID
	Key     byte
}

// PlayDone says that a playback ended: played out, stopped, or failed.
type PlayDone struct {
	Channel  queueapp.ChannelID
	Playback PlaybackID
	Failed   bool
}

// LegRinging says that the phone rings.
type LegRinging struct{ Channel queueapp.ChannelID }

// LegUp says that the agent answered.
type LegUp struct{ Channel queueapp.ChannelID }

// LegGone says that a leg is destroyed, or never came to be (Absent). Every leg that was asked for, listed or hung up ends in
// exactly one, also where the end came while the event stream was away.
type LegGone struct {
	Channel queueapp.ChannelID
	Q850    int
	Absent  bool
}

// Entered says that a channel is in a bridge of ours.
type Entered struct {
	Bridge  BridgeID
	Channel queueapp.ChannelID
}

// Left says that a channel left a bridge of ours.
type Left struct {
	Bridge  BridgeID
	Channel queueapp.ChannelID
}

// Held says that the far end put the call on hold, Resumed that it took it back.
type Held struct{ Channel queueapp.ChannelID }

// Resumed ends a hold.
type Resumed struct{ Channel queueapp.ChannelID }

// DeviceChanged tells a device's state.
type DeviceChanged struct {
	Device string
	State  queueapp.DeviceState
}

// Failed says that a command did not take effect and that no other event will tell so.
type Failed struct {
	Command string // "answer", "play", "bridge", "continue", …
	Channel queueapp.ChannelID
	Bridge  BridgeID           // of a "destroy"
	Leg     queueapp.ChannelID // of a "bridge", the agent's
	Status  int                // HTTP status, 0 where there was no answer
	Err     error
}

func (SwitchUp) switchEvent()      {}
func (SwitchDown) switchEvent()    {}
func (Arrived) switchEvent()       {}
func (Replaced) switchEvent()      {}
func (Reached) switchEvent()       {}
func (Gone) switchEvent()          {}
func (Digit) switchEvent()         {}
func (PlayDone) switchEvent()      {}
func (LegRinging) switchEvent()    {}
func (LegUp) switchEvent()         {}
func (LegGone) switchEvent()       {}
func (Entered) switchEvent()       {}
func (Left) switchEvent()          {}
func (Held) switchEvent()          {}
func (Resumed) switchEvent()       {}
func (DeviceChanged) switchEvent() {}
func (Failed) switchEvent()        {}
