package queueapp

import "time"

// Plan is what the floor is: the part of the floor plan that decides who gets which call. A Plan is complete in itself;
// applying one replaces the one before. It must have been checked (package floorplan does): the floor trusts it.
type Plan struct {
	Queues     []Queue
	Agents     []Agent
	Extensions []Extension
}

// Strategy names the rule by which a queue chooses among its free agents.
type Strategy string

// LeastRecent offers the call to the agent whose last call ended longest ago; agents who never had one come first.
const LeastRecent Strategy = "leastrecent"

// Queue is a queue's rules. Durations are exact; a zero duration means "at once" or "none", never "the default":
// defaults are filled in by package floorplan.
type Queue struct {
	Name      QueueName
	Strategy  Strategy
	Ring      time.Duration // how long one agent's phone rings
	Wrapup    time.Duration // what an agent gets after a call before the next
	Timeout   time.Duration // how long a visit may last before the caller goes back to the dialplan
	Music     string        // Asterisk's music-on-hold class
	JoinEmpty bool          // callers may wait although nobody is logged on
	Weight    int           // higher is served first where queues share agents
	Members   []AgentID     // in the plan's order, which breaks ties

	Retry            time.Duration // the same visit is not offered to the same agent again before
	NoAnswerDelay    time.Duration // an agent who did not answer is left alone for
	BusyDelay        time.Duration // an agent who was busy is left alone for
	RejectDelay      time.Duration // an agent who refused is left alone for
	UnreachableDelay time.Duration // an agent whose phone was not reached is left alone for, or until its state changes
	MaxNoAnswer      int           // unanswered offers in a row after which an agent is paused; 0 never
}

// Agent is a person who answers calls.
type Agent struct {
	ID   AgentID
	Name string
	// Extension is where the agent sits when a log-on does not say; empty means the extension of the same number.
	Extension ExtensionID
	JIDs      []string // bare JIDs that are told and shown the agent's calls
}

// Extension is a phone.
type Extension struct {
	ID     ExtensionID
	Switch SwitchName
	Dial   string   // Asterisk's dial string, "PJSIP/1000"
	Device string   // whose device state tells whether the phone is free; usually the same as Dial
	JIDs   []string // bare JIDs that are shown the calls of whoever sits here
}

// DeviceState is Asterisk's state of a phone (ARI DeviceState).
type DeviceState string

// Asterisk's device states.
const (
	DeviceUnknown     DeviceState = "UNKNOWN"
	DeviceNotInUse    DeviceState = "NOT_INUSE"
	DeviceInUse       DeviceState = "INUSE"
	DeviceBusy        DeviceState = "BUSY"
	DeviceInvalid     DeviceState = "INVALID"
	DeviceUnavailable DeviceState = "UNAVAILABLE"
	DeviceRinging     DeviceState = "RINGING"
	DeviceRingInUse   DeviceState = "RINGINUSE"
	DeviceOnHold      DeviceState = "ONHOLD"
)

// Free reports whether a phone in this state may be rung. A state that Asterisk does not know counts as free, as in
// app_queue: a Local channel has none.
func (s DeviceState) Free() bool { return s == DeviceNotInUse || s == DeviceUnknown || s == "" }

// away reports whether a phone in this state could not be reached.
func (s DeviceState) away() bool {
	return s == DeviceUnavailable || s == DeviceInvalid || s == DeviceUnknown || s == ""
}
