package engine

import (
	"context"
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// call has somebody call, or come back from the dialplan.
func (m *model) call() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dial()
}

func (m *model) dial() {
	args := rapid.SampledFrom([][]string{
		{"queue", "support"}, {"queue", "support"}, {"queue", "support", "code=1111"}, {"queue", "support", "code=2222"},
		{"queue", "support", "timeout=7"}, {"queue", "nowhere"}, {"ivr", "main"}, {"agent", "logon"}, {"agent", "logoff"},
	}).Draw(m.t, "args")
	var back []queueapp.ChannelID
	for _, id := range keysOf(m.pbx.callers) {
		if l := m.pbx.callers[id]; !l.inApp && l.half == nil {
			back = append(back, id)
		}
	}
	if len(back) > 0 && rapid.IntRange(0, 2).Draw(m.t, "comes back") > 0 {
		l := m.pbx.callers[rapid.SampledFrom(back).Draw(m.t, "who")]
		l.args = args
		m.pbx.arrive(l)
		return
	}
	if len(m.pbx.callers) > 8 {
		return
	}
	m.numbers++
	l := &line{
		id: queueapp.ChannelID(fmt.Sprintf("ch%d", m.numbers)), args: args, endpoint: "PJSIP/trunk",
		caller: queueapp.Caller{Name: "Eve", Dialled: "7000"},
	}
	if args[0] == "agent" {
		l.endpoint = rapid.SampledFrom([]string{"PJSIP/1000", "PJSIP/1001"}).Draw(m.t, "phone")
	}
	m.pbx.arrive(l)
}

// phone has an agent do something with a leg, or something happen to a phone.
func (m *model) phone() {
	m.mu.Lock()
	defer m.mu.Unlock()
	legs := slices.DeleteFunc(keysOf(m.pbx.legs), func(id queueapp.ChannelID) bool { return m.pbx.legs[id].prepared })
	if len(legs) == 0 {
		m.dial()
		return
	}
	id := rapid.SampledFrom(legs).Draw(m.t, "leg")
	l := m.pbx.legs[id]
	switch does := rapid.IntRange(0, 9).Draw(m.t, "does"); {
	case does <= 3 && !l.up && !l.ringing:
		l.ringing = true
		m.pbx.report(id, LegRinging{id})
	case does <= 7 && !l.up:
		l.up = true
		m.pbx.report(id, LegUp{id})
		m.pbx.tellDevice(l.dial)
	case l.up && does <= 5 && m.db.plan.Floor.Queues[0].Briefing.Accept != "":
		m.press(id, l)
	case l.up && does > 6:
		m.pbx.sendOn(id)
	case l.up && does > 4: // else he talks on
		m.pbx.legGone(id, 16)
	case l.up:
	default:
		m.pbx.legGone(id, rapid.SampledFrom([]int{17, 19, 21, 34, 16}).Draw(m.t, "cause"))
	}
}

// caller has somebody hang up, or press a key.
func (m *model) caller() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ids := keysOf(m.pbx.callers); len(ids) > 0 {
		if len(m.db.plan.Lines) > 0 && rapid.IntRange(0, 3).Draw(m.t, "presses a key") == 0 {
			id := rapid.SampledFrom(ids).Draw(m.t, "who")
			m.pbx.report(id, Digit{Channel: id, Key: '#'})
			return
		}
		m.pbx.callerGone(rapid.SampledFrom(ids).Draw(m.t, "who"), true)
	}
}

// tell gives a command as the API does; nobody waits for its result.
func (m *model) tell(ev queueapp.Event) {
	eng := m.life.eng
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = eng.Command(ctx, ev) // it may be refused, or its process die
	}()
	m.rest()
}

func (m *model) agent() {
	a := rapid.SampledFrom([]queueapp.AgentID{"1000", "1001"}).Draw(m.t, "agent")
	m.tell(rapid.SampledFrom([]queueapp.Event{
		queueapp.Ready{Agent: a}, queueapp.LogOn{Agent: a}, queueapp.Ready{Agent: a}, queueapp.LogOn{Agent: a},
		queueapp.Ready{Agent: a}, queueapp.LogOn{Agent: a}, queueapp.LogOff{Agent: a}, queueapp.Pause{Agent: a, Reason: "lunch"},
	}).Draw(m.t, "does"))
}

func (m *model) operator() {
	id := queueapp.CallID(fmt.Sprintf("c%d", rapid.IntRange(1, max(1, m.ids)).Draw(m.t, "call")))
	m.tell(rapid.SampledFrom([]queueapp.Event{
		queueapp.Withdraw{Call: id}, queueapp.Prioritise{Call: id, Priority: 3}, queueapp.Withdraw{Call: id, Outcome: queueapp.OutcomeKey},
		queueapp.Pull{Call: id, Extension: "1000"}, queueapp.Pull{Call: id, Extension: "1001"},
	}).Draw(m.t, "does"))
}

// one has one of the things happen that wait to.
func (m *model) one() {
	todo := m.pending()
	if len(todo) == 0 {
		m.phone()
		return
	}
	todo[rapid.IntRange(0, len(todo)-1).Draw(m.t, "which")]()
}

// some has a few things happen, without a pause for the engine in between.
func (m *model) some() {
	for range rapid.IntRange(2, 6).Draw(m.t, "some") {
		m.one()
	}
}

// all has everything happen that waits to, until nothing does.
func (m *model) all() {
	for range 1000 {
		m.rest()
		todo := m.pending()
		if len(todo) == 0 {
			return
		}
		for _, do := range todo {
			do()
		}
	}
	m.t.Fatalf("there is no end of it")
}

// time lets time go by.
func (m *model) time() {
	most := rapid.SampledFrom([]int{400, 20, 2_000, 6_000, 400, 30_000}).Draw(m.t, "most")
	m.wait(time.Duration(rapid.IntRange(1, most).Draw(m.t, "ms")) * time.Millisecond)
}

func (m *model) wait(d time.Duration) {
	<-time.After(d)
	m.rest()
	m.locked(m.pbx.expire)
}

// rare is what does not happen all day: that all is looked at, and that something breaks.
func (m *model) rare() {
	if rapid.IntRange(0, 2).Draw(m.t, "rare") == 0 {
		m.look()
		return
	}
	m.fault()
}

// fault has something break, or mends it.
func (m *model) fault() {
	faults := []struct {
		name string
		do   func()
	}{
		{"mend", m.mend}, {"kill", m.die}, {"fuse", m.fuse}, {"stop", m.stop}, {"cut the stream", m.cutStream}, {"requests fail", m.trouble},
		{"database", m.database}, {"commit fails", m.failCommit}, {"restart the switch", m.restartSwitch}, {"unplug", m.unplug},
		{"mend", m.mend}, {"kill", m.die}, {"fuse", m.fuse}, {"mend", m.mend},
	}
	f := faults[rapid.IntRange(0, len(faults)-1).Draw(m.t, "fault")]
	m.locked(func() { m.note("fault: %s", f.name); m.seen[f.name]++ })
	f.do()
}

// die kills the process; of what waits in the lanes a part is done.
func (m *model) die() {
	m.lastOrders()
	m.kill()
	m.meanwhile()
	m.born()
}

// lastOrders has some of what was ordered done, while nobody hears of it.
func (m *model) lastOrders() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, lane := range keysOf(m.pbx.lanes) {
		for range rapid.IntRange(0, len(m.pbx.lanes[lane])).Draw(m.t, "done") {
			m.pbx.serve(lane)
		}
	}
}

// meanwhile is what happens while there is no process.
func (m *model) meanwhile() {
	for range rapid.IntRange(0, 3).Draw(m.t, "meanwhile") {
		rapid.SampledFrom([]func(){m.call, m.phone, m.caller, m.colleague, m.time}).Draw(m.t, "what")()
	}
}

// fuse has the process die some orders from now, between any two of them.
func (m *model) fuse() {
	n := rapid.IntRange(1, 25).Draw(m.t, "orders")
	m.locked(func() { m.life.fuse = n })
}

// stop ends the process as SIGTERM does: what it knows is written, and the next goes on.
func (m *model) stop() {
	m.life.cancel()
	for {
		synctest.Wait()
		m.mu.Lock()
		c := m.commit
		m.mu.Unlock()
		if c != nil {
			m.written(c, nil)
			continue
		}
		break
	}
	m.kill()
	m.meanwhile()
	m.born()
}

func (m *model) cutStream() {
	away := rapid.Bool().Draw(m.t, "stays away")
	sink := func(SwitchEvent) {}
	m.locked(func() {
		m.pbx.cut = away
		if m.pbx.up {
			m.pbx.disconnect()
			sink = m.pbx.port.sink
		}
	})
	sink(SwitchDown{})
}

func (m *model) trouble() { m.locked(func() { m.pbx.trouble = true }) }

// database takes the database away, or has its owning connection die.
func (m *model) database() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.db.away = rapid.IntRange(0, 2).Draw(m.t, "stays away") > 0
	if m.db.owner != nil && rapid.IntRange(0, 3).Draw(m.t, "floor is lost") == 0 {
		m.db.owner.lose()
	}
}

// failCommit has a commit fail: it was written, or it was not, and the engine cannot tell.
func (m *model) failCommit() {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.commit
	if c == nil {
		return
	}
	if rapid.Bool().Draw(m.t, "written all the same") {
		m.db.write(c.batch)
	}
	c.holder.lose()
}

func (m *model) restartSwitch() {
	sink := func(SwitchEvent) {}
	m.locked(func() {
		if m.pbx.up {
			sink = m.pbx.port.sink
		}
		m.pbx.restart()
	})
	sink(SwitchDown{})
}

// unplug takes a phone off the network, or puts it back.
func (m *model) unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := rapid.SampledFrom([]string{"PJSIP/1000", "PJSIP/1001"}).Draw(m.t, "phone")
	m.pbx.away[d] = !m.pbx.away[d]
	m.pbx.tellDevice(d)
}

func (m *model) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pbx.cut, m.pbx.trouble, m.db.away = false, false, false
}
