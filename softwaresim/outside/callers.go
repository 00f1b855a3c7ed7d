package outside

import (
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/softwaresim/phone"
	"ringside/store"
)

// late is how long after its deadline a wait may end, and unnoticed how long a call to the queue may last without a visit.
const (
	late      = time.Second
	unnoticed = time.Second
)

// judgeVisits: one visit a caller, and it ended as the caller saw it end (DESIGN §6, 7).
func (j *judge) judgeVisits() {
	for _, v := range j.c.Visits {
		j.v.Cases[Visits]++
		j.v.Outcomes[v.Outcome]++
		c := j.w.callers[v.Number]
		if c == nil {
			j.find(Visits, v.Call, "visit of %q, who never called", v.Number)
			continue
		}
		if other, twice := j.visitOf[v.Number]; twice {
			j.find(Visits, v.Call, "%s has two visits: %+v and %+v", v.Number, other, v)
		}
		j.visitOf[v.Number] = v
		if v.Outcome == queueapp.OutcomeAbandoned && c.out.By == phone.Us {
			j.compare("caller hung up → abandoned", v.Number, v.Call, c.down, v.Ended)
		}
		deadline := v.Entered.Add(j.c.Patience)
		if waited := v.Outcome == queueapp.OutcomeAbandoned || v.Outcome == queueapp.OutcomeTimeout; j.c.Patience > 0 && waited &&
			v.Ended.After(deadline.Add(late)) {
			j.findUnless([]time.Time{deadline, v.Ended}, Visits, v.Call, "%s could wait until %s, and was %s %s", v.Number, Clock(deadline), v.Outcome, Clock(v.Ended))
		}
	}
}

// judgeCallers: nobody was cut off. A caller whose call the switch ended had talked to an agent who hung up, or was sent
// on in the dialplan, or said goodbye to by a menu. An outage excuses none of it (DESIGN §4.2).
func (j *judge) judgeCallers() {
	for number, c := range j.w.callers {
		j.v.Cases[Calls]++
		v, visited := j.visitOf[number]
		switch {
		case c.down.IsZero():
			j.find(Calls, v.Call, "the call of %s to %s at %s is not over", number, c.dialled, Clock(c.begun))
		case c.out.By != phone.Us && visited:
			j.judgeSentOff(number, c, v)
		case !visited && c.dialled == j.c.Queue && j.c.Queue != "":
			j.judgeUnseen(number, c)
		}
	}
}

// judgeSentOff: the switch ended the call of somebody who was in the queue.
func (j *judge) judgeSentOff(number string, c *seen, v store.Stay) {
	switch v.Outcome {
	case queueapp.OutcomeAnswered:
		a, talked := j.talkOf[number]
		r := j.ringOf[a.Attempt]
		if !talked || r == nil || r.out.By != phone.Us || r.down.After(c.down.Add(tolerance)) {
			j.find(Calls, v.Call, "%s was cut off at %s in a conversation that the agent did not end", number, Clock(c.down))
		}
	case queueapp.OutcomeAbandoned:
		j.find(Calls, v.Call, "%s was cut off at %s and is said to have abandoned (%s by %s: %s)", number, Clock(c.down), Clock(v.Ended), c.out.By, c.out.Reason)
	default: // sent on in the dialplan, which says goodbye
	}
}

// judgeUnseen: somebody who called the queue has no visit. That may be where the call was very short, or queueapp was not
// there and the dialplan's own queue took it.
func (j *judge) judgeUnseen(number string, c *seen) {
	answered := slices.ContainsFunc(j.w.direct[number], func(r *seen) bool { return r.out.By == phone.Us })
	switch {
	case answered:
	case c.out.By == phone.Us && c.down.Sub(c.begun) < unnoticed:
	default:
		j.findUnless([]time.Time{c.begun, c.begun.Add(unnoticed)}, Calls, "", "%s called the queue at %s, until %s (by %s), and has no visit", number, Clock(c.begun), Clock(c.down), c.out.By)
	}
}
