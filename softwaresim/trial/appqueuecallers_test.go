package trial

import (
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"ringside/softwaresim/phone"
)

// callerScenarios are about the line, and what becomes of callers.
func callerScenarios() []scenario {
	return []scenario{
		{name: "position_priority_maxlen", play: positionPriorityMaxLen, queues: `[queue.position_priority]
maxlen = 11`},
		{name: "cdr/app_queue", agents: 1, play: dispositions, queues: `[queue.cdr_none]
[queue.cdr_one]
members = ["{1}"]
[queue.cdr_exit]
joinempty = false`},
	}
}

// Callers come in with priorities: each stands behind all of the same or a higher one, and before all of a lower one, as the
// ENTERQUEUE of each says. Who comes when maxlen callers wait is not let in: FULL.
// Ours: Queue()'s position argument has no equal; a caller is moved up by another priority, also while he waits.
func positionPriorityMaxLen(s *scene) {
	const queue = "position_priority"
	var callers []string
	for i, c := range []struct{ priority, position int }{
		{0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 1}, {0, 6}, {0, 7}, {0, 8}, {8, 1}, {1, 5}, {1, 6},
	} {
		_, who := s.joins("p" + strconv.Itoa(c.priority) + "_" + queue)
		callers = append(callers, who.Number)
		s.until("a caller more", func() bool { return len(s.inQueue(queue)) == i+1 })
		s.until("an entry more", func() bool { return len(s.logged(queue)) == i+1 })
		if got := s.logged(queue)[i].Data; got[1] != who.Number || got[2] != strconv.Itoa(c.position) {
			s.t.Errorf("caller %d, of priority %d, entered as %q, not at place %d", i+1, c.priority, got, c.position)
		}
	}
	s.isTurnedAway("p2_"+queue, "FULL")
	line := func(want ...int) {
		s.t.Helper()
		var is []int
		for _, c := range s.inQueue(queue) {
			is = append(is, slices.Index(callers, c.Caller.Number)+1)
		}
		if !slices.Equal(is, want) {
			s.t.Errorf("the line is %v, not %v", is, want)
		}
	}
	line(9, 5, 3, 4, 10, 11, 1, 2, 6, 7, 8)
	last := s.inQueue(queue)[10]
	s.post("/v1/calls/"+string(last.Call)+"/priority", map[string]int{"priority": 2})
	line(9, 5, 8, 3, 4, 10, 11, 1, 2, 6, 7)
	if got := len(s.logged(queue)); got != 11 {
		s.t.Errorf("the queue_log has %d entries", got) // nothing of who was not let in
	}
}

// The CDR of a caller says ANSWERED, whether he abandons the queue, talks to a member who hangs up, finds a queue without
// members that lets nobody in, or times out: the dialplan or the member has answered him. Each call has one CDR of its caller.
// Ours: whom the queue lets in it answers; who is turned away is answered by the dialplan behind it.
func dispositions(s *scene) {
	s.phone(1, phone.AnswerAfter(0))
	gone, abandons := s.joins("to_cdr_none")
	s.must(gone.AwaitAnswer(s.ctx))
	s.must(gone.Hangup(s.ctx))
	s.until("the caller gone", func() bool { return len(s.inQueue("cdr_none")) == 0 })
	_, talks := s.joins("to_cdr_one")
	leg := s.rung(1).Call
	s.isTalking("cdr_one", talks)
	s.must(leg.Hangup(s.ctx))
	_, exits := s.joins("to_cdr_exit")
	_, timesOut := s.joins("t1_cdr_none")
	s.cameBackWith(exits, "JOINEMPTY")
	s.cameBackWith(timesOut, "TIMEOUT")
	for _, who := range []phone.Party{abandons, talks, exits, timesOut} {
		s.hasCDR(who, "ANSWERED")
	}
	s.logs("cdr_none", "ENTERQUEUE", "ABANDON", "ENTERQUEUE", "EXITWITHTIMEOUT")
	s.logs("cdr_one", "ENTERQUEUE", "CONNECT {1}", "COMPLETEAGENT {1}")
	s.logs("cdr_exit")
}

// hasCDR waits for the call data record of a caller who has hung up or was hung up on, of which there is one.
func (s *scene) hasCDR(who phone.Party, disposition string) {
	s.t.Helper()
	var found []string
	s.until("a CDR of "+who.Number, func() bool {
		found = s.cdrs(who.Number)
		return len(found) > 0
	})
	if !slices.Equal(found, []string{disposition}) {
		s.t.Errorf("the CDRs of %s say %q", who.Number, found)
	}
}

// cdrs are the dispositions of what Asterisk has recorded of a caller's calls.
func (s *scene) cdrs(number string) (dispositions []string) {
	s.t.Helper()
	f, err := os.Open(filepath.Join(s.stack.Dir(), "servers/asterisk/log/cdr-csv/Master.csv"))
	if os.IsNotExist(err) {
		return nil
	}
	s.must(err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil // it is being written
	}
	const source, disposition = 1, 14
	for _, r := range rows {
		if r[source] == number {
			dispositions = append(dispositions, r[disposition])
		}
	}
	return dispositions
}

// keepCDRs has the stack's Asterisk write call data records into a file, which it does not by itself.
func (f *peerFloor) keepCDRs() {
	f.t.Helper()
	home := filepath.Join(f.stack.Dir(), "servers/asterisk")
	of, err := os.Stat(filepath.Join(home, "log"))
	f.must(err)
	owner := of.Sys().(*syscall.Stat_t)
	dir := filepath.Join(home, "log/cdr-csv")
	f.must(os.Mkdir(dir, 0o755))
	f.must(os.Chown(dir, int(owner.Uid), int(owner.Gid)))
	f.must(os.WriteFile(filepath.Join(home, "etc/cdr.conf"), []byte("[general]\nenable = yes\n[csv]\nusegmtime = yes\n"), 0o644))
	f.toSwitch(http.MethodPut, "asterisk/modules/cdr")
	f.toSwitch(http.MethodPost, "asterisk/modules/cdr_csv.so")
}
