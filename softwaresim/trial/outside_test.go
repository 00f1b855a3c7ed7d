package trial

import (
	"time"

	"ringside/softwaresim/crm"
	"ringside/softwaresim/outside"
)

// watchFromOutside watches all phones and callers of the trial, and the CRMs of some extensions.
func (s *site) watchFromOutside(extensions ...string) *outside.Witness {
	s.t.Helper()
	crms := map[string]*crm.CRM{}
	for _, x := range extensions {
		crms[x] = s.crm(s.extension(x).JID, s.extension(x).JIDPassword, x)
	}
	w := outside.Watch(s.ua, crms)
	s.t.Cleanup(w.Close)
	return w
}

// judge compares what was seen with what the tables say. The floor must be settled; patience is how long a caller may
// have waited, 0 for as long as it may be. Around outages times are not judged: what is left is too few to do so.
func (s *site) judge(w *outside.Witness, patience time.Duration, outages ...outside.Outage) {
	s.t.Helper()
	c, err := outside.Read(s.ctx, s.memory, s.stack.Info().Floor, w.Since)
	s.must(err)
	c.Queue, c.Patience, c.Outages = s.stack.Info().Dial.Queue, patience, outages
	v := w.Judge(c)
	for _, f := range v.Findings {
		if f.Check == outside.Times && len(outages) > 0 {
			continue
		}
		s.t.Errorf("%s: %s (call %s)", f.Check, f.What, f.Call)
	}
	for _, d := range v.Spreads {
		s.t.Log(d)
	}
	s.t.Logf("%s; %d later than the INVITE", v.Lead, v.Late)
	s.t.Logf("%d callers, %d visits, %d attempts, %d rings; outcomes %v", v.Callers, v.Visits, v.Attempts, v.Rings, v.Outcomes)
}
