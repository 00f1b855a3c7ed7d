package voice_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/softwaresim/phone/voice"
)

func TestPacketSurvivesTheWire(t *testing.T) {
	want := voice.Packet{Marker: true, Type: voice.ALaw, Sequence: 65535, Timestamp: 1 << 31, SSRC: 7, Payload: []byte{1, 2, 3}}
	got, err := voice.Parse(want.Append(nil))
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
	got, err := voice.Parse(wire)
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
		if _, err := voice.Parse(wire); !errors.Is(err, voice.ErrNotRTP) {
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
		{voice.ULaw, 0, 0xff}, {voice.ULaw, 32767, 0x80}, {voice.ULaw, -32768, 0x00}, {voice.ULaw, 1000, 0xce},
		{voice.ALaw, 0, 0xd5}, {voice.ALaw, 32767, 0xaa}, {voice.ALaw, -32768, 0x2a}, {voice.ALaw, 1000, 0xfa},
	} {
		if got := voice.Encode(nil, c.law, []int16{c.sample})[0]; got != c.code {
			t.Errorf("law %d: sample %d became %#02x, want %#02x", c.law, c.sample, got, c.code)
		}
	}
}

func TestG711IsCloseToWhatWentIn(t *testing.T) {
	for _, law := range []uint8{voice.ULaw, voice.ALaw} {
		for s := -32768; s <= 32767; s += 7 {
			code := voice.Encode(nil, law, []int16{int16(s)})
			back := int(voice.Decode(nil, law, code)[0])
			if off := math.Abs(float64(back - s)); off > 16+math.Abs(float64(s))/16 {
				t.Fatalf("law %d: sample %d came back as %d", law, s, back)
			}
			if again := voice.Encode(nil, law, []int16{int16(back)})[0]; again != code[0] && back != 0 {
				t.Fatalf("law %d: %d encodes as %#02x, first as %#02x", law, back, again, code[0])
			}
		}
	}
}

func TestToneIsHeardAsItselfOnly(t *testing.T) {
	tone := voice.Tone{Hertz: 700}
	frame := make([]int16, voice.FrameSamples)
	for range 10 {
		tone.Next(frame)
		heard := voice.Decode(nil, voice.ULaw, voice.Encode(nil, voice.ULaw, frame))
		if !voice.Loud(heard) || !voice.Holds(heard, 700) {
			t.Fatal("a 700 Hz tone was not heard")
		}
		if voice.Holds(heard, 900) || voice.Holds(heard, 500) {
			t.Fatal("a 700 Hz tone was taken for another")
		}
	}
}

func TestSilenceIsNotHeard(t *testing.T) {
	var silence voice.Tone
	frame := make([]int16, voice.FrameSamples)
	silence.Next(frame)
	for _, law := range []uint8{voice.ULaw, voice.ALaw} {
		heard := voice.Decode(nil, law, voice.Encode(nil, law, frame))
		if voice.Loud(heard) || voice.Holds(heard, 440) {
			t.Errorf("law %d: silence was heard, level %.0f", law, voice.Level(heard))
		}
	}
	if voice.Loud(nil) {
		t.Error("nothing at all was heard")
	}
}

func TestEveryKeySurvivesTheWire(t *testing.T) {
	for _, key := range []byte("0123456789*#ABCD") {
		want := voice.KeyEvent{Key: key, End: key%2 == 0, Duration: 800}
		got, err := voice.ParseKeyEvent(want.Append(nil))
		if err != nil || got != want {
			t.Errorf("key %c came back as %+v, %v", key, got, err)
		}
	}
	if voice.IsKey('x') || voice.IsKey(0) {
		t.Error("x or NUL is taken for a key")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(voice.Packet{Type: voice.ULaw, Payload: []byte{1}}.Append(nil))
	f.Add([]byte{0xb1, 0, 0, 9, 0, 0, 0, 160, 0, 0, 0, 5, 1, 1, 1, 1, 0xbe, 0xde, 0, 0, 3})
	f.Fuzz(func(t *testing.T, wire []byte) {
		p, err := voice.Parse(wire)
		if err != nil {
			return
		}
		again, err := voice.Parse(p.Append(nil))
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
		e, err := voice.ParseKeyEvent(payload)
		if err != nil {
			return
		}
		if again, err := voice.ParseKeyEvent(e.Append(nil)); err != nil || again != e {
			t.Errorf("%+v came back as %+v, %v", e, again, err)
		}
	})
}
