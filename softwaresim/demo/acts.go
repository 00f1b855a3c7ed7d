package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/watch"
)

// The times of the demo: how long a phone rings before it is answered, how long people
// talk, and how long the queue lets a phone ring that nobody answers.
const (
	ringTime  = time.Second
	talkTime  = 1500 * time.Millisecond
	shortRing = 3 * time.Second
)

// act is one call of the demo.
type act struct {
	title  string // as a heading
	short  string // in the table
	caller phone.Party
	queued bool // the queue offers the call: every phone that rings must have its record
	before func(ctx context.Context, s *stage) error
	play   func(ctx context.Context, s *scene) error
}

// scene is an act that is being played: the caller's call, and what the agents' phones
// tell from before it.
type scene struct {
	*stage
	call   *phone.Call
	agents *phone.Watch
}

func acts() []act {
	return []act{
		{title: "a valid code", short: "valid code", caller: phone.Party{Name: "Ana", Number: "5550101"}, queued: true, play: validCode},
		{title: "a wrong code, three times", short: "wrong code, 3 times", caller: phone.Party{Name: "Bob", Number: "5550102"}, play: wrongCodes},
		{title: "an agent does not answer, and the pop-up moves on", short: "no answer, moves on",
			caller: phone.Party{Name: "Carla", Number: "5550103"}, queued: true, before: shortenRing, play: unanswered},
		{title: "option 2 goes to extension 2000", short: "option 2", caller: phone.Party{Name: "Dan", Number: "5550104"}, play: optionTwo},
		{title: "no key goes to extension 3000", short: "no key", caller: phone.Party{Name: "Eve", Number: "5550105"}, play: noKey},
	}
}

// play plays one act and collects what its phones and screens saw.
func (s *stage) play(ctx context.Context, a act) (Shown, error) {
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	if a.before != nil {
		if err := a.before(ctx, s); err != nil {
			return Shown{}, err
		}
	}
	seen := s.look()
	defer seen.close()
	answers := s.agents.Watch()
	defer answers.Close()
	call, err := s.callers.Caller(a.caller).Dial(ctx, s.info.Dial.IVR)
	if err != nil {
		return Shown{}, err
	}
	if err := call.AwaitAnswer(ctx); err != nil {
		return Shown{}, err
	}
	if err := call.AwaitLoud(ctx, 10); err != nil {
		return Shown{}, fmt.Errorf("the menu is not heard: %w", err)
	}
	if err := a.play(ctx, &scene{s, call, answers}); err != nil {
		return Shown{}, err
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		return Shown{}, err
	}
	return seen.collect(ctx, s, a.queued)
}

// validCode is the main job: 1, the code, and the agent has the customer on the screen.
func validCode(ctx context.Context, s *scene) error {
	if err := s.keyIn(ctx, "1", "1111#"); err != nil {
		return err
	}
	return s.talk(ctx)
}

// wrongCodes keys in a code that is nobody's until the menu says goodbye.
func wrongCodes(ctx context.Context, s *scene) error {
	if err := s.keyIn(ctx, "1", "9999#", "9999#", "9999#"); err != nil && !errors.Is(err, phone.ErrOver) {
		return err
	}
	outcome, err := s.call.AwaitEnd(ctx)
	if err == nil && outcome.By != phone.Them {
		return fmt.Errorf("the menu did not say goodbye: %+v", outcome)
	}
	return err
}

// unanswered lets whichever phone rings first ring in vain.
func unanswered(ctx context.Context, s *scene) error {
	var rung atomic.Int32
	behave := func(*phone.Call) phone.Behaviour {
		if rung.Add(1) == 1 {
			return phone.NeverAnswer()
		}
		return phone.AnswerAfter(ringTime)
	}
	for _, p := range s.phones {
		p.BehaveBy(behave)
		defer p.Behave(phone.AnswerAfter(ringTime))
	}
	if err := s.keyIn(ctx, "1", "2222#"); err != nil {
		return err
	}
	return s.talk(ctx)
}

func optionTwo(ctx context.Context, s *scene) error {
	if err := s.keyIn(ctx, "2"); err != nil {
		return err
	}
	return s.talk(ctx)
}

func noKey(ctx context.Context, s *scene) error { return s.talk(ctx) }

// keyIn presses the keys of each step, and waits between two as people do.
func (s *scene) keyIn(ctx context.Context, steps ...string) error {
	for i, keys := range steps {
		script := []phone.Step{{Keys: keys}}
		if i > 0 {
			script = []phone.Step{{Wait: 700 * time.Millisecond}, {Keys: keys}}
		}
		if err := s.call.Play(ctx, script, phone.KeyTiming{}); err != nil {
			return err
		}
		s.story.tell("caller", "keys in %s", keys)
	}
	return nil
}

// talk waits until some phone answers the caller, each hearing the other, and lets the
// caller hang up after a while.
func (s *scene) talk(ctx context.Context) error {
	answered, err := s.agents.Next(ctx, phone.AckReceived)
	if err != nil {
		return fmt.Errorf("no phone answered the caller: %w", err)
	}
	if err := s.call.AwaitTone(ctx, tones()[answered.Phone], 5); err != nil {
		return fmt.Errorf("the caller does not hear %s: %w", answered.Phone, err)
	}
	if err := answered.Call.AwaitTone(ctx, callerTone, 5); err != nil {
		return fmt.Errorf("%s does not hear the caller: %w", answered.Phone, err)
	}
	s.story.tell("", "caller and %s hear each other", answered.Phone)
	talked := time.NewTimer(talkTime)
	defer talked.Stop()
	select {
	case <-s.call.Done():
		return errors.New("the call ended while they talked")
	case <-talked.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.call.Hangup(ctx)
}

// shortenRing puts a floor plan in force, live, with a shorter ring than the sample's
// 20 s, so that nobody has to watch a phone ring for so long.
func shortenRing(ctx context.Context, s *stage) error {
	plan, err := os.ReadFile(s.info.Floorplan)
	if err != nil {
		return fmt.Errorf("read the floor plan: %w", err)
	}
	changed := strings.Replace(string(plan), `ring = "20s"`, fmt.Sprintf("ring = %q", shortRing), 1)
	if changed == string(plan) {
		return errors.New("the floor plan's queue does not ring for 20s, as the sample's does: start a stack of its own with --own")
	}
	path := filepath.Join(filepath.Dir(s.info.Floorplan), "demo-floorplan.toml")
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		return fmt.Errorf("write the demo's floor plan: %w", err)
	}
	defer func() { _ = os.Remove(path) }() // or the stack's directory is not empty at its end, and stays
	s.plan = s.info.Floorplan
	return s.apply(ctx, path)
}

// restorePlan puts the stack's floor plan in force again if it was changed.
func (s *stage) restorePlan(ctx context.Context) error {
	if s.plan == "" {
		return nil
	}
	path := s.plan
	s.plan = ""
	return s.apply(ctx, path)
}

func (s *stage) apply(ctx context.Context, path string) error {
	s.story.tell("", "$ queueapp apply %s", filepath.Base(path))
	out, err := exec.CommandContext(ctx, s.options.Queueapp, "--config", s.info.Config, "apply", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("queueapp apply: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		s.story.tell("", "  %s", strings.TrimSpace(line))
	}
	return nil
}

// sight is what phones and screens see during an act.
type sight struct {
	agents *phone.Watch
	crms   map[string]*watch.Watch[crm.Event]
	from   time.Time
}

func (s *stage) look() *sight {
	v := &sight{agents: s.agents.Watch(), crms: make(map[string]*watch.Watch[crm.Event]), from: time.Now()}
	for number, c := range s.crms {
		v.crms[number] = c.Watch()
	}
	return v
}

func (v *sight) close() {
	v.agents.Close()
	for _, w := range v.crms {
		w.Close()
	}
}
