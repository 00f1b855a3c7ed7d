package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"ringside/queueapp"
)

// What a [Floor] says no with. Errors that wrap none of these are faults of the floor and answered with 500.
var (
	ErrUnknownQueue = errors.New("no such queue")
	ErrUnknownCall  = errors.New("no such call")
	// ErrUnavailable says that the floor cannot answer now: it is not ours, or nothing can be made durable.
	ErrUnavailable = errors.New("not available now")
)

// Floor is what the API asks and commands. All methods may be called concurrently and return when ctx ends.
type Floor interface {
	// Agents, Queues and Calls list copies, in the order of their numbers, names and entries.
	Agents(ctx context.Context) ([]queueapp.AgentView, error)
	Queues(ctx context.Context) ([]queueapp.QueueView, error)
	Calls(ctx context.Context) ([]queueapp.CallView, error)
	// Explain says who would get the queue's next call and why each other member would not; ErrUnknownQueue.
	Explain(ctx context.Context, q queueapp.QueueName) ([]queueapp.Candidate, error)
	// Command handles a LogOn, LogOff, Pause, Ready, Withdraw, Move, Pull or Prioritise and returns once its effects are durable.
	// A queueapp.Refused among the effects says that nothing changed.
	Command(ctx context.Context, e queueapp.Event) ([]queueapp.Effect, error)
	// HangUp ends a caller's channel and with it the call; ErrUnknownCall.
	HangUp(ctx context.Context, call queueapp.CallID) error
	// Recordings tells how the recordings of conversations stand, of those that have one.
	Recordings(ctx context.Context) (map[queueapp.CallID]Recording, error)
	// Record starts, pauses, resumes or stops ("start" …) a conversation's recording and returns once that is so; ErrUnknownCall,
	// ErrNotTalking, ErrRecordedAlready, ErrNotRecorded, ErrSwitch.
	Record(ctx context.Context, call queueapp.CallID, do string) error
	// Release sends every waiting caller on in the dialplan and returns how many they were.
	Release(ctx context.Context) (int, error)
	// Ready says how the process stands. It never blocks.
	Ready() Readiness
	// Watch delivers what happens from now on, and first a notice "begin" with the number of what happened last. The channel
	// is closed when ctx ends, when the floor stops, and where its reader does not keep up: nobody waits for a reader.
	Watch(ctx context.Context) (<-chan Notice, error)
}

// State is how far the process is on its way to owning the floor.
type State string

// The states of a process.
const (
	StateStarting State = "starting" // connecting, recovering
	StateStandby  State = "standby"  // another process owns the floor; this one takes over when that dies
	StateActive   State = "active"   // it owns the floor and gives calls away
	StateHold     State = "hold"     // it owns the floor and offers nothing: the database or the switch is away
	StateStopping State = "stopping" // it has given the floor up
)

// states are all of them, for the metric that has one series a state.
func states() []State {
	return []State{StateStarting, StateStandby, StateActive, StateHold, StateStopping}
}

// Readiness is how the process stands and why. Its texts are shown without a token: they name nobody.
type Readiness struct {
	State State  `json:"state"`
	Parts []Part `json:"parts"`
}

// The names of parts that metrics are made of. A switch's is PartSwitch and its name.
const (
	PartSwitch = "switch "
	PartXMPP   = "xmpp"
)

// Part is one thing that the floor stands on: the lock, a switch's websocket, the XMPP session, the schema.
type Part struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

// Notice is something that happened, for those who watch.
type Notice struct {
	N       int64 // rises by one with each step; the SSE id
	At      time.Time
	Event   string // the SSE event: "begin", "step" or "recording"; no line breaks
	Payload json.RawMessage
}
