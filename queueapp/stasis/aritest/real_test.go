package aritest_test

import (
	"context"
	"slices"
	"testing"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// world is an Asterisk with its surroundings, real or fake.
type world interface {
	ari() (url, user, password string)
	// behave has the phone of an extension do something with the calls that come from now on; it is registered with it.
	behave(t *testing.T, number string, b phone.Behaviour)
	unregister(t *testing.T, number string)
	// dial has a caller from outside dial a number.
	dial(t *testing.T, number string) outsider
	// agentDials has an agent dial a number.
	agentDials(t *testing.T, agent, number string) outsider
	restart(t *testing.T)
	// agentRefuses and agentAnswers are about what rings at a phone, agentHangsUp about its calls.
	agentRefuses(t *testing.T, number string, code int)
	agentAnswers(t *testing.T, number string)
	agentHangsUp(t *testing.T, number string)
}

// outsider is a caller.
type outsider interface {
	press(t *testing.T, keys string)
	hangUp(t *testing.T)
}

type real struct {
	*stack.Stack
	ua     *phone.UA
	phones map[string]*phone.Phone
}

func startReal(t *testing.T) *real {
	st, err := stack.Start(t.Context(), stack.Options{Only: []string{stack.Asterisk}, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ua, err := phone.Listen(phone.Config{Server: st.Info().SIP})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ua.Close() })
	return &real{st, ua, map[string]*phone.Phone{}}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

func (r *real) ari() (string, string, string) {
	a := r.Info().ARI
	return a.URL, a.User, a.Password
}

func (r *real) behave(t *testing.T, number string, b phone.Behaviour) {
	t.Helper()
	if p := r.phones[number]; p != nil {
		p.Behave(b)
		return
	}
	for _, e := range r.Info().Extensions {
		if e.Number == number {
			p := r.ua.NewPhone(phone.Account{Number: number, Password: e.Password}, b)
			p.SetLines(10)
			if err := p.Register(soon(t)); err != nil {
				t.Fatal(err)
			}
			r.phones[number] = p
		}
	}
}

func (r *real) unregister(t *testing.T, number string) {
	t.Helper()
	if p := r.phones[number]; p != nil {
		if err := p.Unregister(soon(t)); err != nil {
			t.Fatal(err)
		}
		delete(r.phones, number)
	}
}

type realCaller struct{ *phone.Call }

func (r *real) dial(t *testing.T, number string) outsider {
	t.Helper()
	call, err := r.ua.Caller(phone.Party{Name: "Ana", Number: "5550100"}).Dial(soon(t), number)
	if err != nil {
		t.Fatal(err)
	}
	return realCaller{call}
}

func (c realCaller) press(t *testing.T, keys string) {
	t.Helper()
	if err := c.Press(soon(t), keys, phone.KeyTiming{}); err != nil {
		t.Fatal(err)
	}
}

func (c realCaller) hangUp(t *testing.T) {
	t.Helper()
	if err := c.Hangup(soon(t)); err != nil {
		t.Fatal(err)
	}
}

// at are the calls at a phone.
func (r *real) at(number string) []*phone.Call {
	return slices.DeleteFunc(r.ua.Calls(), func(c *phone.Call) bool { return !c.Inbound() || c.To() != number })
}

func (r *real) agentHangsUp(t *testing.T, number string) {
	t.Helper()
	for _, c := range r.at(number) {
		if err := c.Hangup(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *real) agentRefuses(_ *testing.T, number string, code int) {
	for _, c := range r.at(number) {
		c.Refuse(code)
	}
}

func (r *real) agentAnswers(_ *testing.T, number string) {
	for _, c := range r.at(number) {
		c.Answer()
	}
}

func (r *real) agentDials(t *testing.T, agent, number string) outsider {
	t.Helper()
	call, err := r.phones[agent].Dial(soon(t), number)
	if err != nil {
		t.Fatal(err)
	}
	return realCaller{call}
}

func (r *real) restart(t *testing.T) {
	t.Helper()
	if err := r.Kill(soon(t), stack.Asterisk); err != nil {
		t.Fatal(err)
	}
	if err := r.Restart(soon(t), stack.Asterisk); err != nil {
		t.Fatal(err)
	}
}
