package rtp_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/phone/rtp"
)

func TestPacketSurvivesTheWire(t *testing.T) {
	want := rtp.Packet{Marker: true, Type: rtp.ALaw, Sequence: 65535, Timestamp: 1 << 31, SSRC: 7, Payload: []byte{1, 2, 3}}
	got, err := rtp.Parse(want.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSkipsSourcesExtensionAndPadding(t *testing.T) {
	wire := []byte{
		0x80 | 0x20 | 0x10 | 1, 0, 0, 9, 0, 0, 0, 160, 0, 0, 0, 5, // V2, P, X, one source
		1, 1, 1, 1, // that source
		0xbe, 0xde, 0, 1, 2, 2, 2, 2, // extension of one word
		'o', 'k', // what is wanted
		0, 0, 3, // padding
	}
	got, err := rtp.Parse(wire)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Payload) != "ok" {
		t.Errorf("payload %q, want %q", got.Payload, "ok")
	}
}

func TestParseRefusesWhatIsNotRTP(t *testing.T) {
	for name, wire := range map[string][]byte{
		"empty":                 {},
		"short":                 {0x80, 0, 0},
		"version 1":             {0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"RTCP sender report":    {0x80, 200, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0},
		"more sources than fit": {0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"padding beyond start":  {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200},
		"extension cut short":   {0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
	} {
		if _, err := rtp.Parse(wire); !errors.Is(err, rtp.ErrNotRTP) {
			t.Errorf("%s: error %v, want ErrNotRTP", name, err)
		}
	}
}

// Known pairs are from ITU-T G.711's tables and the G.191 reference coder.
func TestG711KnownValues(t *testing.T) {
	for _, c := range []struct {
		law    uint8
		sample int16
		code   byte
	}{
		{rtp.ULaw, 0, 0xff}, {rtp.ULaw, 32767, 0x80}, {rtp.ULaw, -32768, 0x00}, {rtp.ULaw, 1000, 0xce},
		{rtp.ALaw, 0, 0xd5}, {rtp.ALaw, 32767, 0xaa}, {rtp.ALaw, -32768, 0x2a}, {rtp.ALaw, 1000, 0xfa},
	} {
		if got := rtp.Encode(nil, c.law, []int16{c.sample})[0]; got != c.code {
			t.Errorf("law %d: sample %d became %#02x, want %#02x", c.law, c.sample, got, c.code)
		}
	}
}

func TestG711IsCloseToWhatWentIn(t *testing.T) {
	for _, law := range []uint8{rtp.ULaw, rtp.ALaw} {
		for s := -32768; s <= 32767; s += 7 {
			code := rtp.Encode(nil, law, []int16{int16(s)})
			back := int(rtp.Decode(nil, law, code)[0])
			if off := math.Abs(float64(back - s)); off > 16+math.Abs(float64(s))/16 {
				t.Fatalf("law %d: sample %d came back as %d", law, s, back)
			}
			if again := rtp.Encode(nil, law, []int16{int16(back)})[0]; again != code[0] && back != 0 {
				t.Fatalf("law %d: %d encodes as %#02x, first as %#02x", law, back, again, code[0])
			}
		}
	}
}

func TestToneIsHeardAsItselfOnly(t *testing.T) {
	tone := rtp.Tone{Hertz: 700}
	frame := make([]int16, rtp.FrameSamples)
	for range 10 {
		tone.Next(frame)
		heard := rtp.Decode(nil, rtp.ULaw, rtp.Encode(nil, rtp.ULaw, frame))
		if !rtp.Loud(heard) || !rtp.Holds(heard, 700) {
			t.Fatal("a 700 Hz tone was not heard")
		}
		if rtp.Holds(heard, 900) || rtp.Holds(heard, 500) {
			t.Fatal("a 700 Hz tone was taken for another")
		}
	}
}

func TestSilenceIsNotHeard(t *testing.T) {
	var silence rtp.Tone
	frame := make([]int16, rtp.FrameSamples)
	silence.Next(frame)
	for _, law := range []uint8{rtp.ULaw, rtp.ALaw} {
		heard := rtp.Decode(nil, law, rtp.Encode(nil, law, frame))
		if rtp.Loud(heard) || rtp.Holds(heard, 440) {
			t.Errorf("law %d: silence was heard, level %.0f", law, rtp.Level(heard))
		}
	}
	if rtp.Loud(nil) {
		t.Error("nothing at all was heard")
	}
}

func TestEveryKeySurvivesTheWire(t *testing.T) {
	for _, key := range []byte("0123456789*#ABCD") {
		want := rtp.KeyEvent{Key: key, End: key%2 == 0, Duration: 800}
		got, err := rtp.ParseKeyEvent(want.Append(nil))
		if err != nil || got != want {
			t.Errorf("key %c came back as %+v, %v", key, got, err)
		}
	}
	if rtp.IsKey('x') || rtp.IsKey(0) {
		t.Error("x or NUL is taken for a key")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rtp.Packet{Type: rtp.ULaw, Payload: []byte{1}}.Append(nil))
	f.Add([]byte{0xb1, 0, 0, 9, 0, 0, 0, 160, 0, 0, 0, 5, 1, 1, 1, 1, 0xbe, 0xde, 0, 0, 3})
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, err := rtp.Parse(wire)
		if err != nil {
			return
		}
		again, err := rtp.Parse(p.Append(nil))
		if err != nil {
			t.Fatalf("%+v was read but not again: %v", p, err)
		}
		if diff := cmp.Diff(p, again, cmp.Comparer(func(a, b []byte) bool { return string(a) == string(b) })); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzParseKeyEvent(f *testing.F) {
	f.Add([]byte{11, 0x8a, 3, 32})
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := rtp.ParseKeyEvent(payload)
		if err != nil {
			return
		}
		if again, err := rtp.ParseKeyEvent(e.Append(nil)); err != nil || again != e {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}
