package floorplan_test

import (
	"strings"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

func texts(t *testing.T, text string) floorplan.Texts {
	t.Helper()
	p, err := floorplan.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Settings.Texts()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatAgentsRead(t *testing.T) {
	call := queueapp.Enter{
		Call: "c1", Queue: "support", Caller: queueapp.Caller{Number: "5551234", Name: "Bob"},
		Customers: []queueapp.Customer{{ID: "1", Code: "1111", Name: "Company 1"}, {Name: ""}, {Name: "Company 2"}},
	}
	one, stranger, withheld := call, call, call
	one.Customers = one.Customers[:1]
	stranger.Customers = nil
	withheld.Customers, withheld.Caller = nil, queueapp.Caller{}
	x := texts(t, "")
	for _, c := range []struct{ got, want string }{
		{x.Node("1000"), "extension1000"},
		{x.Chat(floorplan.NewWords(one)), "Support: Customer Company 1, caller 5551234, call c1"},
		{x.Chat(floorplan.NewWords(call)), "Support: Customer Company 1, Company 2, caller 5551234, call c1"},
		{x.Chat(floorplan.NewWords(stranger)), "Support: unknown customer, caller 5551234, call c1"},
		{x.Chat(floorplan.NewWords(withheld)), "Support: unknown customer, call c1"},
		{x.Display(floorplan.NewWords(one)), "support: Company 1"},
		{x.Display(floorplan.NewWords(stranger)), "support: Bob"},
		{x.Display(floorplan.NewWords(withheld)), "support: unknown"},
		{
			texts(t, `floor = { chat = '{{.Agent}} {{.AgentName}} {{.Extension}} {{.Switch}} {{.Dialled}} {{.CustomerID}} {{.Code}}' }`).
				Chat(floorplan.Words{Agent: "1", AgentName: "Ana", Extension: "2", Switch: "s", Dialled: "0", CustomerID: "7", Code: "8"}),
			"1 Ana 2 s 0 7 8",
		},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestHostileNamesAreCleaned(t *testing.T) {
	x := texts(t, "")
	for name, want := range map[string]string{
		"a\r\nb\x00c\x1b[31m":   "support: a  bc[31m",
		"a\u202eb\u2066c\ufeff": "support: abc\ufeff",
		"\xff\xfe":              "support: \ufffd",
		`<b> & "q" {{.Call}}`:   `support: <b> & "q" {{.Call}}`,
		"👩‍👧":                   "support: 👩‍👧",
	} {
		if got := x.Display(floorplan.Words{Queue: "support", Name: name}); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	long := x.Display(floorplan.Words{Queue: "support", Name: strings.Repeat("é", 500)})
	if n := len([]rune(long)); n != 80 || !strings.HasSuffix(long, "é…") {
		t.Errorf("%d characters: %q", n, long)
	}
}

func TestATemplateWithoutEndIsFound(t *testing.T) {
	_, err := floorplan.Parse("x", []byte("[floor]\nchat = '{{range 1000000}}spam{{end}}'"))
	if err == nil || !strings.Contains(err.Error(), "x:2: floor.chat: ") {
		t.Errorf("got %v", err)
	}
}
