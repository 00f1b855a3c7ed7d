package store

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/store/customers"
	"ringside/store/projection"
	"ringside/store/queuelog"
)

// writer makes the statements of one commit: one for each row, all in one round trip. Arrays of rows were tried: what their
// unnesting costs is won back only from five rows a table upwards, and most commits have one.
type writer struct {
	batch pgx.Batch
	floor string
	epoch int64
}

// prove comes first: it fails the whole transaction where the floor is not ours.
func (w *writer) prove(steps []queueapp.Step, version int64) {
	var step, entry int64
	var at time.Time
	var plan *int64
	for _, s := range steps {
		step, at = s.N+1, s.At
		switch ev := s.Event.(type) {
		case queueapp.Enter:
			entry = max(entry, ev.Entry+1)
		case queueapp.Apply:
			plan = &version
		}
	}
	w.batch.Queue(stmtProve, w.floor, w.epoch, step, entry, moment(at), plan)
}

// closings ends what is open, before anything is opened in its place.
func (w *writer) closings(r projection.Rows) {
	for _, l := range r.Leaves {
		w.batch.Queue(stmtLeave, string(l.Call), l.At, string(l.Outcome), text(l.Agent))
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		w.batch.Queue(stmtAttempt, append([]any{string(a.ID.Call), a.ID.N}, progress(a)...)...)
	}
	for _, l := range r.LogOffs {
		w.batch.Queue(stmtLogOff, w.floor, text(l.Agent), l.At)
	}
	for _, u := range r.Unpauses {
		w.batch.Queue(stmtUnpause, w.floor, text(u.Agent), u.At, text(u.Queue))
	}
	for _, h := range r.Unholds {
		w.batch.Queue(stmtUnhold, string(h.Attempt.Call), h.Attempt.N, h.At)
	}
	for _, s := range r.Returns {
		w.batch.Queue(stmtServe, w.floor, text(s.Agent), s.At, text(s.Queue))
	}
	for _, c := range r.Callers {
		w.batch.Queue(stmtCaller, string(c.Call), customers.Encode(c.Customers), customers.EncodeData(c.Data))
	}
	for _, c := range r.Channels {
		w.batch.Queue(stmtChannel, string(c.Call), text(c.Channel))
	}
	for _, m := range r.Moves {
		w.batch.Queue(stmtMove, string(m.Call), m.Priority)
	}
}

// openings writes new calls, visits, attempts and legs.
func (w *writer) openings(r projection.Rows) {
	for i := range r.Visits {
		v := &r.Visits[i]
		w.batch.Queue(stmtEnter, w.floor, string(v.Call), text(v.Switch), text(v.Channel), text(v.Caller.Number), text(v.Caller.Name),
			text(v.Caller.Dialled), customers.Encode(v.Customers), customers.EncodeData(v.Data), v.At, moment(v.Ended),
			text(v.Queue), v.Entry, v.Priority, v.Deadline, string(v.Outcome), text(v.By), encodeNeeds(v.Needs), text(v.Agent))
	}
	for i := range r.Offers {
		a := &r.Offers[i]
		offer := []any{w.floor, string(a.ID.Call), a.ID.N, text(a.Queue), text(a.Agent), text(a.Extension), a.Offered, a.Expires}
		switch {
		case a.From != 0:
			w.batch.Queue(stmtHanded, append(append(offer, progress(a)...), a.From, text(a.Number))...)
		case a.Untouched():
			w.batch.Queue(stmtOffer, append(offer, a.Pulled)...)
		default:
			w.batch.Queue(stmtOffered, append(append(offer, progress(a)...), a.Pulled)...)
		}
	}
	for _, s := range r.Seats {
		w.batch.Queue(stmtSeat, string(s.Attempt.Call), s.Attempt.N, text(s.Agent), text(s.Extension))
	}
	for _, l := range r.Legs {
		w.batch.Queue(stmtLeg, string(l.Attempt.Call), l.Attempt.N, l.N, text(l.Channel()))
	}
}

// progress is what became of an attempt, in the order in which the statements take it.
func progress(a *projection.Attempt) []any {
	return []any{
		moment(a.Published), string(a.Publish), moment(a.Rang), moment(a.Alerted), moment(a.Answered), moment(a.Connected),
		moment(a.Closed), string(a.Reason), string(a.By), moment(a.Ended), string(a.Cause), a.Q850,
	}
}

// agents writes what agents did.
func (w *writer) agents(r projection.Rows) {
	for _, s := range r.Sessions {
		w.batch.Queue(stmtSession, w.floor, text(s.Agent), text(s.Extension), s.Began, moment(s.Ended))
	}
	for _, p := range r.Pauses {
		w.batch.Queue(stmtPause, w.floor, text(p.Agent), text(p.Reason), p.Auto, p.Began, moment(p.Ended), text(p.Queue))
	}
	for _, h := range r.Holds {
		w.batch.Queue(stmtHold, string(h.Attempt.Call), h.Attempt.N, h.Began, moment(h.Ended))
	}
	for _, s := range r.Absences {
		w.batch.Queue(stmtAbsent, w.floor, text(s.Agent), text(s.Queue), s.Began, moment(s.Ended))
	}
	for _, u := range r.WrapUps {
		w.batch.Queue(stmtWrapUp, w.floor, text(u.Agent), moment(u.Last), moment(u.Until), u.Calls, u.Talked)
	}
	for _, m := range r.Misses {
		w.batch.Queue(stmtMisses, w.floor, text(m.Agent), m.Count)
	}
}

func (w *writer) outbox(records []engine.Outgoing, sent []engine.RecordKey) {
	for i := range records {
		r := &records[i]
		w.batch.Queue(stmtRecord, w.floor, string(r.Call), r.Seq, r.Attempt.N, text(r.Extension), text(r.Event), r.At, r.Payload)
	}
	for _, s := range sent {
		w.batch.Queue(stmtSent, string(s.Call), s.Seq)
	}
}

func (w *writer) journal(steps []queueapp.Step) {
	for _, l := range projection.Journal(steps) {
		w.batch.Queue(stmtJournal, w.floor, w.epoch, l.N, l.At, string(l.Call), text(l.Event), text(l.Effects))
		for _, c := range l.Mentions {
			w.batch.Queue(stmtMention, string(c), w.floor, l.N)
		}
	}
}

func (w *writer) queueLog(entries []queuelog.Entry) {
	for i := range entries {
		e := &entries[i]
		var data [queuelog.Fields]string
		copy(data[:], e.Data)
		w.batch.Queue(stmtLogged, w.floor, e.Step, e.N, e.Time, e.Call, e.Queue, e.Agent, string(e.Event),
			data[0], data[1], data[2], data[3], data[4])
	}
}

// moment is a time as a column takes it: the zero time is null.
func moment(t time.Time) pgtype.Timestamptz { return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()} }

// text takes out what PostgreSQL's texts cannot hold: names and numbers come from the network as they please.
func text[T ~string](s T) string {
	return strings.ToValidUTF8(strings.ReplaceAll(string(s), "\x00", ""), "\uFFFD")
}
