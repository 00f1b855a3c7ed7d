package stasis

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
)

// lampAgain is the pause after a lamp could not be told, for all of them.
const lampAgain = 2 * time.Second

// lamps makes device states of our own agree with what is wanted, by one request at a time: calls go before.
type lamps struct {
	s      *Switch
	prefix string // of their names, as Asterisk has them
	change chan struct{}

	mu      sync.Mutex
	wanted  map[string]queueapp.DeviceState // nil: nobody has said since the connection came up
	renewed bool                            // the connection is new: nobody knows what Asterisk shows
}

// newLamps keeps floors on one Asterisk apart by their applications. No name of a lamp holds a colon.
func newLamps(s *Switch) *lamps {
	l := &lamps{s: s, prefix: "Stasis:", change: make(chan struct{}, 1)}
	if s.app != DefaultApp {
		l.prefix += s.app + ":"
	}
	return l
}

// Light implements [engine.Switch].
func (s *Switch) Light(wanted map[string]queueapp.DeviceState) {
	l := s.lamps
	l.mu.Lock()
	l.wanted = wanted
	l.mu.Unlock()
	select {
	case l.change <- struct{}{}:
	default:
	}
}

// renew says that the stream came up or was lost: what is wanted then is to be said again.
func (l *lamps) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted, l.renewed = nil, true
}

// unknown says that it is still to be found out what Asterisk shows.
func (l *lamps) unknown() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = true
}

var errDown = errors.New("the event stream is not up")

// begin says what is wanted, and whether for the first time since the stream came up.
func (l *lamps) begin() (wanted map[string]queueapp.DeviceState, renewed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	renewed = l.renewed
	l.renewed = renewed && l.wanted == nil
	return l.wanted, renewed
}

// want is what a lamp is to show now; empty: there is to be none. ok is false where the stream was lost meanwhile.
func (l *lamps) want(name string) (state queueapp.DeviceState, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.wanted[name], l.wanted != nil
}

func (l *lamps) run(ctx context.Context) {
	told := make(map[string]queueapp.DeviceState)
	failed := false
	var again <-chan time.Time
	for {
		change := l.change
		if again != nil { // what comes meanwhile is told then
			change = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-change:
		case <-again:
		}
		again = nil
		err := l.agree(ctx, told)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errDown):
			continue
		case err != nil && !failed:
			l.s.log.Warn("lamps cannot be told what to show; it is tried again", "err", err)
		case err == nil && failed:
			l.s.log.Info("lamps show what they should again")
		}
		if failed = err != nil; failed {
			again = time.After(lampAgain)
		}
	}
}

// agree tells what is not told yet, and takes away what is not wanted any more. One that is refused does not keep the others.
func (l *lamps) agree(ctx context.Context, told map[string]queueapp.DeviceState) (err error) {
	wanted, renewed := l.begin()
	if wanted == nil {
		return errDown
	}
	if renewed {
		if err := l.shown(ctx, told); err != nil {
			l.unknown()
			return err
		}
	}
	names := make(map[string]bool, len(wanted)+len(told))
	for name := range wanted {
		names[name] = true
	}
	for name := range told {
		names[name] = true
	}
	for _, name := range sorted(names) {
		state, ok := l.want(name)
		if !ok {
			return errDown
		}
		if state == told[name] {
			continue
		}
		told[name] = queueapp.DeviceUnknown // until it is answered
		if e := l.show(ctx, name, state); e != nil {
			if err = e; statusOf(e) == 0 {
				return err
			}
			continue
		}
		if told[name] = state; state == "" {
			delete(told, name)
		}
	}
	return err
}

// shown finds out which lamps of ours Asterisk has, also from a process before us: it keeps them over restarts.
func (l *lamps) shown(ctx context.Context, told map[string]queueapp.DeviceState) error {
	var list []ari.DeviceStateData
	if err := l.s.rest.again(ctx, "lamps", http.MethodGet, path("deviceStates"), nil, &list); err != nil {
		return err
	}
	clear(told)
	for _, d := range list {
		if name, ours := strings.CutPrefix(d.Name, l.prefix); ours && queueapp.IsLamp(name) {
			told[name] = queueapp.DeviceState(d.State)
		}
	}
	return nil
}

// show tells a lamp what to show; empty takes it away. Phones hear nothing of that, and are told before that it is dark.
func (l *lamps) show(ctx context.Context, name string, state queueapp.DeviceState) error {
	body := struct {
		State queueapp.DeviceState `json:"deviceState"`
	}{state}
	if state == "" {
		body.State = queueapp.DeviceUnavailable
	}
	target := path("deviceStates", l.prefix+name)
	err := l.s.rest.again(ctx, "lamp", http.MethodPut, target, body, nil)
	if err == nil && state == "" {
		err = l.s.rest.again(ctx, "lamp", http.MethodDelete, target, nil, nil)
	}
	return err
}
