package engine

import (
	"context"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/record"
)

// Memory is what lasts: PostgreSQL. It is read-only but for the owner that [Memory.Own] gives.
type Memory interface {
	// Own waits until this process owns the floor, raises its epoch and returns the one connection that may write
	// (DESIGN §4.1). waiting is called once where another process owns it now.
	Own(ctx context.Context, floor string, waiting func(owner string)) (Owner, error)
	// CustomersByCode and CustomersByNumber look customers up. No match is no error; an error is never a wrong code.
	CustomersByCode(ctx context.Context, code string) ([]queueapp.Customer, error)
	CustomersByNumber(ctx context.Context, number string) ([]queueapp.Customer, error)
	// UseCustomers makes the look-ups follow a floor plan. It connects to nothing; an error changes nothing.
	UseCustomers(c floorplan.Customers) error
}

// Owner writes for the floor, and is its owner as long as nobody else was meanwhile: a connection that is lost is made again
// by whoever beats or writes next. Only the engine's writer calls Commit; the other methods may be called concurrently with it.
type Owner interface {
	// Epoch rises with every owner.
	Epoch() int64
	// Load reads everything that a new owner must know.
	Load(ctx context.Context) (Remembered, error)
	// Plan reads the floor plan in force and its version.
	Plan(ctx context.Context) (floorplan.Plan, int64, error)
	// Commit writes a batch in one transaction and one round trip: the journal, the rows that follow from the steps, the
	// records to be published. It returns nil when that is durable, however long the database was away. An error is for
	// good, ErrNotOwner where the epoch is no longer ours, or follows the end of ctx.
	Commit(ctx context.Context, b Batch) error
	// Beat proves on the owning connection that the floor is still ours. ErrNotOwner is for good; any other error says that
	// nobody knows now.
	Beat(ctx context.Context) error
	// PlanChanged delivers a value when apply has written a new floor plan.
	PlanChanged() <-chan struct{}
	// Lost is closed when the floor is lost for good: nothing may be written or ordered any more.
	Lost() <-chan struct{}
	// Release gives the floor up.
	Release(ctx context.Context) error
}

// Batch is what is written together.
type Batch struct {
	Steps   []queueapp.Step
	Records []Outgoing  // to the outbox
	Sent    []RecordKey // out of the outbox: accepted, refused for good, or overtaken
}

// RecordKey names one record that was to be published: seq is unique within a call.
type RecordKey struct {
	Call queueapp.CallID
	Seq  int64
}

// Outgoing is a record on its way to a node.
type Outgoing struct {
	RecordKey
	Attempt   queueapp.AttemptID
	Extension queueapp.ExtensionID
	Event     string      // record.Event
	Payload   []byte      // the record as XML
	Record    record.Call // the same; not stored, read from Payload after Load
	At        time.Time
}

// Remembered is what a floor's last owner left.
type Remembered struct {
	Floor     string
	Version   int64 // of the floor plan
	Plan      floorplan.Plan
	NextStep  int64
	NextEntry int64
	LastAt    time.Time // the time of the last journalled step: now never goes below
	Agents    []queueapp.RestoreAgent
	Members   []queueapp.RestoreMember                // places in queues that are not as usual
	Visits    []queueapp.RestoreVisit                 // open ones only
	Attempts  []queueapp.RestoreAttempt               // open ones only
	Homes     map[queueapp.CallID]queueapp.SwitchName // the switch of every call that has an open attempt
	Seqs      map[queueapp.CallID]int64               // the highest seq of every open call
	Unsent    []Outgoing                              // the outbox, in the order of its seqs
	Meetings  []Meeting                               // the last ones, the first first; none where no queue is sticky
	Leaving   []Leaving                               // the visits that ended last, in that order
}

// Leaving is a visit that has just ended: its caller may not have been sent on yet.
type Leaving struct {
	queueapp.Leave
	Switch  queueapp.SwitchName
	Channel queueapp.ChannelID
}
