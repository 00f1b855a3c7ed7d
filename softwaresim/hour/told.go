package hour

import (
	"fmt"
	"time"
)

// told is a call as the queue_log tells it.
type told struct {
	id       string // the unique id of the caller's channel
	caller   string // number
	name     string
	entered  time.Time
	place    int64
	vain     []toldRing
	agent    string // who talked to the caller; empty: nobody
	talkFrom time.Time
	waited   time.Duration // until the conversation, or the end
	rang     time.Duration // the phone that was answered
	holds    []toldHold
	end      string // the event; empty: none yet
	ended    time.Time
	talked   time.Duration
	to       string // whom a blind transfer went to
}

// toldRing is a phone that rang in vain.
type toldRing struct {
	agent string
	event string
	at    time.Time // when it stopped
	rang  time.Duration
}

type toldHold struct {
	from, to time.Time // to is zero while it lasts
	lasted   time.Duration
}

// teller puts lines together to calls.
type teller struct {
	queue string
	byID  map[string]*told
	calls []*told
	wrong []string
	last  time.Time
}

// tell rebuilds the calls of a queue, in the order in which they came in, and says what in the lines does not go together.
func tell(queue string, lines []line) (calls []*told, wrong []string) {
	t := &teller{queue: queue, byID: map[string]*told{}}
	for _, l := range lines {
		if l.at.Before(t.last) {
			t.refute(l, "the line before is of %s", clock(t.last))
		}
		if t.last = l.at; l.queue == queue {
			t.take(l)
		}
	}
	return t.calls, t.wrong
}

func (t *teller) refute(l line, format string, args ...any) {
	t.wrong = append(t.wrong, fmt.Sprintf("%s of call %s at %s: ", l.event, l.call, clock(l.at))+fmt.Sprintf(format, args...))
}

// take takes a line. Those that are of agents, and not of calls, tell nothing of the hour.
func (t *teller) take(l line) {
	switch l.event {
	case "ADDMEMBER", "REMOVEMEMBER", "PENALTY", "RINGINUSE", "PAUSE", "UNPAUSE":
		return
	case "ENTERQUEUE":
		t.enter(l)
		return
	}
	c := t.byID[l.call]
	switch {
	case c == nil:
		t.refute(l, "that call did not come in")
	case c.end != "":
		t.refute(l, "the call had ended by %s", c.end)
	case l.event == "RINGNOANSWER", l.event == "RINGCANCELED", l.event == "AGENTDUMP":
		t.inVain(c, l)
	case l.event == "CONNECT":
		t.connect(c, l)
	case l.event == "HOLD", l.event == "UNHOLD":
		t.hold(c, l)
	default:
		t.endOf(c, l)
	}
}

func (t *teller) enter(l line) {
	if t.byID[l.call] != nil {
		t.refute(l, "it came in before")
		return
	}
	c := &told{id: l.call, caller: l.text(2), name: l.text(4), entered: l.at, place: l.n(3)}
	t.byID[l.call] = c
	t.calls = append(t.calls, c)
}

func (t *teller) inVain(c *told, l line) {
	r := toldRing{agent: l.agent, event: l.event, at: l.at}
	if l.event != "AGENTDUMP" {
		r.rang = time.Duration(l.n(1)) * time.Millisecond
	}
	if c.agent != "" {
		t.refute(l, "%s talks to the caller", c.agent)
	}
	c.vain = append(c.vain, r)
}

func (t *teller) connect(c *told, l line) {
	if c.agent != "" {
		t.refute(l, "%s talks to the caller", c.agent)
		return
	}
	c.agent, c.talkFrom, c.waited, c.rang = l.agent, l.at, l.seconds(1), l.seconds(3)
}

func (t *teller) hold(c *told, l line) {
	last := len(c.holds) - 1
	held := last >= 0 && c.holds[last].to.IsZero()
	switch {
	case l.agent != c.agent:
		t.refute(l, "it is %s who talks to the caller", c.agent)
	case l.event == "HOLD" && !held:
		c.holds = append(c.holds, toldHold{from: l.at})
	case l.event == "UNHOLD" && held:
		c.holds[last].to, c.holds[last].lasted = l.at, l.seconds(1)
	default:
		t.refute(l, "the caller is on hold already, or is not")
	}
}

// endOf takes the end of a call, with what it repeats of how it went.
func (t *teller) endOf(c *told, l line) {
	var place int64
	var waited time.Duration
	talks := true
	switch l.event {
	case "COMPLETEAGENT", "COMPLETECALLER":
		waited, c.talked, place = l.seconds(1), l.seconds(2), l.n(3)
	case "BLINDTRANSFER", "ATTENDEDTRANSFER":
		n := len(l.data)
		c.to = l.text(1)
		waited, c.talked, place = l.seconds(n-2), l.seconds(n-1), l.n(n)
	case "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", "WITHDRAW":
		talks, place, waited = false, l.n(2), l.seconds(3)
	case "EXITWITHKEY":
		talks, place, waited = false, l.n(3), l.seconds(4)
	default:
		t.refute(l, "it is no event of a call in a queue")
		return
	}
	c.end, c.ended = l.event, l.at
	if talks != (c.agent != "") || talks && l.agent != c.agent {
		t.refute(l, "it is of agent %s, and %q talked to the caller", l.agent, c.agent)
		return
	}
	if !talks {
		c.waited = waited
	}
	if place != c.place || waited != c.waited {
		t.refute(l, "place %d and a wait of %v, but it came in at %d and waited for %v", place, waited, c.place, c.waited)
	}
	if n := len(c.holds); n > 0 && c.holds[n-1].to.IsZero() {
		t.refute(l, "the caller is on hold")
	}
}

// clock is a time of day as differences tell it.
func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }
