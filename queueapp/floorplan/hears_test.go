package floorplan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// line draws what callers of a queue hear; false: nothing but music.
func line(t *rapid.T, queue string, queues []string, hours []floorplan.Hours) (floorplan.Line, bool) {
	l := floorplan.Line{Queue: queueapp.QueueName(queue), Announcements: ivr.Announcements{
		Welcome: prompts(t, "welcome"), PositionLimit: rapid.IntRange(1, 1000).Draw(t, "limit"), OnlyUp: rapid.Bool().Draw(t, "only up"),
		Position:  rapid.SampledFrom([]ivr.PositionRule{ivr.PositionAlways, ivr.PositionNever, ivr.PositionLimit, ivr.PositionMore}).Draw(t, "position"),
		Holdtime:  rapid.SampledFrom([]ivr.HoldtimeRule{ivr.HoldtimeAlways, ivr.HoldtimeNever, ivr.HoldtimeOnce}).Draw(t, "holdtime"),
		Frequency: often(t, "frequency"), MinFrequency: span(t, "least", time.Second, time.Hour),
		Round: rapid.SampledFrom([]int{0, 5, 10, 15, 20, 30}).Draw(t, "round"), ToFirst: rapid.Bool().Draw(t, "first"),
		Periodic: prompts(t, "periodic"), PeriodicFrequency: often(t, "periodic frequency"), PeriodicStart: span(t, "start", 0, time.Hour),
		PeriodicRandom: rapid.Bool().Draw(t, "random"), Connect: prompts(t, "connect"), Words: ivr.DefaultWords(),
	}}
	if rapid.Bool().Draw(t, "own words") {
		l.Words.ToAccept = prompts(t, "to accept")
		l.Words.Minute, l.Words.YouAreNext = prompts(t, "minute"), prompts(t, "next")
	}
	for _, k := range "#*0123456789ABCD" {
		if rapid.IntRange(0, 5).Draw(t, "key") == 0 {
			l.Keys = append(l.Keys, ivr.Exit{Key: byte(k), Step: exit(t, queue, queues)})
		}
	}
	if len(hours) > 0 {
		l.Hours = rapid.SampledFrom(hours).Draw(t, "hours").Name
	}
	l.FromCall = rapid.Bool().Draw(t, "from call")
	return l, rapid.Bool().Draw(t, "hears")
}

func exit(t *rapid.T, queue string, queues []string) ivr.Step {
	other := queueapp.QueueName(rapid.SampledFrom(queues).Draw(t, "to"))
	return rapid.SampledFrom([]ivr.Step{
		{}, {Verb: ivr.VerbHangUp}, {Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "c", Extension: "e", Priority: 2}},
		map[bool]ivr.Step{false: {Verb: ivr.VerbQueue, Queue: other}}[other == queueapp.QueueName(queue)],
	}).Draw(t, "exit")
}

func often(t *rapid.T, label string) time.Duration {
	if rapid.Bool().Draw(t, label+" at all") {
		return span(t, label, 5*time.Second, time.Hour)
	}
	return 0
}

func hours(t *rapid.T) []floorplan.Hours {
	var out []floorplan.Hours
	for _, name := range names(t, "hours", `[a-z]{1,4}`, 2) {
		h := floorplan.Hours{Name: name, Zone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin"}).Draw(t, "zone")}
		if rapid.Bool().Draw(t, "opens") {
			h.Open = []string{"mon-fri 08:00-18:00", "sat,sun"}
		}
		if rapid.Bool().Draw(t, "closes") {
			h.Closed = []string{"12-25"}
		}
		out = append(out, h)
	}
	return out
}

func TestWhatCallersHear(t *testing.T) {
	p, err := floorplan.Parse("x", []byte(`
[queue.plain]
[queue.support]
hours = "office"
time_base = "call"
welcome = "ringside/queue-welcome"
announce_position = "more"
announce_position_limit = 5
announce_position_only_up = true
announce_holdtime = "once"
announce_frequency = "30s"
min_announce_frequency = "10s"
announce_round_seconds = 15
announce_to_first = false
periodic_announce = ["a", "b"]
periodic_announce_frequency = "40s"
random_periodic_announce = true
connect_announce = "c"
thank_you = []
you_are_next = "mine"
keys.1 = { goto = "sales,s" }
keys.2 = { queue = "plain" }
keys."#" = "continue"
keys.9 = "hangup"
[hours.office]
zone = "Europe/Berlin"
open = "mon-fri 08:00-18:00"
closed = ["2026-12-25", "2026-12-24 12:00-24:00"]
`))
	if err != nil {
		t.Fatal(err)
	}
	words := ivr.DefaultWords()
	words.ThankYou, words.YouAreNext = nil, []string{"mine"}
	want := []floorplan.Line{{Queue: "support", Hours: "office", FromCall: true, Announcements: ivr.Announcements{
		Welcome: []string{"ringside/queue-welcome"}, Position: ivr.PositionMore, PositionLimit: 5, OnlyUp: true, Holdtime: ivr.HoldtimeOnce,
		Frequency: 30 * time.Second, MinFrequency: 10 * time.Second, Round: 15, Periodic: []string{"a", "b"},
		PeriodicFrequency: 40 * time.Second, PeriodicStart: 40 * time.Second, PeriodicRandom: true, Connect: []string{"c"}, Words: words,
		Keys: []ivr.Exit{
			{Key: '#'}, {Key: '1', Step: ivr.Step{Verb: ivr.VerbGoto, Goto: ivr.Place{Context: "sales", Extension: "s", Priority: 1}}},
			{Key: '2', Step: ivr.Step{Verb: ivr.VerbQueue, Queue: "plain"}}, {Key: '9', Step: ivr.Step{Verb: ivr.VerbHangUp}},
		},
	}}}
	if diff := cmp.Diff(want, p.Lines); diff != "" {
		t.Error(diff)
	}
}

func TestOpeningHours(t *testing.T) {
	office := floorplan.Hours{
		Name: "office", Zone: "Europe/Berlin",
		Open:   []string{"mon-thu 08:00-12:00,13:00-18:00", "fri 08:00-12:00", "sat 22:00-02:00"},
		Closed: []string{"2026-12-25", "2026-12-24 12:00-24:00", "12-27..01-01", "2026-07-01..2026-07-03"},
	}
	for _, c := range []struct {
		hours floorplan.Hours
		at    string
		open  bool
	}{
		{office, "2026-11-23T07:59:59+01:00", false}, // a Monday
		{office, "2026-11-23T08:00:00+01:00", true},
		{office, "2026-11-23T11:59:59+01:00", true},
		{office, "2026-11-23T12:30:00+01:00", false},
		{office, "2026-11-23T17:59:59+01:00", true},
		{office, "2026-11-23T18:00:00+01:00", false},
		{office, "2026-11-23T07:00:00Z", true}, // the zone counts, not who asks
		{office, "2026-06-22T06:00:00Z", true}, // in summer, too
		{office, "2026-06-22T05:59:00Z", false},
		{office, "2026-11-27T13:30:00+01:00", false}, // Friday afternoon
		{office, "2026-11-28T21:59:00+01:00", false}, // Saturday night, until Sunday
		{office, "2026-11-28T23:00:00+01:00", true},
		{office, "2026-11-29T01:59:00+01:00", true},
		{office, "2026-11-29T02:00:00+01:00", false},
		{office, "2026-11-28T01:00:00+01:00", false}, // Friday's night is none
		{office, "2026-12-24T11:00:00+01:00", true},
		{office, "2026-12-24T14:00:00+01:00", false},
		{office, "2026-12-25T09:00:00+01:00", false},
		{office, "2026-12-28T09:00:00+01:00", false}, // every year, over its turn
		{office, "2027-01-01T09:00:00+01:00", false},
		{office, "2027-01-04T09:00:00+01:00", true},
		{office, "2026-07-02T09:00:00+02:00", false},
		{office, "2027-07-01T09:00:00+02:00", true}, // of one year only
		{floorplan.Hours{Zone: "UTC"}, "2026-12-25T09:00:00Z", true},
		{floorplan.Hours{Zone: "UTC", Open: []string{"09:00-17:00"}}, "2026-12-27T09:00:00Z", true},
		{floorplan.Hours{Zone: "UTC", Open: []string{"sat-mon"}}, "2026-12-27T23:59:00Z", true},
		{floorplan.Hours{Zone: "UTC", Open: []string{"sat-mon"}}, "2026-12-29T00:00:00Z", false},
		// The night on which clocks go forward has no half past two, and the one on which they go back has two of them.
		{floorplan.Hours{Zone: "Europe/Berlin", Open: []string{"02:00-03:00"}}, "2026-03-29T01:00:00Z", false},
		{floorplan.Hours{Zone: "Europe/Berlin", Open: []string{"02:00-03:00"}}, "2026-10-25T00:30:00Z", true},
		{floorplan.Hours{Zone: "Europe/Berlin", Open: []string{"02:00-03:00"}}, "2026-10-25T01:30:00Z", true},
	} {
		calendar, err := c.hours.Calendar()
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.OpenAt(at); got != c.open {
			t.Errorf("open at %s: %t; %v but %v", c.at, got, c.hours.Open, c.hours.Closed)
		}
	}
	if !(floorplan.Calendar{}).OpenAt(time.Now()) {
		t.Error("what has no hours is closed")
	}
}

func TestHoursThatCannotBeRead(t *testing.T) {
	for _, h := range []floorplan.Hours{
		{Zone: "Middle/Earth"}, {Zone: "UTC", Open: []string{"someday"}}, {Zone: "UTC", Closed: []string{"tomorrow"}},
	} {
		if _, err := h.Calendar(); err == nil {
			t.Errorf("%+v was read", h)
		}
	}
	for _, s := range []string{
		"", "mon-", "mon 8:00", "mon 08:00-08:00", "mon 24:00-25:00", "mon 08:60-09:00", "mon -", "08:00", "mon fri", "mon 08:00-09:00;", "mon 8:0-9:00",
	} {
		if _, err := (floorplan.Hours{Zone: "UTC", Open: []string{s}}).Calendar(); err == nil {
			t.Errorf("%q was read", s)
		}
	}
	for _, s := range []string{"", "2026-02-29", "13-01", "12-24..2026-01-01", "2026-12-25..2026-12-24", "25.12.2026", "12-25 noon"} {
		if _, err := (floorplan.Hours{Zone: "UTC", Closed: []string{s}}).Calendar(); err == nil {
			t.Errorf("%q was read", s)
		}
	}
}

func TestDifferencesInWhatCallersHear(t *testing.T) {
	parse := func(text string) floorplan.Plan {
		p, err := floorplan.Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	before := parse("[queue.a]\nwelcome = 'w'\nkeys.1 = 'continue'\n[hours.o]\nzone = 'UTC'\nopen = ['mon', 'tue']")
	after := parse("[queue.a]\nhours = 'o'\nannounce_frequency = '30s'\nkeys.1 = 'hangup'\n[hours.o]\nzone = 'UTC'\nopen = ['mon']")
	var said []string
	for _, c := range floorplan.Diff(before, after) {
		said = append(said, c.String())
	}
	want := "queue a: hours o; queue a: announce_frequency 30s; queue a: keys.1 continue → hangup; queue a: welcome w removed; hours o: open tue removed"
	if got := strings.Join(said, "; "); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
