package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp/floorplan"
	"ringside/store"
)

// database opens the database for a command. It does not connect yet.
func (a *app) database() (*store.Store, config.Config, error) {
	c, err := a.config("postgres", "floor")
	if err != nil {
		return nil, c, err
	}
	s, err := openStore(c.Postgres, slog.New(slog.DiscardHandler))
	return s, c, err
}

// store is the database, logged in to, with the tables that this program works with.
func (a *app) store(ctx context.Context) (*store.Store, config.Config, error) {
	s, c, err := a.database()
	if err != nil {
		return nil, c, err
	}
	if err := s.Ready(ctx); err != nil {
		s.Close()
		return nil, c, err
	}
	return s, c, nil
}

// openStore makes ready to use the database that the configuration names.
func openStore(p config.Postgres, log *slog.Logger) (*store.Store, error) {
	password, err := p.Password.Read()
	if err != nil {
		return nil, fmt.Errorf("postgres.password_file: %w", err)
	}
	return store.Open(store.Config{Address: p.DSN, Password: password, Log: log})
}

// migrateCommand is `migrate`.
type migrateCommand struct{}

// Run brings the tables to this program's version.
func (c *migrateCommand) Run(ctx context.Context, a *app) error {
	s, _, err := a.database()
	if err != nil {
		return err
	}
	defer s.Close()
	applied, err := s.Migrate(ctx)
	for _, m := range applied {
		a.printf("applied %s\n", m.File)
	}
	if err != nil {
		return err
	}
	version, _, err := s.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	a.printf("the tables are at version %d\n", version)
	return nil
}

// applyCommand is `apply FILE`.
type applyCommand struct {
	File   string `arg:"" help:"The floor plan."`
	DryRun bool   `short:"n" help:"Say what would change, and change nothing."`
}

// Run puts a floor plan in force: all of it, or nothing where anything is wrong with it.
func (c *applyCommand) Run(ctx context.Context, a *app) error {
	text, err := config.ReadFile(c.File)
	if err != nil {
		return err
	}
	plan, err := floorplan.Parse(c.File, text)
	if err != nil {
		return err
	}
	s, conf, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	before, version, err := s.Plan(ctx, conf.Floor.Name)
	if err != nil && !errors.Is(err, store.ErrNoPlan) {
		return err
	}
	if err := s.CheckCustomers(ctx, plan.Customers); err != nil {
		return fmt.Errorf("%s: customers: %w", c.File, err)
	}
	a.warnOfSwitches(c.File, conf, plan)
	changes := floorplan.Diff(before, plan)
	for _, change := range changes {
		a.printf("%s\n", clean(change.String(), 400))
	}
	if c.DryRun {
		a.printf("floor %s is at version %d; %d changes were not applied\n", conf.Floor.Name, version, len(changes))
		return nil
	}
	now, err := s.Apply(ctx, conf.Floor.Name, plan, text)
	if err != nil {
		return err
	}
	a.printf("floor %s is at version %d; %d changes\n", conf.Floor.Name, now, len(changes))
	return nil
}

// warnOfSwitches says which extensions are at a switch that this queueapp.toml does not know: they would never ring.
func (a *app) warnOfSwitches(file string, conf config.Config, plan floorplan.Plan) {
	for _, x := range plan.Floor.Extensions {
		known := x.Switch == "" || slices.ContainsFunc(conf.Switches, func(s config.Switch) bool { return s.Name == string(x.Switch) })
		if !known {
			_, _ = fmt.Fprintf(a.stderr, "queueapp: %s: extension %s is at switch %s, of which %s knows nothing: it will not ring\n",
				file, x.ID, clean(string(x.Switch), 40), a.configFile)
		}
	}
}

// exportCommand is `export`.
type exportCommand struct{}

// Run prints the floor plan in force as it was written.
func (c *exportCommand) Run(ctx context.Context, a *app) error {
	s, conf, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	text, err := s.Export(ctx, conf.Floor.Name)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// customersCommand is `customers import FILE.csv`.
type customersCommand struct {
	Import customersImport `cmd:"" help:"Add and change customers from a CSV file whose first line names its columns: code, number, name, url, id, and others, which become data."`
}

type customersImport struct {
	File string `arg:"" help:"The CSV file; - is standard input."`
}

// Run imports the file, or nothing where anything is wrong with it.
func (c *customersImport) Run(ctx context.Context, a *app) error {
	file := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("%s: %s", c.File, config.Unreadable(err))
		}
		defer func() { _ = f.Close() }()
		file = f
	}
	s, _, err := a.store(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	report, err := s.ImportCustomers(ctx, file)
	if err != nil {
		return fmt.Errorf("%s: nothing was imported:\n%w", c.File, err)
	}
	a.printf("%d customers: %d added, %d changed, %d as they were\n", report.Rows, report.Added, report.Changed, report.Unchanged)
	return nil
}
