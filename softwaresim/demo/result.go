package demo

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/crm"
	"ringside/softwaresim/phone"
)

// Result is what the demo showed.
type Result struct {
	Calls []Shown `json:"calls"`
}

// Shown is one call: each phone that rang for it, in order.
type Shown struct {
	Number int    `json:"call"`
	Title  string `json:"title"`
	// ID is the call's id at Ringside, empty where no record was shown.
	ID    string `json:"id,omitempty"`
	Rings []Ring `json:"rings"`
}

// Ring is one phone that rang, and the record that was on its agent's screen.
type Ring struct {
	Extension string `json:"extension"`
	// Queued says whether the queue offered the call: a call that the dialplan sends
	// straight to a phone has no record.
	Queued bool `json:"queued"`
	// Record is when the CRM had the record, zero if it had none; Invite when the
	// phone's INVITE came; Ringing when the phone sent its 180.
	Record  time.Time `json:"record,omitzero"`
	Invite  time.Time `json:"invite"`
	Ringing time.Time `json:"ringing"`
	// Customer is the name on the screen.
	Customer string `json:"customer,omitempty"`
	// End is how it ended: "answered", or why the record was revoked.
	End string `json:"end"`
}

// Ahead is by how much the record was on the screen before the phone rang.
func (r Ring) Ahead() time.Duration { return r.Ringing.Sub(r.Record) }

// Late reports whether the phone rang before its record was there.
func (r Ring) Late() bool { return r.Queued && (r.Record.IsZero() || r.Ahead() <= 0) }

// Late reports whether any phone rang before its record was there.
func (r *Result) Late() bool {
	for _, c := range r.Calls {
		for _, ring := range c.Rings {
			if ring.Late() {
				return true
			}
		}
	}
	return false
}

// collect waits until everything that the act began has ended, and puts together what
// was seen.
func (v *sight) collect(ctx context.Context, s *stage, queued bool) (Shown, error) {
	for _, c := range s.agents.Calls() {
		if _, err := c.AwaitEnd(ctx); err != nil {
			return Shown{}, err
		}
	}
	var shown Shown
	ended, cancel := context.WithCancel(ctx)
	cancel() // all that there will be is there: do not wait for more
	for {
		e, err := v.agents.Next(ended, phone.InviteReceived)
		if err != nil {
			break
		}
		shown.Rings = append(shown.Rings, ringOf(e, queued))
	}
	if !queued {
		return shown, nil
	}
	for i := range shown.Rings {
		if err := v.match(ctx, &shown, &shown.Rings[i]); err != nil {
			return Shown{}, err
		}
	}
	return shown, nil
}

// ringOf says what a phone saw of a call.
func ringOf(invited phone.Event, queued bool) Ring {
	r := Ring{Extension: invited.Phone, Queued: queued, Invite: invited.At, End: "not answered"}
	for _, e := range invited.Call.Events() {
		if e.Kind == phone.Ringing {
			r.Ringing = e.At
		}
		if e.Kind == phone.Answered {
			r.End = "answered"
		}
	}
	return r
}

// match finds the record of a ring: the pop-up that opened at that extension, and the
// one that closed it again, which is waited for.
func (v *sight) match(ctx context.Context, shown *Shown, r *Ring) error {
	w, has := v.crms[r.Extension]
	if !has {
		return nil
	}
	brief, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	opened, err := w.Next(brief, func(e crm.Event) bool { return e.Kind == crm.Opened && e.At.After(v.from) })
	if err != nil {
		return context.Cause(ctx) // no record came: nil unless there was no time for it
	}
	r.Record, shown.ID = opened.At, opened.Call.ID
	if len(opened.Call.Customers) > 0 {
		r.Customer = opened.Call.Customers[0].Name
	}
	closed, err := w.Next(ctx, func(e crm.Event) bool { return e.Kind == crm.Closed && e.Call.ID == opened.Call.ID })
	if err != nil {
		return fmt.Errorf("the pop-up at %s did not close: %w", r.Extension, err)
	}
	if closed.Call.Event == record.Revoked {
		r.End = string(closed.Call.Reason)
	}
	return nil
}

// Print writes the table.
func (r *Result) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CALL\tON SCREEN\tRECORD THERE\tPHONE\tINVITE\tRING (180)\tEND\t")
	for _, c := range r.Calls {
		title := fmt.Sprintf("%d %s", c.Number, c.Title)
		if len(c.Rings) == 0 {
			fmt.Fprintf(t, "%s\t–\t–\t–\t–\t–\tgoodbye\t\n", title)
		}
		for _, ring := range c.Rings {
			fmt.Fprintf(t, "%s\t%s\t\n", title, ring.cells())
			title = ""
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	verdict := "INVITE and ring: how long after the record. Each record was on the screen before its phone rang."
	if r.Late() {
		verdict = "INVITE and ring: how long after the record. NOT EACH record was on the screen before its phone rang."
	}
	_, err := fmt.Fprintln(out, "\n"+verdict)
	return err
}

func (r Ring) cells() string {
	if !r.Queued {
		return fmt.Sprintf("no queue\t–\t%s\t–\t–\t%s", r.Extension, r.End)
	}
	after := func(at time.Time) string {
		return fmt.Sprintf("%+.1f ms", float64(at.Sub(r.Record).Microseconds())/1000)
	}
	if r.Record.IsZero() {
		return fmt.Sprintf("NOTHING\t–\t%s\t%s\t%s\t%s", r.Extension,
			r.Invite.Format("15:04:05.0000"), r.Ringing.Format("15:04:05.0000"), r.End)
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s", r.Customer, r.Record.Format("15:04:05.0000"),
		r.Extension, after(r.Invite), after(r.Ringing), r.End)
}
