package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis"
	"ringside/store"
)

// releaseCommand is `release`.
type releaseCommand struct{}

// Run sends every waiting caller on. Where no queueapp runs that could do it, Asterisk is asked directly.
func (c *releaseCommand) Run(ctx context.Context, a *app) error {
	o, err := a.owner()
	if err != nil {
		return err
	}
	defer o.close()
	var v api.Released
	err = o.post(ctx, "/v1/release", nil, &v)
	if errors.Is(err, errNotRunning) {
		if err := a.refuseIfOwned(ctx); err != nil {
			return err
		}
		v.Released, err = a.releaseByARI(ctx)
	}
	if err != nil {
		return err
	}
	a.printf("%d waiting callers sent on in the dialplan\n", v.Released)
	return nil
}

// holderLimit is how long the database may take to say who owns the floor.
const holderLimit = 3 * time.Second

// refuseIfOwned fails where another process owns the floor, as a standby does that has taken over: it looks after the
// callers. Where the database does not tell, nobody is known to.
func (a *app) refuseIfOwned(ctx context.Context) error {
	c, err := a.config("floor", "postgres")
	if err != nil {
		return nil
	}
	password, err := c.Postgres.Password.Read()
	if err != nil {
		return nil
	}
	memory, err := store.Open(store.Config{Address: c.Postgres.DSN, Password: password})
	if err != nil {
		return nil
	}
	defer memory.Close()
	bounded, cancel := context.WithTimeout(ctx, holderLimit)
	defer cancel()
	owner, owned, err := memory.Holder(bounded, c.Floor.Name)
	if err == nil && owned {
		return fmt.Errorf("floor %s is owned by %s, which looks after its callers: give the command where that one runs", c.Floor.Name, owner)
	}
	return nil
}

// releaseByARI sends on who is left in Asterisk without an owner.
func (a *app) releaseByARI(ctx context.Context) (released int, err error) {
	c, err := a.config("floor", "switch")
	if err != nil {
		return 0, err
	}
	switches, err := stasisConfigs(c, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, s := range switches {
		n, err := stasis.Release(ctx, s, engine.Variable{Name: "QUEUESTATUS", Value: queueapp.OutcomeUnavailable.QueueStatus()},
			engine.Variable{Name: "QUEUEAPP_OUTCOME", Value: string(queueapp.OutcomeUnavailable)})
		released += n
		if err != nil {
			errs = append(errs, fmt.Errorf("switch %s: %w", s.Name, err))
		}
	}
	return released, errors.Join(errs...)
}
