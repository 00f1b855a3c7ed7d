package engine

import (
	"time"

	"pgregory.net/rapid"

	"ringside/queueapp"
)

// briefing draws what agents hear who answer, and whether they have to accept.
func (m *model) briefing() (b queueapp.Briefing) {
	kind := rapid.IntRange(0, 5).Draw(m.t, "briefing")
	if kind == 1 || kind == 2 {
		b.Announce = []string{"call"}
	}
	if kind == 2 || kind == 3 {
		b.Accept, b.Within = "1", 5*time.Second
	}
	if kind == 4 {
		b.HoldTime, b.Delay = true, 500*time.Millisecond
	}
	return b
}

// press has an agent press a key. The model's lock is held.
func (m *model) press(id queueapp.ChannelID, l *line) {
	key := rapid.SampledFrom([]byte("1115")).Draw(m.t, "key")
	l.pressed = l.pressed || key == '1'
	m.pbx.report(id, Digit{Channel: id, Key: key})
}

// mayHear asserts that nothing more is ordered for an agent to hear who hears the caller.
func (m *model) mayHear(p *port, ch queueapp.ChannelID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.pbx.legs[ch]; !p.dead && m.pbx.port == p && l != nil && m.pbx.in(ch) != "" {
		m.fail("%s is told something in bridge %s", ch, m.pbx.in(ch))
	}
}

// accepted asserts that nobody gets a caller whom he has to accept, and did not.
func (m *model) accepted(leg queueapp.ChannelID) {
	if l := m.pbx.legs[leg]; m.db.plan.Floor.Queues[0].Briefing.Accept != "" && l != nil && !l.pressed {
		m.fail("%s is bridged, and the agent has not accepted", leg)
	}
}
