package record_test

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

var at = time.Date(2026, 3, 1, 9, 30, 0, 250e6, time.UTC)

const id = "0195e2c4-7a10-7c3e-9b5a-3f2d1c0b9a88"

func ms(n int) *time.Duration { return new(time.Duration(n) * time.Millisecond) }

// calls are the records of the golden files: one call's life, and the edges of the format.
func calls() map[string]record.Call {
	offered := record.Call{
		ID: id, Event: record.Offered, State: record.Ringing, Seq: 3, At: at, Expires: at.Add(90 * time.Second),
		Direction: record.In, Queue: "support", Extension: "1000", Agent: "1000", Attempt: 1, Channel: "1700000000.42",
		Caller: record.Caller{Number: "2000", E164: "+15550002000", Name: `Ann "The <Caller>" O'Hara & Söhne 🦊`, Dialled: "0000"},
		Customers: []record.Customer{
			{ID: "1", Code: "1111", Match: record.ByCode, URL: "https://crm.example/1?a=b&c=d", Name: "Company 1",
				Data: record.Data{{Key: "tier", Value: "gold"}, {Key: "account", Value: "A-17"}}},
			{ID: "9", Match: record.ByNumber, Name: "Company 9"},
		},
		Times: record.Times{Entered: at.Add(-12300 * time.Millisecond), Offered: at},
		Data:  record.Data{{Key: "ivr.topic", Value: "billing"}},
	}
	answered := offered
	answered.Event, answered.State, answered.Seq, answered.At = record.Answered, record.Talking, 4, at.Add(4100*time.Millisecond)
	answered.Times.Connected = answered.At
	answered.Seconds = record.Seconds{Wait: ms(12300), Ring: ms(4100)}
	answered.Expires = answered.At.Add(4 * time.Hour)
	ended := answered
	ended.Event, ended.State, ended.Seq, ended.At = record.Ended, record.Closed, 7, at.Add(64300*time.Millisecond)
	ended.Expires = ended.At.Add(time.Minute)
	ended.Times.Ended = ended.At
	ended.Seconds.Talk, ended.Seconds.Hold = ms(60200), ms(0)
	ended.Outcome = record.Outcome{Value: "answered", By: "caller", Cause: 16}
	revoked := offered
	revoked.Event, revoked.State, revoked.Reason, revoked.Seq = record.Revoked, record.Closed, record.NoAnswer, 5
	transferred := answered
	transferred.Event, transferred.From, transferred.Extension, transferred.Seq = record.Answered, "1000", "2000", 9
	return map[string]record.Call{
		"offered": offered, "answered": answered, "ended": ended, "revoked": revoked, "transferred-to": transferred,
		"anonymous": ended.Anonymous(),
		"least":     {ID: id, Event: "parked", State: record.OnHold, Seq: 1, At: at, Expires: at.Add(time.Minute)},
		"stranger": {ID: id, Event: record.Offered, State: record.Ringing, Seq: 2, At: at, Expires: at.Add(time.Minute),
			Caller: record.Caller{Withheld: true}, Customers: []record.Customer{{Code: "9999", Match: record.NoMatch}}},
	}
}

func TestGoldenFilesInBothDirections(t *testing.T) {
	t.Parallel()
	for name, c := range calls() {
		for _, f := range []struct {
			ext    string
			encode func() ([]byte, error)
			parse  func([]byte) (record.Call, error)
		}{
			{".xml", func() ([]byte, error) { return xml.MarshalIndent(c, "", "  ") }, record.ParseXML},
			{".json", c.JSON, record.ParseJSON},
		} {
			path := filepath.Join("testdata", name+f.ext)
			got, err := f.encode()
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
				t.Errorf("%s (-file +encoded):\n%s", path, diff)
			}
			back, err := f.parse(want)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if diff := cmp.Diff(c, back); diff != "" {
				t.Errorf("%s (-record +parsed):\n%s", path, diff)
			}
		}
	}
}

func TestWhatCannotBeReadIsSaidAndKeepsTheOldRecord(t *testing.T) {
	t.Parallel()
	head := `<call xmlns='ringside:call:1' id='a' event='offered' state='ringing' seq='1' at='2026-03-01T09:30:00Z' expires='2026-03-01T09:31:00Z'`
	for want, in := range map[string]string{
		"document type":           `<!DOCTYPE call [<!ENTITY x "y">]>` + head + `/>`,
		"more than one":           head + `/>` + head + `/>`,
		"text outside":            head + `/>tail`,
		"is not <call":            strings.Replace(head, "ringside:call:1", "ringside:call:2", 1) + `/>`,
		"unexpected EOF":          head + `>`,
		"invalid character":       head + `>&unknown;</call>`,
		"larger than":             head + ` queue='` + strings.Repeat("x", record.MaxBytes) + `'/>`,
		"deep":                    head + `>` + strings.Repeat("<x>", 30) + strings.Repeat("</x>", 30) + `</call>`,
		"state":                   strings.Replace(head, "ringing", "singing", 1) + `/>`,
		"seq \"0x1\"":             strings.Replace(head, "seq='1'", "seq='0x1'", 1) + `/>`,
		"seq 0 is not":            strings.Replace(head, "seq='1'", "seq='0'", 1) + `/>`,
		"expires is missing":      strings.Replace(head, "expires=", "expired=", 1) + `/>`,
		"RFC 3339":                strings.Replace(head, "09:31", "9h31", 1) + `/>`,
		"number of seconds":       head + `><seconds wait='-1'/></call>`,
		"withheld":                head + `><caller withheld='maybe'/></call>`,
		"attempt \"99999999999\"": head + ` attempt='99999999999'/>`,
		"id \"\"":                 strings.Replace(head, "id='a'", "id=''", 1) + `/>`,
		"id \"a b\"":              strings.Replace(head, "id='a'", "id='a b'", 1) + `/>`,
	} {
		if c, err := record.ParseXML([]byte(in)); err == nil {
			t.Errorf("%s: parsed as %+v", in, c)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
		kept := record.Call{ID: "kept"}
		_ = kept.UnmarshalXML(xml.NewDecoder(strings.NewReader("")), xml.StartElement{})
		if kept.ID != "kept" {
			t.Error("a failed parse overwrote the record")
		}
	}
	for want, in := range map[string]string{
		"unexpected end":    `{"id":"a"`,
		"after top-level":   `{} {}`,
		"cannot unmarshal":  `{"seq":"one"}`,
		"data":              `{"data":["gold"]}`,
		"string":            `{"data":{"tier":{"a":1}}}`,
		"state":             `{"id":"a","event":"x","seq":1,"at":"2026-03-01T09:30:00Z","expires":"2026-03-01T09:31:00Z"}`,
		"number of seconds": `{"seconds":{"wait":-1}}`,
		"RFC 3339":          `{"at":"yesterday"}`,
		"larger than":       strings.Repeat(" ", record.MaxBytes) + "{}",
	} {
		if c, err := record.ParseJSON([]byte(in)); err == nil {
			t.Errorf("%s: parsed as %+v", in, c)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestWhatIsUnknownIsPassedOver(t *testing.T) {
	t.Parallel()
	c, err := record.ParseXML([]byte(`<?xml version="1.0"?><!-- a comment -->
		<r:call xmlns:r='ringside:call:1' xmlns='other' id='a' event='parked' state='held' seq='1' at='2026-03-01T10:30:00+01:00'
			expires='2026-03-01T09:31:00Z' colour='red' queue=''>
		 <caller number='666'/><r:caller number='2000' mood='good'><r:deep><r:caller number='667'/></r:deep></r:caller>
		 <r:weather><r:data key='rain'>yes</r:data></r:weather><r:data key='tier'>gold</r:data><r:data key='tier'>silver</r:data>
		 <r:customer><r:name>A<r:b>bold</r:b>B</r:name></r:customer><r:customer/></r:call>`))
	if err != nil {
		t.Fatal(err)
	}
	want := record.Call{
		ID: "a", Event: "parked", State: record.OnHold, Seq: 1, At: at.Truncate(time.Second), Expires: at.Truncate(time.Second).Add(time.Minute),
		Caller: record.Caller{Number: "2000"}, Customers: []record.Customer{{Name: "AB"}}, Data: record.Data{{Key: "tier", Value: "silver"}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// A stream goes on behind a record that cannot be used.
func TestARefusedRecordIsConsumedWhole(t *testing.T) {
	t.Parallel()
	good := `<call xmlns='ringside:call:1' id='a' event='e' state='closed' seq='1' at='2026-03-01T09:30:00Z' expires='2026-03-01T09:31:00Z'/>`
	for _, bad := range []string{
		`<call xmlns='ringside:call:1' seq='x'><customer><name>a</name><x><y/></x></customer></call>`,
		`<other xmlns='ringside:call:1'><call/></other>`,
		`<call xmlns='ringside:call:1' id='a'><data>` + strings.Repeat("x", 2*record.MaxBytes) + `</data><data/></call>`,
		`<call xmlns='ringside:call:1' id='a'>` + strings.Repeat("<x>", 99) + strings.Repeat("</x>", 99) + `</call>`,
	} {
		d := xml.NewDecoder(strings.NewReader("<stream>" + bad + good + "</stream>"))
		var errs []error
		var last record.Call
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			tok, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			errs = append(errs, last.UnmarshalXML(d, tok.(xml.StartElement)))
		}
		if errs[0] == nil || errs[1] != nil || last.ID != "a" {
			t.Errorf("%.60s: %v", bad, errs)
		}
	}
}

func TestARecordThatIsNotValidIsNotWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []record.Call{{}, {ID: id, Event: "e", State: "up", Seq: 1, At: at, Expires: at}} {
		if b, err := c.XML(); err == nil || len(b) > 0 {
			t.Errorf("XML wrote %q, %v", b, err)
		}
		if b, err := c.JSON(); err == nil || len(b) > 0 {
			t.Errorf("JSON wrote %q, %v", b, err)
		}
	}
}

func TestCleanTexts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ in, want string }{
		{"Company 1", "Company 1"},
		{"  two \t\r\n  words\x00 ", "two words"},
		{"\x1b[31mred\x07", "[31mred"},
		{"bad \xff\xfe bytes", "bad \uFFFD\uFFFD bytes"},
		{"evil\u202Egnp.exe", "evilgnp.exe"},
		{"\u2066isolated\u2069", "isolated"},
		{"line\u2028paragraph\u2029end\u0085nel", "line paragraph end nel"},
		{"\uFFFE\uFFFF", ""},
		{"日本語 🦊", "日本語 🦊"},
		{strings.Repeat("é", 600), strings.Repeat("é", 512)},
		{strings.Repeat("x", 1023) + "é", strings.Repeat("x", 1023)},
		{strings.Repeat("x", 1023) + " y", strings.Repeat("x", 1023)},
		{strings.Repeat("x", 200), strings.Repeat("x", 200)},
	} {
		c := record.Call{Caller: record.Caller{Name: x.in}}.Clean()
		if c.Caller.Name != x.want {
			t.Errorf("%q became %q, want %q", x.in, c.Caller.Name, x.want)
		}
	}
}

func TestCleanLists(t *testing.T) {
	t.Parallel()
	var c record.Call
	for range 100 {
		c.Customers = append(c.Customers, record.Customer{Name: strings.Repeat("&", 2000), URL: strings.Repeat("u", record.MaxURL+1)})
	}
	got := c.Clean()
	if n := len(got.Customers); n == 0 || n > record.MaxCustomers || got.Customers[0].URL != "" {
		t.Errorf("%d customers, URL %q", n, got.Customers[0].URL)
	}
	if len(c.Customers[0].Name) != 2000 {
		t.Error("the original was changed")
	}
	d := record.Call{Data: record.Data{{"a", "1"}, {"", "x"}, {"b", "\x00"}, {"a", "2"}, {strings.Repeat("k", record.MaxKey+1), "x"}, {"c", "3"}}}
	if diff := cmp.Diff(record.Data{{"a", "2"}, {"c", "3"}}, d.Clean().Data); diff != "" {
		t.Error(diff)
	}
	if v, ok := d.Clean().Data.Get("a"); v != "2" || !ok {
		t.Errorf("a is %q, %v", v, ok)
	}
	if _, ok := d.Clean().Data.Get("b"); ok {
		t.Error("b is there")
	}
}
