package queueapp

import "time"

// Event is something that happened and that the floor must hear of. The set is sealed.
//
//sumtype:decl
type Event interface{ event() }

// Apply puts a floor plan in force. It is the first event of every floor.
type Apply struct{ Plan Plan }

// Enter is a caller joining a queue: the begin of a visit.
type Enter struct {
	Call      CallID
	Queue     QueueName
	Entry     int64         // the floor's entry number: who came first
	Priority  int           // higher is served first
	Timeout   time.Duration // how long the visit may last; 0 is the queue's own
	Attempts  int           // how many attempts the call had before, in earlier visits
	Switch    SwitchName
	Channel   ChannelID
	Caller    Caller
	Customers []Customer
	Data      []Datum
	Needs     []Need  // skills that the call asks for
	Agent     AgentID // for this member alone, whatever his level and skills; empty: for whoever the queue chooses
	Prefer    AgentID // who is asked first, where the queue is sticky: he talked with the caller last; empty: nobody
	Closed    bool    // the queue's hours say that it is closed: the calendar is not the floor's
}

// PublishResult is what became of an attempt's record before the phone was rung.
type PublishResult string

// How an offer's publish can end.
const (
	PublishOK      PublishResult = "ok"      // the XMPP server accepted the record
	PublishRefused PublishResult = "refused" // the XMPP server said no
	PublishLate    PublishResult = "late"    // the budget was over first
)

// Offered says that an attempt is durable and what became of its publish: the phone may ring.
type Offered struct {
	Attempt AttemptID
	Publish PublishResult
}

// Ringing says that the agent's phone rings.
type Ringing struct{ Attempt AttemptID }

// Up says that the agent answered: the leg is up, and not yet bridged.
type Up struct{ Attempt AttemptID }

// Briefed says that an agent has heard what a [Brief] was to tell him.
type Briefed struct{ Attempt AttemptID }

// Accepted says that an agent has pressed the key by which a call is accepted.
type Accepted struct{ Attempt AttemptID }

// Connected says that the caller and the agent are in one bridge.
type Connected struct{ Attempt AttemptID }

// Held says that the agent put the caller on hold; Resumed, that he is back.
type Held struct{ Attempt AttemptID }

// Resumed ends a hold.
type Resumed struct{ Attempt AttemptID }

// EndCause is why a leg is gone.
type EndCause string

// The causes for which a leg ends.
const (
	EndHangup      EndCause = "hangup"      // hung up normally, by whichever side
	EndNoAnswer    EndCause = "no-answer"   // rang out
	EndBusy        EndCause = "busy"        // the phone was busy
	EndRefused     EndCause = "refused"     // the agent declined
	EndUnreachable EndCause = "unreachable" // no registered phone, no network, no such endpoint
	EndLost        EndCause = "lost"        // never came to be, or vanished while nobody watched
)

// Transferred says that whoever talks with the caller has sent him on: another channel has taken the leg's place in the
// bridge. The leg itself is to be hung up, the call goes on.
type Transferred struct {
	Attempt   AttemptID
	Extension ExtensionID // whither, where it is one of ours and known
	Number    string      // what was dialled in a blind transfer
	Context   string      // and where in the dialplan
	Channel   ChannelID   // what has taken the leg's place
	Attended  bool        // the two were brought together and talk; else the dialplan rings somebody
}

// Reached says at which extension the call is that was transferred, where that became known only after.
type Reached struct {
	Attempt   AttemptID
	Extension ExtensionID
}

// Replaced says that another channel has taken the place of the caller's: he was transferred, or has transferred us.
type Replaced struct {
	Call    CallID
	Channel ChannelID
}

// Ended says that an attempt's leg is seen destroyed or confirmed absent: the phone is free of us.
type Ended struct {
	Attempt AttemptID
	Cause   EndCause
	Q850    int // Asterisk's hang-up cause, 0 where there was none
}

// Hangup says that the caller's channel is gone.
type Hangup struct {
	Call CallID
	Q850 int
}

// LogOn asks that an agent be logged on at an extension. With a Queue it is for that queue alone: who is logged on
// already stays where he is, and serves that queue besides; who is not serves no other.
type LogOn struct {
	Agent     AgentID
	Extension ExtensionID
	Queue     QueueName
}

// LogOff asks that an agent be logged off. With a Queue he goes on serving the others; from the last he is logged off
// altogether.
type LogOff struct {
	Agent AgentID
	Queue QueueName
}

// Pause asks that an agent get no calls until ready, or none of a Queue. A second pause changes the reason.
type Pause struct {
	Agent  AgentID
	Reason string
	Queue  QueueName
}

// Ready ends an agent's pause, and wrap-up; with a Queue only the pause for that queue.
type Ready struct {
	Agent AgentID
	Queue QueueName
}

// WrapUpFor has an agent's wrap-up last for so long from now on, no longer than the queue of the last call allows. It does
// nothing for an agent who is not in wrap-up.
type WrapUpFor struct {
	Agent AgentID
	For   time.Duration
}

// Device is a phone's state as Asterisk reports it.
type Device struct {
	Extension ExtensionID
	State     DeviceState
}

// Withdraw takes a waiting or ringing caller out of the queue: an operator's or the API's doing. A caller whom somebody
// has answered stays, and is taken out only should the two not come together. No Outcome means withdrawn.
type Withdraw struct {
	Call    CallID
	Outcome Outcome
}

// Move sends a waiting or ringing caller to another queue, where he keeps his place. One whom somebody has answered stays.
type Move struct {
	Call  CallID
	Queue QueueName
}

// Pull gives a waiting or ringing caller to an extension, whoever sits there, or nobody: an operator's doing. While that
// phone rings nobody else is asked, and if it comes to nothing the caller stands where he stood. A [Refused] that names
// the call says that nothing changed.
type Pull struct {
	Call      CallID
	Extension ExtensionID
}

// Prioritise changes a waiting caller's priority.
type Prioritise struct {
	Call     CallID
	Priority int
}

// Identify says who the caller was found to be, where that became known after the call had entered: customers, best first,
// and data take the place of what was known.
type Identify struct {
	Call      CallID
	Customers []Customer
	Data      []Datum
}

// Hold stops new offers (the database is away, the switch cannot be commanded); Unhold allows them again.
type Hold struct{ Why string }

// Unhold allows offers again.
type Unhold struct{}

// SwitchDown says that a switch cannot be commanded: its callers and phones are left out of new offers.
type SwitchDown struct{ Switch SwitchName }

// SwitchUp says that a switch can be commanded.
type SwitchUp struct{ Switch SwitchName }

// RestoreAgent is an agent as the database remembers it. Agents are restored before visits, and a visit's attempt after
// the visit with nothing but other Restore events between them: only the first event of another kind lets deadlines pass
// and visits into line. A session for which the plan has no place any more is answered by [LoggedOff].
type RestoreAgent struct {
	Agent     AgentID
	Extension ExtensionID // empty: not logged on
	Paused    bool
	Reason    string
	LastCall  time.Time // when the last call ended; zero: never had one
	WrapUntil time.Time
	NoAnswers int
	Calls     int           // conversations since the log-on
	Talked    time.Duration // for how long
	Delayed   time.Time     // left alone until then after an offer that failed; zero: not
	Why       RevokeReason  // why that one failed
}

// RestoreMember is what is remembered of an agent's place in a queue, where it is not as usual. It follows the agent's
// RestoreAgent.
type RestoreMember struct {
	Queue  QueueName
	Agent  AgentID
	Out    bool // does not serve the queue, though logged on
	Paused bool
	Reason string
}

// RestoreVisit is a waiting or connected visit as the database remembers it. Its Attempts counts this visit's too. Given
// again it may raise Attempts: the switch can know of more than the database.
type RestoreVisit struct {
	Enter
	Entered  time.Time
	Deadline time.Time
	Spared   []Spared // who let it pass a moment ago
	Answered AgentID  // who answered, should the call have been transferred since
}

// Spared is an agent who may not have a visit again before a time: see [Queue]'s Retry.
type Spared struct {
	Agent AgentID
	Until time.Time
}

// AttemptState is how far an attempt got.
type AttemptState string

// The states of an attempt (DESIGN §4.4), in order.
const (
	AttemptCommitted AttemptState = "committed" // reserved and offered to the CRM; no leg asked for yet
	AttemptRinging   AttemptState = "ringing"   // the leg was asked for
	AttemptBriefing  AttemptState = "briefing"  // answered: the caller is the agent's once he has heard what he is to hear
	AttemptAsked     AttemptState = "asked"     // answered: the caller is the agent's once he has accepted by a key
	AttemptHanded    AttemptState = "handed"    // the call was transferred here: the dialplan rings, and nobody has answered
	AttemptUp        AttemptState = "up"        // answered, not yet bridged
	AttemptConnected AttemptState = "connected" // caller and agent talk
	AttemptEnding    AttemptState = "ending"    // given up by us, leg not yet seen gone
)

// RestoreAttempt is an attempt as the database and the switch together tell it: one whose record is open, or whose leg is
// not known to be gone. Committed is one without a leg: it is revoked as lost, and not counted against the agent, as is
// one whose Ended with EndLost follows. Ending is one whose record is closed: its leg is hung up again.
type RestoreAttempt struct {
	Attempt   AttemptID
	Agent     AgentID
	Extension ExtensionID
	State     AttemptState
	Offered   time.Time
	Rang      time.Time // when its leg was asked for; the ring's timer starts here
	Answered  time.Time
	Connected time.Time
	Holds     time.Duration // how long the caller was on hold so far, without the hold that lasts
	HeldSince time.Time     // zero: is not on hold
	From      int           // the attempt that was transferred, of which this one came; 0: none
	Channel   ChannelID     // its leg, where that is not one that we made
	Pulled    bool          // an operator has chosen the extension: see [Pull]
}

// Tick wakes the floor for its deadlines: see [Floor.Next].
type Tick struct{}

func (Apply) event()          {}
func (Enter) event()          {}
func (Offered) event()        {}
func (Ringing) event()        {}
func (Up) event()             {}
func (Briefed) event()        {}
func (Accepted) event()       {}
func (Connected) event()      {}
func (Held) event()           {}
func (Resumed) event()        {}
func (Transferred) event()    {}
func (Reached) event()        {}
func (Replaced) event()       {}
func (Ended) event()          {}
func (Hangup) event()         {}
func (LogOn) event()          {}
func (LogOff) event()         {}
func (Pause) event()          {}
func (Ready) event()          {}
func (WrapUpFor) event()      {}
func (RestoreMember) event()  {}
func (Device) event()         {}
func (Withdraw) event()       {}
func (Move) event()           {}
func (Pull) event()           {}
func (Prioritise) event()     {}
func (Identify) event()       {}
func (Hold) event()           {}
func (Unhold) event()         {}
func (SwitchDown) event()     {}
func (SwitchUp) event()       {}
func (RestoreAgent) event()   {}
func (RestoreVisit) event()   {}
func (RestoreAttempt) event() {}
func (Tick) event()           {}
