package trial

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"ringside/softwaresim/crowd"
	"ringside/softwaresim/phone"
)

// TestACrowd is 200 calls in which everybody hangs up, refuses, does not answer, logs on and off and pauses as chance has
// it. RINGSIDE_SEED repeats one; RINGSIDE_CROWD sets how many call.
func TestACrowd(t *testing.T) {
	s := newSiteFor(t, 2*time.Minute)
	s.plan(crowd.Replacements()...)
	c := crowd.Crowd{UA: s.ua, Dial: s.stack.Info().Dial, Seed: number(t, "RINGSIDE_SEED", uint64(time.Now().UnixNano())),
		Calls: int(number(t, "RINGSIDE_CROWD", 200)), AtOnce: 14, Command: s.want}
	t.Logf("RINGSIDE_SEED=%d", c.Seed)
	w := s.watchFromOutside("1000", "2000", "3000")
	for _, x := range []string{"1000", "2000", "3000"} {
		c.Agents = append(c.Agents, s.agent(x, phone.NeverAnswer()))
	}
	if _, err := c.Run(s.ctx); err != nil {
		t.Error(err)
	}
	s.settled()
	s.judge(w, crowd.Patience)
}

func number(t *testing.T, env string, otherwise uint64) uint64 {
	text, set := os.LookupEnv(env)
	if !set {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", env, err)
	}
	return n
}

// want gives a command for an agent. The floor may say no: the agent may be on a call, or be what it wants to be.
func (s *site) want(_ context.Context, agent, verb string) error {
	path := "/v1/agents/" + agent + "/" + verb
	err := s.ask("POST", path, nil, nil)
	var status int
	if err != nil {
		if n, _ := fmt.Sscanf(err.Error(), "POST "+path+": %d", &status); n == 1 && status == 409 {
			return nil
		}
	}
	return err
}
