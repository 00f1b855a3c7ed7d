package record

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// maxDepth is how deep elements may lie in one another, unknown ones included.
const maxDepth = 16

var (
	errDirective = errors.New("record: a document type is not allowed")
	errDepth     = fmt.Errorf("record: elements lie more than %d deep", maxDepth)
	errSize      = fmt.Errorf("record: larger than %d bytes", MaxBytes)
)

// ParseXML reads one record and nothing else: no document type, no second element, at most MaxBytes. Children and
// attributes that it does not know are ignored; a known one that is malformed is an error. The result is clean.
func ParseXML(b []byte) (Call, error) {
	if len(b) > MaxBytes {
		return Call{}, errSize
	}
	var c Call
	found := false
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) && found {
			return c, nil
		}
		if err != nil {
			return Call{}, fmt.Errorf("record: %w", noEOF(err))
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if found {
				return Call{}, errors.New("record: more than one element")
			}
			if err := c.UnmarshalXML(d, t); err != nil {
				return Call{}, err
			}
			found = true
		case xml.Directive:
			return Call{}, errDirective
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return Call{}, errors.New("record: text outside the element")
			}
		}
	}
}

// UnmarshalXML reads the element that start begins, as ParseXML does, from a decoder that may be a stream's. Unless the
// XML itself is broken it consumes the whole element also when it returns an error, so that a stream can be read on. It
// leaves c as it was on an error.
func (c *Call) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	p := parser{d: d, left: MaxBytes}
	var out Call
	if start.Name.Space != Namespace || start.Name.Local != "call" {
		p.fail(fmt.Errorf("record: <%.40s xmlns='%.80s'> is not <call xmlns='%s'>", start.Name.Local, start.Name.Space, Namespace))
	}
	p.call(&out, start)
	if p.broken != nil {
		return fmt.Errorf("record: %w", noEOF(p.broken))
	}
	if p.err != nil {
		return p.err
	}
	out = out.Clean()
	if err := out.Validate(); err != nil {
		return err
	}
	*c = out
	return nil
}

// noEOF makes of the end of the input what it is within an element: unexpected.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parser reads one record. After the first err it goes on reading and stores nothing; broken ends it.
type parser struct {
	d      *xml.Decoder
	left   int   // bytes of names, attributes and text that may still come
	err    error // the first thing wrong with the record
	broken error // the XML ended or is not well-formed
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parser) use(n int) {
	if p.left -= n; p.left < 0 {
		p.fail(errSize)
	}
}

// element reads to the end of the element that start begins and returns its own text. It gives each child of the
// record's namespace to child, which says whether it read it; any other child is skipped.
func (p *parser) element(start xml.StartElement, child func(xml.StartElement) bool) string {
	p.use(len(start.Name.Local) + 2)
	for _, a := range start.Attr {
		p.use(len(a.Name.Local) + len(a.Value) + 4)
	}
	var text []byte
	for p.broken == nil {
		tok, err := p.d.Token()
		if err != nil {
			p.broken = err
			break
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return string(text)
		case xml.CharData:
			if p.use(len(t)); p.err == nil {
				text = append(text, t...)
			}
		case xml.Directive:
			p.fail(errDirective)
		case xml.StartElement:
			if p.err != nil || t.Name.Space != Namespace || child == nil || !child(t) {
				p.skip(t)
			}
		}
	}
	return ""
}

// skip reads over the element that start begins, however deep it is, without recursion.
func (p *parser) skip(start xml.StartElement) {
	for depth, tok := 1, xml.Token(start); ; {
		switch t := tok.(type) {
		case xml.StartElement:
			p.use(len(t.Name.Local) + 2)
			for _, a := range t.Attr {
				p.use(len(a.Name.Local) + len(a.Value) + 4)
			}
		case xml.CharData:
			p.use(len(t))
		case xml.Directive:
			p.fail(errDirective)
		}
		if depth > maxDepth {
			p.fail(errDepth)
		}
		var err error
		if tok, err = p.d.Token(); err != nil {
			p.broken = err
			return
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth == 0 {
				return
			}
		}
	}
}

// attrs gives the unprefixed attributes that are not empty to set: an empty one says what an absent one says.
func (p *parser) attrs(t xml.StartElement, set func(name, value string)) {
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Value != "" && p.err == nil {
			set(a.Name.Local, a.Value)
		}
	}
}

func (p *parser) malformed(name, v, want string) {
	p.fail(fmt.Errorf("record: %s %.40q is not %s", name, v, want))
}

func (p *parser) number(name, v string, bits int) int64 {
	n, err := strconv.ParseUint(v, 10, bits)
	if err != nil {
		p.malformed(name, v, "a whole number")
	}
	return int64(n)
}

func (p *parser) boolean(name, v string) bool {
	switch v {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	p.malformed(name, v, "true or false")
	return false
}

func (p *parser) time(name, v string) time.Time {
	t, err := parseTime(v)
	if err != nil {
		p.malformed(name, v, "an RFC 3339 time")
	}
	return t
}

func (p *parser) length(name, v string) *time.Duration {
	d, err := parseSeconds(v)
	if err != nil {
		p.malformed(name, v, "a number of seconds")
		return nil
	}
	return &d
}

func parseTime(v string) (time.Time, error) {
	if len(v) > len("2006-01-02T15:04:05.000000000+00:00") {
		return time.Time{}, errors.New("too long")
	}
	t, err := time.Parse(time.RFC3339, v)
	if err == nil && !validTime(t) {
		err = errors.New("out of range")
	}
	return t.UTC(), err
}

// parseSeconds reads decimal digits with an optional fraction, as XML Schema's decimal without a sign.
func parseSeconds(v string) (time.Duration, error) {
	point := false
	for i, b := range []byte(v) {
		switch {
		case b == '.' && !point && i > 0 && i < len(v)-1:
			point = true
		case b < '0' || b > '9':
			return 0, strconv.ErrSyntax
		}
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || f > longest.Seconds() {
		return 0, strconv.ErrRange
	}
	return roundSeconds(f), nil
}

// roundSeconds returns f seconds, which are not negative, in whole milliseconds.
func roundSeconds(f float64) time.Duration { return time.Duration(f*1000+0.5) * time.Millisecond }
