package ivr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"ringside/queueapp"
)

// What keeps every dialogue finite, whatever a caller, a switch or a database does.
const (
	mostMenus   = 50               // menus opened in one dialogue
	mostKeys    = 1000             // keys heeded in one dialogue
	mostAhead   = 64               // keys typed ahead
	longestPlay = 5 * time.Minute  // a prompt whose end was never told has ended by now
	longestWait = 30 * time.Second // an answer that was never given counts as failed by now
)

// ErrUnknownMenu says that there is no menu of the name that was asked for.
var ErrUnknownMenu = errors.New("unknown menu")

// Caller is the dialogue of a caller with menus: prompts, keys and the customer's code. Keys stop a playing prompt, and
// those typed ahead, over prompts or while a code is looked up, are kept and used one by one, none lost and none doubled.
// It implements [Dialogue].
type Caller struct {
	menus  []Menu
	limits Limits
	menu   Menu
	state  callerState

	now      time.Time
	deadline time.Time
	out      []Action
	n        int // the number given last
	playing  int // the number of the prompt being played; 0: none
	awaited  int // the number of the look-up being awaited

	ahead  []byte // keys typed ahead
	keys   int    // keys taken so far
	ended  bool   // a code has just ended by its length: a # that follows belongs to it
	opened int    // menus so far
	silent int    // how often nothing was pressed in this menu
	wrong  int    // how many keys this menu did not know

	ask     *Ask
	tries   int
	guesses int // wrong codes of the call, over all its questions
	code    []byte
	long    bool // the code is longer than any

	then      Step // what follows when the playing prompt has ended
	lastCode  string
	customers []queueapp.Customer
	data      []queueapp.Datum
}

type callerState int

const (
	callerNew      callerState = iota
	callerChoosing             // a menu plays, or waits for a key
	callerKeying               // a code is asked for, or being keyed in
	callerPausing              // a code waits to be looked up, since others were wrong
	callerLookUp               // a code is being looked up
	callerLeaving              // what is played before a step
	callerOver
)

// NewCaller begins with the menu of a name, and bars the call from more wrong codes than limits has it. A call that is taken over from another process begins again with the menu that
// [Caller.Menu] told last.
func NewCaller(menus []Menu, name string, limits Limits) (*Caller, error) {
	c := &Caller{menus: menus, limits: limits}
	n := slices.IndexFunc(menus, func(m Menu) bool { return m.Name == name })
	if n < 0 {
		return nil, fmt.Errorf("menu %.80q: %w", name, ErrUnknownMenu)
	}
	c.menu = menus[n]
	return c, nil
}

// Menu is the name of the menu that the caller is in.
func (c *Caller) Menu() string { return c.menu.Name }

// Over reports whether the dialogue has ended.
func (c *Caller) Over() bool { return c.state == callerOver }

// Next is when the dialogue wants a Tick at the latest. There is always such a time between Start and the end.
func (c *Caller) Next() time.Time {
	if c.state == callerNew || c.state == callerOver {
		return time.Time{}
	}
	return c.deadline
}

// Handle takes one input. What was due by now is dealt with first, so a late Tick changes nothing.
func (c *Caller) Handle(now time.Time, in Input) []Action {
	if now.After(c.now) {
		c.now = now
	}
	c.out = nil
	if c.state != callerNew && c.state != callerOver && !c.now.Before(c.deadline) {
		c.due()
	}
	c.take(in)
	c.useAhead()
	return c.out
}

func (c *Caller) take(in Input) {
	switch in := in.(type) {
	case Start:
		if c.state == callerNew {
			c.open(c.menu)
		}
	case Key:
		c.pressed(in.Key)
	case Played:
		if c.playing != 0 && in.N == c.playing {
			c.played()
		}
	case Found:
		if c.answers(in.N) {
			c.found(in.Customers)
		}
	case NotFound:
		if c.answers(in.N) {
			c.found(nil)
		}
	case LookupFailed:
		if c.answers(in.N) {
			c.step(c.ask.Unavailable)
		}
	case Barred:
		if c.answers(in.N) {
			c.step(c.ask.Barred)
		}
	case Tick, Granted, Refused, WrongPIN, DoFailed, Located, Answered, Unanswered: // a tick's work is done; the others answer what was not asked
	}
}

func (c *Caller) answers(n int) bool { return c.state == callerLookUp && n == c.awaited }

// due does what follows when nothing came in time.
func (c *Caller) due() {
	switch {
	case c.playing != 0:
		c.played()
	case c.state == callerChoosing:
		c.silent++
		if c.silent >= c.menu.Silence.Tries {
			c.step(c.menu.Silence.Step)
		} else {
			c.choose(nil)
		}
	case c.state == callerKeying && len(c.code) > 0:
		c.lookUp()
	case c.state == callerKeying:
		c.again(nil)
	case c.state == callerPausing:
		c.send()
	case c.state == callerLookUp:
		c.step(c.ask.Unavailable)
	}
}

// play begins a prompt, and wait is how long to wait when it has ended. Keys typed ahead pass over it.
func (c *Caller) play(wait time.Duration, prompts ...string) {
	c.playing = 0
	if len(prompts) == 0 || len(c.ahead) > 0 && (c.state != callerLeaving || c.then.Verb != VerbHangUp) {
		c.deadline = c.now.Add(wait)
		return
	}
	c.n++
	c.playing = c.n
	c.deadline = c.now.Add(longestPlay)
	c.out = append(c.out, Play{N: c.n, Prompts: slices.Clone(prompts)})
}

func (c *Caller) stop() {
	if c.playing != 0 {
		c.out = append(c.out, StopPlay{N: c.playing})
		c.playing = 0
	}
}

// played goes on where a prompt has ended.
func (c *Caller) played() {
	c.playing = 0
	switch c.state {
	case callerChoosing:
		c.deadline = c.now.Add(c.menu.Silence.After)
	case callerKeying:
		c.deadline = c.now.Add(c.ask.Response)
	case callerLeaving:
		c.arrive()
	case callerNew, callerPausing, callerLookUp, callerOver:
	}
}

func (c *Caller) open(m Menu) {
	c.opened++
	if c.opened > mostMenus {
		c.step(Step{Verb: VerbHangUp, Play: []string{PromptGoodbye}})
		return
	}
	c.menu, c.silent, c.wrong = m, 0, 0
	c.choose(nil)
}

// choose plays the menu after what is to be said before it.
func (c *Caller) choose(before []string) {
	c.state = callerChoosing
	c.play(c.menu.Silence.After, slices.Concat(before, c.menu.Prompts)...)
}

func (c *Caller) choice(key byte) {
	for _, k := range c.menu.Keys {
		if k.Key == key {
			c.step(k.Step)
			return
		}
	}
	c.wrong++
	if c.wrong >= c.menu.Invalid.Tries {
		c.step(c.menu.Invalid.Step)
		return
	}
	c.choose(c.menu.Invalid.Prompts)
}

// step does what a key or a silence leads to: first what is played before it.
func (c *Caller) step(s Step) {
	for _, d := range s.Data {
		c.keep(queueapp.Datum{Key: "ivr." + d.Key, Value: d.Value})
	}
	if s.Verb == VerbAsk && s.Ask != nil {
		c.ask, c.tries = s.Ask, 0
		if c.barred() {
			c.step(c.ask.Barred)
			return
		}
		c.question(s.Play)
		return
	}
	c.then, c.state = s, callerLeaving
	if c.play(0, s.Play...); c.playing == 0 {
		c.arrive()
	}
}

func (c *Caller) keep(d queueapp.Datum) {
	n := slices.IndexFunc(c.data, func(o queueapp.Datum) bool { return o.Key == d.Key })
	if n >= 0 {
		c.data[n] = d
		return
	}
	c.data = append(c.data, d)
}

// arrive does the step itself.
func (c *Caller) arrive() {
	switch s := c.then; s.Verb {
	case VerbMenu:
		n := slices.IndexFunc(c.menus, func(m Menu) bool { return m.Name == s.Menu })
		if n >= 0 {
			c.open(c.menus[n])
			return
		}
		c.end(HangUp{}) // a checked floor plan has no such step
	case VerbQueue:
		c.end(Queue{Queue: s.Queue, Priority: s.Priority, Needs: s.Needs, Code: c.lastCode, Customers: c.customers, Data: c.data})
	case VerbGoto:
		c.end(Goto{Place: s.Goto, Code: c.lastCode, Customers: c.customers})
	case VerbAsk, VerbHangUp:
		c.end(HangUp{})
	default:
		c.end(HangUp{})
	}
}

func (c *Caller) end(a Action) {
	c.out = append(c.out, a)
	c.state, c.ahead = callerOver, nil
}
