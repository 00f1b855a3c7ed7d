package delivery

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/queueapp/record"
)

// of makes a record another call's, which was offered so long after the test began.
func of(id queueapp.CallID, offered time.Duration, o engine.Outgoing) engine.Outgoing {
	o.Call, o.Attempt.Call, o.Record.ID = id, id, string(id)
	o.Record.Times.Offered = time.Unix(0, 0).Add(offered)
	o.At = o.Record.Times.Offered.Add(time.Duration(o.Seq))
	return o
}

// Where one record is kept the next call's stays, however late the last one's close is sent: an agent's next caller is
// offered first.
func TestAnOlderCallDoesNotTakeANewersPlace(t *testing.T) {
	for mode, want := range map[record.Mode][]string{
		record.Current: {
			"publish extension1000 c1 offered 1", "publish extension1000 c2 offered 1", "publish extension1000 c2 ended 2",
		},
		record.Transient: {
			"publish extension1000 c1 offered 1", "publish extension1000 c2 offered 1", "publish extension1000 c1 ended 2",
			"publish extension1000 c2 ended 2",
		},
	} {
		withinMode(t, mode, func(d *desk) {
			d.Send(of("c1", 1, out(1, record.Offered)))
			synctest.Wait()
			d.Send(of("c2", 2, out(1, record.Offered)))
			d.Send(of("c1", 1, out(2, record.Ended)))
			synctest.Wait()
			d.Send(of("c2", 2, out(2, record.Ended)))
			synctest.Wait()
			if got := d.server.published(); !slices.Equal(got, want) {
				t.Errorf("%s: published %v", mode, got)
			}
			if len(d.sent) != 4 {
				t.Errorf("%s: of four records %v need no more delivery", mode, d.sent)
			}
		})
	}
}

// Who comes is shown what the node keeps, and not what that has replaced.
func TestAMemberWhoComesIsShownTheNewestAlone(t *testing.T) {
	withinMode(t, record.Current, func(d *desk) {
		d.Send(of("c1", 1, out(1, record.Offered)))
		d.Send(of("c2", 2, out(1, record.Offered)))
		synctest.Wait()
		d.server.available("user1@localhost")
		synctest.Wait()
		if got := d.server.published(); len(got) != 3 || got[2] != got[1] {
			t.Errorf("published %v", got)
		}
	})
}

// What a former owner has published is not published anew, but shown to who comes; and it keeps its place.
func TestWhatAFormerOwnerHasShown(t *testing.T) {
	withinMode(t, record.Current, func(d *desk) {
		d.Shown(of("c2", 2, out(3, record.Offered)))
		d.Send(of("c1", 1, out(2, record.Ended)))
		synctest.Wait()
		if got := d.server.published(); len(got) != 0 {
			t.Errorf("published %v", got)
		}
		d.server.available("user1@localhost")
		synctest.Wait()
		if got := d.server.published(); !slices.Equal(got, []string{"publish extension1000 c2 offered 3"}) {
			t.Errorf("published %v", got)
		}
	})
}
