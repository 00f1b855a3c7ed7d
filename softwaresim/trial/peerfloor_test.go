package trial

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
	"ringside/store/queuelog"
)

// scenario is a test of the peer's, with queues and agents of its own.
type scenario struct {
	name   string
	agents int // how many; {1} is the number of the first one, in the plan and wherever a scene fills texts
	// queues is what the floor plan says beside the stack's, and change what it says otherwise: each text by the one behind it.
	queues string
	change []string
	play   func(*scene)
}

// peerFloor is the floor on which the scenarios are played, all at once: they share a stack.
type peerFloor struct {
	*site
	mu    sync.Mutex // held while a floor plan is put in force
	own   string     // the stack's floor plan
	parts []*scene
}

// scene is a scenario as it is played: a part of the floor, and the phones and callers that belong to it.
type scene struct {
	*site
	scenario
	floor   *peerFloor
	numbers []string
	fill    func(string) string // puts the agents' numbers into a text
	rings   *phone.Watch        // all that rings the scene's phones
	from    queuelog.Place      // where its queue_log begins
}

// firstAgent is the number of the first agent that a stack adds to its own.
const firstAgent = 3001

// atOnce is how many scenarios are played at a time: most of their time is spent waiting.
const atOnce = 8

// playAll plays scenarios on a stack of their own.
func playAll(t *testing.T, all []scenario) {
	agents := 0
	for _, sc := range all {
		agents += sc.agents
	}
	own, memory, err := beginStack(stack.Options{Agents: agents})
	t.Cleanup(func() { endStack(own, memory) })
	if err != nil {
		t.Fatal(err)
	}
	f := &peerFloor{site: newSiteOf(t, 2*time.Minute, own, memory)}
	f.dialplan()
	f.keepCDRs()
	f.sayInTones()
	plan, err := os.ReadFile(own.Info().Floorplan)
	f.must(err)
	f.own = string(plan)
	agents = firstAgent
	for _, sc := range all {
		f.parts = append(f.parts, newScene(f, sc, agents))
		agents += sc.agents
	}
	f.apply(f.written(f.text()))
	room := make(chan struct{}, atOnce)
	var playing sync.WaitGroup
	for _, s := range f.parts {
		playing.Go(func() { // more at a time than -parallel, which counts processors, would have
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(s.name, s.run)
		})
	}
	playing.Wait()
}

func newScene(f *peerFloor, sc scenario, first int) *scene {
	s := &scene{scenario: sc, floor: f}
	var fill []string
	for i := range sc.agents {
		s.numbers = append(s.numbers, fmt.Sprint(first+i))
		fill = append(fill, fmt.Sprintf("{%d}", i+1), s.numbers[i])
	}
	s.fill = strings.NewReplacer(fill...).Replace
	return s
}

// run plays the scenario, with a site of its own.
func (s *scene) run(t *testing.T) {
	own := *s.floor.site
	var cancel context.CancelFunc
	own.t, s.site = t, &own
	own.ctx, cancel = context.WithTimeout(s.floor.ctx, 40*time.Second)
	t.Cleanup(cancel)
	var err error
	own.ua, err = phone.Listen(phone.Config{Server: own.stack.Info().SIP})
	s.must(err)
	t.Cleanup(func() {
		if err := own.ua.Close(); err != nil {
			t.Error(err)
		}
	})
	s.rings = own.ua.Watch()
	t.Cleanup(s.rings.Close)
	s.from, err = own.memory.QueueLogEnd(own.ctx, own.stack.Info().Floor)
	s.must(err)
	s.play(s)
}

// text is the floor plan that all scenes have together. It is the caller's that none is replaced meanwhile.
func (f *peerFloor) text() string {
	text := f.own
	for _, s := range f.parts {
		for i := 0; i < len(s.change); i += 2 {
			text = strings.ReplaceAll(text, s.fill(s.change[i]), s.fill(s.change[i+1]))
		}
		text += s.fill(s.queues) + "\n"
	}
	return text
}

// written writes a floor plan to a file.
func (s *site) written(plan string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "floorplan.toml")
	s.must(os.WriteFile(file, []byte(plan), 0o600))
	return file
}

// replan gives the scene's part of the floor another plan, while all else goes on.
func (s *scene) replan(plan string) {
	s.t.Helper()
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	s.queues = plan
	s.apply(s.written(s.floor.text()))
}

// refusesPlan finds that a plan for the scene is refused, with a word of why.
func (s *scene) refusesPlan(plan, why string) {
	s.t.Helper()
	s.floor.mu.Lock()
	defer s.floor.mu.Unlock()
	own := s.queues
	defer func() { s.queues = own }()
	s.queues = plan
	out, err := s.queueapp("apply", s.written(s.floor.text()))
	if err == nil || !strings.Contains(out, why) {
		s.t.Errorf("the plan was not refused for %q: %v, %s", why, err, out)
	}
}

// phone brings up the phone of the n-th agent, who is logged on.
func (s *scene) phone(n int, b phone.Behaviour) *phone.Phone {
	s.t.Helper()
	p := s.register(s.numbers[n-1], b)
	s.becomes(n, queueapp.StatusFree)
	return p
}

// becomes waits until the n-th agent is doing something.
func (s *scene) becomes(n int, status queueapp.AgentStatus) queueapp.AgentView {
	s.t.Helper()
	var v queueapp.AgentView
	s.until(fmt.Sprintf("agent %s %s", s.numbers[n-1], status), func() bool {
		v = s.agentView(s.numbers[n-1])
		return v.Status == status
	})
	return v
}

// command gives a command for the n-th agent.
func (s *scene) command(n int, verb string, body any) {
	s.t.Helper()
	s.post("/v1/agents/"+s.numbers[n-1]+"/"+verb, body)
}

// joins has somebody call a queue: "to_NAME" leads there, "t3_NAME" with a patience of 3 s, "p2_NAME" with priority 2.
func (s *scene) joins(number string) (*phone.Call, phone.Party) {
	s.t.Helper()
	who := newCaller()
	return s.callAs(who, s.fill(number)), who
}

// rung waits for the next phone to ring, which must be the n-th agent's.
func (s *scene) rung(n int) phone.Event {
	s.t.Helper()
	e := s.invited(s.rings)
	if e.Phone != s.numbers[n-1] {
		s.t.Fatalf("%s rang, not %s", e.Phone, s.numbers[n-1])
	}
	return e
}

// inQueue is who is in a queue, in the order of their places; who talks comes first.
func (s *scene) inQueue(queue string) []api.Call {
	s.t.Helper()
	mine := slices.DeleteFunc(s.calls(), func(c api.Call) bool { return string(c.Queue) != queue })
	slices.SortFunc(mine, func(a, b api.Call) int { return a.Position - b.Position })
	return mine
}

// talks has a caller of a queue talk to the n-th agent, whose phone answers, and hang up.
func (s *scene) talks(queue string, n int) {
	s.t.Helper()
	call, who := s.joins("to_" + queue)
	s.rung(n)
	s.isTalking(queue, who)
	s.must(call.Hangup(s.ctx))
}

func (s *scene) isTalking(queue string, who phone.Party) {
	s.t.Helper()
	s.until("a conversation", func() bool {
		return slices.ContainsFunc(s.inQueue(queue), func(c api.Call) bool {
			return c.Caller.Number == who.Number && c.State == string(queueapp.StatusTalking)
		})
	})
}

// isTurnedAway finds that a caller of a queue is back in the dialplan with a QUEUESTATUS, and that no phone rings for him.
func (s *scene) isTurnedAway(number, status string) {
	s.t.Helper()
	_, who := s.joins(number)
	s.cameBackWith(who, status)
	s.rangNever(s.rings)
}

func (s *scene) cameBackWith(who phone.Party, status string) {
	s.t.Helper()
	if got := s.cameBack(who.Number); !strings.HasPrefix(got, "SUCCESS/"+status+"/") {
		s.t.Errorf("the call came back with %s, not %s", got, status)
	}
}

// logged is what the queue_log says of the scene, of one of its queues or, where that is NONE, of its agents.
func (s *scene) logged(queue string) []queuelog.Entry {
	s.t.Helper()
	all, err := s.memory.QueueLog(s.ctx, s.stack.Info().Floor, s.from, 100_000)
	s.must(err)
	return slices.DeleteFunc(all, func(e queuelog.Entry) bool {
		return e.Queue != queue || queue == "NONE" && !slices.Contains(s.numbers, e.Agent)
	})
}

// logs waits until the queue_log says this of a queue, each entry as "EVENT agent". Entries of the same event that stand
// together may be in any order.
func (s *scene) logs(queue string, want ...string) []queuelog.Entry {
	s.t.Helper()
	for i := range want {
		want[i] = s.fill(want[i])
	}
	want = inAnyOrder(want)
	var is []string
	var entries []queuelog.Entry
	if !s.untilWithin(10*time.Second, "the queue_log of "+queue, func() bool {
		entries, is = s.logged(queue), nil
		for _, e := range entries {
			is = append(is, strings.TrimSuffix(string(e.Event)+" "+e.Agent, " NONE"))
		}
		is = inAnyOrder(is)
		return slices.Equal(is, want)
	}) {
		s.t.Fatalf("the queue_log says\n%s\nand not\n%s", strings.Join(is, "\n"), strings.Join(want, "\n"))
	}
	return entries
}

// inAnyOrder sorts entries of the same event that stand together.
func inAnyOrder(list []string) []string {
	word := func(s string) string { first, _, _ := strings.Cut(s, " "); return first }
	for from, to := 0, 0; from < len(list); from = to {
		for to = from; to < len(list) && word(list[to]) == word(list[from]); to++ {
		}
		slices.Sort(list[from:to])
	}
	return list
}
