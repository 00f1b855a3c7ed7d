package record_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/queueapp/record"
)

// text draws what a caller, a database or an attacker may put into a field.
func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(), rapid.StringMatching(`[ -~]{0,20}`), rapid.Just(""),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string {
			one := rapid.SampledFrom([]string{"&", "<", "é", "🦊", "\x00", "\u202e", " ", "]]>", `"`, "\\"}).Draw(t, "one")
			return string(bytes.Repeat([]byte(one), rapid.IntRange(0, 1500).Draw(t, "times")))
		}))
}

func when() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "unknown") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(-7e10, 2.6e11).Draw(t, "s"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns"))
	})
}

func span() *rapid.Generator[*time.Duration] {
	return rapid.Ptr(rapid.Map(rapid.Int64Range(-1e9, 1e18), func(n int64) time.Duration { return time.Duration(n) }), true)
}

func data(t *rapid.T, name string) record.Data {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) record.Datum {
		return record.Datum{Key: text().Draw(t, "key"), Value: text().Draw(t, "value")}
	}), 0, 6).Draw(t, name)
}

// anyCall draws a record that is valid and otherwise as bad as can be.
func anyCall(t *rapid.T) record.Call {
	s := func(name string) string { return text().Draw(t, name) }
	n := rapid.IntRange(-1, 1<<31-1)
	word := rapid.StringMatching(`[!-~]{1,32}`).Filter(func(s string) bool { return !bytes.ContainsAny([]byte(s), `"'<>&\`) })
	from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns"))
	c := record.Call{
		ID: word.Draw(t, "id"), Event: record.Event(word.Draw(t, "event")),
		State: rapid.SampledFrom([]record.State{record.Ringing, record.Talking, record.OnHold, record.Closed}).Draw(t, "state"),
		Seq:   rapid.Int64Min(1).Draw(t, "seq"), At: from, Expires: from.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "life"))),
		Direction: record.Direction(s("direction")), Queue: s("queue"), Extension: s("extension"), Agent: s("agent"),
		Attempt: n.Draw(t, "attempt"), Channel: s("channel"), Reason: record.Reason(s("reason")), From: s("from"),
		Caller:  record.Caller{Number: s("number"), E164: s("e164"), Name: s("name"), Dialled: s("dialled"), Withheld: rapid.Bool().Draw(t, "withheld")},
		Times:   record.Times{Entered: when().Draw(t, "entered"), Offered: when().Draw(t, "offered"), Connected: when().Draw(t, "connected"), Ended: when().Draw(t, "ended")},
		Seconds: record.Seconds{Wait: span().Draw(t, "wait"), Ring: span().Draw(t, "ring"), Talk: span().Draw(t, "talk"), Hold: span().Draw(t, "hold")},
		Outcome: record.Outcome{Value: s("outcome"), By: s("by"), Cause: n.Draw(t, "cause")}, Data: data(t, "data"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "customers") {
		c.Customers = append(c.Customers, record.Customer{ID: s("cid"), Code: s("code"), Match: record.Match(s("match")), URL: s("url"), Name: s("cname"), Data: data(t, "cdata")})
	}
	return c
}

func TestCleaningTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := anyCall(t).Clean()
		if diff := cmp.Diff(once, once.Clean()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhatIsWrittenIsReadBackClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyCall(t)
		checkBothEncodings(t, c)
	})
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkBothEncodings checks that the record c survives both encodings, within the limit, with no byte that a reader
// could stumble over, and the same way each time.
func checkBothEncodings(t failer, c record.Call) {
	t.Helper()
	for name, f := range map[string]struct {
		encode func() ([]byte, error)
		parse  func([]byte) (record.Call, error)
	}{"XML": {c.XML, record.ParseXML}, "JSON": {c.JSON, record.ParseJSON}} {
		b, err := f.encode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(b) > record.MaxBytes || !utf8.Valid(b) || bytes.IndexFunc(b, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 {
			t.Fatalf("%s: %d bytes, or not clean: %q", name, len(b), b)
		}
		if again, _ := f.encode(); !bytes.Equal(b, again) {
			t.Fatalf("%s differs from one time to the next", name)
		}
		back, err := f.parse(b)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b)
		}
		if diff := cmp.Diff(c.Clean(), back); diff != "" {
			t.Fatalf("%s (-written +read):\n%s", name, diff)
		}
	}
}

// The largest records that Clean lets pass are still within the limit.
func TestTheLargestRecordFits(t *testing.T) {
	t.Parallel()
	for _, one := range []string{"&", "<", `"`, "\\", "é", "🦊", "x", "\xff"} {
		long := string(bytes.Repeat([]byte(one), 3000))
		c := record.Call{ID: id, Event: "e", State: record.Closed, Seq: 1 << 62, At: at, Expires: at, Queue: long, Extension: long, Agent: long,
			Direction: record.Direction(long), Channel: long, Reason: record.Reason(long), From: long, Attempt: 1<<31 - 1,
			Caller: record.Caller{long, long, long, long, true}, Outcome: record.Outcome{long, long, 1<<31 - 1},
			Times: record.Times{at, at, at, at}, Seconds: record.Seconds{ms(1e9 - 1), ms(1e9 - 1), ms(1e9 - 1), ms(1e9 - 1)}}
		for range 100 {
			c.Data = append(c.Data, record.Datum{long[:min(len(long), 60)] + string(rune('a'+len(c.Data)%26)) + string(rune('a'+len(c.Data)/26)), long})
			c.Customers = append(c.Customers, record.Customer{long, long, record.Match(long), long[:2048-2048%len(one)], long, nil})
		}
		checkBothEncodings(t, c)
		if n := len(c.Clean().Customers); n == 0 && len(c.Clean().Data) == 0 {
			t.Errorf("%q: nothing was kept", one)
		}
	}
}

func seeds(f *testing.F, ext string) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"+ext))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzParseXML(f *testing.F) {
	seeds(f, ".xml")
	f.Add([]byte(`<call xmlns='ringside:call:1'><data key='a'><![CDATA[<&]]></data></call>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a:call xmlns:a='ringside:call:1' id='&b;'/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := record.ParseXML(b)
		if err == nil {
			checkBothEncodings(t, c)
		}
		// As an element of a stream, what is not a record must leave the decoder behind its end, as Skip does.
		wrapped := append(append([]byte("<s>"), b...), "<end/></s>"...)
		skipped, broken := children(wrapped, func(d *xml.Decoder, _ xml.StartElement) { _ = d.Skip() })
		read, _ := children(wrapped, func(d *xml.Decoder, start xml.StartElement) { _ = new(record.Call).UnmarshalXML(d, start) })
		if diff := cmp.Diff(skipped, read); broken == nil && diff != "" {
			t.Fatalf("(-skipped +read):\n%s", diff)
		}
	})
}

// children returns the names of the root's children, each of which is read by read, up to the first error.
func children(b []byte, read func(*xml.Decoder, xml.StartElement)) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var names []string
	for root := true; ; {
		tok, err := d.Token()
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		if start, ok := tok.(xml.StartElement); ok && root {
			root = false
		} else if ok {
			names = append(names, start.Name.Local)
			read(d, start)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	seeds(f, ".json")
	f.Add([]byte(`{"data":{"a":"b","a":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := record.ParseJSON(b)
		if err != nil {
			return
		}
		if !json.Valid(b) {
			t.Fatal("read what is not JSON")
		}
		checkBothEncodings(t, c)
	})
}

func BenchmarkXML(b *testing.B) {
	c := calls()["answered"]
	for b.Loop() {
		if _, err := c.XML(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseXML(b *testing.B) {
	x, err := calls()["answered"].XML()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := record.ParseXML(x); err != nil {
			b.Fatal(err)
		}
	}
}
