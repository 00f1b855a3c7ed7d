package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// PhoneCmd is a phone that registers and answers as told, until Ctrl-C.
type PhoneCmd struct {
	Number      string         `arg:"" help:"Extension to be, such as 1000."`
	AnswerAfter *time.Duration `help:"Ring that long, then answer: the default, with 2s." xor:"behaviour" placeholder:"TIME"`
	Refuse      int            `help:"Refuse every call with this code: 486 busy, 603 declined, 480 unavailable." xor:"behaviour" placeholder:"CODE"`
	Never       bool           `help:"Ring until the caller gives up." xor:"behaviour"`
	HangupAfter time.Duration  `help:"Hang up that long after the answer; otherwise the other side does." placeholder:"TIME"`
	Lines       int            `help:"Calls at a time; one more finds the phone busy." default:"1"`
	Tone        float64        `help:"Send a tone of this frequency; 0 is silence." default:"700" placeholder:"HERTZ"`
	Logon       bool           `help:"Log the agent on at this phone first, and off at the end."`
	Server      string         `help:"SIP address:port to register at instead of the running stack's, with the password in SOFTWARESIM_PASSWORD." placeholder:"ADDR"`
	JSON        bool           `help:"Print one JSON object a line." name:"json"`

	transferFlags `embed:""`
}

// Help says more than fits a line.
func (c *PhoneCmd) Help() string {
	return `Each step is printed with its time: INVITE received (with the display that the
agent sees), 180 sent, answered, CANCEL with its reason, BYE, keys, sound.

  softwaresim phone 1000 --logon --answer-after 1s    agent 1000, ready for calls
  softwaresim phone 2000 --never                      an agent who never answers
  softwaresim phone 1000 --transfer 2000 --attended   asks 2000 two seconds after each answer, then connects the two`
}

// Validate checks what no tag can.
func (c *PhoneCmd) Validate() error {
	if c.Refuse != 0 && (c.Refuse < 400 || c.Refuse > 699) {
		return fmt.Errorf("--refuse %d is no refusal; want 400 to 699, such as 486", c.Refuse)
	}
	return c.check()
}

// Run registers and answers until ctx is done.
func (c *PhoneCmd) Run(ctx context.Context, out io.Writer) error {
	server, account, err := findServer(c.Server, c.Number)
	if err != nil {
		return err
	}
	ua, err := phone.Listen(phone.Config{Server: server, Media: voice.Media{Tone: c.Tone}})
	if err != nil {
		return err
	}
	l := newLines(out, c.JSON)
	w := ua.Watch()
	printed := make(chan error, 1)
	go func() { printed <- printCall(w, l) }()
	p := ua.NewPhone(account, c.behaviour())
	p.SetLines(c.Lines)
	transfers := c.transferEach(ctx, p, l)
	err = c.attend(ctx, p)
	ua.Close()
	<-transfers
	if failed := <-printed; err == nil {
		err = failed
	}
	return err
}

// attend is the phone's day: registered, logged on if wanted, there until ctx is done.
func (c *PhoneCmd) attend(ctx context.Context, p *phone.Phone) error {
	if err := p.Register(ctx); err != nil {
		return err
	}
	if !c.Logon {
		<-ctx.Done()
		return nil
	}
	info, err := stack.Find()
	if err != nil {
		return err
	}
	if err := dialCode(ctx, p, info.Dial.Logon); err != nil {
		return err
	}
	<-ctx.Done()
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	return dialCode(leave, p, info.Dial.Logoff)
}

// transferEach transfers each call that the phone answers, if so told, until ctx is done or the phone is gone, and then
// closes what it returned.
func (c *PhoneCmd) transferEach(ctx context.Context, p *phone.Phone, l *lines) <-chan struct{} {
	ended := make(chan struct{})
	w := p.Watch()
	go func() {
		defer close(ended)
		defer w.Close()
		var going sync.WaitGroup
		defer going.Wait()
		for {
			e, err := w.Next(ctx, phone.Answered)
			if err != nil {
				return
			}
			if !e.Call.Inbound() {
				continue
			}
			going.Go(func() {
				if err := c.transfer(ctx, e.Call, p.Dial); err != nil && ctx.Err() == nil {
					l.note("%v", err)
				}
			})
		}
	}()
	return ended
}

// dialCode dials one of the agents' codes and hears its confirmation out.
func dialCode(ctx context.Context, p *phone.Phone, code string) error {
	call, err := p.Dial(ctx, code)
	if err != nil {
		return err
	}
	if err := call.AwaitAnswer(ctx); err != nil {
		return fmt.Errorf("dial %s: %w", code, err)
	}
	if _, err := call.AwaitEnd(ctx); err != nil {
		return fmt.Errorf("dial %s: %w", code, err)
	}
	return nil
}

func (c *PhoneCmd) behaviour() phone.Behaviour {
	b := phone.Behaviour{Ring: 2 * time.Second, Never: c.Never, Refuse: c.Refuse, Talk: c.HangupAfter}
	if c.AnswerAfter != nil {
		b.Ring = *c.AnswerAfter
	}
	if c.Refuse != 0 {
		b.Ring = 0
	}
	return b
}
