package ivr

import (
	"slices"
	"time"
)

const (
	// longestConnect is how long a caller may be told something while an agent who has answered waits: the floor gives an
	// answer 5 s to become a conversation.
	longestConnect = 4 * time.Second
	// longestLeave is how long leaving by a key may take before the caller counts as still waiting.
	longestLeave = time.Second
)

// Waiting is the dialogue of a caller in a queue: a welcome, place and expected wait, periodic prompts, keys that lead out.
// It holds up nobody: offers are made meanwhile, and whoever answers ends what plays. It asks where the caller stands when it
// is to say so ([Locate]), has the music go on after each prompt ([Music]), and ends with the call's stay in the queue, which
// whoever runs it sees. It implements [Dialogue].
type Waiting struct {
	say     Announcements
	entered time.Time
	resumed bool

	now      time.Time
	state    waitingState
	out      []Action
	n        int       // the number given last
	playing  int       // the number of the prompt being played; 0: none
	stopped  bool      // it was told to stop, and its end is awaited
	deadline time.Time // of what plays, or of leaving
	asked    bool      // where the caller stands

	placeAt    time.Time // when place and wait are due; zero: never
	periodicAt time.Time
	saidAt     time.Time // when place and wait were said last; zero: never
	said       int       // which place
	saidWait   bool
	turn       int  // how many periodic prompts were said
	music      bool // has ended, and is to go on
	left       bool // a key was pressed that leads out
}

type waitingState int

const (
	waitingNew      waitingState = iota
	waitingInLine                // with music, or a prompt
	waitingAnswered              // an agent has answered
	waitingLeaving               // a key was pressed that leads out
)

// NewWaiting begins with a caller who entered a queue at a time. One who is taken over from another process hears no welcome
// again, and the rest when it is due by the time of entering.
func NewWaiting(a Announcements, entered time.Time, resumed bool) *Waiting {
	return &Waiting{say: a, entered: entered, resumed: resumed}
}

// Playing is the number of the prompt that plays, 0 where none does, and whether it was told to stop.
func (w *Waiting) Playing() (n int, stopped bool) { return w.playing, w.stopped }

// Tells reports whether the caller is being told something before he hears the agent who has answered.
func (w *Waiting) Tells() bool { return w.state == waitingAnswered && w.playing != 0 && !w.stopped }

// Over reports false: whoever runs the dialogue ends it.
func (w *Waiting) Over() bool { return false }

// Next is when the dialogue wants a Tick at the latest.
func (w *Waiting) Next() time.Time {
	switch {
	case w.state == waitingNew:
		return time.Time{}
	case w.playing != 0 || w.state == waitingLeaving:
		return w.deadline
	case w.state == waitingAnswered:
		return time.Time{}
	case w.placeAt.IsZero() || !w.periodicAt.IsZero() && w.periodicAt.Before(w.placeAt):
		return w.periodicAt
	}
	return w.placeAt
}

// Handle takes one input. What was due by now is dealt with first, so a late Tick changes nothing.
func (w *Waiting) Handle(now time.Time, in Input) []Action {
	if now.After(w.now) {
		w.now = now
	}
	w.out = nil
	if w.state != waitingNew {
		w.overdue()
	}
	switch in := in.(type) {
	case Start:
		if w.state == waitingNew {
			w.begin()
		}
	case Key:
		w.pressed(in.Key)
	case Played:
		if w.playing != 0 && in.N == w.playing {
			w.played()
		}
	case Located:
		if w.asked {
			w.asked = false
			w.located(in)
		}
	case Answered:
		w.answered()
	case Unanswered:
		w.unanswered()
	case Tick, Found, NotFound, LookupFailed, Barred, Granted, Refused, DoFailed: // the others answer what was not asked
	}
	w.announce()
	return w.out
}

// begin sets the times at which something is to be said.
func (w *Waiting) begin() {
	w.state = waitingInLine
	if w.say.Frequency > 0 {
		w.placeAt = w.now
	}
	if len(w.say.Periodic) > 0 && w.say.PeriodicFrequency > 0 {
		w.periodicAt = w.entered.Add(w.say.PeriodicStart)
	}
	if !w.resumed {
		w.play(longestPlay, w.say.Welcome)
		return
	}
	w.saidWait = true
	if f := w.say.Frequency; f > 0 {
		w.placeAt = w.entered.Add(w.now.Sub(w.entered)/f*f + f)
	}
	if late := w.now.Sub(w.periodicAt); !w.periodicAt.IsZero() && late >= 0 {
		w.turn = int(late/w.say.PeriodicFrequency) + 1
		w.periodicAt = w.periodicAt.Add(time.Duration(w.turn) * w.say.PeriodicFrequency)
	}
}

// overdue does what follows when the end of something was not told in time.
func (w *Waiting) overdue() {
	switch {
	case w.now.Before(w.Next()) || w.Next().IsZero():
	case w.playing != 0 && w.state == waitingAnswered && !w.stopped: // the agent has waited for long enough
		w.stop()
		w.out = append(w.out, Meet{})
	case w.playing != 0:
		w.played()
	case w.state == waitingLeaving:
		w.wait()
	}
}

// wait is for the caller to wait on, with music.
func (w *Waiting) wait() {
	w.state, w.music, w.left = waitingInLine, true, false
	w.rest()
}

// announce asks where the caller stands where something is to be said now, and else has the music go on.
func (w *Waiting) announce() {
	switch {
	case w.state != waitingInLine || w.playing != 0 || w.asked:
	case w.due(w.placeAt) || w.due(w.periodicAt):
		w.asked = true
		w.out = append(w.out, Locate{})
	case w.music:
		w.music = false
		w.out = append(w.out, Music{})
	}
}

func (w *Waiting) due(at time.Time) bool { return !at.IsZero() && !w.now.Before(at) }

func (w *Waiting) play(atMost time.Duration, prompts []string) {
	if len(prompts) == 0 {
		return
	}
	w.n++
	w.music = false
	w.playing, w.stopped, w.deadline = w.n, false, w.now.Add(atMost)
	w.out = append(w.out, Play{N: w.n, Prompts: slices.Clone(prompts)})
}

// stop ends what plays. The caller goes without music only until its end is told, or until he is with the agent.
func (w *Waiting) stop() {
	if w.playing != 0 && !w.stopped {
		w.stopped, w.deadline = true, w.now.Add(longestLeave)
		w.out = append(w.out, StopPlay{N: w.playing})
	}
}

// played goes on where a prompt has ended.
func (w *Waiting) played() {
	cut := w.stopped
	w.playing, w.stopped = 0, false
	switch w.state {
	case waitingInLine:
		w.wait()
	case waitingAnswered:
		if !cut {
			w.out = append(w.out, Meet{})
		}
	case waitingLeaving:
		w.deadline = w.now.Add(longestLeave)
	case waitingNew:
	}
}

// rest keeps two announcements from following each other at once.
func (w *Waiting) rest() {
	if at := w.now.Add(w.least()); !w.saidAt.IsZero() && w.placeAt.Before(at) && !w.placeAt.IsZero() {
		w.placeAt = at
	}
	if !w.periodicAt.IsZero() && w.periodicAt.Before(w.now) {
		w.periodicAt = w.now.Add(time.Second)
	}
}

// pressed leaves by a key. Others mean nothing, and only the first that leads out counts.
func (w *Waiting) pressed(key byte) {
	step, leads := w.say.leads(key)
	if !leads || w.state == waitingNew || w.left {
		return
	}
	w.left = true
	if w.state == waitingInLine { // else it counts only should the two not come together, and what is said goes on
		w.stop()
		w.state = waitingLeaving
		w.deadline = w.now.Add(longestLeave)
	}
	w.out = append(w.out, Leave{Key: key, Step: step})
}

func (w *Waiting) answered() {
	if w.state == waitingNew || w.state == waitingAnswered {
		return
	}
	w.stop()
	w.state = waitingAnswered
	if len(w.say.Connect) > 0 {
		w.play(longestConnect, w.say.Connect)
	}
}

func (w *Waiting) unanswered() {
	if w.state != waitingAnswered {
		return
	}
	if w.state = waitingInLine; w.playing != 0 {
		w.stop() // its end brings the music
		return
	}
	w.wait()
}
