package engine

import (
	"context"
	"time"

	"ringside/queueapp"
)

// CRM shows records to whoever may see them, and tells agents by chat. Nothing in it holds a call: every method but Run
// returns at once. All methods may be called concurrently.
type CRM interface {
	// Begin drops what a former owner of the floor gave it. What it is given from then on it keeps until Run delivers it.
	Begin()
	// Run delivers until ctx ends, reconnecting by itself. sent is called for each record that needs no more delivery:
	// accepted, refused for good, overtaken or expired.
	Run(ctx context.Context, sent func(RecordKey)) error
	// Offer publishes a record that opens, behind what its node has to get before. ring is called once, from another
	// goroutine, when the server has answered or the budget is over; a record that is late is still delivered as long as
	// it matters.
	Offer(o Outgoing, budget time.Duration, ring func(queueapp.PublishResult))
	// Send publishes a record, behind what its node has to get before. A close overtakes an open that has not left yet.
	Send(o Outgoing)
	// Shown tells of a record that a former owner has published and that stands: nothing is published, but who comes from
	// now on is shown it.
	Shown(o Outgoing)
	// Nodes says which extensions have a node and who may see each: JIDs that are not named lose access before the next
	// publish. On the nodes of extensions that are left out nobody has access any more.
	Nodes(nodes map[queueapp.ExtensionID]Node)
	// Node changes one of them, before its next publish.
	Node(x queueapp.ExtensionID, n Node)
	// Chat tells each of these JIDs that is available now. What cannot be told within seconds is not told.
	Chat(to []string, body, thread string)
	// Ready reports whether records can be published and all nodes were checked; why says what is missing.
	Ready() (ok bool, why string)
}

// Node is an extension's pubsub node.
type Node struct {
	Name    string
	Members []string // bare JIDs
}

// Observer is told figures as they arise. Its methods are called on the engine's goroutines and must return at once.
type Observer interface {
	// Stepped is told every turn of the floor that is journalled.
	Stepped(queueapp.Step)
	// Committed is told how long a batch took from being handed to the writer until it was durable.
	Committed(took time.Duration, steps int)
	// CommitFailed is told of a batch that could not be made durable, however long it was tried: the floor is let go.
	CommitFailed()
	// TurnedAway is told of a new call that is given back to the dialplan, and why: "outage" or "overload".
	TurnedAway(why string)
	// Lagged is told how long a switch's event waited for the loop.
	Lagged(d time.Duration)
	// LookedUp is told the result of a customer look-up: "found", "none", "failed", or "barred" where it was not made.
	LookedUp(result string)
	// Estimated is told, at an answer, how long its caller was expected to wait on entering the queue, and how long he did.
	Estimated(queue queueapp.QueueName, expected, waited time.Duration)
	// Barred is told that a call, or a caller's number, has had as many wrong codes as it may: "call", "number" or "withheld".
	Barred(what string)
	// Recorded is told that the recording of a conversation of a queue "started", or "failed": at the start or on the way.
	Recorded(queue queueapp.QueueName, result string)
}
