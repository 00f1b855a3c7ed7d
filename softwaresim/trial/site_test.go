package trial

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/failpoint"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// world is the stack that most trials share; each leaves it as it found it. The first of them starts it.
var world struct {
	once   sync.Once
	err    error
	stack  *stack.Stack
	bin    string // where queueapp and softwaresim are
	points string // where queueapp's failpoints are armed
	memory *store.Store
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ringside-trial-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	points := filepath.Join(dir, "failpoints")
	if err := errors.Join(os.Mkdir(points, 0o700), os.Setenv(failpoint.Variable, points)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	args := []string{"build", "-tags", "failpoints", "-o", dir + "/"}
	if raceDetector {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "ringside/cmd/queueapp", "ringside/cmd/softwaresim")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build queueapp: %v\n%s", err, out)
		return 1
	}
	world.bin, world.points = dir, points
	defer func() {
		endStack(large.stack, large.memory)
		endStack(world.stack, world.memory)
	}()
	return m.Run()
}

// beginStack starts a stack with the queueapp that was built, and opens its database.
func beginStack(o stack.Options) (*stack.Stack, *store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	o.Queueapp, o.Unlisted = filepath.Join(world.bin, "queueapp"), true
	s, err := stack.Start(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	memory, err := store.Open(store.Config{Address: s.Info().Postgres})
	return s, memory, err
}

func endStack(s *stack.Stack, memory *store.Store) {
	if memory != nil {
		memory.Close()
	}
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// site is one trial's view of the stack.
type site struct {
	t      *testing.T
	ctx    context.Context
	stack  *stack.Stack
	memory *store.Store
	ua     *phone.UA
	uas    map[string]*phone.UA // at other switches, by where that is
	before []string             // what earlier trials left that contradicts an invariant: theirs to answer for
}

// newSite gives a trial its phones' port, and checks at its end that nothing is left and every invariant holds.
func newSite(t *testing.T) *site { return newSiteFor(t, 40*time.Second) }

// newSiteFor is newSite for a trial that may take that long.
func newSiteFor(t *testing.T, limit time.Duration) *site {
	t.Helper()
	world.once.Do(func() {
		links := []string{stack.Asterisk, stack.Prosody, stack.Postgres}
		world.stack, world.memory, world.err = beginStack(stack.Options{Links: links})
	})
	if world.err != nil {
		t.Fatal(world.err)
	}
	return newSiteOf(t, limit, world.stack, world.memory)
}

func newSiteOf(t *testing.T, limit time.Duration, of *stack.Stack, memory *store.Store) *site {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	ua, err := phone.Listen(phone.Config{Server: of.Info().SIP})
	if err != nil {
		t.Fatal(err)
	}
	before, err := memory.Audit(ctx, of.Info().Floor, false)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, ctx: ctx, stack: of, memory: memory, ua: ua, uas: map[string]*phone.UA{}, before: before}
	t.Cleanup(func() {
		if err := ua.Close(); err != nil {
			t.Error(err)
		}
		s.ctx, cancel = context.WithTimeout(context.Background(), 30*time.Second)
		s.settled()
		s.invariants()
		if t.Failed() {
			t.Logf("queueapp's log:\n%s", s.log(80))
		}
		cancel()
	})
	return s
}

// agent brings up an extension's phone and logs its agent on.
func (s *site) agent(number string, b phone.Behaviour) *phone.Phone {
	s.t.Helper()
	p := s.register(number, b)
	s.post("/v1/agents/"+number+"/logon", map[string]string{"extension": number})
	s.t.Cleanup(func() { s.logOff(number) })
	s.until("agent "+number+" free", func() bool { return s.agentView(number).Status == queueapp.StatusFree })
	return p
}

func (s *site) logOff(number string) {
	if s.ctx.Err() != nil { // the trial ran out of time; clean up all the same
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
	}
	if s.agentView(number).Status != queueapp.StatusLoggedOff {
		s.post("/v1/agents/"+number+"/logoff", nil)
	}
}

func (s *site) register(number string, b phone.Behaviour) *phone.Phone {
	s.t.Helper()
	x := s.extension(number)
	p := s.uaAt(x.SIP).NewPhone(phone.Account{Number: number, Password: x.Password}, b)
	s.must(p.Register(s.ctx))
	return p
}

// uaAt is the phones' and callers' port at a switch, by where that is; empty is the first.
func (s *site) uaAt(sip string) *phone.UA {
	s.t.Helper()
	if sip == "" || sip == s.stack.Info().SIP {
		return s.ua
	}
	if s.uas[sip] == nil {
		ua, err := phone.Listen(phone.Config{Server: sip})
		s.must(err)
		s.uas[sip] = ua
		s.t.Cleanup(func() { s.must(ua.Close()) })
	}
	return s.uas[sip]
}

func (s *site) extension(number string) stack.Extension {
	s.t.Helper()
	x, _, ok := s.stack.Info().Extension(number)
	if !ok {
		s.t.Fatalf("the stack has no extension %s", number)
	}
	return x
}

// call places a call from the trunk.
func (s *site) call(number string) *phone.Call {
	s.t.Helper()
	c, err := s.ua.Caller(phone.Party{Name: "Eve", Number: "5550100"}).Dial(s.ctx, number)
	s.must(err)
	return c
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// until polls what only can be asked for, not waited for.
func (s *site) until(what string, ok func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.t.Fatalf("never came about: %s\n%s\nqueueapp's log:\n%s", what, s.floor(), s.log(60))
		}
	}
}

// event waits for an event of a call's.
func (s *site) event(c *phone.Call, kind phone.Kind) phone.Event {
	s.t.Helper()
	w := c.Watch()
	defer w.Close()
	return s.next(w, kind)
}

// invited waits for the next call that rings a phone.
func (s *site) invited(w *phone.Watch) phone.Event {
	s.t.Helper()
	return s.next(w, phone.InviteReceived)
}

// invitedAt waits for the next call that rings this phone.
func (s *site) invitedAt(w *phone.Watch, p *phone.Phone) phone.Event {
	s.t.Helper()
	for {
		if ev := s.invited(w); ev.Phone == p.Number() {
			return ev
		}
	}
}

func (s *site) next(w *phone.Watch, kind phone.Kind) phone.Event {
	s.t.Helper()
	ev, err := w.Next(s.ctx, kind)
	if err != nil {
		s.t.Fatalf("no %s: %v\n%s\nqueueapp's log:\n%s", kind, err, s.floor(), s.log(60))
	}
	return ev
}

// floor is what the floor was like when a trial failed, which may have run out of time.
func (s *site) floor() string {
	var out strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now := *s
	now.ctx = ctx
	for _, path := range []string{"/readyz", "/v1/agents", "/v1/calls", "/v1/queues/support/route"} {
		var is json.RawMessage
		err := now.get(path, &is)
		fmt.Fprintf(&out, "%s: %s %v\n", path, is, err)
	}
	return out.String()
}

// get asks queueapp's API.
func (s *site) get(path string, into any) error {
	return s.ask(http.MethodGet, path, nil, into)
}

func (s *site) post(path string, body any) {
	s.t.Helper()
	if err := s.ask(http.MethodPost, path, body, nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) ask(method, path string, body, into any) error {
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			return err
		}
	}
	info := s.stack.Info()
	r, err := http.NewRequestWithContext(s.ctx, method, info.API+path, &b)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+info.Token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

func (s *site) agentView(number string) queueapp.AgentView {
	s.t.Helper()
	var list api.Agents
	s.until("list of agents", func() bool { return s.get("/v1/agents", &list) == nil })
	for _, a := range list.Agents {
		if string(a.Agent) == number {
			return a
		}
	}
	s.t.Fatalf("no agent %s among %v", number, list)
	return queueapp.AgentView{}
}

func (s *site) calls() []api.Call {
	s.t.Helper()
	var list api.Calls
	s.until("list of calls", func() bool { return s.get("/v1/calls", &list) == nil })
	return list.Calls
}

// log is the end of the log of the queueapp that owns the floor.
func (s *site) log(lines int) string {
	b, err := os.ReadFile(s.stack.Log(cmp.Or(s.stack.Owner(), stack.Queueapp)))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
