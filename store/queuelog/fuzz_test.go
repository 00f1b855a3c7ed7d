package queuelog_test

import (
	"testing"
	"unicode/utf8"

	"ringside/queueapp"
	"ringside/store/queuelog"
	"ringside/store/queuelog/queuelogtest"
)

// FuzzLine: whatever callers, customers and agents are called, an entry is one line that anybody reads as it was meant.
func FuzzLine(f *testing.F) {
	f.Add("0301", "Ana", "https://crm/1", "lunch")
	f.Add("", "1|NONE|x|y|ABANDON|1|1|1\n2|", "\x00\xff", "\u2028|\r\n")
	f.Fuzz(func(t *testing.T, number, name, url, reason string) {
		enter := queueapp.Enter{
			Call: "c1", Queue: "support", Channel: "17.1", Caller: queueapp.Caller{Number: number, Name: name},
			Customers: []queueapp.Customer{{URL: url}},
		}
		plan := queueapp.Plan{Queues: []queueapp.Queue{{Name: "support", Members: []queueapp.Member{{Agent: "1000"}}}}}
		entries := queuelog.New(queuelog.Past{Plan: plan}).Fold([]queueapp.Step{
			{N: 1, At: beginning(), Event: queueapp.Apply{Plan: plan}},
			{N: 2, At: beginning(), Event: enter},
			{N: 3, At: beginning(), Event: queueapp.Tick{}, Effects: []queueapp.Effect{queueapp.Paused{Agent: "1000", Reason: reason}}},
		})
		if len(entries) != 4 {
			t.Fatalf("%d entries: %+v", len(entries), entries)
		}
		for _, e := range entries {
			l, err := queuelogtest.Parse(e.Line())
			if err != nil {
				t.Fatal(err)
			}
			if l.Epoch != beginning().Unix() || l.Call != e.Call || l.Event != string(e.Event) || !utf8.ValidString(e.Line()) {
				t.Fatalf("%+v is read as %+v", e, l)
			}
		}
	})
}
