package importer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/ivr"
	"ringside/queueapp/floorplan"
)

// A speaker puts an option into what callers of a queue hear, and says what became of it.
type speaker func(l *floorplan.Line, value string) said

// announcements are the options of a queue in queues.conf by which callers hear something.
func announcements() map[string]speaker {
	const position = "queue.*.announce_position"
	return map[string]speaker{
		"queue-callerannounce": sounds("connect_announce", func(l *floorplan.Line) *[]string { return &l.Connect }),
		"announce-frequency":   often("announce_frequency", func(l *floorplan.Line) *time.Duration { return &l.Frequency }),
		"min-announce-frequency": func(l *floorplan.Line, value string) said {
			return lasting(l, "min_announce_frequency", value, &l.MinFrequency, time.Second, "1s to 1h")
		},
		"announce-holdtime":         holdtime,
		"announce-position":         place,
		"announce-position-limit":   placeLimit,
		"announce-position-only-up": yes(position+"_only_up", func(l *floorplan.Line) *bool { return &l.OnlyUp }),
		"announce-to-first-user":    yes("queue.*.announce_to_first", func(l *floorplan.Line) *bool { return &l.ToFirst }),
		"announce-round-seconds":    rounded,
		"periodic-announce":         sounds("periodic_announce", func(l *floorplan.Line) *[]string { return &l.Periodic }),
		"periodic-announce-frequency": often("periodic_announce_frequency",
			func(l *floorplan.Line) *time.Duration { return &l.PeriodicFrequency }),
		"periodic-announce-startdelay": often("periodic_announce_startdelay", func(l *floorplan.Line) *time.Duration { return &l.PeriodicStart }),
		"random-periodic-announce":     yes("queue.*.random_periodic_announce", func(l *floorplan.Line) *bool { return &l.PeriodicRandom }),
		"relative-periodic-announce": func(_ *floorplan.Line, value string) said {
			const from = "the time between two is counted from the beginning of the first"
			return either(none(from, "add how long it lasts to periodic_announce_frequency"), needless(from))(value)
		},
		"queue-youarenext":   sounds("you_are_next", func(l *floorplan.Line) *[]string { return &l.Words.YouAreNext }),
		"queue-thereare":     sounds("there_are", func(l *floorplan.Line) *[]string { return &l.Words.ThereAre }),
		"queue-callswaiting": sounds("calls_waiting", func(l *floorplan.Line) *[]string { return &l.Words.CallsWaiting }),
		"queue-quantity1":    sounds("quantity1", func(l *floorplan.Line) *[]string { return &l.Words.Quantity1 }),
		"queue-quantity2":    sounds("quantity2", func(l *floorplan.Line) *[]string { return &l.Words.Quantity2 }),
		"queue-holdtime":     sounds("holdtime", func(l *floorplan.Line) *[]string { return &l.Words.Holdtime }),
		"queue-minute":       sounds("minute", func(l *floorplan.Line) *[]string { return &l.Words.Minute }),
		"queue-minutes":      sounds("minutes", func(l *floorplan.Line) *[]string { return &l.Words.Minutes }),
		"queue-seconds":      sounds("seconds", func(l *floorplan.Line) *[]string { return &l.Words.Seconds }),
		"queue-thankyou":     sounds("thank_you", func(l *floorplan.Line) *[]string { return &l.Words.ThankYou }),
		"queue-reporthold":   sounds("report_hold", func(l *floorplan.Line) *[]string { return &l.Words.ReportHold }),
		"queue-lessthan": func(*floorplan.Line, string) said {
			return needless("a wait that rounds to nothing is not said")
		},
	}
}

// sounds is a speaker of files, which Asterisk separates by commas. None is silence.
func sounds(key string, of func(*floorplan.Line) *[]string) speaker {
	return func(l *floorplan.Line, value string) said {
		var files []string
		for file := range strings.SplitSeq(value, ",") {
			if file = strings.TrimSpace(file); file == "" {
				continue
			}
			if !floorplan.Sound(file) {
				return notUnderstood("write queue."+string(l.Queue)+"."+key+" yourself", "%q can be no sound; what Ringside says stays", tidy(file))
			}
			files = append(files, file)
		}
		*of(l) = files
		return carried("queue.*." + key)
	}
}

// often is a speaker of a number of seconds, 0 for never. What comes too often for any music in between is said less often.
func often(key string, of func(*floorplan.Line) *time.Duration) speaker {
	return func(l *floorplan.Line, value string) said {
		least := floorplan.LeastAnnounce
		if n, _, ok := number(value, 0, 1); ok && n == 0 {
			least = 0
		}
		return lasting(l, key, value, of(l), least, floorplan.Brief(floorplan.LeastAnnounce)+" to 1h, or 0")
	}
}

// lasting carries a number of seconds over, from least to an hour: what it can be.
func lasting(l *floorplan.Line, key, value string, to *time.Duration, least time.Duration, what string) said {
	d, within, ok := seconds(value, least, time.Hour)
	if !ok {
		return notUnderstood("write queue."+string(l.Queue)+"."+key+" yourself", "%q is no number of seconds; %s stays", tidy(value), floorplan.Brief(*to))
	}
	if *to = d; !within {
		return near("queue.*."+key, "it can be "+what+"; "+floorplan.Brief(d)+" was written", "")
	}
	return carried("queue.*." + key)
}

func yes(became string, of func(*floorplan.Line) *bool) speaker {
	return func(l *floorplan.Line, value string) said {
		*of(l) = truth(value)
		return carried(became)
	}
}

func place(l *floorplan.Line, value string) said {
	switch v := strings.ToLower(value); {
	case v == "limit" || v == "more":
		l.Position = ivr.PositionRule(v)
	case truth(value):
		l.Position = ivr.PositionAlways
	default:
		l.Position = ivr.PositionNever
	}
	return carried("queue.*.announce_position")
}

func placeLimit(l *floorplan.Line, value string) said {
	n, within, ok := number(value, 1, 1000)
	if !ok {
		return notUnderstood("write queue."+string(l.Queue)+".announce_position_limit yourself", "%q is no number; %d stays", tidy(value), l.PositionLimit)
	}
	l.PositionLimit = n
	if !within {
		return near("queue.*.announce_position_limit", fmt.Sprintf("it can be 1 to 1000; %d was written", n), "")
	}
	return carried("queue.*.announce_position_limit")
}

func holdtime(l *floorplan.Line, value string) said {
	l.Holdtime = ivr.HoldtimeNever
	switch {
	case strings.EqualFold(value, "once"):
		l.Holdtime = ivr.HoldtimeOnce
	case truth(value):
		l.Holdtime = ivr.HoldtimeAlways
	}
	return near("queue.*.announce_holdtime", "the wait is estimated by the place in line and by how soon callers were answered, not as the mean of past waits", "")
}

func rounded(l *floorplan.Line, value string) said {
	n, _, ok := number(value, 0, 30)
	if !ok || !slices.Contains([]int{0, 5, 10, 15, 20, 30}, n) {
		return notUnderstood("write queue."+string(l.Queue)+".announce_round_seconds yourself", "%q is none of 0, 5, 10, 15, 20 and 30; 0 stays", tidy(value))
	}
	l.Round = n
	return carried("queue.*.announce_round_seconds")
}
