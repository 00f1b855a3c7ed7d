package ivr

import (
	"container/list"
	"time"
)

// Limits is how often codes may be guessed. A zero means without limit.
type Limits struct {
	Call     int           // wrong codes in one call, over all its questions, before it is barred
	Slow     time.Duration // how long a caller waits after the first wrong code of a call; doubles with each further one
	Number   int           // wrong codes of one caller's number within Window before the number is barred
	Withheld int           // the same of all callers together who have no number
	Window   time.Duration
	Bar      time.Duration // how long a number is barred
}

// DefaultLimits are what a floor plan has that does not say: far above what callers mistype, and days for four digits.
func DefaultLimits() Limits {
	return Limits{Call: 9, Slow: time.Second, Number: 20, Withheld: 100, Window: 15 * time.Minute, Bar: 15 * time.Minute}
}

// slowest is the longest wait between two codes of a call, as a multiple of [Limits.Slow].
const slowest = 8

// pause is how long the caller waits before a code is looked up, after so many wrong ones.
func (l Limits) pause(wrong int) time.Duration {
	if wrong == 0 {
		return 0
	}
	return l.Slow * time.Duration(min(1<<min(wrong-1, 30), slowest))
}

// Guard keeps count of wrong guesses by who made them, and bars who made too many: callers' numbers for codes, agents for
// PINs. It is for calls what [Limits.Call] is within one, and is not safe for concurrent use.
type Guard struct {
	most     int
	guessers map[string]*list.Element
	order    *list.List // of *guesser; who guessed wrong longest ago is first
}

type guesser struct {
	who    string
	since  time.Time // of the first wrong guess that counts
	wrong  int
	barred time.Time // until then
}

// NewGuard knows of no wrong guess. It keeps most guessers in mind, and of more forgets who guessed wrong longest ago.
func NewGuard(most int) *Guard {
	return &Guard{most: most, guessers: map[string]*list.Element{}, order: list.New()}
}

// Barred reports whether who may not guess now.
func (g *Guard) Barred(now time.Time, who string) bool {
	e := g.guessers[who]
	return e != nil && now.Before(e.Value.(*guesser).barred)
}

// Wrong counts a wrong guess, and bars who made as many as limit within a window. It reports whether this one was it. A
// right guess takes nothing back: who knows one code may still be after others.
func (g *Guard) Wrong(now time.Time, who string, limit int, window, bar time.Duration) bool {
	if limit <= 0 || g.Barred(now, who) {
		return false
	}
	e := g.guessers[who]
	if e == nil {
		e = g.add(&guesser{who: who})
	}
	g.order.MoveToBack(e)
	p := e.Value.(*guesser)
	if p.wrong == 0 || now.Sub(p.since) >= window {
		p.since, p.wrong = now, 0
	}
	p.wrong++
	if p.wrong < limit {
		return false
	}
	p.wrong, p.barred = 0, now.Add(bar)
	return true
}

func (g *Guard) add(p *guesser) *list.Element {
	if g.order.Len() >= g.most {
		oldest := g.order.Remove(g.order.Front()).(*guesser)
		delete(g.guessers, oldest.who)
	}
	e := g.order.PushBack(p)
	g.guessers[p.who] = e
	return e
}
