package phone

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/phone/rtp"
)

func TestSessionSurvivesTheWire(t *testing.T) {
	for _, want := range []session{
		{addr: netip.MustParseAddrPort("127.0.0.1:4000"), codecs: []uint8{rtp.ULaw, rtp.ALaw}, keys: 101, direction: "sendrecv"},
		{addr: netip.MustParseAddrPort("[::1]:4000"), codecs: []uint8{rtp.ALaw}, direction: "inactive"},
	} {
		got, err := parseSession(want.marshal(1, 2))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(session{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
}

// As Asterisk writes it, with a stream of video and attributes of no use here.
const asteriskSDP = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=audio 16410 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:140\r\na=sendonly\r\n" +
	"m=video 9 RTP/AVP 99\r\nc=IN IP4 10.9.9.9\r\na=inactive\r\n"

func TestAnswerToAnOffer(t *testing.T) {
	offer, err := parseSession([]byte(asteriskSDP))
	if err != nil {
		t.Fatal(err)
	}
	if offer.addr != netip.MustParseAddrPort("127.0.0.1:16410") || offer.keys != 101 || offer.direction != "sendonly" {
		t.Errorf("offer read as %+v", offer)
	}
	local := netip.MustParseAddrPort("127.0.0.1:4000")
	ours, err := offer.answer(local, []uint8{rtp.ULaw, rtp.ALaw})
	if err != nil {
		t.Fatal(err)
	}
	if ours.direction != "recvonly" || ours.addr != local || len(ours.codecs) != 1 || ours.codecs[0] != rtp.ALaw {
		t.Errorf("answer %+v", ours)
	}
	offer.codecs = nil
	if _, err := offer.answer(local, []uint8{rtp.ULaw}); err == nil {
		t.Error("an offer without G.711 was accepted")
	}
}

func TestSessionsThatAreNone(t *testing.T) {
	for _, body := range []string{"", "\n", "v=0\r\n", "m=audio\r\n", "c=IN IP4 x\r\nm=audio 1 RTP/AVP 0\r\n",
		"c=IN IP4 127.0.0.1\r\nm=audio 99999 RTP/AVP 0\r\n", "m=audio 1 RTP/AVP 0\r\n"} {
		if s, err := parseSession([]byte(body)); err == nil {
			t.Errorf("%q was read as %+v", body, s)
		}
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add([]byte(asteriskSDP))
	f.Add([]byte("\n=\nm=\nc=\na=\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := parseSession(body)
		if err != nil {
			return
		}
		again, err := parseSession(s.marshal(1, 1))
		if len(s.codecs)+int(s.keys) == 0 {
			return // no format at all: nothing that could be written
		}
		if err != nil || again.addr != s.addr || again.keys != s.keys || again.direction != s.direction {
			t.Errorf("%q was read as %+v and again as %+v, %v", body, s, again, err)
		}
	})
}

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
				if !rtp.IsKey(s.Keys[i]) {
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
