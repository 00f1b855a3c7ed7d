package record

import "encoding/xml"

// call reads the record itself: its attributes and the children that it knows.
func (p *parser) call(c *Call, start xml.StartElement) {
	p.attrs(start, func(name, v string) {
		switch name {
		case "id":
			c.ID = v
		case "event":
			c.Event = Event(v)
		case "state":
			c.State = State(v)
		case "seq":
			c.Seq = p.number(name, v, 63)
		case "at":
			c.At = p.time(name, v)
		case "expires":
			c.Expires = p.time(name, v)
		case "direction":
			c.Direction = Direction(v)
		case "queue":
			c.Queue = v
		case "extension":
			c.Extension = v
		case "agent":
			c.Agent = v
		case "attempt":
			c.Attempt = int(p.number(name, v, 31))
		case "channel":
			c.Channel = v
		case "reason":
			c.Reason = Reason(v)
		case "from":
			c.From = v
		}
	})
	p.element(start, func(t xml.StartElement) bool { return p.part(c, t) })
}

// part reads one child of the record and says whether it knows it.
func (p *parser) part(c *Call, t xml.StartElement) bool {
	switch t.Name.Local {
	case "caller":
		p.caller(&c.Caller, t)
	case "customer":
		p.customer(c, t)
	case "times":
		p.times(&c.Times, t)
	case "seconds":
		p.seconds(&c.Seconds, t)
	case "outcome":
		p.outcome(&c.Outcome, t)
	case "data":
		p.datum(&c.Data, t)
	default:
		return false
	}
	return true
}

func (p *parser) caller(c *Caller, t xml.StartElement) {
	p.attrs(t, func(name, v string) {
		switch name {
		case "number":
			c.Number = v
		case "e164":
			c.E164 = v
		case "name":
			c.Name = v
		case "dialled":
			c.Dialled = v
		case "withheld":
			c.Withheld = p.boolean(name, v)
		}
	})
	p.element(t, nil)
}

func (p *parser) customer(c *Call, t xml.StartElement) {
	var x Customer
	p.attrs(t, func(name, v string) {
		switch name {
		case "id":
			x.ID = v
		case "code":
			x.Code = v
		case "match":
			x.Match = Match(v)
		case "url":
			x.URL = v
		}
	})
	p.element(t, func(t xml.StartElement) bool {
		switch t.Name.Local {
		case "name":
			x.Name = p.element(t, nil)
		case "data":
			p.datum(&x.Data, t)
		default:
			return false
		}
		return true
	})
	c.Customers = append(c.Customers, x)
}

func (p *parser) times(m *Times, t xml.StartElement) {
	p.attrs(t, func(name, v string) {
		switch name {
		case "entered":
			m.Entered = p.time(name, v)
		case "offered":
			m.Offered = p.time(name, v)
		case "connected":
			m.Connected = p.time(name, v)
		case "ended":
			m.Ended = p.time(name, v)
		}
	})
	p.element(t, nil)
}

func (p *parser) seconds(s *Seconds, t xml.StartElement) {
	p.attrs(t, func(name, v string) {
		switch name {
		case "wait":
			s.Wait = p.length(name, v)
		case "ring":
			s.Ring = p.length(name, v)
		case "talk":
			s.Talk = p.length(name, v)
		case "hold":
			s.Hold = p.length(name, v)
		}
	})
	p.element(t, nil)
}

func (p *parser) outcome(o *Outcome, t xml.StartElement) {
	p.attrs(t, func(name, v string) {
		switch name {
		case "value":
			o.Value = v
		case "by":
			o.By = v
		case "cause":
			o.Cause = int(p.number(name, v, 31))
		}
	})
	p.element(t, nil)
}

func (p *parser) datum(d *Data, t xml.StartElement) {
	var e Datum
	p.attrs(t, func(name, v string) {
		if name == "key" {
			e.Key = v
		}
	})
	e.Value = p.element(t, nil)
	*d = append(*d, e)
}
