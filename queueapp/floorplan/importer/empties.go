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
		switch v := strings.ToLower(value); {
		case v == "" || truth(v) == (never == "yes") && (truth(v) || lie(v)):
		case truth(v) || lie(v):
			words = []string{"penalty", "paused", "invalid"}
		case v == "strict":
			words = []string{"penalty", "paused", "invalid", "unavailable"}
		case v == "loose":
			words = []string{"penalty", "invalid"}
		default:
			words = strings.Split(v, ",")
		}
		e, why := absences(words)
		*of(q) = e
		if len(why) > 0 {
			say = near(say.became, strings.Join(why, "; "), "")
		}
		return say
	}
}

// lie is the opposite of truth.
func lie(s string) bool { return slices.Contains([]string{"no", "false", "n", "f", "0", "off"}, s) }

// absences reads a list of states, and says which of them have no equal.
func absences(words []string) (e queueapp.Empty, why []string) {
	broken := false
	for _, w := range words {
		switch a := queueapp.Absence(strings.TrimSpace(w)); a {
		case queueapp.AbsentPaused, queueapp.AbsentInUse, queueapp.AbsentRinging, queueapp.AbsentUnavailable, queueapp.AbsentWrapUp:
			e.Matters = true
			if !slices.Contains(e.Absent, a) {
				e.Absent = append(e.Absent, a)
			}
		case "penalty":
			e.Matters = true
			why = append(why, "penalty has no equal: whom a stage keeps from a caller counts as there")
		case "invalid", "unknown":
			e.Matters, broken = true, true
		case "":
		default:
			why = append(why, "app_queue knows no "+tidy(w))
		}
	}
	if e.Matters {
		why = append(why, "who is not logged on never counts as there")
	}
	if broken && !slices.Contains(e.Absent, queueapp.AbsentUnavailable) {
		why = append(why, "invalid and unknown have no equal: unavailable is every phone that cannot be reached, an unregistered one too")
	}
	slices.Sort(why)
	return e, slices.Compact(why)
}
