package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/phone/voice"
	"ringside/softwaresim/stack"
)

// leaveTime is how long a command waits for a call to end in good order.
const leaveTime = 5 * time.Second

// CallCmd places one call and reports each step of it.
type CallCmd struct {
	Number string        `arg:"" help:"Number to call: 0000 is the menu, 7000 the queue, 7001 the same queue under Asterisk's own Queue()."`
	Keys   string        `help:"Keys to press once answered: runs of 0-9 * # A-D and waits, such as \"1,wait 1s,1111#\"." placeholder:"SCRIPT"`
	From   string        `help:"Who calls, such as \"Ana <5550100>\". Any strings are possible." default:"softwaresim <5550100>" placeholder:"NAME<NUMBER>"`
	As     string        `help:"Call from this extension of the stack, with its password, such as 1000 to dial *56466* and log on." placeholder:"EXT"`
	For    time.Duration `help:"Hang up that long after the answer; otherwise the other side or Ctrl-C does." placeholder:"TIME"`
	GiveUp time.Duration `help:"Give up (CANCEL) if not answered by then." placeholder:"TIME"`
	Down   time.Duration `help:"How long each key is held down." default:"100ms" name:"key-down"`
	Gap    time.Duration `help:"Pause between two keys." default:"100ms" name:"key-gap"`
	Tone   float64       `help:"Send a tone of this frequency; 0 is silence." placeholder:"HERTZ"`
	Server string        `help:"SIP address:port to call instead of the running stack's; with --as, the password is in SOFTWARESIM_PASSWORD." placeholder:"ADDR"`
	JSON   bool          `help:"Print one JSON object a line." name:"json"`

	transferFlags `embed:""`
}

// Help says more than fits a line.
func (c *CallCmd) Help() string {
	return `A caller needs no account: the call comes to Asterisk as from a trunk.

  softwaresim call 0000 --keys "wait 1s,1,wait 2s,1111#"    menu, support, customer code
  softwaresim call 7000 --for 10s                           straight into the queue
  softwaresim call "*56466*" --as 1000                      log agent 1000 on
  softwaresim call 1000 --as 3000 --transfer 2000           talk, then hand 1000 over to 2000

A transfer follows the answer and the keys. Once it is done, or refused, the call is hung up.

Exit status: 0 if the call was answered or given up as told, and transferred if so told; 1 otherwise.`
}

// Validate checks what no tag can.
func (c *CallCmd) Validate() error { return c.check() }

// Run places the call and stays with it to its end.
func (c *CallCmd) Run(ctx context.Context, out io.Writer) error {
	steps, err := phone.ParseKeys(c.Keys)
	if err != nil {
		return err
	}
	server, account, err := findServer(c.Server, c.As)
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
	err = c.place(ctx, c.dialler(ua, account), steps)
	ua.Close()
	if failed := <-printed; err == nil {
		err = failed
	}
	return err
}

func (c *CallCmd) dialler(ua *phone.UA, account phone.Account) dialler {
	if c.As != "" {
		return ua.NewPhone(account, phone.NeverAnswer()).Dial
	}
	return ua.Caller(parseParty(c.From)).Dial
}

// place dials, and stays with the call to its end.
func (c *CallCmd) place(ctx context.Context, dial dialler, steps []phone.Step) error {
	call, err := dial(ctx, c.Number)
	if err != nil {
		return err
	}
	if err := c.attend(ctx, call, dial, steps); err != nil {
		return err
	}
	if o := call.Outcome(); !o.Answered && o.By != phone.Us {
		return fmt.Errorf("the call was not answered: %d %s", o.Code, o.Reason)
	}
	return nil
}

// attend presses the keys, transfers the call, and hangs up when it is time to.
func (c *CallCmd) attend(ctx context.Context, call *phone.Call, dial dialler, steps []phone.Step) error {
	answer, cancel := ctx, context.CancelFunc(func() {})
	if c.GiveUp > 0 {
		answer, cancel = context.WithTimeout(ctx, c.GiveUp)
	}
	err := call.AwaitAnswer(answer)
	cancel()
	if err == nil {
		talk, cancel := ctx, context.CancelFunc(func() {})
		if c.For > 0 {
			talk, cancel = context.WithTimeout(ctx, c.For)
		}
		defer cancel()
		err = call.Play(talk, steps, phone.KeyTiming{Down: c.Down, Gap: c.Gap})
		if err == nil {
			err = c.transfer(talk, call, dial)
		}
		if err == nil || talk.Err() != nil {
			_, err = call.AwaitEnd(talk)
		}
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if hangup := call.Hangup(leave); hangup != nil {
		return hangup
	}
	if errors.Is(err, phone.ErrOver) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // told by the events, or as asked for
	}
	return err
}

// printCall prints the events of calls until the last is over.
func printCall(w *phone.Watch, l *lines) error {
	for {
		e, err := w.Next(context.Background())
		if errors.Is(err, phone.ErrOver) {
			return nil
		}
		if err != nil {
			return err
		}
		l.say(e.At, colourOf(e.Kind), e.Phone, e.Text(), e)
	}
}

func colourOf(k phone.Kind) string {
	switch k {
	case phone.Answered, phone.Transferred:
		return good
	case phone.Refused, phone.TransferRefused, phone.RegisterFailed, phone.CancelReceived:
		return bad
	case phone.InviteReceived, phone.Ringing:
		return warm
	case phone.Trying, phone.AckSent, phone.AckReceived, phone.MediaReceived:
		return faint
	default:
		return plain
	}
}

// findServer returns the SIP address to use, the running stack's unless one is given,
// and the account of the extension, if any.
func findServer(server, extension string) (string, phone.Account, error) {
	account := phone.Account{Number: extension, Password: os.Getenv("SOFTWARESIM_PASSWORD")}
	if server != "" && (extension == "" || account.Password != "") {
		return server, account, nil
	}
	info, err := stack.Find()
	if err != nil {
		return "", account, err
	}
	if extension == "" {
		return cmp.Or(server, info.SIP), account, nil
	}
	x, sip, ok := info.Extension(extension)
	if !ok {
		return "", account, fmt.Errorf("the stack has no extension %q", extension)
	}
	account.Password = x.Password
	return cmp.Or(server, sip), account, nil
}

// parseParty reads "NAME <NUMBER>" or just a number.
func parseParty(s string) phone.Party {
	open := strings.LastIndexByte(s, '<')
	if open < 0 || !strings.HasSuffix(s, ">") {
		return phone.Party{Number: strings.TrimSpace(s)}
	}
	return phone.Party{Name: strings.TrimSpace(s[:open]), Number: s[open+1 : len(s)-1]}
}
