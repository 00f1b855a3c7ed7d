package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// patience is how long one step of a call may take before its sample counts as lost:
// Queue() needs up to a second to notice a free agent.
const patience = 5 * time.Second

// rest is the time between a call's end and the next call: both queues have long
// noticed then that the agent is free.
const rest = 50 * time.Millisecond

// cheap media: a packet now and then, nothing listened to. Sound is not measured, and
// its cost would be.
func cheap() voice.Media { return voice.Media{Deaf: true, Every: 200 * time.Millisecond} }

// floor is the people: agents who are logged on and answer at once, and callers.
type floor struct {
	info    stack.Info
	agents  *phone.UA
	callers *phone.UA
	caller  *phone.Caller
}

// openFloor registers the agents' phones and logs the agents on.
func openFloor(ctx context.Context, info stack.Info, numbers []string) (*floor, error) {
	agents, err := phone.Listen(phone.Config{Server: info.SIP, Media: cheap()})
	if err != nil {
		return nil, err
	}
	callers, err := phone.Listen(phone.Config{Server: info.SIP, Media: cheap()})
	if err != nil {
		agents.Close()
		return nil, err
	}
	f := &floor{info: info, agents: agents, callers: callers, caller: callers.Caller(phone.Party{Name: "Bench", Number: "5550100"})}
	group, limited := errgroup.WithContext(ctx)
	for _, number := range numbers {
		group.Go(func() error { return f.logOn(limited, number) })
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, f.close(ctx))
	}
	return f, nil
}

func (f *floor) logOn(ctx context.Context, number string) error {
	password := ""
	for _, x := range f.info.Extensions {
		if x.Number == number {
			password = x.Password
		}
	}
	p := f.agents.NewPhone(phone.Account{Number: number, Password: password}, phone.AnswerAfter(0))
	if err := p.Register(ctx); err != nil {
		return err
	}
	return dialCode(ctx, p, f.info.Dial.Logon)
}

// dialCode dials one of the agents' codes and hears its confirmation out.
func dialCode(ctx context.Context, p *phone.Phone, code string) error {
	call, err := p.Dial(ctx, code)
	if err != nil {
		return err
	}
	if err := call.AwaitAnswer(ctx); err != nil {
		return fmt.Errorf("dial %s at %s: %w", code, p.Number(), err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		return fmt.Errorf("dial %s at %s: %w", code, p.Number(), err)
	}
	return nil
}

// close ends all calls and logs the agents off.
func (f *floor) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	err := f.callers.Close()
	group := new(errgroup.Group)
	for _, p := range f.agents.Phones() {
		group.Go(func() error { return dialCode(ctx, p, f.info.Dial.Logoff) })
	}
	return errors.Join(err, group.Wait(), f.agents.Close())
}

// errLost is a sample in which something did not happen in time.
var errLost = errors.New("lost")

// await is the next event of the kind, errLost if it does not come in time.
func await(ctx context.Context, w *phone.Watch, kind phone.Kind) (phone.Event, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e, err := w.Next(limited, kind)
	if err != nil && ctx.Err() == nil {
		return e, fmt.Errorf("%w: %w", errLost, err)
	}
	return e, err
}

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// clear ends every call, so that the next block begins with all agents free.
func (f *floor) clear(ctx context.Context) error {
	group, limited := errgroup.WithContext(ctx)
	for _, c := range f.callers.Calls() {
		group.Go(func() error { return c.Hangup(limited) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, c := range f.agents.Calls() {
		limited, cancel := context.WithTimeout(ctx, patience)
		_, err := c.AwaitEnd(limited)
		cancel()
		if err != nil {
			return fmt.Errorf("an agent's call outlived its caller: %w", err)
		}
	}
	return nil
}
