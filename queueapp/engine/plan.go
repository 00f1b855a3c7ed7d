package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// usePlan puts a floor plan in force: the floor's rules, the devices to follow, the nodes and who may see them.
func (t *tenure) usePlan(p floorplan.Plan) error {
	texts, err := p.Settings.Texts()
	if err != nil {
		return fmt.Errorf("floor plan: %w", err)
	}
	p.Floor.Extensions = slices.Clone(p.Floor.Extensions)
	for i := range p.Floor.Extensions {
		x := &p.Floor.Extensions[i]
		x.Switch = t.switchName(x.Switch)
	}
	hours, err := calendars(p)
	if err != nil {
		return err
	}
	if err := t.Memory.UseCustomers(p.Customers); err != nil {
		return fmt.Errorf("floor plan: %w", err)
	}
	before := map[queueapp.ExtensionID]queueapp.Extension{}
	for _, x := range t.plan.Floor.Extensions {
		before[x.ID] = x
	}
	t.plan, t.texts, t.hours = p, texts, hours
	t.lead.Store(int64(p.Settings.Lead))
	t.devices = map[device][]queueapp.ExtensionID{}
	for _, x := range p.Floor.Extensions {
		for _, name := range slices.Compact([]string{x.Device, x.Dial}) {
			d := device{x.Switch, name}
			t.devices[d] = append(t.devices[d], x.ID)
		}
		if t.switches[x.Switch] == nil {
			t.log.Error("the floor plan names a switch that queueapp.toml does not have; the phone cannot be rung",
				"extension", x.ID, "switch", x.Switch)
		}
	}
	t.turn(queueapp.Apply{Plan: p.Floor})
	for _, x := range p.Floor.Extensions {
		if old := before[x.ID]; old.Device != x.Device || old.Switch != x.Switch {
			// Until the switch has told its state, a phone is not to be rung.
			t.turn(queueapp.Device{Extension: x.ID, State: queueapp.DeviceUnavailable})
		}
	}
	t.whenDurable(t.nodes)
	for name, sw := range t.switches {
		if _, up := t.upSwitches[name]; up {
			sw.Follow(t.devicesOf(name))
		}
	}
	return nil
}

// reload puts the floor plan that apply has just written in force. It is read beside the loop: the database may be slow.
func (t *tenure) reload() {
	t.lookups.Go(func() {
		bounded, cancel := context.WithTimeout(t.ctx, beatLimit)
		defer cancel()
		p, version, err := t.owner.Plan(bounded)
		if err != nil {
			t.log.Error("the new floor plan cannot be read; the old one stays in force", "err", err)
			return
		}
		t.post(func() { t.replan(p, version) })
	})
}

func (t *tenure) replan(p floorplan.Plan, version int64) {
	if version <= t.version {
		return
	}
	if err := t.usePlan(p); err != nil {
		t.log.Error("the new floor plan cannot be used; the old one stays in force", "version", version, "err", err)
		return
	}
	t.version = version
	t.log.Info("floor plan in force", "version", version)
}

// switchName resolves an extension's switch: where the floor plan names none, there is only one.
func (t *tenure) switchName(name queueapp.SwitchName) queueapp.SwitchName {
	if name == "" && len(t.inOrder) > 0 {
		return t.inOrder[0].Name()
	}
	return name
}

func (t *tenure) extension(id queueapp.ExtensionID) queueapp.Extension {
	for _, x := range t.plan.Floor.Extensions {
		if x.ID == id {
			return x
		}
	}
	return queueapp.Extension{ID: id}
}

func (t *tenure) queue(name queueapp.QueueName) queueapp.Queue {
	for _, q := range t.plan.Floor.Queues {
		if q.Name == name {
			return q
		}
	}
	return queueapp.Queue{Name: name}
}

// device is a device of one switch: two switches may each have a PJSIP/1000.
type device struct {
	at   queueapp.SwitchName
	name string
}

// reach is how a switch dials an extension; false where nobody can, as its switch is not ours. A phone that registers at
// another switch is reached over the SIP trunk between the two, the endpoint "switch-" and the other's name. What is dialled
// otherwise than by a plain PJSIP endpoint leads by itself to where the phone is.
func (t *tenure) reach(from Switch, x queueapp.Extension) (dial string, ok bool) {
	if t.switches[x.Switch] == nil {
		return "", false
	}
	if x.Switch != from.Name() && strings.HasPrefix(x.Dial, "PJSIP/") && !strings.Contains(x.Dial, "@") {
		return x.Dial + "@switch-" + string(x.Switch), true
	}
	return x.Dial, true
}

func (t *tenure) devicesOf(sw queueapp.SwitchName) []string {
	var out []string
	for _, x := range t.plan.Floor.Extensions {
		if x.Switch == sw {
			out = append(out, x.Device)
		}
	}
	return out
}

// agentAt is who is logged on at an extension.
func (t *tenure) agentAt(x queueapp.ExtensionID) queueapp.AgentID {
	id, _ := t.floor.At(x)
	return id
}

func (t *tenure) jidsOf(id queueapp.AgentID) []string {
	for _, a := range t.plan.Floor.Agents {
		if a.ID == id {
			return a.JIDs
		}
	}
	return nil
}

func (t *tenure) nameOf(id queueapp.AgentID) string {
	for _, a := range t.plan.Floor.Agents {
		if a.ID == id {
			return a.Name
		}
	}
	return ""
}

// access is who may see an extension's node: the phone's own JIDs, those of the agent who is logged on there, and those
// of one who logged off with a pop-up open, until it is closed.
func (t *tenure) access(x queueapp.ExtensionID) []string {
	jids := slices.Clone(t.extension(x).JIDs)
	if a := t.agentAt(x); a != "" {
		jids = append(jids, t.jidsOf(a)...)
	}
	for _, a := range t.shown[x] {
		jids = append(jids, t.jidsOf(a.agent)...)
	}
	for _, a := range t.owed {
		if a.extension == x {
			jids = append(jids, t.jidsOf(a.agent)...)
		}
	}
	slices.Sort(jids)
	return slices.Compact(jids)
}

func (t *tenure) node(x queueapp.ExtensionID) Node {
	return Node{Name: t.texts.Node(x), Members: t.access(x)}
}

func (t *tenure) nodes() {
	nodes := make(map[queueapp.ExtensionID]Node, len(t.plan.Floor.Extensions))
	for _, x := range t.plan.Floor.Extensions {
		nodes[x.ID] = t.node(x.ID)
	}
	t.crm.Nodes(nodes)
}

func (t *tenure) members(x queueapp.ExtensionID) { t.crm.Node(x, t.node(x)) }
