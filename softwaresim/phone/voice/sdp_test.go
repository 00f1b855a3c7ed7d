package voice_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/phone/voice"
)

func TestSessionSurvivesTheWire(t *testing.T) {
	for _, want := range []voice.Session{
		{Addr: netip.MustParseAddrPort("127.0.0.1:4000"), Codecs: []uint8{voice.ULaw, voice.ALaw}, Keys: 101, Direction: "sendrecv"},
		{Addr: netip.MustParseAddrPort("[::1]:4000"), Codecs: []uint8{voice.ALaw}, Direction: "inactive"},
	} {
		got, err := voice.ParseSession(want.Marshal(1, 2))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
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
	offer, err := voice.ParseSession([]byte(asteriskSDP))
	if err != nil {
		t.Fatal(err)
	}
	if offer.Addr != netip.MustParseAddrPort("127.0.0.1:16410") || offer.Keys != 101 || offer.Direction != "sendonly" {
		t.Errorf("offer read as %+v", offer)
	}
	local := netip.MustParseAddrPort("127.0.0.1:4000")
	ours, err := offer.Answer(local, []uint8{voice.ULaw, voice.ALaw})
	if err != nil {
		t.Fatal(err)
	}
	if ours.Direction != "recvonly" || ours.Addr != local || len(ours.Codecs) != 1 || ours.Codecs[0] != voice.ALaw {
		t.Errorf("answer %+v", ours)
	}
	offer.Codecs = nil
	if _, err := offer.Answer(local, []uint8{voice.ULaw}); err == nil {
		t.Error("an offer without G.711 was accepted")
	}
}

func TestSessionsThatAreNone(t *testing.T) {
	for _, body := range []string{"", "\n", "v=0\r\n", "m=audio\r\n", "c=IN IP4 x\r\nm=audio 1 RTP/AVP 0\r\n",
		"c=IN IP4 127.0.0.1\r\nm=audio 99999 RTP/AVP 0\r\n", "m=audio 1 RTP/AVP 0\r\n"} {
		if s, err := voice.ParseSession([]byte(body)); err == nil {
			t.Errorf("%q was read as %+v", body, s)
		}
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add([]byte(asteriskSDP))
	f.Add([]byte("\n=\nm=\nc=\na=\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := voice.ParseSession(body)
		if err != nil {
			return
		}
		again, err := voice.ParseSession(s.Marshal(1, 1))
		if len(s.Codecs)+int(s.Keys) == 0 {
			return // no format at all: nothing that could be written
		}
		if err != nil || again.Addr != s.Addr || again.Keys != s.Keys || again.Direction != s.Direction {
			t.Errorf("%q was read as %+v and again as %+v, %v", body, s, again, err)
		}
	})
}
