package record

import (
	"encoding/xml"
	"strconv"
	"time"
)

// timeLayout is RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// XML returns the cleaned record as one element. It fails on a record that is not valid.
func (c Call) XML() ([]byte, error) { return xml.Marshal(c) }

// MarshalXML writes the cleaned record as a call element of Namespace, whatever name start has: attributes and children
// always in the same order, unknown values left out. It fails on a record that is not valid, before it writes anything.
func (c Call) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c = c.Clean()
	w := writer{e: e}
	w.open("call", c.attrs())
	if c.Caller != (Caller{}) {
		w.leaf("caller", attrs{}.add("number", c.Caller.Number).add("e164", c.Caller.E164).add("name", c.Caller.Name).
			add("dialled", c.Caller.Dialled).add("withheld", strconv.FormatBool(c.Caller.Withheld)))
	}
	for _, x := range c.Customers {
		w.open("customer", attrs{}.add("id", x.ID).add("code", x.Code).add("match", string(x.Match)).add("url", x.URL))
		if x.Name != "" {
			w.text("name", nil, x.Name)
		}
		w.data(x.Data)
		w.close()
	}
	w.leaf("times", attrs{}.time("entered", c.Times.Entered).time("offered", c.Times.Offered).
		time("connected", c.Times.Connected).time("ended", c.Times.Ended))
	w.leaf("seconds", attrs{}.length("wait", c.Seconds.Wait).length("ring", c.Seconds.Ring).
		length("talk", c.Seconds.Talk).length("hold", c.Seconds.Hold))
	w.leaf("outcome", attrs{}.add("value", c.Outcome.Value).add("by", c.Outcome.By).number("cause", int64(c.Outcome.Cause)))
	w.data(c.Data)
	w.close()
	return w.err
}

func (c Call) attrs() attrs {
	return attrs{}.add("id", c.ID).add("event", string(c.Event)).add("state", string(c.State)).number("seq", c.Seq).
		time("at", c.At).time("expires", c.Expires).add("direction", string(c.Direction)).
		add("queue", c.Queue).add("extension", c.Extension).add("agent", c.Agent).number("attempt", int64(c.Attempt)).
		add("channel", c.Channel).add("reason", string(c.Reason)).add("from", c.From)
}

// attrs is a list of attributes that leaves out what is unknown.
type attrs []xml.Attr

func (a attrs) add(name, value string) attrs {
	if value == "" {
		return a
	}
	return append(a, xml.Attr{Name: xml.Name{Local: name}, Value: value})
}

func (a attrs) number(name string, n int64) attrs {
	if n == 0 {
		return a
	}
	return a.add(name, strconv.FormatInt(n, 10))
}

func (a attrs) time(name string, t time.Time) attrs {
	if t.IsZero() {
		return a
	}
	return a.add(name, t.Format(timeLayout))
}

func (a attrs) length(name string, d *time.Duration) attrs {
	if d == nil {
		return a
	}
	return a.add(name, formatSeconds(*d))
}

// formatSeconds writes d, which is not negative, as decimal seconds with at most three digits after the point.
func formatSeconds(d time.Duration) string {
	ms := d.Milliseconds()
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64)
}

// writer writes elements until the first error.
type writer struct {
	e     *xml.Encoder
	stack []xml.StartElement
	err   error
}

func (w *writer) token(t xml.Token) {
	if w.err == nil {
		w.err = w.e.EncodeToken(t)
	}
}

// open starts an element. Only the outermost one names the namespace; the others inherit it.
func (w *writer) open(name string, a attrs) {
	start := xml.StartElement{Name: xml.Name{Local: name}, Attr: a}
	if len(w.stack) == 0 {
		start.Name.Space = Namespace
	}
	w.stack = append(w.stack, start)
	w.token(start)
}

func (w *writer) close() {
	last := len(w.stack) - 1
	w.token(w.stack[last].End())
	w.stack = w.stack[:last]
}

func (w *writer) leaf(name string, a attrs) {
	if len(a) > 0 {
		w.open(name, a)
		w.close()
	}
}

func (w *writer) text(name string, a attrs, text string) {
	w.open(name, a)
	w.token(xml.CharData(text))
	w.close()
}

func (w *writer) data(d Data) {
	for _, e := range d {
		w.text("data", attrs{}.add("key", e.Key), e.Value)
	}
}
