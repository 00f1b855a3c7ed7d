package importer

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// appQueue reads queues.conf and queuerules.conf.
func (d *draft) appQueue(queues, rules []File) error {
	plan, err := readConf(queues, &d.notes)
	if err != nil {
		return err
	}
	written, err := readConf(rules, &d.notes)
	if err != nil {
		return err
	}
	if len(queues) == 0 {
		return fmt.Errorf("%s: is about the members of queues, and there are none; name queues.conf too", rules[0].Name)
	}
	r := readRules(d, written)
	g := d.general(plan)
	for _, s := range plan.sections {
		switch {
		case strings.EqualFold(s.name, "general"):
		case s.template && !s.used:
			d.unusedTemplate(s)
		case s.template:
			d.add(s.line, s.name, needless("a template; what stands in it is said of each queue that inherits from it"))
		default:
			d.appQueueOf(s, g, r)
		}
	}
	for _, f := range queues {
		d.differences(f.Name)
	}
	r.leftOver(d)
	for _, s := range append(plan.sections, written.sections...) {
		for _, l := range append([]line{s.line}, s.lines...) {
			d.rest(l, s.name, unused("nothing inherits it"))
		}
	}
	return nil
}

func (d *draft) unusedTemplate(s *section) {
	for _, l := range append([]line{s.line}, s.lines...) {
		d.add(l, s.name, unused("no queue inherits from this template"))
	}
}

// differences tells what holds although no line says so.
func (d *draft) differences(file string) {
	at := line{file: file}
	d.add(at, "", elsewhere("app_queue's members are always there, Ringside's agents log on",
		"have them dial *56466*, or run `queueapp agent NUMBER logon`"))
	d.add(at, "", elsewhere("what Queue() was called with stands in the dialplan",
		"write Stasis(queueapp,queue,NAME,timeout=S) in its place; QUEUESTATUS is set as before"))
	d.add(at, "", near("queue.*.timeout", "app_queue lets callers wait without end, a queue here for "+floorplan.Brief(longestWait)+" at most",
		"write a shorter one, or timeout= in the dialplan"))
	d.add(at, "", near("queue.*.no_answer_delay, busy_delay, reject_delay, unreachable_delay",
		"who did not take a call is left alone for a moment, which app_queue knows nothing of", ""))
}

// general is what [general] says of all queues.
type general struct {
	negativeInvalid bool // a member with a negative penalty counts as logged off
}

func (d *draft) general(c *conf) general {
	var g general
	s := c.section("general")
	if s == nil {
		return g
	}
	known := generalOptions()
	d.add(s.line, s.name, needless("what holds for all queues"))
	for _, l := range d.last(s.name, s.lines) {
		say, ok := known[l.name()]
		if !ok {
			d.add(l, s.name, stranger(l, keys(known), slices.Concat(keys(queueOptions()), keys(announcements())), "in [general]"))
			continue
		}
		d.add(l, s.name, say(l.value))
		if l.is("negative_penalty_invalid") {
			g.negativeInvalid = truth(l.value)
		}
	}
	return g
}

// last gives the lines that are in force: of an option that is there twice the last one, but all members.
func (d *draft) last(place string, lines []line) []line {
	at := map[string]int{}
	for i, l := range lines {
		at[l.name()] = i
	}
	var out []line
	for i, l := range lines {
		if now := lines[at[l.name()]]; at[l.name()] != i && !l.is("member") {
			d.add(l, place, unused("is said again in "+where(now)))
			continue
		}
		out = append(out, l)
	}
	return out
}

// an appQueue is a queue of queues.conf on its way into the floor plan.
type appQueue struct {
	*queueapp.Queue
	general
	place   string // its section
	rule    line   // defaultrule
	members []penalised
	seated  map[queueapp.AgentID]bool
}

// appQueueOf makes a queue of a section. What app_queue does where nothing is said differs from what Ringside does.
func (d *draft) appQueueOf(s *section, g general, r *rules) {
	q := appQueue{Queue: d.queue(s.name), general: g, place: s.name, seated: map[queueapp.AgentID]bool{}}
	q.Strategy, q.Ring, q.Wrapup, q.MaxNoAnswer = queueapp.RingAll, 15*time.Second, 0, 0
	d.add(s.line, s.name, renamed("queue", s.name, string(q.Name)))
	known, heard := queueOptions(), announcements()
	spoken := floorplan.DefaultLine(q.Name)
	spoken.ToFirst = false // app_queue's default
	silence := spoken
	for _, l := range d.last(s.name, s.lines) {
		switch handle := known[l.name()]; {
		case heard[l.name()] != nil:
			d.add(l, s.name, heard[l.name()](&spoken, l.value).of(q.Name))
		case l.is("member"):
			d.member(&q, l)
		case handle == nil:
			d.add(l, s.name, stranger(l, slices.Concat(keys(known), keys(heard)), keys(generalOptions()), "in a queue"))
		case l.is("defaultrule"):
			q.rule = l // the members' penalties count too
		case l.is("monitor-format"):
			d.add(l, s.name, d.appRecording(q.Name, l.value))
		default:
			d.add(l, s.name, handle(q.Queue, l.value))
		}
	}
	if !reflect.DeepEqual(spoken, silence) {
		d.plan.Lines = append(d.plan.Lines, spoken)
	}
	q.seatMembers()
	if q.rule.key != "" {
		d.add(q.rule, s.name, r.apply(d, &q))
	}
}
