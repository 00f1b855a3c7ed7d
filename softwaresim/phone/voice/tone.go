package voice

import "math"

// sampleRate of G.711, in samples a second.
const sampleRate = 8000

// toneAmplitude of the tones made here: about −10 dB below full scale, the level
// of ordinary speech and music.
const toneAmplitude = 10000

// quietLevel is the level below which a frame counts as silence: comfort noise
// and codec idle patterns stay below it, quiet music above. −50 dB of full scale.
const quietLevel = 104

// Tone makes a steady tone, frame after frame without a click at the seams. The
// zero value makes silence. It is not safe for concurrent use.
type Tone struct {
	// Hertz is the tone's frequency; 0 is silence.
	Hertz float64

	phase float64
}

// Next fills frame with the next samples.
func (t *Tone) Next(frame []int16) {
	step := 2 * math.Pi * t.Hertz / sampleRate
	for i := range frame {
		if t.Hertz == 0 {
			frame[i] = 0
			continue
		}
		frame[i] = int16(toneAmplitude * math.Sin(t.phase))
		t.phase = math.Mod(t.phase+step, 2*math.Pi)
	}
}

// Level is a frame's root mean square, 0 to 32767.
func Level(frame []int16) float64 {
	if len(frame) == 0 {
		return 0
	}
	var sum float64
	for _, s := range frame {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(frame)))
}

// Loud reports whether a frame holds something to hear, as music or speech, and
// not silence.
func Loud(frame []int16) bool { return Level(frame) > quietLevel }

// Holds reports whether a loud frame is mostly a tone of the given frequency in
// hertz (Goertzel's algorithm): at least half of its power lies there. A frame of
// 20 ms tells frequencies apart that are 100 Hz away from each other.
func Holds(frame []int16, hertz float64) bool {
	if !Loud(frame) {
		return false
	}
	coefficient := 2 * math.Cos(2*math.Pi*hertz/sampleRate)
	var one, two, power float64
	for _, s := range frame {
		one, two = float64(s)+coefficient*one-two, one
		power += float64(s) * float64(s)
	}
	at := (one*one + two*two - coefficient*one*two) * 2 / float64(len(frame))
	return at >= power/2
}
