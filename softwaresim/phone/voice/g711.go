package voice

// Encode appends samples as G.711 of the payload type, ULaw or ALaw, to b and
// returns the longer slice. Any other type is taken for ULaw.
func Encode(b []byte, payloadType uint8, samples []int16) []byte {
	encode := ulawByte
	if payloadType == ALaw {
		encode = alawByte
	}
	for _, s := range samples {
		b = append(b, encode(s))
	}
	return b
}

// Decode appends the samples of a G.711 payload of the type, ULaw or ALaw, to
// samples and returns the longer slice. Any other type is taken for ULaw.
func Decode(samples []int16, payloadType uint8, payload []byte) []int16 {
	decode := ulawSample
	if payloadType == ALaw {
		decode = alawSample
	}
	for _, c := range payload {
		samples = append(samples, decode(c))
	}
	return samples
}

// The two laws number their eight segments by the position of the highest bit,
// µ-law after adding a bias of 33 (14-bit samples; 132 at 16 bits).
const ulawBias = 132

func ulawByte(s int16) byte {
	v, sign := int32(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + ulawBias
	segment := byte(7)
	for mask := int32(0x4000); v&mask == 0 && segment > 0; mask >>= 1 {
		segment--
	}
	return ^(sign | segment<<4 | byte(v>>(segment+3))&0x0f)
}

func ulawSample(c byte) int16 {
	c = ^c
	segment := c >> 4 & 7
	v := (int32(c&0x0f)<<3+ulawBias)<<segment - ulawBias
	if c&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

// alawInvert flips every other bit, as the law asks for on the line.
const alawInvert = 0x55

func alawByte(s int16) byte {
	v, sign := int32(s)>>3, byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	v = min(v, 4095)
	segment := byte(0)
	for limit := int32(31); v > limit && segment < 7; limit = limit<<1 | 1 {
		segment++
	}
	shift := max(segment, 1)
	return (sign | segment<<4 | byte(v>>shift)&0x0f) ^ alawInvert
}

func alawSample(c byte) int16 {
	c ^= alawInvert
	segment := c >> 4 & 7
	v := int32(c&0x0f)<<4 + 8
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if c&0x80 == 0 {
		v = -v
	}
	return int16(v)
}
