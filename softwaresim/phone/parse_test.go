package phone

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/phone/voice"
)

func FuzzNames(f *testing.F) {
	f.Add(`Ana "the \ boss"`)
	f.Add("a\r\nb\x00\xff%41")
	f.Fuzz(func(t *testing.T, name string) {
		quoted := quoteName(name)
		if strings.ContainsAny(quoted, "\r\n") {
			t.Errorf("%q quoted to %q", name, quoted)
		}
		want := strings.NewReplacer("\r", " ", "\n", " ").Replace(name)
		if got := unquoteName(quoted); got != want {
			t.Errorf("%q came back as %q", name, got)
		}
		if escaped := escapeUser(name); unescapeUser(escaped) != name || strings.ContainsAny(escaped, "@<>;:\r\n\" ") {
			t.Errorf("user %q escaped to %q", name, escaped)
		}
		unquoteName(name)
		unescapeUser(name)
	})
}

func TestParseKeys(t *testing.T) {
	got, err := ParseKeys(" 1 ,wait 1.5s,1111#")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Step{{Keys: "1"}, {Wait: 1500 * time.Millisecond}, {Keys: "1111#"}}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := ParseKeys(""); err != nil || got != nil {
		t.Errorf("no keys: %v, %v", got, err)
	}
	for _, bad := range []string{"x", "1,,2", "wait", "wait x", "wait -1s", "wait 48h", "1,wait 1", ","} {
		if steps, err := ParseKeys(bad); err == nil {
			t.Errorf("%q was read as %v", bad, steps)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("1,wait 1s,1111#")
	f.Fuzz(func(t *testing.T, script string) {
		steps, err := ParseKeys(script)
		if err != nil {
			return
		}
		for _, s := range steps {
			if s.Wait < 0 || s.Wait > maxWait || (s.Keys != "") == (s.Wait > 0) && s.Keys != "" {
				t.Errorf("%q gave %+v", script, s)
			}
			for i := range len(s.Keys) {
				if !voice.IsKey(s.Keys[i]) {
					t.Errorf("%q gave the key %q", script, s.Keys[i])
				}
			}
		}
	})
}

func TestMarkArrival(t *testing.T) {
	wire := "OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n"
	p := make([]byte, 200)
	n := markArrival(p, copy(p, wire), 1234)
	want := "OPTIONS sip:a@b SIP/2.0\r\n" + arrivalHeader + ": 1234\r\nVia: x\r\n\r\n"
	if got := string(p[:n]); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for _, odd := range []string{"", "\r\n\r\n", "no line", "\x00\x00"} {
		if n := markArrival(p, copy(p, odd), 1); string(p[:n]) != odd {
			t.Errorf("%q became %q", odd, p[:n])
		}
	}
	full := make([]byte, len(wire))
	if n := markArrival(full, copy(full, wire), 1); string(full[:n]) != wire {
		t.Error("a message that fills the buffer was changed")
	}
}

func FuzzMarkArrival(f *testing.F) {
	f.Add([]byte("INVITE x SIP/2.0\r\n\r\n"), int64(-1))
	f.Fuzz(func(t *testing.T, wire []byte, at int64) {
		p := make([]byte, len(wire)+arrivalRoom)
		n := markArrival(p, copy(p, wire), time.Duration(at))
		if n < len(wire) || n > len(p) {
			t.Errorf("%d bytes became %d", len(wire), n)
		}
	})
}
