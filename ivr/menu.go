package ivr

import (
	"time"

	"ringside/queueapp"
)

// Menu is what a caller hears and which keys do what. Package floorplan reads it from the floor plan, checks it and fills
// its defaults; a zero duration means "at once", never "the default".
type Menu struct {
	Name    string
	Prompts []string // played one after the other; sounds by their name, "ringside/menu"
	Keys    []Choice // by key, rising
	Silence Silence
	Invalid Invalid
}

// Choice is what one key of a menu does.
type Choice struct {
	Key  byte // 0-9, A-D, * or #
	Step Step
}

// Silence is what happens when the prompt has ended and no key was pressed.
type Silence struct {
	After time.Duration // counted from the end of the prompt
	Tries int           // how often the menu is played altogether before Step
	Step  Step
}

// Invalid is what happens when a key that the menu does not know was pressed.
type Invalid struct {
	Tries   int      // how many wrong keys before Step
	Prompts []string // played before the menu's own prompts
	Step    Step
}

// Verb says what a step does.
type Verb string

// What a step can do.
const (
	VerbAsk    Verb = "ask"    // ask for the customer's code
	VerbQueue  Verb = "queue"  // enter a queue
	VerbGoto   Verb = "goto"   // go on in the dialplan
	VerbMenu   Verb = "menu"   // go to another menu, or to the same from its start
	VerbHangUp Verb = "hangup" // hang up
)

// Step is what a key, a silence or the end of a question leads to. Only the fields of its verb are used.
type Step struct {
	Verb     Verb
	Play     []string           // played before, with every verb
	Ask      *Ask               // VerbAsk
	Queue    queueapp.QueueName // VerbQueue
	Priority int                // VerbQueue
	Needs    []queueapp.Need    // VerbQueue: skills that the call asks for, by name, rising
	Goto     Place              // VerbGoto
	Menu     string             // VerbMenu
	Data     []queueapp.Datum   // kept for the record of whichever queue the caller enters later, by key, rising
}

// Place is a place in the dialplan.
type Place struct {
	Context, Extension string
	Priority           int
}

// Ask is how the customer's code is asked for.
type Ask struct {
	Tries    int           // how many codes, or silences, before Fail
	Digits   int           // a code of this many digits is complete without #; 0: # or a silence of Digit ends it
	Response time.Duration // how long to wait for the first digit, from the end of the prompt
	Digit    time.Duration // how long to wait for the next digit
	Prompts  []string      // asks for the code
	Wrong    []string      // played before Prompts when no customer has the code

	Then        Step // the code is a customer's
	Fail        Step // Tries are used up
	Unavailable Step // the look-up failed, which never counts as a try
	Barred      Step // the call, or the caller's number, has keyed in too many wrong codes
}

// What a menu or question does where the floor plan does not say.
const (
	DefaultTries    = 3
	DefaultSilence  = 3 * time.Second
	DefaultResponse = 10 * time.Second // Asterisk's TIMEOUT(response)
	DefaultDigit    = 3 * time.Second
	MaxDigits       = 32 // a longer code is nobody's
)

// The prompts that come with Ringside.
const (
	PromptMenu            = "ringside/menu"
	PromptEnterCode       = "ringside/enter-code"
	PromptWrongCode       = "ringside/wrong-code"
	PromptGoodbye         = "ringside/goodbye"
	PromptSupport         = "ringside/support"
	PromptPleaseTryLater  = "ringside/please-try-later"
	PromptLoggedOn        = "ringside/logged-on"
	PromptLoggedOff       = "ringside/logged-off"
	PromptPaused          = "ringside/paused"
	PromptReady           = "ringside/ready"
	PromptAlreadyLoggedOn = "ringside/already-logged-on"
	PromptNotLoggedOn     = "ringside/not-logged-on"
	PromptRefused         = "ringside/refused"
	PromptEnterAgent      = "ringside/enter-agent"
	PromptEnterPIN        = "ringside/enter-pin"
	PromptWrongPIN        = "ringside/wrong-pin"
)

// Prompts lists every prompt that comes with Ringside, for whoever checks that the sounds are there.
func Prompts() []string {
	return []string{
		PromptMenu, PromptEnterCode, PromptWrongCode, PromptGoodbye, PromptSupport, PromptPleaseTryLater,
		PromptLoggedOn, PromptLoggedOff, PromptPaused, PromptReady, PromptAlreadyLoggedOn, PromptNotLoggedOn, PromptRefused,
		PromptYouAreNext, PromptThereAre, PromptCallsWaiting, PromptQuantity1, PromptQuantity2, PromptHoldtime, PromptMinute,
		PromptMinutes, PromptSeconds, PromptThankYou,
		PromptEnterAgent, PromptEnterPIN, PromptWrongPIN,
	}
}
