package importer

import (
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// A centreHandler puts a param into a queue of mod_callcenter's, and says what became of it.
type centreHandler func(q *centreQueue, value string) said

// plain makes a handler of an answer.
func plain(a answer) centreHandler {
	return func(_ *centreQueue, value string) said { return a(value) }
}

// centreOptions are the params of a queue.
func centreOptions() map[string]centreHandler {
	out := map[string]centreHandler{
		"strategy": func(q *centreQueue, value string) said {
			_, say := centreStrategy(value)
			return say.in(q.Queue)
		},
		"moh-sound":                     centreMusic,
		"max-wait-time":                 centreTimeout,
		"max-wait-time-with-no-agent":   centreNoAgent,
		"ring-progressively-delay":      centreProgress,
		"tier-rules-apply":              centreTiers,
		"tier-rule-wait-second":         centreTierWait,
		"tier-rule-wait-multiply-level": centreTierWait,
		"tier-rule-no-agent-no-wait":    centreNoWait,
		"abandoned-resume-allowed":      centreResume,
		"discard-abandoned-after":       centreDiscard,
		"record-template":               plain(always(said{})), // stands beside the queue
		"time-base-score":               plain(always(said{})), // the same
		"agent-no-answer-status":        plain(centreNoAnswerStatus),
		"skip-agents-with-external-calls": plain(either(needless("an agent whose phone is in use is not rung"),
			none("a phone in use is not rung", ""))),
		"max-wait-time-with-no-agent-time-reached": plain(always(none("who comes in while nobody is there leaves by the same clock as the others", ""))),
	}
	for _, name := range []string{"announce-sound", "announce-frequency"} {
		out[name] = plain(off(said{
			fate: NotYet, why: "its sound file belongs to FreeSWITCH", instead: "write periodic_announce and periodic_announce_frequency, with a sound of Asterisk's",
		}))
	}
	return out
}

func centreMusic(q *centreQueue, value string) said {
	class, stream := strings.CutPrefix(value, "local_stream://")
	if class = strings.TrimSpace(class); !stream || class == "" || identifier(class, "") != class {
		return none("FreeSWITCH's sounds are not Asterisk's classes; default stays", "make a class in musiconhold.conf, and name it as music")
	}
	q.Music = class
	return near("queue.*.music", "is a class of musiconhold.conf", "see that Asterisk has the class "+class).in(q.Queue)
}

func centreTimeout(q *centreQueue, value string) said {
	d, within, ok := seconds(value, time.Second, longestWait)
	switch {
	case !ok:
		return notUnderstood("write its timeout yourself", "%q is no number of seconds; %s stays", tidy(value), floorplan.Brief(q.Timeout))
	case !within:
		if n, _, _ := number(value, 0, 1); n == 0 {
			d = longestWait
		}
		q.Timeout = d
		return near("queue.*.timeout", "callers may wait for 1s to "+floorplan.Brief(longestWait)+"; "+floorplan.Brief(d)+" was written", "").in(q.Queue)
	}
	q.Timeout = d
	return near("queue.*.timeout", "it holds while a phone rings, too", "").in(q.Queue)
}

func centreNoAgent(q *centreQueue, value string) said {
	d, _, ok := seconds(value, 0, longestWait)
	switch {
	case !ok:
		return notUnderstood("write leaveempty_after yourself", "%q is no number of seconds", tidy(value))
	case d == 0:
		return needless("it is off, and there is none here")
	}
	q.Leave, q.LeaveAfter = queueapp.Empty{Matters: true}, d
	return near("queue.*.leaveempty_after", "the time counts since the queue is empty, not since the caller came; an agent on break counts as there", "").in(q.Queue)
}

func centreProgress(q *centreQueue, value string) said {
	if q.Strategy != queueapp.Progressive {
		return unused("the strategy is not ring-progressively")
	}
	d, within, ok := seconds(value, time.Second, longestDelay)
	if !ok {
		return notUnderstood("write progress yourself", "%q is no number of seconds; 10s stays", tidy(value))
	}
	q.Progress = d
	if !within {
		return near("queue.*.progress", "it can be 1s to "+floorplan.Brief(longestDelay)+"; "+floorplan.Brief(d)+" was written", "").in(q.Queue)
	}
	return carried("queue.*.progress").in(q.Queue)
}

func centreTiers(q *centreQueue, _ string) said {
	switch {
	case !q.tierRules:
		return needless("all levels are open at once, lower ones asked first")
	case !q.staged():
		return needless("there is one level, or no time between them")
	}
	q.Stages, q.Patient = q.stages(), !q.noAgentNoWait
	return carried("queue.*.stages").in(q.Queue)
}

func centreTierWait(q *centreQueue, _ string) said {
	if !q.staged() {
		return unused("tier-rules-apply is off, or there is one level, or no time between them")
	}
	return carried("queue.*.stages").in(q.Queue)
}

func centreNoWait(q *centreQueue, _ string) said {
	if !q.staged() {
		return unused("tier-rules-apply is off, or there is one level, or no time between them")
	}
	return near("queue.*.patient", "who is paused counts as logged on at a level; the first level is asked at once", "").in(q.Queue)
}

func centreResume(q *centreQueue, _ string) said {
	if !q.resume {
		return needless("it is off, and so is regain")
	}
	q.Regain = q.discard
	return carried("queue.*.regain").in(q.Queue)
}

func centreDiscard(q *centreQueue, value string) said {
	switch _, _, ok := seconds(value, 0, longestWait); {
	case !ok:
		return notUnderstood("write regain yourself", "%q is no number of seconds", tidy(value))
	case !q.resume:
		return unused("abandoned-resume-allowed is off; the journal keeps abandoned calls")
	}
	return carried("queue.*.regain").in(q.Queue)
}

func (c *centre) centreScore(queue queueapp.QueueName, value string) said {
	if !strings.EqualFold(value, "system") {
		return needless("callers are served in the order in which they came into the queues")
	}
	l := floorplan.DefaultLine(queue)
	l.FromCall = true
	c.plan.Lines = append(c.plan.Lines, l)
	return near("queue.*.time_base", "the time in menus counts, and that in the dialplan before them does not", "").of(queue)
}

func centreNoAnswerStatus(value string) said {
	if strings.EqualFold(value, "On Break") {
		return needless("an agent who does not answer is paused")
	}
	return none("an agent who does not answer is paused, and stays logged on", "")
}
