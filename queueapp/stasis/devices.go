package stasis

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/CyCoreSystems/ari/v5"
	"golang.org/x/sync/errgroup"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// Numbers of following devices.
const (
	subscribeAtOnce = 50 // devices in one request
	askAtOnce       = 8  // questions for a state under way: a fresh start must not crowd out the calls
	followAgain     = 2 * time.Second
)

// devices makes the subscriptions to device states agree with the set that is wanted.
type devices struct {
	s      *Switch
	change chan struct{}

	mu      sync.Mutex
	wanted  map[string]bool
	up      bool
	renewed bool // the connection is new: nothing counts as subscribed
}

func newDevices(s *Switch) *devices {
	return &devices{s: s, change: make(chan struct{}, 1)}
}

// Follow implements [engine.Switch]. It may be called before Run.
func (s *Switch) Follow(names []string) {
	wanted := make(map[string]bool, len(names))
	for _, n := range names {
		if n != "" && !strings.Contains(n, ",") { // a comma would make two sources of one
			wanted[n] = true
		}
	}
	s.devices.set(func(d *devices) { d.wanted = wanted })
}

// renew says that the stream came up or was lost.
func (d *devices) renew(up bool) {
	d.set(func(d *devices) { d.up, d.renewed = up, true })
}

func (d *devices) set(change func(*devices)) {
	d.mu.Lock()
	change(d)
	d.mu.Unlock()
	select {
	case d.change <- struct{}{}:
	default:
	}
}

func (d *devices) get() (wanted map[string]bool, up, renewed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	renewed, d.renewed = d.renewed, false
	return d.wanted, d.up, renewed
}

func (d *devices) run(ctx context.Context) {
	have := make(map[string]bool)
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.change:
		case <-again:
		}
		again = nil
		wanted, up, renewed := d.get()
		if renewed {
			clear(have)
		}
		if !up {
			continue
		}
		if err := d.reconcile(ctx, have, wanted); err != nil && ctx.Err() == nil {
			d.s.tellFailed(engine.Failed{Command: "follow"}, err)
			again = time.After(followAgain)
		}
	}
}

// reconcile drops what is not wanted any more, subscribes to what is missing, and asks for its present state: in this order,
// so that no change falls between.
func (d *devices) reconcile(ctx context.Context, have, wanted map[string]bool) error {
	var drop, add []string
	for _, n := range sorted(have) {
		if !wanted[n] {
			drop = append(drop, n)
			delete(have, n)
		}
	}
	for _, n := range sorted(wanted) {
		if !have[n] {
			add = append(add, n)
		}
	}
	d.s.inbox.put(func(l *live) { l.follow(wanted) })
	for _, n := range drop {
		err := d.subscription(ctx, http.MethodDelete, n)
		if err != nil && statusOf(err) == 0 {
			return err
		}
	}
	for some := range slices.Chunk(add, subscribeAtOnce) {
		if err := d.subscription(ctx, http.MethodPost, some...); err != nil {
			return err
		}
		if err := d.ask(ctx, some); err != nil {
			return err
		}
		for _, n := range some {
			have[n] = true
		}
	}
	return nil
}

func (d *devices) subscription(ctx context.Context, method string, names ...string) error {
	var body sources
	for _, n := range names {
		body.EventSource = append(body.EventSource, "deviceState:"+n)
	}
	return d.s.rest.again(ctx, "follow", method, path("applications", d.s.app, "subscription"), body, nil)
}

func (d *devices) ask(ctx context.Context, names []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askAtOnce)
	for _, n := range names {
		group.Go(func() error {
			d.s.inbox.put(func(l *live) { l.asking(n) })
			var now ari.DeviceStateData
			if err := d.s.rest.again(ctx, "device-state", http.MethodGet, path("deviceStates", n), nil, &now); err != nil {
				return err
			}
			d.s.inbox.put(func(l *live) { l.answered(n, queueapp.DeviceState(now.State)) })
			return nil
		})
	}
	return group.Wait()
}

// follow sets whose changes are told.
func (l *live) follow(wanted map[string]bool) {
	for n := range l.asked {
		if !wanted[n] {
			delete(l.asked, n)
		}
	}
	for n := range wanted {
		if _, known := l.asked[n]; !known {
			l.asked[n] = false
		}
	}
}

// asking says that a device's state is being asked for: a change that is told before the answer is newer, or is followed
// by one that is.
func (l *live) asking(device string) {
	if _, followed := l.asked[device]; followed {
		l.asked[device] = true
	}
}

func (l *live) answered(device string, state queueapp.DeviceState) {
	if l.asked[device] {
		l.asked[device] = false
		l.sink(engine.DeviceChanged{Device: device, State: state})
	}
}
