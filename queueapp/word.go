package queueapp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// CallID names a call for its whole life, over every queue, attempt and leg. Ringside makes it a UUIDv7.
type CallID string

// ChannelID is Asterisk's unique id of a channel, or the one that Ringside chose for a leg before it asked for it.
type ChannelID string

// SwitchName names an Asterisk in the configuration.
type SwitchName string

// QueueName names a queue in the floor plan.
type QueueName string

// AgentID is an agent's number: a person, not a phone.
type AgentID string

// ExtensionID is an extension's number: a phone, not a person.
type ExtensionID string

// AttemptID names one offer of a call to one agent, written "<call>.<n>" with n counting from 1 over the whole call.
type AttemptID struct {
	Call CallID
	N    int
}

// String writes the id as it stands in channel names, transcripts and records.
func (a AttemptID) String() string { return string(a.Call) + "." + strconv.Itoa(a.N) }

// IsZero reports whether a names no attempt.
func (a AttemptID) IsZero() bool { return a == AttemptID{} }

var errAttemptID = errors.New(`want "<call>.<n>" with n from 1`)

// ParseAttemptID reads what [AttemptID.String] wrote, and nothing else: one attempt has one name.
func ParseAttemptID(s string) (AttemptID, error) {
	dot := strings.LastIndexByte(s, '.')
	if dot < 1 {
		return AttemptID{}, fmt.Errorf("attempt %.80q: %w", s, errAttemptID)
	}
	n, err := strconv.Atoi(s[dot+1:])
	id := AttemptID{Call: CallID(s[:dot]), N: n}
	if err != nil || n < 1 || id.String() != s {
		return AttemptID{}, fmt.Errorf("attempt %.80q: %w", s, errAttemptID)
	}
	return id, nil
}

// Caller is who calls, as the network said it. Nothing in it is to be trusted: it is hostile text.
type Caller struct {
	Number  string
	Name    string
	Dialled string // what the caller dialled to reach us
}

// Match says how a customer was found.
type Match string

// The ways in which a customer is found.
const (
	MatchCode   Match = "code"   // by the code that the caller keyed in
	MatchNumber Match = "number" // by the caller's number

	// MatchUnknown: somebody else found it, the dialplan for example.
	MatchUnknown Match = "unknown"
)

// Customer is one customer that a call was found to be about. Fields that are not known are empty.
type Customer struct {
	ID    string
	Code  string
	Match Match
	Name  string
	URL   string
	Data  []Datum // all else that the look-up gave, in its order
}

// Datum is a key and its value, kept in order.
type Datum struct{ Key, Value string }
