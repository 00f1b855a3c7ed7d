package importer

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// The floor plan's limits, as floorplan.Parse has them.
const (
	longestWait  = 24 * time.Hour
	longestRing  = 10 * time.Minute
	longestDelay = time.Hour
	longestName  = 64
	mostLevel    = 1000
	mostShare    = 1000
	mostWeight   = 1_000_000
	mostMisses   = 1000
)

// draft is a floor plan that is being made.
type draft struct {
	notes
	plan    floorplan.Plan
	normal  queueapp.Queue // a queue of which nothing is said
	queues  map[queueapp.QueueName]*queueapp.Queue
	agents  map[queueapp.AgentID]*queueapp.Agent
	phones  map[queueapp.AgentID]*queueapp.Extension
	dialled map[string]queueapp.AgentID
	watched map[string]queueapp.AgentID // by the device whose state counts
	numbers map[string]int              // the last number that a taken name got
}

func newDraft(files []File) (*draft, error) {
	if len(files) == 0 {
		return nil, errors.New("no file is named; " + known)
	}
	plan, err := floorplan.Parse("", []byte("[queue.x]\n"))
	if err != nil {
		return nil, fmt.Errorf("the floor plan's defaults: %w", err)
	}
	d := &draft{
		notes: newNotes(), plan: plan, normal: plan.Floor.Queues[0], queues: map[queueapp.QueueName]*queueapp.Queue{},
		agents: map[queueapp.AgentID]*queueapp.Agent{}, phones: map[queueapp.AgentID]*queueapp.Extension{},
		dialled: map[string]queueapp.AgentID{}, watched: map[string]queueapp.AgentID{}, numbers: map[string]int{},
	}
	d.plan.Floor = queueapp.Plan{}
	for _, f := range files {
		d.order = append(d.order, f.Name)
	}
	return d, nil
}

// finish gives the plan as floorplan.Parse reads it.
func (d *draft) finish() (floorplan.Plan, error) {
	for _, name := range slices.Sorted(maps.Keys(d.queues)) {
		d.plan.Floor.Queues = append(d.plan.Floor.Queues, *d.queues[name])
	}
	for _, id := range slices.Sorted(maps.Keys(d.agents)) {
		d.plan.Floor.Agents = append(d.plan.Floor.Agents, *d.agents[id])
		d.plan.Floor.Extensions = append(d.plan.Floor.Extensions, *d.phones[id])
	}
	return floorplan.Parse("the floor plan", floorplan.Print(d.plan))
}

// queue begins a queue under a name like the one it had.
func (d *draft) queue(name string) *queueapp.Queue {
	q := d.normal
	q.Name = queueapp.QueueName(d.unique(identifier(name, "queue"), func(s string) bool { return d.queues[queueapp.QueueName(s)] != nil }))
	q.Timeout = longestWait
	d.queues[q.Name] = &q
	return &q
}

// renamed is what to say of a queue or an agent whose name cannot stay.
func renamed(key, was, is string) said {
	s := carried(key + "." + is)
	if was != is {
		s = near(s.became, fmt.Sprintf("names are of letters a-z, digits, _ . and -, up to %d, and each is there once", longestName),
			"say "+is+" where the dialplan and the agents said "+tidy(was))
	}
	return s
}

// A phone is what is known of where a member was called.
type phone struct {
	dial, device string
	number       string // of the agent, where it has one
	name         string
	resource     string // what the agent is called after where there is neither
}

// agent finds the agent at a phone, or adds one: fresh. A phone is known by what is dialled, and by whose state counts.
func (d *draft) agent(p phone) (a *queueapp.Agent, fresh bool) {
	device := cmp.Or(p.device, deviceOf(p.dial))
	telling := p.device != "" || device == p.dial // a trunk's state is nobody's alone
	id, known := d.dialled[p.dial]
	if !known && telling {
		id, known = d.watched[device]
	}
	if known {
		return d.agents[id], false
	}
	wish := identifier(cmp.Or(p.number, strings.ToLower(p.name), strings.ToLower(p.resource)), "agent")
	id = queueapp.AgentID(d.unique(wish, func(s string) bool { return d.agents[queueapp.AgentID(s)] != nil }))
	d.agents[id] = &queueapp.Agent{ID: id, Name: p.name}
	d.phones[id] = &queueapp.Extension{ID: queueapp.ExtensionID(id), Dial: p.dial, Device: device}
	if d.dialled[p.dial] = id; telling {
		d.watched[device] = id
	}
	return d.agents[id], true
}

// deviceOf says whose state tells about a dial string: its technology and resource, without a contact or options.
func deviceOf(dial string) string {
	tech, rest, _ := strings.Cut(dial, "/")
	resource, _, _ := strings.Cut(rest, "/")
	return tech + "/" + resource
}

// dialable reports whether a floor plan can hold a dial string or a device.
func dialable(s string) bool {
	tech, resource, ok := strings.Cut(s, "/")
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("&,|\ufffd", r)
	}
	return ok && tech != "" && resource != "" && !strings.HasPrefix(resource, "/") && len(s) < 200 && !strings.ContainsFunc(s, bad)
}

// identifier makes a name of any text.
func identifier(s, otherwise string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, s)
	s = strings.Trim(s[:min(len(s), longestName)], "-")
	return cmp.Or(s, otherwise)
}

// unique adds a number to a name that is taken.
func (d *draft) unique(name string, taken func(string) bool) string {
	for try := name; ; {
		if !taken(try) {
			return try
		}
		d.numbers[name]++
		suffix := "-" + strconv.Itoa(d.numbers[name]+1)
		try = name[:min(len(name), longestName-len(suffix))] + suffix
	}
}

// named cleans a person's name.
func named(s string) string { return strings.TrimSuffix(tidy(s), "…") }

// seconds reads a number of seconds within limits. What is beyond them is the limit; ok is false where it is no number.
func seconds(s string, least, most time.Duration) (d time.Duration, within, ok bool) {
	n, within, ok := number(s, 0, int(longestWait/time.Second)*365)
	d = time.Duration(n) * time.Second
	return min(max(d, least), most), within && d >= least && d <= most, ok
}

// number reads a number within limits. What is beyond them is the limit; ok is false where it is no number.
func number(s string, least, most int) (n int, within, ok bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0, false, false
	}
	return min(max(n, least), most), n >= least && n <= most, true
}

// truth reads yes or no as Asterisk and FreeSWITCH do.
func truth(s string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on", "enabled"}, strings.ToLower(strings.TrimSpace(s)))
}
