package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// life is a process: what it asks for after its death reaches nobody.
type life struct {
	m      *model
	eng    *Engine
	cancel context.CancelFunc
	ended  chan error
	fuse   int // how many more orders it lives for; 0: for good
	dead   bool
}

var errDead = errors.New("the process is dead")

// act reports whether the process still lives, and burns its fuse. The model's lock is held.
func (l *life) act() bool {
	if l.dead {
		return false
	}
	if l.fuse > 0 {
		if l.fuse--; l.fuse == 0 {
			l.dead = true
			return false
		}
	}
	return true
}

// Own and the look-ups are the database's, as the process has it.
func (l *life) Own(ctx context.Context, _ string, _ func(string)) (Owner, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for l.m.db.away && ctx.Err() == nil {
		l.m.mu.Unlock()
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
		l.m.mu.Lock()
	}
	if !l.act() {
		return nil, errDead
	}
	l.m.db.epoch++
	o := &holder{life: l, epoch: l.m.db.epoch, lost: make(chan struct{}), changed: make(chan struct{}, 1)}
	l.m.db.owner = o
	return o, ctx.Err()
}

func (l *life) CustomersByCode(ctx context.Context, code string) ([]queueapp.Customer, error) {
	if code == "2222" { // a slow one
		select {
		case <-time.After(350 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return []queueapp.Customer{{ID: "1", Code: code, Match: queueapp.MatchCode, Name: "Company"}}, nil
}

func (l *life) CustomersByNumber(context.Context, string) ([]queueapp.Customer, error) {
	return nil, nil
}

func (l *life) UseCustomers(floorplan.Customers) error { return nil }

// port is the switch as one ownership has it.
type port struct {
	*life
	sink func(SwitchEvent)
}

func (p *port) Name() queueapp.SwitchName { return "main" }

// Run listens until ctx ends; what waits in the lanes then is dropped.
func (p *port) Run(ctx context.Context, sink func(SwitchEvent)) error {
	p.m.mu.Lock()
	p.sink = sink
	p.m.pbx.port = p
	p.m.mu.Unlock()
	<-ctx.Done()
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.pbx.port == p {
		p.m.pbx.port = nil
		p.m.pbx.disconnect()
		clear(p.m.pbx.lanes)
		clear(p.m.pbx.reports)
		clear(p.m.pbx.known)
	}
	return nil
}

// order puts a command into its lane.
func (p *port) order(name string, lane queueapp.ChannelID, do func(*pbx), fail func(*pbx)) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	x := p.m.pbx
	if x.port != p || !p.act() {
		return
	}
	if fail == nil {
		fail = func(x *pbx) { x.answer(lane, Failed{Command: name, Channel: lane}) }
	}
	if _, leg := attemptOf(lane); leg {
		x.known[lane] = true
	}
	x.lanes[lane] = append(x.lanes[lane], order{
		name: name, lane: lane, at: time.Now(), do: func() { do(x) }, fail: func() { fail(x) },
	})
}

// onCaller orders what is done to a caller in the application.
func (p *port) onCaller(name string, ch queueapp.ChannelID, do func(*pbx, *line)) {
	p.order(name, ch, func(x *pbx) {
		if l := x.callers[ch]; l != nil && l.inApp {
			do(x, l)
			return
		}
		x.answer(ch, Failed{Command: name, Channel: ch, Status: notFound})
	}, nil)
}

func (p *port) Answer(ch queueapp.ChannelID) {
	p.onCaller("answer", ch, func(_ *pbx, l *line) { l.up = true })
}

func (p *port) StartMusic(ch queueapp.ChannelID, _ string) {
	p.onCaller("music", ch, func(_ *pbx, l *line) { l.music = true })
}

func (p *port) Play(ch queueapp.ChannelID, id PlaybackID, _ []string) {
	p.m.mayHear(p, ch)
	p.order("play", ch, func(x *pbx) {
		if l := x.callers[ch]; l != nil && l.inApp {
			l.music = false
		}
		x.answer(ch, PlayDone{Channel: ch, Playback: id})
	},
		func(x *pbx) { x.answer(ch, PlayDone{Channel: ch, Playback: id, Failed: true}) })
}

func (p *port) StopPlay(queueapp.ChannelID, PlaybackID) {} // it is played out by then

func (p *port) SetVariables(ch queueapp.ChannelID, vars ...Variable) {
	p.onCaller("variables", ch, func(_ *pbx, l *line) { l.set(vars) })
}

func (p *port) Variable(ctx context.Context, ch queueapp.ChannelID, name string) (string, error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.pbx.trouble || p.dead {
		return "", errDead
	}
	if l := p.m.pbx.callers[ch]; l != nil {
		return l.vars[name], ctx.Err()
	}
	return "", ctx.Err()
}

func (p *port) Prepare(g Leg) {
	p.order("prepare leg", g.Channel, func(x *pbx) { x.prepare(g) },
		func(x *pbx) { x.answer(g.Channel, LegGone{Channel: g.Channel, Q850: 38, Absent: true}) })
}

func (p *port) Originate(g Leg) {
	p.m.mayRing(p, g)
	p.order("originate", g.Channel, func(x *pbx) { x.originate(g) }, func(x *pbx) {
		if x.legs[g.Channel] != nil { // the adapter hangs up what it cannot have called
			x.legGone(g.Channel, 38)
			return
		}
		x.answer(g.Channel, LegGone{Channel: g.Channel, Q850: 38, Absent: true})
	})
}

func (p *port) HangUp(ch queueapp.ChannelID, _ string) {
	if _, leg := attemptOf(ch); leg {
		p.order("hangup", ch, func(x *pbx) {
			if x.legs[ch] == nil {
				x.answer(ch, LegGone{Channel: ch, Absent: true})
				return
			}
			x.legGone(ch, 16)
		}, nil)
		return
	}
	p.m.mayDismiss(p, ch)
	p.order("hangup", ch, func(x *pbx) { x.callerGone(ch, true) }, nil)
}

func (p *port) PrepareBridge(id BridgeID, caller queueapp.ChannelID) {
	p.order("prepare", caller, func(x *pbx) { x.bridges[id] = slices.Clip(x.bridges[id]) }, nil)
}

func (p *port) Bridge(id BridgeID, caller, leg queueapp.ChannelID) {
	p.m.mayBridge(p, leg)
	p.order("bridge", caller, func(x *pbx) { x.bridge(id, caller, leg) }, nil)
}

func (p *port) DestroyBridge(id BridgeID, caller queueapp.ChannelID) {
	if caller == "" {
		caller = queueapp.ChannelID(id)
	}
	p.order("destroy", caller, func(x *pbx) { delete(x.bridges, id) },
		func(x *pbx) { x.answer(caller, Failed{Command: "destroy", Channel: caller, Bridge: id}) })
}

// Record is what there is to say of a call that is not recorded.
func (p *port) Record(o RecordingOrder) {
	told := Recorded{Bridge: o.Bridge, Asked: o.Do, Name: o.Name, State: RecordingOff}
	p.order("record", o.Caller, func(x *pbx) { x.answer(o.Caller, told) }, func(x *pbx) {
		told.Err = errDead
		x.answer(o.Caller, told)
	})
}

func (p *port) Continue(ch queueapp.ChannelID, _ *Place, vars ...Variable) {
	p.m.mayDismiss(p, ch)
	p.onCaller("continue", ch, func(x *pbx, l *line) {
		l.set(vars)
		x.callerGone(ch, false)
	})
}

func (p *port) Light(map[string]queueapp.DeviceState) {}

func (p *port) Follow(devices []string) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	if p.m.pbx.port == p && p.act() {
		for _, d := range devices {
			p.m.pbx.tellDevice(d)
		}
	}
}
