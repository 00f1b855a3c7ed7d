package aritest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/stasis/aritest"
	"ringside/softwaresim/phone"
)

// TestSameAsAsterisk plays every scene on a real Asterisk and on the fake: what comes back is the same.
func TestSameAsAsterisk(t *testing.T) {
	theReal := startReal(t)
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			want := s.on(t, theReal)
			got := s.on(t, startFake(t))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-Asterisk +fake):\n%s", diff)
			}
		})
	}
}

// on plays a scene and tells its story.
func (s scene) on(t *testing.T, w world) (story []string) {
	t.Helper()
	t.Run("play", func(t *testing.T) {
		base, user, password := w.ari()
		r := newRecorder(t, base, user, password)
		s.play(t, w, r)
		story = r.story()
	})
	return story
}

// fake is the same world around a fake Asterisk.
type fake struct{ *aritest.Asterisk }

func startFake(t *testing.T) fake {
	t.Helper()
	a, err := aritest.Start(aritest.Options{
		Addr: "127.0.0.1:0", Missing: []string{"ringside/no-such-prompt", "ringside/none"},
		Length: func(media string) time.Duration {
			if strings.HasPrefix(media, "digits:") {
				return 100 * time.Millisecond
			}
			return time.Minute
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	for _, number := range []string{"1000", "2000", "3000"} {
		a.Phone("PJSIP/" + number).Register(false)
	}
	return fake{a}
}

func (f fake) ari() (string, string, string) { return f.URL(), f.User(), f.Password() }

func (f fake) behave(_ *testing.T, number string, b phone.Behaviour) {
	p := f.Phone("PJSIP/" + number)
	p.Behave(aritest.Behaviour{Ring: b.Ring, Never: b.Never, Refuse: b.Refuse, Talk: b.Talk})
	p.Register(true)
}

func (f fake) unregister(_ *testing.T, number string) { f.Phone("PJSIP/" + number).Register(false) }

func (f fake) dial(_ *testing.T, number string) outsider {
	return f.call(number, aritest.Call{
		Name: "Ana", Number: "5550100", Place: aritest.Place{Context: "ringside-trunk", Exten: number, Priority: 2},
	})
}

func (f fake) agentDials(_ *testing.T, agent, number string) outsider {
	return f.call(number, aritest.Call{
		Endpoint: "PJSIP/" + agent, Name: agent, Number: agent,
		Place: aritest.Place{Context: "ringside-extensions", Exten: number, Priority: 2},
	})
}

func (f fake) call(number string, c aritest.Call) outsider {
	c.Args = []string{"queue", "support", "code=1111"}
	if number == menu {
		c.Args = []string{"ivr", "main"}
	}
	return fakeCaller{f.Call(c)}
}

func (f fake) restart(t *testing.T) {
	if err := f.Restart(); err != nil {
		t.Fatal(err)
	}
}

func (f fake) agentHangsUp(_ *testing.T, number string) { f.Phone("PJSIP/" + number).HangUp() }

func (f fake) agentRefuses(_ *testing.T, number string, code int) {
	f.Phone("PJSIP/" + number).Refuse(code)
}

func (f fake) agentAnswers(_ *testing.T, number string) { f.Phone("PJSIP/" + number).Answer() }

type fakeCaller struct{ *aritest.Caller }

func (c fakeCaller) press(_ *testing.T, keys string) { c.Press(keys) }

func (c fakeCaller) hangUp(*testing.T) { c.HangUp() }
