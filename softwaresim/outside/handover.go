package outside

import (
	"fmt"
	"time"

	"ringside/store"
)

// attended reports whether an attempt came of a conversation that its phone had with whoever transferred the call.
func attended(a store.Told) bool { return a.From != 0 && a.Connected.Equal(a.Offered) }

// matchHanded finds the ring of every attempt that a transfer has made. The dialplan rings there, with the caller's number;
// whoever was asked first was rung by an agent.
func (j *judge) matchHanded() {
	used := map[*seen]bool{}
	for _, a := range j.c.Attempts {
		if a.From == 0 {
			continue
		}
		for number, rings := range j.w.direct {
			for _, r := range rings {
				if !used[r] && j.ringOf[a.Attempt] == nil && j.rangFor(number, r, a) {
					j.ringOf[a.Attempt], used[r] = r, true
				}
			}
		}
	}
}

// rangFor reports whether a ring was for a call that had been sent on.
func (j *judge) rangFor(number string, r *seen, a store.Told) bool {
	if a.Extension != "" && string(a.Extension) != r.phone {
		return false
	}
	if attended(a) {
		_, caller := j.w.callers[number]
		return !caller && !r.up.IsZero() && !r.up.After(a.Connected) && !r.down.Before(a.Closed.Add(-tolerance))
	}
	early := r.begun.Before(a.Offered.Add(-tolerance)) && !j.outages.touch(r.begun, a.Offered) // while nobody listened
	return number == a.Number && !early && r.begun.Before(a.Ended.Add(tolerance))
}

// judgeHanded: an attempt that a transfer has made was answered where it rang, and ended as that phone saw it end.
func (j *judge) judgeHanded(a store.Told) {
	r := j.ringOf[a.Attempt]
	switch {
	case r == nil && a.Extension == "": // at nobody's phone of the floor's
		return
	case r == nil:
		j.judgeSilent(a)
		return
	}
	what, id := fmt.Sprintf("attempt %s, transferred to %s", a.Attempt, r.phone), a.Attempt.Call
	j.compare("phone free → leg gone", what, id, r.down, a.Ended)
	if a.Connected.IsZero() != r.up.IsZero() && !lateAnswer(a, r) {
		j.findUnless([]time.Time{r.up, a.Connected, a.Closed}, Ends, id, "%s: the tables say answered %s, the phone %s", what, Clock(a.Connected), Clock(r.up))
	}
	if a.Connected.IsZero() {
		return
	}
	if !attended(a) {
		j.compare("200 → answered", what, id, r.up, a.Connected)
	}
	j.judgeTalk(what, a, r, j.w.callers[a.Number])
}

// sentOn reports whether an attempt was made of this one.
func (j *judge) sentOn(a store.Told) bool {
	for _, b := range j.c.Attempts {
		if b.Attempt.Call == a.Attempt.Call && b.From == a.Attempt.N {
			return true
		}
	}
	return false
}
