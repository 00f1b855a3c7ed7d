package importer

import (
	"slices"
	"strings"

	"ringside/queueapp"
)

// empties is a handler of joinempty or leavewhenempty: a list of states in which a member counts as not there, or one of
// the words that stood for such lists before. never is the word for which the queue never counts as empty.
func empties(key string, of func(*queueapp.Queue) *queueapp.Empty, never string) handler {
	return func(q *queueapp.Queue, value string) said {
		say := carried("queue." + string(q.Name) + "." + key)
		var words []string
		switch v := strings.ToLower(value); v {
		case "", never:
		case "strict":
			words = []string{"penalty", "paused", "invalid", "unavailable"}
		case "loose":
			words = []string{"penalty", "invalid"}
		default:
			words = strings.Split(v, ",")
			if v == "yes" || v == "no" { // the other one
				words = []string{"penalty", "paused", "invalid"}
			}
		}
		e, why := absences(words)
		*of(q) = e
		if len(why) > 0 {
			say = near(say.became, strings.Join(why, "; "), "")
		}
		return say
	}
}

// absences reads a list of states, and says which of them have no equal.
func absences(words []string) (e queueapp.Empty, why []string) {
	e.Matters = len(words) > 0
	say := func(s string) {
		if !slices.Contains(why, s) {
			why = append(why, s)
		}
	}
	if e.Matters {
		say("who is not logged on never counts as there")
	}
	for _, w := range words {
		switch a := queueapp.Absence(strings.TrimSpace(w)); a {
		case queueapp.AbsentPaused, queueapp.AbsentInUse, queueapp.AbsentRinging, queueapp.AbsentUnavailable, queueapp.AbsentWrapUp:
			if !slices.Contains(e.Absent, a) {
				e.Absent = append(e.Absent, a)
			}
		case "penalty":
			say("penalty has no equal: whom a stage keeps from a caller counts as there")
		case "invalid", "unknown":
			say(string(a) + " has no equal: unavailable is every phone that cannot be reached, an unregistered one too")
		case "":
		default:
			say("app_queue knows no " + tidy(w))
		}
	}
	return e, why
}
