// Package queueapp decides who gets which call. It is the floor: the agents, queues and calls that share agents, and the
// rules by which a waiting caller is offered to the agent who should have it.
//
// The package is pure. [Floor.Handle] takes the time and one [Event] and returns the [Effect] values that follow from it;
// [Floor.Next] says when it next wants a [Tick]. It does no I/O, reads no clock, starts no goroutine and draws no random
// number: ids and randomness arrive inside events, so the same events always give the same effects, and the journal of a
// real call can be run again as a test.
//
// What the words mean: a Floor is described by a [Plan]; a Switch is an Asterisk; an Agent is a person; an Extension is a
// phone; a session is an agent logged on at an extension; a Member is an agent's place in a queue; a Call is the caller's
// channel life with us; a Visit is one stay in one queue; an Attempt is one offer of a visit to one agent; a Leg is one
// channel that we made.
//
// It does not speak ARI, XMPP, SQL or HTTP: package engine runs the effects through adapters that do.
package queueapp
