package queueapp

import "time"

// AgentStatus is what an agent is doing, for people to read.
type AgentStatus string

// What an agent can be doing.
const (
	StatusLoggedOff   AgentStatus = "logged-off"
	StatusFree        AgentStatus = "free"
	StatusOffered     AgentStatus = "offered"
	StatusRinging     AgentStatus = "ringing"
	StatusTalking     AgentStatus = "talking"
	StatusEnding      AgentStatus = "ending"
	StatusWrapUp      AgentStatus = "wrap-up"
	StatusPaused      AgentStatus = "paused"
	StatusDelayed     AgentStatus = "delayed"     // left alone for a while after a failed offer
	StatusUnavailable AgentStatus = "unavailable" // the phone is busy elsewhere, not registered, or its switch is away
)

// AgentView is a copy of what the floor knows of an agent.
type AgentView struct {
	Agent     AgentID     `json:"agent"`
	Name      string      `json:"name,omitempty"`
	Extension ExtensionID `json:"extension,omitempty"`
	Status    AgentStatus `json:"status"`
	Reason    string      `json:"reason,omitempty"` // of the pause
	Device    DeviceState `json:"device,omitempty"`
	Queues    []QueueName `json:"queues"`
	Absent    []QueueName `json:"absent,omitempty"`     // of them: logged on, but not for these
	PausedFor []QueueName `json:"paused_for,omitempty"` // of them: paused for these alone
	Call      CallID      `json:"call,omitempty"`
	Attempt   int         `json:"attempt,omitempty"`
	LastCall  time.Time   `json:"last_call,omitzero"`
	Until     time.Time   `json:"until,omitzero"` // when wrap-up or a delay ends
	NoAnswers int         `json:"no_answers,omitempty"`
}

// QueueView is a copy of what the floor knows of a queue.
type QueueView struct {
	Queue    QueueName `json:"queue"`
	Strategy Strategy  `json:"strategy"`
	Waiting  int       `json:"waiting"` // callers with no conversation yet, offered ones included
	Talking  int       `json:"talking"`
	LoggedOn int       `json:"logged_on"`
	Free     int       `json:"free"`
	Longest  time.Time `json:"longest,omitzero"` // when the first of the waiting entered
	// Wait is how many seconds whoever comes now is expected to wait; 0: that is not known, or somebody is free.
	Wait float64 `json:"expected_wait,omitzero"`
}

// CallView is a copy of what the floor knows of a visit.
type CallView struct {
	Call      CallID      `json:"call"`
	Queue     QueueName   `json:"queue"`
	State     string      `json:"state"` // waiting, offered, ringing, talking
	Position  int         `json:"position,omitempty"`
	Priority  int         `json:"priority,omitempty"`
	Entry     int64       `json:"entry"`
	Entered   time.Time   `json:"entered"`
	Expected  time.Time   `json:"expected,omitzero"` // when an answer was expected on entering, where the caller had to wait
	Deadline  time.Time   `json:"deadline"`
	Connected time.Time   `json:"connected,omitzero"`
	Agent     AgentID     `json:"agent,omitempty"`
	Extension ExtensionID `json:"extension,omitempty"`
	Attempt   int         `json:"attempt,omitempty"`
	Caller    Caller      `json:"caller"`
	Customers []Customer  `json:"customers,omitempty"`
	Switch    SwitchName  `json:"switch"`
	Channel   ChannelID   `json:"channel"`
}

// Candidate is one member's standing when a call is to be given away: see [Floor.Explain].
type Candidate struct {
	Agent    AgentID `json:"agent"`
	Level    int     `json:"level,omitempty"`
	Rank     int     `json:"rank,omitempty"` // 1 is the agent who would get the call; 0: may not have it
	Eligible bool    `json:"eligible"`
	Why      string  `json:"why"` // in words: why this rank, or why passed over
}
