package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/stack"
	"ringside/softwaresim/watch"
)

// CRMCmd is the agents' CRMs: it shows each pop-up opening, changing and closing.
type CRMCmd struct {
	Extensions []string `arg:"" optional:"" help:"Extensions whose CRM to be, each logged in with its own account; 1000 by default."`
	JID        string   `help:"Log in with this account instead, with its password in SOFTWARESIM_PASSWORD, and watch all the extensions." name:"jid" placeholder:"USER@DOMAIN"`
	All        bool     `help:"Show records that change nothing, too."`
	JSON       bool     `help:"Print one JSON object a line." name:"json"`
}

// Help says more than fits a line.
func (c *CRMCmd) Help() string {
	return `The pop-up of a call opens before the phone rings, changes with the call, moves to
the next agent's screen when nobody answers, and closes when the call ends.

  softwaresim crm 1000 2000                      the screens of two agents
  softwaresim crm 2000 --jid user1@localhost     what an account may not see is refused`
}

// Run shows what comes until ctx is done.
func (c *CRMCmd) Run(ctx context.Context, out io.Writer) (err error) {
	info, err := stack.Find()
	if err != nil {
		return err
	}
	logins, err := c.logins(info)
	if err != nil {
		return err
	}
	l := newLines(out, c.JSON)
	var printing sync.WaitGroup
	var open []*crm.CRM
	defer func() {
		for _, o := range open {
			err = errors.Join(err, o.Close())
		}
		printing.Wait()
	}()
	for _, login := range logins {
		o, err := crm.Open(login.config)
		if err != nil {
			return err
		}
		open = append(open, o)
		w := o.Watch()
		printing.Go(func() { c.print(w, l, login.who) })
	}
	<-ctx.Done()
	return nil
}

// login is one account to log in with, and what its lines begin with.
type login struct {
	who    string
	config crm.Config
}

func (c *CRMCmd) logins(info stack.Info) ([]login, error) {
	if len(c.Extensions) == 0 {
		c.Extensions = []string{"1000"}
	}
	if c.JID != "" {
		config := crmConfig(info, stack.Extension{JID: c.JID, JIDPassword: os.Getenv("SOFTWARESIM_PASSWORD")}, c.Extensions...)
		if own, ok := extensionOf(info, func(x stack.Extension) bool { return x.JID == c.JID }); ok && config.Password == "" {
			config.Password = own.JIDPassword
		}
		return []login{{c.JID, config}}, nil
	}
	var all []login
	for _, number := range c.Extensions {
		x, _, ok := info.Extension(number)
		if !ok {
			return nil, fmt.Errorf("the stack has no extension %q", number)
		}
		all = append(all, login{number, crmConfig(info, x, number)})
	}
	return all, nil
}

// crmConfig is the log-in of an extension's account that looks at the extensions' nodes.
func crmConfig(info stack.Info, x stack.Extension, extensions ...string) crm.Config {
	config := crm.Config{JID: x.JID, Password: x.JIDPassword, Server: info.XMPP, CA: info.CA, PubSub: info.PubSub}
	for _, number := range extensions {
		config.Nodes = append(config.Nodes, "extension"+number)
	}
	return config
}

func extensionOf(info stack.Info, is func(stack.Extension) bool) (stack.Extension, bool) {
	for _, x := range info.Extensions {
		if is(x) {
			return x, true
		}
	}
	return stack.Extension{}, false
}

// print prints a CRM's events until it is closed.
func (c *CRMCmd) print(w *watch.Watch[crm.Event], l *lines, who string) {
	defer w.Close()
	for {
		e, err := w.Next(context.Background(), func(e crm.Event) bool { return c.All || e.Kind != crm.Dropped })
		if err != nil {
			return // closed
		}
		l.say(e.At, colourOfPopUp(e.Kind), who, e.String(), e)
	}
}

func colourOfPopUp(k crm.Kind) string {
	switch k {
	case crm.Opened:
		return good
	case crm.Changed:
		return warm
	case crm.Refused, crm.Unreadable, crm.Down:
		return bad
	case crm.Up, crm.Subscribed, crm.Dropped:
		return faint
	default:
		return plain
	}
}
