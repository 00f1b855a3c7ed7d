package watch_test

import (
	"context"
	"errors"
	"testing"

	"ringside/softwaresim/watch"
)

func all(int) bool { return true }

func TestWatchSeesAllFromWhenItBegan(t *testing.T) {
	t.Parallel()
	var f watch.Feed[int]
	f.Publish(1)
	w := f.Watch()
	defer w.Close()
	f.Publish(2)
	f.Publish(3)
	for _, want := range []int{2, 3} {
		if e, err := w.Next(t.Context(), all); err != nil || e != want {
			t.Fatalf("got %d, %v; want %d", e, err, want)
		}
	}
}

func TestKeptEventsReachALateWatch(t *testing.T) {
	t.Parallel()
	f := watch.Feed[int]{Keep: true}
	f.Publish(1)
	f.Publish(2)
	f.Finish()
	f.Publish(3)
	w := f.Watch()
	if e, err := w.Next(t.Context(), func(e int) bool { return e == 2 }); err != nil || e != 2 {
		t.Fatalf("got %d, %v; want 2", e, err)
	}
	if _, err := w.Next(t.Context(), all); !errors.Is(err, watch.ErrOver) {
		t.Errorf("after the end: %v", err)
	}
	if got := f.Events(); len(got) != 2 {
		t.Errorf("kept %v", got)
	}
}

func TestNextWaits(t *testing.T) {
	t.Parallel()
	var f watch.Feed[int]
	w := f.Watch()
	got := make(chan int)
	go func() {
		e, _ := w.Next(context.Background(), func(e int) bool { return e > 1 })
		got <- e
	}()
	f.Publish(1)
	f.Publish(2)
	if e := <-got; e != 2 {
		t.Errorf("got %d, want 2", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Next(ctx, all); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
}

func TestAClosedWatchIsToldNothing(t *testing.T) {
	t.Parallel()
	var f watch.Feed[int]
	w := f.Watch()
	w.Close()
	w.Close()
	f.Publish(1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := w.Next(ctx, all); err == nil {
		t.Errorf("got %d", e)
	}
}

func TestManyPutAndNothingIsLost(t *testing.T) {
	t.Parallel()
	m := watch.NewMailbox[int]()
	const putters, each = 8, 500
	for range putters {
		go func() {
			for i := range each {
				m.Put(i)
			}
		}()
	}
	sum := 0
	for range putters * each {
		v, err := m.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	if want := putters * each * (each - 1) / 2; sum != want {
		t.Errorf("the sum is %d, want %d", sum, want)
	}
}
