package hour

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
)

// stage is everybody who plays.
type stage struct {
	Options
	queue  string // the number that callers dial
	ua     *phone.UA
	desks  map[string]*phone.Phone // the agents', by number
	events *phone.Watch

	mu    sync.Mutex
	parts map[string]*scene // of the callers who are on, by number
	wrong []string
}

// scene is a call at play.
type scene struct {
	part
	*stage
	call *phone.Call
	rang int
	legs chan *phone.Call // in the order in which phones rang
}

// open registers the agents' phones and the colleagues'.
func (s *stage) open(ctx context.Context) (err error) {
	info := s.stack.Info()
	s.queue = info.Dial.Queue
	s.desks, s.parts = map[string]*phone.Phone{}, map[string]*scene{}
	// Sound is not what is tried here, and its cost would be.
	s.ua, err = phone.Listen(phone.Config{Server: info.SIP, Media: voice.Media{Deaf: true, Every: 200 * time.Millisecond}})
	if err != nil {
		return err
	}
	s.events = s.ua.Watch()
	for _, x := range info.Extensions {
		p := s.ua.NewPhone(phone.Account{Number: x.Number, Password: x.Password}, phone.AnswerAfter(50*time.Millisecond))
		p.SetLines(s.Calls) // a colleague takes whatever comes
		if isAgent(x.Number) {
			p.SetLines(2)
			p.BehaveBy(s.behave)
			s.desks[x.Number] = p
		}
		if err := p.Register(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close ends what is still on. A stage that could not be opened has no phones.
func (s *stage) close() error {
	if s.ua == nil {
		return nil
	}
	s.events.Close()
	return s.ua.Close()
}

// behave is what an agent's phone does with a call that comes.
func (s *stage) behave(c *phone.Call) phone.Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.parts[c.From().Number]
	if sc == nil { // the caller has just left
		return phone.NeverAnswer()
	}
	sc.rang++
	select {
	case sc.legs <- c:
	default: // more than anybody plays with
	}
	return sc.part.behave(sc.rang - 1)
}

// play has all call, at random moments, and waits until everybody has hung up.
func (s *stage) play(ctx context.Context) error {
	var callers sync.WaitGroup
	defer callers.Wait()
	rng := rand.New(rand.NewPCG(s.Seed, 1<<40))
	next := time.NewTimer(0)
	defer next.Stop()
	for n := range s.Calls {
		select {
		case <-next.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		callers.Go(func() { s.live(ctx, write(s.Seed, n+1)) })
		if n%50 == 49 {
			s.Report(fmt.Sprintf("%d of %d have called", n+1, s.Calls))
		}
		next.Reset(time.Duration(rng.ExpFloat64() / s.Rate * float64(time.Second)))
	}
	return nil
}

// live plays one call from its begin to its end.
func (s *stage) live(ctx context.Context, p part) {
	sc := &scene{part: p, stage: s, legs: make(chan *phone.Call, 8*len(p.vain)+8)}
	s.mu.Lock()
	s.parts[p.who.Number] = sc
	s.mu.Unlock()
	var err error
	if sc.call, err = s.ua.Caller(p.who).Dial(ctx, s.queue); err != nil {
		s.fail(p, err)
		return
	}
	// Who breaks off must not leave calls behind.
	defer func() { s.fail(p, sc.call.Hangup(context.WithoutCancel(ctx))) }()
	if err := sc.call.AwaitAnswer(ctx); err != nil {
		s.fail(p, err)
		return
	}
	s.fail(p, sc.act(ctx))
}

// fail notes what went otherwise than the script has it. That a call is over is no fault: the queue's time may have been.
func (s *stage) fail(p part, err error) {
	if err == nil || errors.Is(err, phone.ErrOver) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf("%s could not play: %v", p.who.Number, err))
}

// act plays the caller, and whoever answers him.
func (sc *scene) act(ctx context.Context) error {
	var leave <-chan time.Time
	if sc.ends == leaves {
		timer := time.NewTimer(sc.waits)
		defer timer.Stop()
		leave = timer.C
	}
	for n := 0; ; n++ {
		select {
		case <-leave:
			return sc.call.Hangup(ctx)
		case <-sc.call.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case leg := <-sc.legs:
			switch {
			case n < len(sc.vain):
			case sc.ends == whileRings:
				return errors.Join(sc.wait(ctx, sc.rings), sc.call.Hangup(ctx))
			case sc.ends == leaves || sc.ends == neverTaken:
			case leg.AwaitAnswer(ctx) == nil:
				return sc.talk(ctx, leg)
			}
		}
	}
}

// wait lets time pass, while the caller is there.
func (sc *scene) wait(ctx context.Context, d time.Duration) error {
	return sc.call.Play(ctx, []phone.Step{{Wait: d}}, phone.KeyTiming{})
}

// talk plays a conversation: talk, holds, and the end.
func (sc *scene) talk(ctx context.Context, leg *phone.Call) error {
	for i, hold := range sc.holds {
		if err := errors.Join(sc.wait(ctx, sc.talks[i]), leg.Hold(ctx), sc.wait(ctx, hold)); err != nil {
			return err
		}
		if last := i == len(sc.holds)-1; last && sc.onHold {
			return sc.end(ctx, leg, true)
		}
		if err := leg.Resume(ctx); err != nil {
			return err
		}
	}
	if err := sc.wait(ctx, sc.talks[len(sc.holds)]); err != nil {
		return err
	}
	return sc.end(ctx, leg, false)
}

func (sc *scene) end(ctx context.Context, leg *phone.Call, onHold bool) error {
	var err error
	limited, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	switch sc.ends {
	case byAgent:
		if err = leg.Hangup(ctx); err == nil {
			_, err = sc.call.AwaitEnd(ctx) // or the caller would hang up at the same moment
		}
		return err
	case blind:
		err = leg.Transfer(limited, sc.to)
	case attended:
		err = sc.bringTogether(limited, leg, onHold)
	default:
		return sc.call.Hangup(ctx)
	}
	if limited.Err() != nil { // whether it was done, the phones' log says
		err = leg.Hangup(ctx)
	}
	return errors.Join(err, sc.wait(ctx, sc.after), sc.call.Hangup(ctx))
}

// patient is how long an agent waits to be told that a transfer is done, before he hangs up: Asterisk does not always tell.
const patient = 5 * time.Second

// bridging is how long Asterisk may take to connect the agent and a colleague who has answered.
const bridging = 300 * time.Millisecond

// bringTogether is an attended transfer: the agent calls a colleague, and then brings the two together.
func (sc *scene) bringTogether(ctx context.Context, leg *phone.Call, onHold bool) error {
	if !onHold {
		if err := leg.Hold(ctx); err != nil {
			return err
		}
	}
	desk := sc.desks[leg.To()]
	asks, err := desk.Dial(ctx, sc.to)
	if err != nil {
		return err
	}
	if err = asks.AwaitAnswer(ctx); err == nil {
		err = errors.Join(sc.wait(ctx, bridging), leg.TransferTo(ctx, asks))
	}
	return errors.Join(err, asks.Hangup(context.WithoutCancel(ctx)))
}
