package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"ringside/queueapp"
	"ringside/queueapp/api"
	"ringside/queueapp/engine"
	"ringside/queueapp/stasis"
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
		v.Released, err = a.releaseByARI(ctx)
	}
	if err != nil {
		return err
	}
	a.printf("%d waiting callers sent on in the dialplan\n", v.Released)
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
