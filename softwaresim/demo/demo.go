// Package demo shows Ringside at work on a running stack: three phones, two CRMs and
// five calls, told line by line as they happen, and then by how much each caller's
// record was on the agent's screen before the phone rang.
package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// The people of the demo: two agents with a CRM each, and a phone beside the queue.
// Each sends a tone of its own, so that it can be told who is heard.
const (
	firstAgent  = "1000"
	secondAgent = "2000"
	deskPhone   = "3000"

	callerTone = 1300
)

func tones() map[string]float64 {
	return map[string]float64{firstAgent: 500, secondAgent: 700, deskPhone: 900}
}

// actTime is how long an act may take before something is wrong.
const actTime = 40 * time.Second

// Options say how the demo is shown.
type Options struct {
	// Queueapp is the path of the queueapp command.
	Queueapp string
	// Stay keeps phones and CRMs up until its channel is closed, after Handover was
	// called with the result. Nil ends with the last act.
	Stay     <-chan struct{}
	Handover func(*Result)
	// Say is told the story, one line at a time, in the order of their times.
	Say func(Line)
}

// stage is what the acts play on.
type stage struct {
	info    stack.Info
	options Options
	story   *story
	agents  *phone.UA
	callers *phone.UA
	phones  map[string]*phone.Phone
	crms    map[string]*crm.CRM
	on      map[string]bool // agents who are logged on
	plan    string          // the floor plan as it was
}

// Run plays the demo. The error says what did not go as it should; whether each record
// was there before its ring is in the result.
func Run(ctx context.Context, info stack.Info, o Options) (result *Result, err error) {
	s := &stage{info: info, options: o, story: newStory(o.Say),
		phones: make(map[string]*phone.Phone), crms: make(map[string]*crm.CRM), on: make(map[string]bool)}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	result = &Result{}
	for i, act := range acts() {
		s.story.chapter("Call %d: %s", i+1, act.title)
		shown, err := s.play(ctx, act)
		if err != nil {
			return nil, fmt.Errorf("call %d, %s: %w", i+1, act.title, err)
		}
		shown.Number, shown.Title = i+1, act.short
		result.Calls = append(result.Calls, shown)
	}
	if o.Stay != nil {
		if err := s.handOver(ctx); err != nil {
			return nil, err
		}
		s.story.flush()
		o.Handover(result)
		select {
		case <-o.Stay:
		case <-ctx.Done():
		}
	}
	return result, nil
}

// open brings the phones and CRMs up and logs the agents on.
func (s *stage) open(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	if s.agents, err = phone.Listen(phone.Config{Server: s.info.SIP}); err != nil {
		return err
	}
	if s.callers, err = phone.Listen(phone.Config{Server: s.info.SIP, Media: voice.Media{Tone: callerTone}}); err != nil {
		return err
	}
	s.story.followPhones(s.agents.Watch(), "phone")
	s.story.followPhones(s.callers.Watch(), "caller")
	s.story.chapter("Three phones register, two agents dial %s, two CRMs log in", s.info.Dial.Logon)
	for _, x := range s.info.Extensions {
		if _, ok := tones()[x.Number]; !ok {
			continue
		}
		if err := s.openPhone(ctx, x); err != nil {
			return err
		}
		if x.Number == deskPhone {
			continue
		}
		if err := s.logOn(ctx, x.Number); err != nil {
			return err
		}
		if err := s.openCRM(ctx, x); err != nil {
			return err
		}
	}
	if len(s.phones) != len(tones()) {
		return fmt.Errorf("the stack has no extensions %s, %s and %s", firstAgent, secondAgent, deskPhone)
	}
	return nil
}

func (s *stage) openPhone(ctx context.Context, x stack.Extension) error {
	p := s.agents.NewPhone(phone.Account{Number: x.Number, Password: x.Password}, phone.AnswerAfter(ringTime))
	p.SetMedia(voice.Media{Tone: tones()[x.Number]})
	s.phones[x.Number] = p
	return p.Register(ctx)
}

func (s *stage) openCRM(ctx context.Context, x stack.Extension) error {
	node := "extension" + x.Number
	c, err := crm.Open(crm.Config{JID: x.JID, Password: x.JIDPassword, Server: s.info.XMPP, CA: s.info.CA,
		PubSub: s.info.PubSub, Resource: "demo", Nodes: []string{node}})
	if err != nil {
		return err
	}
	s.crms[x.Number] = c
	s.story.followCRM(c.Watch(), x.Number)
	return c.AwaitSubscribed(ctx, node)
}

func (s *stage) logOn(ctx context.Context, number string) error {
	s.on[number] = true
	return s.dialCode(ctx, number, s.info.Dial.Logon)
}

func (s *stage) logOff(ctx context.Context, number string) error {
	delete(s.on, number)
	return s.dialCode(ctx, number, s.info.Dial.Logoff)
}

// dialCode dials one of the agents' codes and hears its confirmation out.
func (s *stage) dialCode(ctx context.Context, number, code string) error {
	call, err := s.phones[number].Dial(ctx, code)
	if err != nil {
		return err
	}
	if err := call.AwaitAnswer(ctx); err != nil {
		return fmt.Errorf("dial %s at %s: %w", code, number, err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		return fmt.Errorf("dial %s at %s: %w", code, number, err)
	}
	return nil
}

// handOver leaves the stage to whoever wants to try: the floor plan as it was, the first
// agent's phone and screen free, the others there to answer.
func (s *stage) handOver(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	s.story.chapter("The stage is yours")
	if err := s.restorePlan(ctx); err != nil {
		return err
	}
	for _, p := range s.phones {
		p.Behave(phone.AnswerAfter(2 * time.Second))
	}
	if err := s.logOff(ctx, firstAgent); err != nil {
		return err
	}
	if err := s.logOn(ctx, deskPhone); err != nil {
		return err
	}
	return s.phones[firstAgent].Unregister(ctx)
}

// close logs the agents off, takes the floor plan's change back, and ends everything.
func (s *stage) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actTime)
	defer cancel()
	s.story.mute()
	err := s.restorePlan(ctx)
	if s.callers != nil {
		err = errors.Join(err, s.callers.Close())
	}
	if s.agents != nil {
		for _, number := range slices.Sorted(maps.Keys(s.on)) {
			err = errors.Join(err, s.logOff(ctx, number))
		}
		err = errors.Join(err, s.agents.Close())
	}
	for _, c := range s.crms {
		err = errors.Join(err, c.Close())
	}
	s.story.close()
	return err
}
