package engine

import (
	"maps"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// lamps is what the switches were told that keys on desk phones are to show.
type lamps struct {
	told   map[string]queueapp.DeviceState // nil: they never were
	behind bool                            // the floor has had a turn since
	anew   bool                            // a switch has to be told again
	next   time.Time                       // not before
}

const (
	lampsEvery = 100 * time.Millisecond // between two looks at all lamps: what changes meanwhile is told at once
	lampsRest  = time.Second            // after a switch was lost or found: until then phones tell their states
)

// due reports whether lamps are to be looked at once their time has come.
func (l *lamps) due(p floorplan.Plan) bool {
	return l.behind && (p.Settings.Lamps || l.told != nil)
}

// restLamps leaves the lamps for a moment, and has all switches told them after.
func (t *tenure) restLamps() {
	t.lamps.next, t.lamps.anew = t.Now().Add(lampsRest), true
}

// light tells all switches what lamps show, where that has changed. It comes behind whatever else there is to do, since
// nobody waits for it.
func (t *tenure) light() {
	l := &t.lamps
	if !l.due(t.plan) || t.Now().Before(l.next) {
		return
	}
	l.behind, l.next = false, t.Now().Add(lampsEvery)
	shown := map[string]queueapp.DeviceState{}
	if t.plan.Settings.Lamps {
		shown = t.floor.Lamps(l.told)
	}
	if !l.anew && maps.Equal(shown, l.told) {
		return
	}
	l.told, l.anew = shown, false
	for _, sw := range t.inOrder {
		sw.Light(shown)
	}
}
