package versus

import (
	"testing"
	"time"
)

// A ring that was wrong by its INVITE is excused where it was right when it was chosen, and only where something was late.
func TestSecondLook(t *testing.T) {
	t.Parallel()
	seen := func() *Log {
		l := &Log{Agents: 2, Callers: []Stay{{at(1), at(3)}, {at(3.99), at(6)}}, Rings: []Ring{call(0, 0, 1, 3), call(1, 1, 4, 6)}}
		return l
	}
	for _, c := range []struct {
		name string
		told []Ring
		want bool
	}{
		{"the end of the first one's call was heard of late", []Ring{call(0, 0, 1, 4.01), call(1, 1, 4, 6)}, true},
		{"the INVITE was late", []Ring{call(0, 0, 1, 3), call(1, 1, 2.5, 6)}, true},
		{"nothing was late", []Ring{call(0, 0, 1, 3.01), call(1, 1, 4, 6)}, false},
		{"late, and wrong all the same", []Ring{call(0, 0, 1, 3.2), call(1, 1, 3.9, 6)}, false},
		{"not told of", []Ring{call(0, 0, 1, 3)}, false},
	} {
		told := &Log{Agents: 2, Callers: []Stay{{at(1), c.told[0].Down}, {c.told[len(c.told)-1].At, at(6)}}, Rings: c.told}
		fuzz := 100 * time.Millisecond
		l := seen()
		v := judge(l, Linear, ours(), fuzz)
		if len(v.found) != 1 || v.found[0].what != standsBefore {
			t.Fatalf("%s: found %+v", c.name, v.found)
		}
		if got := excused(v.found[0], l, told, judge(told, Linear, ours(), exact), fuzz); got != c.want {
			t.Errorf("%s: excused is %v", c.name, got)
		}
	}
}
