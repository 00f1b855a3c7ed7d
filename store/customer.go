package store

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5"

	"ringside/queueapp"
	"ringside/queueapp/floorplan"
	"ringside/store/customers"
)

// UseCustomers makes the look-ups follow a floor plan; an owner's Load and Plan do so by themselves. It connects to nothing: only an address or a file that cannot be
// read is an error, and leaves everything as it was.
func (s *Store) UseCustomers(plan floorplan.Customers) error { return s.lookup.Use(plan) }

// CheckCustomers tries a floor plan's own queries where they would run, and says everything that is wrong with them.
func (s *Store) CheckCustomers(ctx context.Context, plan floorplan.Customers) error {
	return customers.Check(ctx, s.pool, plan)
}

// CustomersByCode finds the customers with a code; none is no error. An error says that nobody can know now, never that the
// code is wrong. Neither the code nor what was found is in it.
func (s *Store) CustomersByCode(ctx context.Context, code string) ([]queueapp.Customer, error) {
	return s.lookup.ByCode(ctx, code)
}

// CustomersByNumber finds the customers with a telephone number, like [Store.CustomersByCode].
func (s *Store) CustomersByNumber(ctx context.Context, number string) ([]queueapp.Customer, error) {
	return s.lookup.ByNumber(ctx, number)
}

// ImportCustomers reads customers from CSV into Ringside's own table: all of them, or none where the file has a problem,
// which makes the error a [customers.FileError]. See [customers.Import] for what the file may look like.
func (s *Store) ImportCustomers(ctx context.Context, file io.Reader) (report customers.Report, err error) {
	err = s.change(ctx, "import customers", func(tx pgx.Tx) error {
		report, err = customers.Import(ctx, tx, file)
		return err
	})
	if err != nil {
		return customers.Report{}, err
	}
	return report, nil
}
