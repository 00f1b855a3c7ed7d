package floorplan

import (
	"reflect"
	"slices"
	"strings"

	"ringside/ivr"
	"ringside/queueapp"
)

// check looks at what one table says of another.
func check(root *table, p Plan) {
	c := checker{table: root, plan: p}
	c.members()
	c.seats()
	c.phones()
	for _, m := range p.Menus {
		c.menu(m)
	}
	c.silences()
	c.overflows()
	c.lines()
	c.recordings()
	c.skills()
	c.templates()
	c.lamps()
}

type checker struct {
	*table
	plan Plan
}

// under finds a table that was read before.
func (c checker) under(path ...string) *table { return &table{doc: c.doc, path: path} }

func (c checker) members() {
	known := map[queueapp.AgentID]bool{}
	for _, a := range c.plan.Floor.Agents {
		known[a.ID] = true
	}
	for _, q := range c.plan.Floor.Queues {
		for i, m := range q.Members {
			if !known[m.Agent] {
				at := append(c.under("queue", string(q.Name), "members").path, element(c.placeOf(q, i)))
				c.problemAt(at, "add [agent."+string(m.Agent)+"] or remove the member", "%q is no agent", m.Agent)
			}
		}
	}
}

// placeOf finds the place in the file of a queue's i-th member: what was no member at all is counted there, too.
func (c checker) placeOf(q queueapp.Queue, i int) int {
	for n, e := range c.reopen("queue", string(q.Name)).list("members", "") {
		id := queueapp.AgentID(e.text)
		if e.table != nil {
			id = queueapp.AgentID(e.table.text("agent", ""))
		}
		if id == q.Members[i].Agent {
			return n
		}
	}
	return i
}

// reopen opens a table again, only to find the places of its values: what is wrong with their types was said already.
func (c checker) reopen(path ...string) *table {
	values := c.values
	for _, p := range path {
		values, _ = values[p].(map[string]any)
	}
	return &table{doc: &document{file: c.doc.file, lines: c.doc.lines}, path: path, values: values}
}

func (c checker) seats() {
	known := map[queueapp.ExtensionID]bool{}
	for _, x := range c.plan.Floor.Extensions {
		known[x.ID] = true
	}
	for _, a := range c.plan.Floor.Agents {
		if a.Extension != "" && !known[a.Extension] {
			c.under("agent", string(a.ID)).problem("extension", "add [extension."+string(a.Extension)+"] or name another",
				"there is no extension %q", a.Extension)
		}
	}
}

// phones finds extensions that are the same phone: it would ring for two calls at once.
func (c checker) phones() {
	type phone struct {
		on   queueapp.SwitchName
		dial string
	}
	first := map[phone]queueapp.ExtensionID{}
	for _, x := range c.plan.Floor.Extensions {
		key := phone{x.Switch, x.Dial}
		if other, ok := first[key]; ok {
			c.under("extension", string(x.ID)).problem("dial", "give each phone one extension",
				"%s is what extension %s dials", x.Dial, other)
			continue
		}
		first[key] = x.ID
	}
}

func (c checker) menu(m ivr.Menu) {
	at := c.under("menu", m.Name)
	for _, k := range m.Keys {
		key := c.under("menu", m.Name, "keys", string(k.Key))
		c.step(key, k.Step)
		if a := k.Step.Ask; a != nil {
			c.step(c.under(append(slices.Clone(key.path), "then")...), a.Then)
			c.step(c.under(append(slices.Clone(key.path), "fail")...), a.Fail)
			if !reflect.DeepEqual(a.Barred, a.Fail) {
				c.step(c.under(append(slices.Clone(key.path), "barred")...), a.Barred)
			}
			if !reflect.DeepEqual(a.Unavailable, a.Then) {
				c.step(c.under(append(slices.Clone(key.path), "unavailable")...), a.Unavailable)
			}
		}
	}
	c.step(c.under(append(slices.Clone(at.path), "silence")...), m.Silence.Step)
	c.step(c.under(append(slices.Clone(at.path), "invalid")...), m.Invalid.Step)
}

func (c checker) step(t *table, s ivr.Step) {
	switch s.Verb {
	case ivr.VerbQueue:
		known := slices.ContainsFunc(c.plan.Floor.Queues, func(q queueapp.Queue) bool { return q.Name == s.Queue })
		if !known {
			t.problem("queue", "add [queue."+string(s.Queue)+"] or name another", "there is no queue %q", s.Queue)
		}
	case ivr.VerbMenu:
		if _, ok := c.plan.Menu(s.Menu); !ok {
			t.problem("menu", "add [menu."+s.Menu+"] or name another", "there is no menu %q", s.Menu)
		}
	case ivr.VerbAsk, ivr.VerbGoto, ivr.VerbHangUp:
	}
}

// silences finds menus that lead to each other as long as the caller says nothing: nobody would ever leave them.
func (c checker) silences() {
	told := map[string]bool{}
	for _, m := range c.plan.Menus {
		path := []string{m.Name}
		for next, ok := m, true; ok && next.Silence.Step.Verb == ivr.VerbMenu; {
			next, ok = c.plan.Menu(next.Silence.Step.Menu)
			if ok && slices.Contains(path, next.Name) {
				if next.Name == m.Name && !told[m.Name] {
					c.under("menu", m.Name, "silence").problem("menu", "let one of them end in a queue, a goto or a hangup",
						"a caller who presses nothing goes round for ever: %s", strings.Join(append(path, next.Name), " → "))
					for _, name := range path {
						told[name] = true
					}
				}
				break
			}
			path = append(path, next.Name)
		}
	}
}

func (c checker) templates() {
	floor := c.under("floor")
	texts, errs := c.plan.Settings.compile()
	for _, key := range []string{"node", "chat", "display"} {
		if err := errs[key]; err != nil {
			floor.problem(key, "it may use {{"+strings.Join(words(), "}} {{")+"}}", "%v", err)
		}
	}
	if errs["node"] != nil {
		return
	}
	const remedy = "use {{.Extension}} in it, so that nobody sees another's callers"
	if texts.Node("1") == texts.Node("2") {
		floor.problem("node", remedy, "every extension would have the node %q", texts.Node("1"))
		return
	}
	owner := map[string]queueapp.ExtensionID{}
	for _, x := range c.plan.Floor.Extensions {
		node := texts.Node(x.ID)
		if other, ok := owner[node]; ok || node == "" {
			floor.problem("node", remedy, "extensions %s and %s would have the node %q", other, x.ID, node)
			return
		}
		owner[node] = x.ID
	}
}
