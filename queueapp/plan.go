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

// The strategies. Whoever is of a lower level is asked before whoever is of a higher one; the strategy chooses among the
// free members of one level.
const (
	// LeastRecent chooses the agent whose last call ended longest ago; agents who never had one come first.
	LeastRecent Strategy = "leastrecent"
	// FewestCalls chooses the agent who has had the fewest conversations since the log-on.
	FewestCalls Strategy = "fewestcalls"
	// LeastTalk chooses the agent who has talked for the shortest time since the log-on.
	LeastTalk Strategy = "leasttalk"
	// Random chooses any agent, each as likely as the other.
	Random Strategy = "random"
	// WeightedRandom chooses any agent, one of weight 2 twice as often as one of weight 1.
	WeightedRandom Strategy = "wrandom"
	// RoundRobin chooses the agent who stands behind the one whom the queue asked last.
	RoundRobin Strategy = "rrmemory"
	// Linear chooses the first free agent in the order of the members.
	Linear Strategy = "linear"
	// RingAll rings all free agents of one level at once. Whoever answers first has the caller.
	RingAll Strategy = "ringall"
	// Progressive rings one agent, in the order of the members, and one more after each Progress.
	Progressive Strategy = "progressive"
)

// Strategies lists all strategies, the default first.
func Strategies() []Strategy {
	return []Strategy{
		LeastRecent, FewestCalls, LeastTalk, Random, WeightedRandom, RoundRobin, Linear, RingAll, Progressive,
	}
}

// rings reports whether a strategy lets several phones ring for one caller.
func (s Strategy) rings() bool { return s == RingAll || s == Progressive }

// Member is an agent's place in a queue.
type Member struct {
	Agent  AgentID
	Level  int // lower ones are asked first: app_queue's penalty, mod_callcenter's tier level
	Weight int // under WeightedRandom, how often against the others; 0 counts as 1
}

// Skill is what an agent can do, and how well.
type Skill struct {
	Name  string
	Level int // 0 to 100
}

// Need is a skill that a call asks for: an agent who has it at Least so well. One who does not have it at all never does.
type Need struct {
	Skill string
	Least int
}

// Stage says who may be asked once a visit has waited for so long. Each stage stands for itself: what it does not say does
// not hold. Before the first stage all members may be asked.
type Stage struct {
	After time.Duration
	Min   int    // members of a lower level are not asked
	Max   int    // members of a higher level are not asked; 0: any may be, unless Only
	Only  bool   // Max holds although it is 0
	Raise int    // members of a lower level count as of this one
	Needs []Need // skills that every call of the queue asks for
	Ease  int    // percent by which the skills that the call itself asks for are lowered; 100: they are not asked for
	Boost int    // is added to the caller's priority
}

// Absence is a state in which a member counts as not there, for whether a queue is empty. Who is not logged on never is
// there.
type Absence string

// The states in which a member may count as not there: app_queue's words, but for wrap-up and delays.
const (
	AbsentPaused      Absence = "paused"
	AbsentInUse       Absence = "inuse"       // talks, on our call or another
	AbsentRinging     Absence = "ringing"     // is being offered a call
	AbsentUnavailable Absence = "unavailable" // the phone cannot be reached
	AbsentWrapUp      Absence = "wrapup"
)

// Empty says when a queue counts as empty, and what of it.
type Empty struct {
	Matters bool // false: it never does
	Absent  []Absence
}

// Queue is a queue's rules. Durations are exact; a zero duration means "at once" or "none", never "the default":
// defaults are filled in by package floorplan.
type Queue struct {
	Name     QueueName
	Strategy Strategy
	Ring     time.Duration // how long one agent's phone rings
	Wrapup   time.Duration // what an agent gets after a call before the next
	MostWrap time.Duration // how long that may be at most, also an agent's own and an extended one; 0: any time
	Timeout  time.Duration // how long a visit may last before the caller goes back to the dialplan
	Music    string        // Asterisk's music-on-hold class
	Weight   int           // higher is served first where queues share agents
	Members  []Member      // in the plan's order, which breaks ties
	Sticky   bool          // whoever talked with a caller last is asked first for him, if he is free
	Progress time.Duration // under Progressive: after how long one more phone rings

	Stages  []Stage // who may be asked as a visit waits, in the order of After
	Patient bool    // a stage lasts its time although nobody who is logged on may be asked by it

	Join       Empty         // whether callers may come in while the queue is empty
	Leave      Empty         // whether they are sent on when it is
	LeaveAfter time.Duration // after it has been empty for so long
	MaxLen     int           // callers may not come in while so many wait; 0: any number may
	MaxRatio   int           // nor while so many wait for each member who is logged on; 0: any number
	MaxExpect  time.Duration // nor who would wait for longer than that, as far as can be told; 0: any time
	Regain     time.Duration // who hung up and calls again within has the place again that he had
	Overflow   []Overflow    // where callers go whom the queue does not serve
	Briefing   Briefing      // what an agent hears who answers, and whether he has to accept

	Retry            time.Duration // the same visit is not offered to the same agent again before
	NoAnswerDelay    time.Duration // an agent who did not answer is left alone for
	BusyDelay        time.Duration // an agent who was busy is left alone for
	RejectDelay      time.Duration // an agent who refused is left alone for
	UnreachableDelay time.Duration // an agent whose phone was not reached is left alone for, or until its state changes
	MaxNoAnswer      int           // unanswered offers in a row after which an agent is paused; 0 never
}

// Overflow sends callers who leave a queue with an outcome to another queue, where they keep their place: who came first
// on the floor is before who came later.
type Overflow struct {
	Outcome Outcome
	Queue   QueueName
}

// Agent is a person who answers calls.
type Agent struct {
	ID   AgentID
	Name string
	// Extension is where the agent sits when a log-on does not say; empty means the extension of the same number.
	Extension ExtensionID
	JIDs      []string // bare JIDs that are told and shown the agent's calls
	Skills    []Skill  // in the order of their names

	Wrapup    time.Duration // in place of the queues' where OwnWrapup
	OwnWrapup bool
	Away      time.Duration // logged off when the phone could not be reached for so long; 0: stays logged on
	OnDemand  bool          // gets the next call only on asking: is paused after each
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

// unreachable reports whether Asterisk knows that a phone in this state cannot be reached.
func (s DeviceState) unreachable() bool { return s == DeviceUnavailable || s == DeviceInvalid }

// away reports whether a phone in this state could not be reached.
func (s DeviceState) away() bool {
	return s == DeviceUnavailable || s == DeviceInvalid || s == DeviceUnknown || s == ""
}
