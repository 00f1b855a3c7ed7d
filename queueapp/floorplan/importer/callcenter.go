package importer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// A centre is mod_callcenter's configuration on its way into the floor plan.
type centre struct {
	*draft
	ring   time.Duration
	agents map[string]*centreAgent
	tiers  map[string][]centreTier // by the queue's name
}

// callCenters reads callcenter.conf.xml: settings and agents first, of which queues are made in the end.
func (d *draft) callCenters(files []File) error {
	c := &centre{draft: d, ring: time.Minute, agents: map[string]*centreAgent{}, tiers: map[string][]centreTier{}}
	var parts []*node
	for _, f := range files {
		root, err := readXML(f.Name, f.Text)
		if err != nil {
			return err
		}
		for _, conf := range root.find(isCallCenter) {
			for _, part := range conf.kids {
				part.attrs = append([]line{{file: f.Name, n: part.n, key: "<" + part.name + ">"}}, part.attrs...)
				parts = append(parts, part)
			}
		}
		c.differences(f.Name)
	}
	read := map[string]func(*node){"settings": c.settings, "agents": c.readAgents, "tiers": c.readTiers, "queues": c.queues}
	for _, name := range []string{"settings", "agents", "tiers", "queues"} {
		for _, part := range parts {
			if part.name == name {
				read[name](part)
			}
		}
	}
	for _, part := range parts {
		if read[part.name] == nil {
			d.add(part.attrs[0], "", notUnderstood("nothing is lost: it had no effect", "mod_callcenter reads settings, queues, agents and tiers"))
		}
	}
	c.strayTiers()
	for _, part := range parts {
		d.strayNodes(part.attrs[0].file, part)
	}
	return nil
}

func (c *centre) differences(file string) {
	at := line{file: file}
	c.add(at, "", elsewhere("the application callcenter stands in the dialplan", "write Stasis(queueapp,queue,NAME) in Asterisk's, with the names of the floor plan"))
	c.add(at, "", near("queue.*.no_answer_delay, busy_delay, reject_delay, unreachable_delay",
		"where an agent has no delay, one is left alone for a moment all the same", ""))
	c.add(at, "", near("queue.*.timeout", "where there is no max-wait-time, callers wait for "+floorplan.Brief(longestWait)+" at most", "write a shorter one, or timeout= in the dialplan"))
	c.add(at, "", near("queue.*.retry", "the same caller is not offered to the same agent again before 5s", ""))
}

// params are the <param> of a node; what else stands in it is said to be unknown.
func (c *centre) params(n *node, file, place string) []line {
	var out []line
	for _, k := range n.kids {
		l := line{file: file, n: k.n, key: k.attr("name"), value: k.attr("value")}
		if k.name != "param" {
			l.key = "<" + k.name + ">"
			c.add(l, place, notUnderstood("write <param name=… value=…/>", "is no param"))
			continue
		}
		out = append(out, l)
	}
	return c.last(place, out)
}

// settings are what holds for all queues.
func (c *centre) settings(n *node) {
	known := map[string]answer{
		"debug":                     always(needless("queueapp logs by [log] of queueapp.toml")),
		"dbname":                    always(elsewhere("what lasts is in PostgreSQL", "[postgres] of queueapp.toml says where")),
		"odbc-dsn":                  always(elsewhere("what lasts is in PostgreSQL", "[postgres] of queueapp.toml says where")),
		"reserve-agents":            always(needless("an agent is reserved before the phone rings, always")),
		"truncate-tiers-on-load":    always(needless("the floor plan is all there is")),
		"truncate-agents-on-load":   always(needless("the floor plan is all there is")),
		"global-database-lock":      always(needless("one process owns the floor")),
		"cc-instance-id":            always(elsewhere("one process owns a floor", "[floor] name of queueapp.toml tells floors apart")),
		"agent-originate-timeout":   func(value string) said { return c.originateTimeout(value) },
		"outbound-template-default": always(none("legs are made by queueapp", "")),
	}
	for _, l := range c.params(n, n.attrs[0].file, "settings") {
		say, ok := known[l.name()]
		if !ok {
			c.add(l, "settings", centreStranger(l, keys(known)))
			continue
		}
		l.secret = l.is("odbc-dsn")
		c.add(l, "settings", say(l.value))
	}
}

func (c *centre) originateTimeout(value string) said {
	d, within, ok := seconds(value, time.Second, longestRing)
	if !ok {
		return notUnderstood("write ring into each queue", "%q is no number of seconds; %s stays", tidy(value), floorplan.Brief(c.ring))
	}
	c.ring = d
	if !within {
		return near("queue.*.ring", "it can be 1s to "+floorplan.Brief(longestRing)+"; "+floorplan.Brief(d)+" was written", "")
	}
	return carried("queue.*.ring")
}

func centreStranger(l line, here []string) said {
	s := stranger(l, here, nil, "here")
	s.why = strings.Replace(s.why, "app_queue", "mod_callcenter", 1)
	return s
}

// A centreTier is an agent's place in a queue.
type centreTier struct {
	line
	agent           *centreAgent
	level, position int
}

func (c *centre) readTiers(n *node) {
	for _, k := range n.kids {
		l := line{file: n.attrs[0].file, n: k.n, key: "<" + k.name + ">"}
		if k.name != "tier" {
			c.add(l, "tiers", notUnderstood("write <tier agent=… queue=…/>", "is no tier"))
			continue
		}
		l.value = strings.Join(slices.DeleteFunc([]string{k.attr("agent"), k.attr("queue"), k.attr("level"), k.attr("position")},
			func(s string) bool { return s == "" }), " ")
		agent := c.agents[k.attr("agent")]
		if agent == nil {
			c.add(l, "tiers", unused("there is no such agent"))
			continue
		}
		for _, a := range k.attrs {
			if !slices.Contains([]string{"agent", "queue", "level", "position", "state"}, a.name()) {
				c.add(a, "tiers", centreStranger(a, []string{"agent", "queue", "level", "position"}))
			}
		}
		level, _, ok1 := number(cmp.Or(k.attr("level"), "1"), 0, mostLevel)
		position, _, ok2 := number(cmp.Or(k.attr("position"), "1"), 0, mostWeight)
		if !ok1 || !ok2 {
			c.add(l, "tiers", notUnderstood("write level and order into the queue yourself", "level or position is no number; 1 stays"))
			level, position = max(level, 1), max(position, 1)
		}
		queue := k.attr("queue")
		c.tiers[queue] = append(c.tiers[queue], centreTier{line: l, agent: agent, level: level, position: position})
	}
}

// strayTiers says what becomes of tiers whose queue is not there.
func (c *centre) strayTiers() {
	for _, name := range keys(c.tiers) {
		for _, t := range c.tiers[name] {
			c.add(t.line, "tiers", unused("there is no such queue"))
		}
	}
}

// seat makes members of a queue's tiers, in the order of level and position.
func (c *centre) seat(q *centreQueue, name string) {
	tiers := c.tiers[name]
	delete(c.tiers, name)
	slices.SortStableFunc(tiers, func(a, b centreTier) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.position, b.position))
	})
	seen := map[queueapp.AgentID]bool{}
	for _, t := range tiers {
		if seen[t.agent.ID] {
			c.add(t.line, string(q.Name), unused("agent "+string(t.agent.ID)+" has a tier in this queue already"))
			continue
		}
		seen[t.agent.ID] = true
		q.Members = append(q.Members, queueapp.Member{Agent: t.agent.ID, Level: t.level})
		if !slices.Contains(q.levels, t.level) {
			q.levels = append(q.levels, t.level)
		}
		t.agent.lend(q.Queue, &q.lent)
		c.add(t.line, string(q.Name), carried("queue."+string(q.Name)+".members"))
	}
}
