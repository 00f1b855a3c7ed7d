package importer

import (
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// briefings are the options of a queue in queues.conf by which an agent hears something who answers.
func briefings() map[string]handler {
	return map[string]handler{
		"announce": func(q *queueapp.Queue, value string) said {
			if value != "" && !floorplan.Sound(value) {
				return notUnderstood("write queue."+string(q.Name)+".agent_announce yourself", "%q can be no sound; nothing is said", tidy(value))
			}
			if q.Briefing.Announce = nil; value != "" {
				q.Briefing.Announce = []string{value}
			}
			return carried("queue.*.agent_announce").in(q)
		},
		"reportholdtime": func(q *queueapp.Queue, value string) said {
			q.Briefing.HoldTime = truth(value)
			return carried("queue.*.reportholdtime").in(q)
		},
		"memberdelay": span("memberdelay", func(q *queueapp.Queue) *time.Duration { return &q.Briefing.Delay }, 0, floorplan.LongestMoment,
			carried("queue.*.memberdelay")),
	}
}

// confirmKey is the key by which FreeSWITCH has an agent take a call, where his contact asks for one; empty: it does not.
func confirmKey(contact string) string {
	_, rest, _ := strings.Cut(contact, "group_confirm_key=")
	if i := strings.IndexAny(rest, ",]}>"); i >= 0 && floorplan.Key(rest[:i]) {
		return rest[:i]
	}
	return ""
}
