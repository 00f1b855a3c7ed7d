package hour

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestALineIsRead(t *testing.T) {
	l, err := parse("1700000009|1700000001.7|support|1000|CONNECT|8|1700000002.8|3")
	if err != nil {
		t.Fatal(err)
	}
	want := line{at: time.Unix(1_700_000_009, 0), call: "1700000001.7", queue: "support", agent: "1000", event: "CONNECT"}
	if l.at != want.at || l.call != want.call || l.queue != want.queue || l.agent != want.agent || l.event != want.event ||
		!slices.Equal(l.data, []string{"8", "1700000002.8", "3"}) || l.seconds(1) != 8*time.Second || l.n(3) != 3 {
		t.Errorf("read as %+v", l)
	}
	for _, text := range []string{
		"1|NONE|NONE|NONE|QUEUESTART|", "1|c|q|NONE|ENTERQUEUE||030|1", "1|c|q|NONE|ENTERQUEUE|https://crm/1|030|1|Ana",
		"1|c|q|a|AGENTDUMP|", "1|c|q|a|RINGNOANSWER|20000", "1|c|q|a|BLINDTRANSFER|2000|ctx|1|2|3",
		"1|c|q|a|ATTENDEDTRANSFER|BRIDGE|b|1|2|3", "1|c|q|a|ATTENDEDTRANSFER|APP|Playback|1|2|3",
		"1|c|q|a|ATTENDEDTRANSFER|LINK|c1|c2|1|2|3", "1|c|q|NONE|WITHDRAW|1|1|9|", "1|c|q|NONE|EXITWITHKEY||1|1|9",
		"1|NONE|q|a|PAUSE|lunch", "1|NONE|q|a|PAUSE|", "1|REALTIME|q|a|ADDMEMBER|", "1|c|q|a|HOLD|", "1|c|q|a|UNHOLD|4",
	} {
		if _, err := parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestALineThatIsNoneIsRefused(t *testing.T) {
	for _, c := range []struct{ text, why string }{
		{"", "1 fields"},
		{"1|c|q|a|CONNECT", "5 fields"},
		{"|c|q|a|CONNECT|1|x|1", "time"},
		{"-1|c|q|a|CONNECT|1|x|1", "time"},
		{"1.5|c|q|a|CONNECT|1|x|1", "time"},
		{"99999999999999999999|c|q|a|AGENTDUMP|", "too great"},
		{"1||q|a|CONNECT|1|x|1", "empty"},
		{"1|c|q||CONNECT|1|x|1", "empty"},
		{"1|c|q|a|connect|1|x|1", "no event"},
		{"1|c|q|a|CONNECT|1|x", "data fields"},
		{"1|c|q|a|CONNECT|1|x|1|9", "data fields"},
		{"1|c|q|a|CONNECT||x|1", "no number"},
		{"1|c|q|a|CONNECT|+1|x|1", "no number"},
		{"1|c|q|a|RINGNOANSWER| 20", "no number"},
		{"1|c|q|a|HOLD|x", "data fields"},
		{"1|c|q|a|ATTENDEDTRANSFER|", "no event"},
		{"1|c|q|a|ATTENDEDTRANSFER|ROOM|b|1|2|3", "no event"},
		{"1|c|q|a|ATTENDEDTRANSFER|LINK|b|1|2|3", "data fields"},
		{"1|c|q|a|AGENTDUMP|\r", "control"},
	} {
		if _, err := parse(c.text); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%q: got %v, want something about %q", c.text, err, c.why)
		}
	}
}

func TestAFileIsRead(t *testing.T) {
	lines, wrong, err := read(strings.NewReader("1|c|q|NONE|ENTERQUEUE||030|1\nnonsense\n\n2|c|q|NONE|ABANDON|1|1|1\n3|c|q|NONE|ABAN"))
	if err != nil || len(lines) != 2 || len(wrong) != 3 {
		t.Fatalf("%+v, %q, %v", lines, wrong, err)
	}
	for i, want := range []string{"line 2", "line 3", "line 5"} {
		if !strings.HasPrefix(wrong[i], want+",") {
			t.Errorf("%q, want one of %s", wrong[i], want)
		}
	}
	if !strings.Contains(wrong[2], "no end") {
		t.Errorf("of half a line it says %q", wrong[2])
	}
	if _, _, err := read(strings.NewReader(strings.Repeat("x", longestLine+1))); err == nil {
		t.Error("a line without an end is read for ever")
	}
}

// FuzzParse: whatever stands in a file, each of its lines is read or told of as none, and what is read was there.
func FuzzParse(f *testing.F) {
	f.Add("1700000009|1700000001.7|support|1000|CONNECT|8|1700000002.8|3")
	f.Add("1|c|q|a|ATTENDEDTRANSFER|LINK|c1|c2|1|2|3\n1|c|q|a|HOLD|\n")
	f.Add("1|c|q|NONE|ENTERQUEUE||030|1\n2|c|q|NONE|ENTERQUEUE||030|1\n2|c|q|x|UNHOLD|9")
	f.Fuzz(func(t *testing.T, text string) {
		lines, wrong, err := read(strings.NewReader(text))
		if err != nil {
			return // a line that is too long
		}
		if got, want := len(lines)+len(wrong), strings.Count(strings.TrimSuffix(text, "\n"), "\n")+1; text != "" && got != want {
			t.Errorf("%d lines of %d", got, want)
		}
		for _, l := range lines {
			again := strings.Join(append([]string{l.call, l.queue, l.agent, l.event}, l.data...), "|")
			if !strings.Contains(text, again) {
				t.Errorf("%+v is not in %q", l, text)
			}
		}
		calls, _ := tell("q", lines)
		for _, c := range calls {
			if c.end == "" && !c.ended.IsZero() {
				t.Errorf("%+v", c)
			}
		}
	})
}
