package engine

import (
	"context"
	"time"

	"ringside/queueapp/floorplan"
)

// holder is one ownership.
type holder struct {
	*life
	epoch   int64
	lost    chan struct{}
	changed chan struct{}
	isLost  bool
}

// commit is a batch that is being written.
type commit struct {
	holder *holder
	batch  Batch
	at     time.Time
	result chan error
}

func (o *holder) Epoch() int64 { return o.epoch }

func (o *holder) Load(context.Context) (Remembered, error) {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	if !o.act() || o.isLost {
		return Remembered{}, errDead
	}
	return o.m.db.load(), nil
}

func (o *holder) Plan(context.Context) (floorplan.Plan, int64, error) {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	return o.m.db.plan, o.m.db.version, nil
}

// Commit waits until the model has it written, or has it fail.
func (o *holder) Commit(_ context.Context, b Batch) error {
	c := &commit{holder: o, batch: b, at: time.Now(), result: make(chan error, 1)}
	o.m.mu.Lock()
	if !o.act() || o.isLost {
		o.m.mu.Unlock()
		return errDead
	}
	o.m.commit = c
	o.m.mu.Unlock()
	return <-c.result
}

func (o *holder) Beat(ctx context.Context) error {
	o.m.mu.Lock()
	away := o.m.db.away
	o.m.mu.Unlock()
	if away {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (o *holder) PlanChanged() <-chan struct{}  { return o.changed }
func (o *holder) Lost() <-chan struct{}         { return o.lost }
func (o *holder) Release(context.Context) error { return nil }

// lose ends the owning connection, and what is being written on it. The model's lock is held.
func (o *holder) lose() {
	if o.isLost {
		return
	}
	o.isLost = true
	close(o.lost)
	if c := o.m.commit; c != nil && c.holder == o {
		o.m.commit = nil
		c.result <- errDead
	}
}
