package engine

import (
	"fmt"
	"strings"
	"testing"

	"ringside/queueapp"
)

// from is a caller of a number of his own.
func from(number string, id queueapp.ChannelID, args ...string) Arrived {
	a := caller(id, args...)
	a.Caller.Number = number
	return a
}

// Who has talked with an agent meets him again, by number or code, although another one has been idle for longer.
func TestACallerMeetsTheSameAgentAgain(t *testing.T) {
	for name, again := range map[string]Arrived{
		"from the same number": from("5551", "ch2", "queue", "support"),
		"with the same code":   from("5552", "ch2", "queue", "support", "code=1111"),
		"as the same customer": from("5552", "ch2", "queue", "support", "customer=1"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.plan.Floor.Queues[0].Sticky = true
			w.start(SwitchUp{})
			w.logOn("1000")
			w.logOn("1001")
			w.tell(from("5551", "ch1", "queue", "support", "code=1111"))
			w.await("originate rs1.c1.1.1 PJSIP/1000")
			w.tell(LegUp{"rs1.c1.1.1"}, Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", "rs1.c1.1.1"})
			w.await("publish answered 1000 c1.1")
			w.tell(LegGone{Channel: "rs1.c1.1.1", Q850: 16})
			w.await("publish ended 1000 c1.1")
			w.tell(again)
			w.await("originate rs1.c2.1.1 PJSIP/1000")
			w.tell(from("5553", "ch3", "queue", "support"))
			w.await("originate rs1.c3.1.1 PJSIP/1001")
		})
	}
}

// Whom the last owner knew, the next one knows: who has been waiting, and who calls.
func TestACallerIsKnownAfterARestart(t *testing.T) {
	w := newWorld(t)
	remembered(w)
	w.plan.Floor.Queues[0].Sticky = true
	w.left.Agents = append(w.left.Agents, queueapp.RestoreAgent{Agent: "1001", Extension: "1001"})
	w.left.Visits[0].Caller.Number = "5551"
	w.left.Meetings = []Meeting{{Number: "5551", Agent: "1000"}, {Number: "5551", Agent: "1001"}, {Number: "5552", Agent: "4711"}}
	w.start(held("ch9"))
	if line := w.await("step queueapp.RestoreVisit"); !strings.Contains(line, "Prefer:1001") {
		t.Errorf("who waits is not known: %s", line)
	}
	w.tell(Gone{Channel: "ch9", HungUp: true})
	w.await("commit queueapp.Leave {Call:c9")
	w.logOn("1000")
	w.logOn("1001")
	w.tell(from("5551", "ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1 PJSIP/1001")
	w.tell(from("5552", "ch2", "queue", "support")) // who is no agent any more is preferred by nobody
	w.await("originate rs1.c2.1.1 PJSIP/1000")
}

// A queue that is not sticky has nobody preferred.
func TestNobodyIsPreferredUnasked(t *testing.T) {
	w := newWorld(t)
	w.left.Meetings = []Meeting{{Number: "5551", Agent: "1001"}}
	w.start(SwitchUp{})
	w.logOn("1000")
	w.logOn("1001")
	w.tell(from("5551", "ch1", "queue", "support"))
	w.await("originate rs1.c1.1.1 PJSIP/1000")
}

// The last meeting counts, those of several customers by the number alone, and what is remembered has a bound.
func TestWhatIsRememberedOfMeetings(t *testing.T) {
	var a acquainted
	one, two := queueapp.Customer{ID: "1", Code: "1111"}, queueapp.Customer{ID: "2"}
	a.meet(Meeting{Number: "5550", Customers: []queueapp.Customer{one, two}, Agent: "1000"})
	a.meet(Meeting{Number: "5550", Customers: []queueapp.Customer{two}, Agent: "1001"})
	a.meet(Meeting{Agent: "1002"})
	for _, c := range []struct {
		number, code string
		customers    []queueapp.Customer
		want         queueapp.AgentID
	}{
		{number: "5550", want: "1001"}, {number: "5550", customers: []queueapp.Customer{one}, want: "1001"},
		{customers: []queueapp.Customer{one}}, {code: "1111"}, {customers: []queueapp.Customer{two}, want: "1001"}, {},
		{customers: []queueapp.Customer{one, two}},
	} {
		if got := a.last(knownAs(c.number, c.customers, c.code)); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for n := range 3 * MostMeetings {
		a.meet(Meeting{Number: fmt.Sprint(n), Agent: "1000"})
	}
	if n := len(a.young) + len(a.old); n > 2*MostMeetings {
		t.Errorf("%d are remembered", n)
	}
	if a.last([]string{"number 5550"}) != "" || a.last([]string{fmt.Sprint("number ", 2*MostMeetings)}) != "1000" {
		t.Error("the oldest are to be forgotten, and no others")
	}
}
