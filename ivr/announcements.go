package ivr

import (
	"slices"
	"strconv"
	"time"
)

// PositionRule says when a waiting caller hears the place in line.
type PositionRule string

// The rules by which the place in line is said: app_queue's.
const (
	PositionNever  PositionRule = "false"
	PositionAlways PositionRule = "true"
	PositionLimit  PositionRule = "limit" // not where it is beyond the limit
	PositionMore   PositionRule = "more"  // beyond the limit only that it is
)

// HoldtimeRule says when a waiting caller hears the expected wait.
type HoldtimeRule string

// The rules by which the expected wait is said: app_queue's.
const (
	HoldtimeNever  HoldtimeRule = "false"
	HoldtimeAlways HoldtimeRule = "true"
	HoldtimeOnce   HoldtimeRule = "once"
)

// Announcements is what a caller hears in a queue besides the music, and what the keys do there. Package floorplan reads it
// and fills its defaults. Its zero value says nothing and knows no key.
type Announcements struct {
	Welcome []string // once, on entering

	Position      PositionRule
	PositionLimit int
	OnlyUp        bool // the place is said only where it is better than the last that was said
	Holdtime      HoldtimeRule
	Frequency     time.Duration // how often place and wait are said again; 0: never
	MinFrequency  time.Duration // how long at least between two, also where the place has changed
	Round         int           // seconds to which the wait is rounded; 0: whole minutes
	ToFirst       bool          // also to whoever is next

	Periodic          []string // said in turn
	PeriodicFrequency time.Duration
	PeriodicStart     time.Duration // when the first is said
	PeriodicRandom    bool          // any of them, not in turn

	Connect []string // before the agent who has answered is heard
	Words   Words
	Keys    []Exit // by key, rising
}

// Words are the pieces of which place and wait are said. What is empty is not said.
type Words struct {
	YouAreNext, ThereAre, CallsWaiting, Quantity1, Quantity2 []string
	Holdtime, Minute, Minutes, Seconds, ThankYou             []string
	ReportHold, ToAccept                                     []string // to the agent: see [Words.Brief]
}

// DefaultWords are the pieces that come with Ringside.
func DefaultWords() Words {
	return Words{
		YouAreNext: []string{PromptYouAreNext}, ThereAre: []string{PromptThereAre}, CallsWaiting: []string{PromptCallsWaiting},
		Quantity1: []string{PromptQuantity1}, Quantity2: []string{PromptQuantity2}, Holdtime: []string{PromptHoldtime},
		Minute: []string{PromptMinute}, Minutes: []string{PromptMinutes}, Seconds: []string{PromptSeconds}, ThankYou: []string{PromptThankYou},
		ReportHold: []string{PromptReportHold}, ToAccept: []string{PromptToAccept},
	}
}

// Exit is what a key does in a queue.
type Exit struct {
	Key  byte // 0-9, A-D, * or #
	Step Step // to a queue, a place in the dialplan or the end; without a verb: on in the dialplan behind the queue
}

// Silent reports whether a caller hears nothing but music, and no key means anything.
func (a Announcements) Silent() bool {
	return len(a.Welcome)+len(a.Connect)+len(a.Keys) == 0 && a.Frequency == 0 && (len(a.Periodic) == 0 || a.PeriodicFrequency == 0)
}

// The prompts of a queue that come with Ringside.
const (
	PromptYouAreNext   = "ringside/queue-you-are-next"
	PromptThereAre     = "ringside/queue-there-are"
	PromptCallsWaiting = "ringside/queue-calls-waiting"
	PromptQuantity1    = "ringside/queue-quantity1"
	PromptQuantity2    = "ringside/queue-quantity2"
	PromptHoldtime     = "ringside/queue-holdtime"
	PromptMinute       = "ringside/queue-minute"
	PromptMinutes      = "ringside/queue-minutes"
	PromptSeconds      = "ringside/queue-seconds"
	PromptThankYou     = "ringside/queue-thank-you"
	PromptReportHold   = "ringside/queue-report-hold"
	PromptToAccept     = "ringside/queue-to-accept"
)

// Spoken is the prompt that says a number, in the words of the channel's language. No sound has such a name.
func Spoken(n int) string { return "number:" + strconv.Itoa(n) }

// place says where a caller stands; nil where the rule is silent.
func (a Announcements) place(position int) []string {
	w := a.Words
	switch {
	case a.Position != PositionAlways && a.Position != PositionLimit && a.Position != PositionMore:
		return nil
	case position == 1:
		return w.YouAreNext
	case a.Position == PositionAlways || position <= a.PositionLimit:
		return around(w.ThereAre, position, w.CallsWaiting)
	case a.Position == PositionMore:
		return around(w.Quantity1, a.PositionLimit, w.Quantity2)
	}
	return nil
}

func around(before []string, n int, behind []string) []string {
	return slices.Concat(before, []string{Spoken(n)}, behind)
}

// wait says how long it will take; nil where that rounds to nothing.
func (a Announcements) wait(d time.Duration) []string {
	unit := time.Minute
	if a.Round > 0 {
		unit = time.Duration(a.Round) * time.Second
	}
	d = d.Round(unit)
	if d <= 0 {
		return nil
	}
	return append(slices.Clone(a.Words.Holdtime), a.Words.span(d)...)
}

// span says a time in minutes and seconds.
func (w Words) span(d time.Duration) (out []string) {
	if minutes := int(d / time.Minute); minutes == 1 {
		out = append(append(out, Spoken(1)), w.Minute...)
	} else if minutes > 1 {
		out = append(append(out, Spoken(minutes)), w.Minutes...)
	}
	if seconds := int(d % time.Minute / time.Second); seconds > 0 {
		out = append(append(out, Spoken(seconds)), w.Seconds...)
	}
	return out
}

// leads is the step of a key; false: it means nothing.
func (a Announcements) leads(key byte) (Step, bool) {
	for _, e := range a.Keys {
		if e.Key == key {
			return e.Step, true
		}
	}
	return Step{}, false
}

// Locate asks where the caller stands in the queue: answered by [Located].
type Locate struct{}

// Located says where the caller stands, and brings a random number along.
type Located struct {
	Position int           // 1: the next; 0: in nobody's line, since a phone rings for him
	Wait     time.Duration // until he is answered, as far as can be told
	Known    bool          // it can be told
	Draw     uint64        // random
}

// Answered says that an agent has answered the caller: what plays stops, and only what is to be said before the two hear each
// other may follow.
type Answered struct{}

// Unanswered says that the two did not come together: the caller waits again.
type Unanswered struct{}

// Music has the music go on that a prompt has ended.
type Music struct{}

// Meet has the caller and the agent brought together: what was to be said before is said.
type Meet struct{}

// Leave says that the caller leaves the queue by a key. The dialogue goes on until that has come about.
type Leave struct {
	Key  byte
	Step Step
}

func (Located) input()    {}
func (Answered) input()   {}
func (Unanswered) input() {}

func (Locate) action() {}
func (Music) action()  {}
func (Meet) action()   {}
func (Leave) action()  {}
