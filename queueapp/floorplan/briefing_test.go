package floorplan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

func TestWhatAgentsHear(t *testing.T) {
	p, err := floorplan.Parse("x", []byte(`
[queue.all]
agent_announce = ["ringside/queue-agent", "mine"]
reportholdtime = true
memberdelay = "1500ms"
accept = "*"
accept_timeout = "10s"
[queue.key]
accept = "1"
[queue.none]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []queueapp.Briefing{
		{Announce: []string{"ringside/queue-agent", "mine"}, HoldTime: true, Delay: 1500 * time.Millisecond, Accept: "*", Within: 10 * time.Second},
		{Accept: "1", Within: floorplan.DefaultWithin}, {},
	}
	for i, q := range p.Floor.Queues {
		if diff := cmp.Diff(want[i], q.Briefing); diff != "" {
			t.Errorf("%s: %s", q.Name, diff)
		}
	}
	if len(p.Lines) > 0 {
		t.Errorf("callers hear %+v", p.Lines)
	}
}
