package trial

import (
	"bufio"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// keys are what keys on desk phones show: the states of the hints for 7000, *70 and *71000.
type keys struct{ queue, avail, agent string }

// keysShow waits until they do.
func (s *site) keysShow(when string, want keys) {
	s.t.Helper()
	var got keys
	if !s.untilWithin(5*time.Second, "what keys show "+when, func() bool {
		hints := s.hints()
		got = keys{hints["7000"], hints["*70"], hints["*71000"]}
		return got == want
	}) {
		s.t.Errorf("%s they show %+v, want %+v", when, got, want)
	}
}

var hintLine = regexp.MustCompile(`(?m)^\s*(\S+)@ringside-extensions\s+: \S+\s+State:(\S+)`)

// hints are the states of all hints, by their extensions, as those who subscribe to them are told.
func (s *site) hints() map[string]string {
	s.t.Helper()
	states := map[string]string{}
	for _, m := range hintLine.FindAllStringSubmatch(s.console("core show hints", "registered"), -1) {
		states[m[1]] = m[2]
	}
	return states
}

// console runs a command on Asterisk's console, whose answer ends in a line with a certain word.
func (s *site) console(command, end string) string {
	s.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.ctx, "unix", filepath.Join(s.stack.Dir(), "servers/asterisk/run/asterisk.ctl"))
	s.must(err)
	defer conn.Close()
	s.must(conn.SetDeadline(time.Now().Add(5 * time.Second)))
	_, err = conn.Write([]byte(command + "\x00"))
	s.must(err)
	var all strings.Builder
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), end) {
			return all.String()
		}
	}
	s.t.Fatalf("the console answers %q to %s: %v", all.String(), command, lines.Err())
	return ""
}

// lamps are the names of the device states that were set over ARI, in order.
func (s *site) lamps() string {
	s.t.Helper()
	var list []struct{ Name string }
	s.fromARI("deviceStates", &list)
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// lit has the floor plan's lamps on.
func (s *site) lit(replace ...string) {
	s.t.Helper()
	s.plan(append([]string{"[floor]\n", "[floor]\nlamps = true\n"}, replace...)...)
}

func TestLampsFollowACall(t *testing.T) {
	s := newSite(t)
	s.lit()
	s.keysShow("before anybody is there", keys{"Idle", "Busy", "Unavailable"})
	agent := s.agent("1000", phone.NeverAnswer())
	rings := agent.Watch()
	defer rings.Close()
	s.keysShow("when the agent is free", keys{"Idle", "Idle", "Idle"})
	call := s.call("7000")
	leg := s.invited(rings).Call
	s.keysShow("while the phone rings", keys{"Ringing", "Busy", "Ringing"})
	leg.Answer()
	s.keysShow("while they talk", keys{"InUse", "Busy", "InUse"})
	s.must(call.Hangup(s.ctx))
	s.keysShow("after the call", keys{"Idle", "Idle", "Idle"})
	s.post("/v1/agents/1000/pause", nil)
	s.keysShow("in a pause", keys{"Idle", "Busy", "Hold"})
}

// queueapp dies and comes back: the keys show what happened meanwhile. Asterisk does, and they show what they did. What leaves
// the floor plan takes its lamps with it, and so does the option itself.
func TestLampsOutliveEverybody(t *testing.T) {
	s := newSiteFor(t, 90*time.Second)
	s.lit()
	s.agent("1000", phone.AnswerAfter(0))
	call := s.call("7000")
	s.keysShow("while they talk", keys{"InUse", "Busy", "InUse"})
	s.kill(func() { s.must(call.Hangup(s.ctx)) })
	s.keysShow("after a death of queueapp's", keys{"Idle", "Idle", "Idle"})
	s.must(s.stack.Restart(s.ctx, stack.Asterisk))
	s.register("1000", phone.AnswerAfter(0))
	s.keysShow("after one of Asterisk's", keys{"Idle", "Idle", "Idle"})
	all := s.lamps()
	if !strings.HasPrefix(all, "Stasis:agent_1000 Stasis:agent_2000") || !strings.HasSuffix(all, " Stasis:queue_support Stasis:queue_support_avail") {
		t.Errorf("the lamps are %s", all)
	}
	s.lit("[queue.support]", "[queue.sales]", `queue = "support"`, `queue = "sales"`)
	s.untilWithin(5*time.Second, "lamps of the new queue only", func() bool { return !strings.Contains(s.lamps(), "support") && strings.Contains(s.lamps(), "sales") })
	s.keysShow("for a queue that is no more", keys{"Unavailable", "Unavailable", "Idle"})
	s.apply(s.stack.Info().Floorplan)
	s.untilWithin(5*time.Second, "no lamps", func() bool { return s.lamps() == "" })
	s.keysShow("without lamps", keys{"Unavailable", "Unavailable", "Unavailable"})
}
