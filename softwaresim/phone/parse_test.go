package phone

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
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

// Whatever comes to the port, the phone behind it goes on working.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte("INVITE sip:1000@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: \"a\\\" <sip:a@b>;tag=1\r\n" +
		"To: <sip:1000@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r\nRecord-Route: <sip:1.2.3.4;lr>\r\n\r\nv=0\r\n"))
	f.Add([]byte("CANCEL sip:1000@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: a\r\nTo: b\r\nCall-ID: 1\r\nCSeq: 1 CANCEL\r\n\r\n"))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\n\r\n"))
	u, err := Listen(Config{Server: "127.0.0.1:9"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { u.Close() })
	u.NewPhone(Account{Number: "1000"}, RefuseWith(486)).SetLines(1 << 20)
	parser := sip.NewParser()
	nobody := netip.MustParseAddrPort("127.0.0.1:9")
	f.Fuzz(func(_ *testing.T, datagram []byte) {
		message, err := parser.ParseSIP(datagram)
		if err != nil {
			return
		}
		message.SetSource(nobody.String())
		switch m := message.(type) {
		case *sip.Request:
			u.takeRequest(m, nobody, time.Now())
		case *sip.Response:
			u.takeResponse(m, time.Now())
		}
	})
}
