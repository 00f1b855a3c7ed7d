package queueapp

import "time"

// Effect is something that must be done because of an event. The set is sealed. Effects of one Handle are in the order in
// which they happen; what is durable before it is done is said at each.
//
//sumtype:decl
type Effect interface{ effect() }

// Announce tells agents by chat that a caller waits: once a visit. Agents is shared and must not be changed.
type Announce struct {
	Call   CallID
	Agents []AgentID
}

// Offer reserves an agent for a call: the attempt is made durable, then its record is published as offered.
type Offer struct {
	Attempt   AttemptID
	Queue     QueueName
	Agent     AgentID // empty: nobody sits there, which is so only where it is pulled
	Extension ExtensionID
	Expires   time.Time // when the record closes by itself, whatever happens to us
	Pulled    bool      // an operator has chosen the extension, not the queue the agent: see [Pull]
}

// Ring asks for the agent's leg: the phone rings for at most For.
type Ring struct {
	Attempt   AttemptID
	Extension ExtensionID
	For       time.Duration
}

// Brief has an agent who has answered told what the queue's [Briefing] says: [Briefed] answers it, also where nothing can be
// told. Where he has to accept the call, [Accepted] may come at any time.
type Brief struct{ Attempt AttemptID }

// HandOver says that a call goes on elsewhere: whoever talked with the caller has transferred it. The attempt is made
// durable, then its record opens where it is an extension's of ours: as offered, or as answered where they talk. What
// rings there, the dialplan rings.
type HandOver struct {
	Attempt   AttemptID
	From      int // the attempt that was transferred, of the same call
	Queue     QueueName
	Agent     AgentID     // who is logged on there; empty: nobody
	Extension ExtensionID // empty: none of ours, as far as is known
	Number    string      // what was dialled, where it was
	Context   string
	Channel   ChannelID // what has the leg's place
	Attended  bool
	Expires   time.Time
}

// Located says at which extension a call is that was handed over, where that became known only after: its record opens.
type Located struct {
	Attempt   AttemptID
	Agent     AgentID // who is logged on there; empty: nobody
	Extension ExtensionID
	Expires   time.Time
}

// Connect bridges the caller and the answered leg. Durable before it is done.
type Connect struct{ Attempt AttemptID }

// RevokeReason is why an offer is taken back.
type RevokeReason string

// The reasons for which an offer is revoked (DESIGN §5, reason).
const (
	RevokeNoAnswer    RevokeReason = "no-answer"
	RevokeBusy        RevokeReason = "busy"
	RevokeRefused     RevokeReason = "refused"
	RevokeUnreachable RevokeReason = "unreachable"
	RevokeCallerGone  RevokeReason = "caller-gone"
	RevokeElsewhere   RevokeReason = "answered-elsewhere"
	RevokeLoggedOff   RevokeReason = "logged-off"
	RevokeWithdrawn   RevokeReason = "withdrawn"
	RevokeLost        RevokeReason = "lost"
)

// Revoke takes an offer back: its record closes and the attempt ends unconnected.
type Revoke struct {
	Attempt AttemptID
	Reason  RevokeReason
	Q850    int
}

// HangUp ends an attempt's leg. It is asked for once a leg may exist, and asked again where a leg came up late, where one
// rings that nobody waits for, and every 5 s until the leg is seen gone: one that turns out absent is an [Ended] too.
type HangUp struct {
	Attempt AttemptID
	Reason  string // ARI's reason: normal, busy, no_answer, answered_elsewhere …
}

// EndedBy says who ended a conversation.
type EndedBy string

// Who can end a conversation.
const (
	ByCaller EndedBy = "caller"
	ByAgent  EndedBy = "agent"
	BySystem EndedBy = "system"

	// ByTransfer: the agent sent the caller on.
	ByTransfer EndedBy = "transfer"
)

// OnHold says that the caller is on hold from now on: the record tells.
type OnHold struct{ Attempt AttemptID }

// OffHold says that a hold has ended, and how long it was.
type OffHold struct {
	Attempt AttemptID
	For     time.Duration
}

// Close ends a conversation: its record closes as ended. It was the system where the leg was lost.
type Close struct {
	Attempt AttemptID
	By      EndedBy
	Q850    int
	Held    time.Duration // of the conversation, on hold
}

// Outcome is how a visit ends: exactly one a visit (DESIGN §5).
type Outcome string

// The outcomes of a visit.
const (
	OutcomeAnswered     Outcome = "answered"
	OutcomeAbandoned    Outcome = "abandoned"
	OutcomeTimeout      Outcome = "timeout"
	OutcomeFull         Outcome = "full"
	OutcomeNoAgents     Outcome = "no-agents"
	OutcomeLeftEmpty    Outcome = "left-empty"
	OutcomeKey          Outcome = "key"
	OutcomeWithdrawn    Outcome = "withdrawn"
	OutcomeUnavailable  Outcome = "unavailable"
	OutcomeUnknownQueue Outcome = "unknown-queue"
	OutcomeClosed       Outcome = "closed" // outside of its hours
	OutcomeMoved        Outcome = "moved"  // to another queue, by an operator
)

// QueueStatus is the outcome as the dialplan reads it in QUEUESTATUS; empty where the call does not go on.
func (o Outcome) QueueStatus() string {
	switch o {
	case OutcomeTimeout:
		return "TIMEOUT"
	case OutcomeFull:
		return "FULL"
	case OutcomeNoAgents:
		return "JOINEMPTY"
	case OutcomeLeftEmpty:
		return "LEAVEEMPTY"
	case OutcomeKey:
		return "CONTINUE"
	case OutcomeWithdrawn:
		return "WITHDRAW"
	case OutcomeUnavailable:
		return "UNAVAILABLE"
	case OutcomeUnknownQueue:
		return "UNKNOWN"
	case OutcomeClosed:
		return "CLOSED"
	case OutcomeAnswered, OutcomeAbandoned, OutcomeMoved:
	}
	return ""
}

// Then is what becomes of the caller's channel when a visit ends.
type Then string

// What becomes of the caller when a visit ends.
const (
	ThenNothing  Then = "gone"     // the channel is gone already
	ThenContinue Then = "continue" // back to the dialplan, with QUEUESTATUS
	ThenHangUp   Then = "hang-up"  // the agent hung up: so do we
	ThenQueue    Then = "queue"    // into the queue Next, with the same entry number
)

// Leave ends a visit. Durable before the caller is moved.
type Leave struct {
	Call    CallID
	Queue   QueueName
	Outcome Outcome
	Agent   AgentID // who answered, where somebody did
	Then    Then
	// Where Then is ThenQueue: the queue, and the place and priority that the caller keeps there.
	Next     QueueName
	Entry    int64
	Priority int
}

// Regained says that a caller who hung up a moment ago has the place again that he had: its entry number is this one.
type Regained struct {
	Call  CallID
	Entry int64
}

// LoggedOn says that an agent's session began (or moved to Extension). Durable before it is confirmed.
type LoggedOn struct {
	Agent     AgentID
	Extension ExtensionID
}

// LoggedOff says that an agent's session at Extension ended. Durable before it is confirmed.
type LoggedOff struct {
	Agent     AgentID
	Extension ExtensionID
}

// Serves says that an agent who is logged on serves a queue from now on, or does not any more. Who logs on serves all of
// his queues unless it is said.
type Serves struct {
	Agent AgentID
	Queue QueueName
	Out   bool
}

// Paused says that an agent gets no calls until ready, or none of Queue. Auto is set where the floor did it after
// MaxNoAnswer misses, or because the agent gets calls on demand.
type Paused struct {
	Agent  AgentID
	Reason string
	Auto   bool
	Queue  QueueName
}

// Unpaused says that an agent's pause ended, or that for Queue.
type Unpaused struct {
	Agent AgentID
	Queue QueueName
}

// WrapUp says until when an agent is left alone after a call, and what the floor must not forget about that agent.
type WrapUp struct {
	Agent AgentID
	Until time.Time // zero or past: no wrap-up
	Last  time.Time // when the call ended
	// How many conversations the agent has had since the log-on, and for how long: what some strategies go by.
	Calls  int
	Talked time.Duration
}

// Missed says how many offers in a row an agent has left unanswered.
type Missed struct {
	Agent AgentID
	Count int
}

// RefusalReason is why an agent's wish, or an operator's, was not granted.
type RefusalReason string

// The reasons for which the floor refuses a wish.
const (
	RefusedUnknownAgent     RefusalReason = "unknown-agent"
	RefusedUnknownExtension RefusalReason = "unknown-extension"
	RefusedExtensionTaken   RefusalReason = "extension-taken"
	RefusedOnCall           RefusalReason = "on-call"
	RefusedNotLoggedOn      RefusalReason = "not-logged-on"
	RefusedAlready          RefusalReason = "already"
	RefusedNotMember        RefusalReason = "not-a-member"
	RefusedNotWaiting       RefusalReason = "not-waiting" // somebody has answered the caller, or he is gone
	RefusedUnavailable      RefusalReason = "unavailable" // no offers are made now, or not with this switch
)

// Refused says that LogOn, LogOff, Pause, Ready or Pull changed nothing, and why.
type Refused struct {
	Agent  AgentID
	Call   CallID // whose pull it was; empty: it was an agent's wish
	Reason RefusalReason
}

func (Announce) effect()  {}
func (Offer) effect()     {}
func (Ring) effect()      {}
func (Brief) effect()     {}
func (Connect) effect()   {}
func (HandOver) effect()  {}
func (Located) effect()   {}
func (Revoke) effect()    {}
func (HangUp) effect()    {}
func (OnHold) effect()    {}
func (OffHold) effect()   {}
func (Close) effect()     {}
func (Leave) effect()     {}
func (Regained) effect()  {}
func (LoggedOn) effect()  {}
func (LoggedOff) effect() {}
func (Serves) effect()    {}
func (Paused) effect()    {}
func (Unpaused) effect()  {}
func (WrapUp) effect()    {}
func (Missed) effect()    {}
func (Refused) effect()   {}

// Step is one turn of the floor: what it was told, when, and what followed. The journal is the list of steps.
type Step struct {
	N       int64 // the floor's own count, rising by one
	At      time.Time
	Event   Event
	Effects []Effect
}
