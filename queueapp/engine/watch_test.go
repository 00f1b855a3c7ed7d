package engine

import (
	"testing"

	"ringside/queueapp"
)

// A watcher is told where it begins, and from then on every turn, one by one.
func TestAWatcherMissesNothing(t *testing.T) {
	w := newWorld(t)
	w.start(SwitchUp{})
	w.logOn("1000")
	first, err := w.eng.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin := <-first
	if begin.Step.Event != nil || begin.N == 0 {
		t.Errorf("begins with %+v", begin)
	}
	second, err := w.eng.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := (<-second).N; n != begin.N {
		t.Errorf("the second begins at %d, the first at %d", n, begin.N)
	}
	w.tell(caller("ch1", "queue", "support", "code=1111"))
	for _, ch := range []<-chan Notice{first, second} {
		for n := begin.N + 1; ; n++ {
			got := <-ch
			if got.N != n || got.Step.N != n || got.Step.Event == nil {
				t.Fatalf("%d: %+v", n, got)
			}
			if _, rings := got.Step.Event.(queueapp.Offered); rings {
				break
			}
		}
	}
}
