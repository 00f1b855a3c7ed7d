package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/watch"
)

// settle is how long a line waits for others that happened before it: what is seen at
// the same time by several comes here a little later, each in its own time.
const settle = 150 * time.Millisecond

// Tone is the mood of a line, for its colour.
type Tone string

// The tones of a line.
const (
	Plain   Tone = ""
	Chapter Tone = "chapter" // a heading
	Screen  Tone = "screen"  // what a CRM shows
	Ringing Tone = "ringing" // a phone's INVITE and ring
)

// Line is one line of the story.
type Line struct {
	At   time.Time `json:"at"`
	Who  string    `json:"who,omitempty"`
	Text string    `json:"text"`
	Tone Tone      `json:"tone,omitempty"`
	// Event is the phone.Event or crm.Event that it tells, if any.
	Event any `json:"event,omitempty"`
}

// story tells lines in the order of their times, whoever saw them.
type story struct {
	say  func(Line)
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	waiting []Line
	muted   bool
}

func newStory(say func(Line)) *story {
	ctx, stop := context.WithCancel(context.Background())
	s := &story{say: say, stop: stop}
	s.wg.Go(func() { s.tellOn(ctx) })
	return s
}

// tellOn tells what has settled, until ctx is done.
func (s *story) tellOn(ctx context.Context) {
	tick := time.NewTicker(settle / 3)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			s.tellUntil(now.Add(-settle))
		case <-ctx.Done():
			return
		}
	}
}

// tellUntil tells all that happened until then.
func (s *story) tellUntil(then time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.waiting, func(a, b Line) int { return a.At.Compare(b.At) })
	n := 0
	for n < len(s.waiting) && !s.waiting[n].At.After(then) {
		s.say(s.waiting[n])
		n++
	}
	s.waiting = slices.Delete(s.waiting, 0, n)
}

// flush tells all there is.
func (s *story) flush() { s.tellUntil(time.Now().Add(settle)) }

// mute drops what happens from now on: the tidying up is no part of the story.
func (s *story) mute() {
	s.flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = true
}

func (s *story) close() {
	s.stop()
	s.wg.Wait()
}

func (s *story) add(l Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.muted {
		s.waiting = append(s.waiting, l)
	}
}

func (s *story) chapter(format string, args ...any) {
	s.add(Line{At: time.Now(), Text: fmt.Sprintf(format, args...), Tone: Chapter})
}

func (s *story) tell(who, format string, args ...any) {
	s.add(Line{At: time.Now(), Who: who, Text: fmt.Sprintf(format, args...)})
}

// followPhones tells what happens at the phones of a user agent until it is closed.
func (s *story) followPhones(w *phone.Watch, role string) {
	s.wg.Go(func() {
		for {
			e, err := w.Next(context.Background())
			if err != nil {
				return // closed
			}
			if l, ok := phoneLine(e, role); ok {
				s.add(l)
			}
		}
	})
}

// phoneLine is the line of a phone's event; not all are worth one.
func phoneLine(e phone.Event, role string) (Line, bool) {
	l := Line{At: e.At, Who: role, Text: e.Text(), Event: e}
	if role == "phone" {
		l.Who += " " + e.Phone
	}
	switch e.Kind {
	case phone.Trying, phone.AckSent, phone.AckReceived, phone.MediaReceived, phone.KeySent, phone.Ended, phone.Unregistered:
		return l, false
	case phone.InviteReceived, phone.Ringing:
		l.Tone = Ringing
	default:
	}
	return l, true
}

// followCRM tells what happens at a CRM until it is closed.
func (s *story) followCRM(w *watch.Watch[crm.Event], number string) {
	s.wg.Go(func() {
		for {
			e, err := w.Next(context.Background(), func(e crm.Event) bool { return e.Kind != crm.Dropped && e.Kind != crm.Refused })
			if err != nil {
				return // closed
			}
			l := Line{At: e.At, Who: "crm " + number, Text: e.String(), Event: e}
			if e.Call != nil {
				l.Tone = Screen
			}
			s.add(l)
		}
	})
}
