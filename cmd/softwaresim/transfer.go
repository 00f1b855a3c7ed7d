package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringside/softwaresim/phone"
)

// transferFlags say to whom an answered call is transferred, and how.
type transferFlags struct {
	Transfer      string        `help:"Transfer the call to this number." placeholder:"NUMBER"`
	TransferAfter time.Duration `help:"How long to talk before --transfer." default:"2s"`
	Attended      bool          `help:"Put the other side on hold and call the number of --transfer first; connect the two when it has answered."`
}

func (f *transferFlags) check() error {
	if f.Attended && f.Transfer == "" {
		return errors.New("--attended needs a number to --transfer to")
	}
	return nil
}

// dialler calls a number as who transfers.
type dialler func(ctx context.Context, number string) (*phone.Call, error)

// transfer does to an answered call what the flags say. It is no error if the call ends before.
func (f *transferFlags) transfer(ctx context.Context, call *phone.Call, dial dialler) error {
	if f.Transfer == "" {
		return nil
	}
	err := call.Play(ctx, []phone.Step{{Wait: f.TransferAfter}}, phone.KeyTiming{})
	switch {
	case err != nil:
	case f.Attended:
		err = f.attended(ctx, call, dial)
	default:
		err = call.Transfer(ctx, f.Transfer)
	}
	select {
	case <-call.Done():
		return nil
	default:
		return err
	}
}

// attended asks first. Who is not answered or refused goes back to the call.
func (f *transferFlags) attended(ctx context.Context, call *phone.Call, dial dialler) error {
	if err := call.Hold(ctx); err != nil {
		return err
	}
	asking, err := dial(ctx, f.Transfer)
	if err != nil {
		return errors.Join(err, call.Resume(ctx))
	}
	err = asking.AwaitAnswer(ctx)
	switch {
	case err == nil:
		err = call.TransferTo(ctx, asking)
	case errors.Is(err, phone.ErrOver): // the other call is, not this one
		err = fmt.Errorf("%s was asked first and did not answer: %d", f.Transfer, asking.Outcome().Code)
	}
	if err == nil {
		return nil
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	return errors.Join(err, asking.Hangup(leave), call.Resume(leave))
}
