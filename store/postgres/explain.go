package postgres

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs that a connection can fail with, from PostgreSQL's appendix A.
const (
	invalidPassword      = "28P01"
	invalidAuthorization = "28000"
	noSuchDatabase       = "3D000"
	noPrivilege          = "42501"
	tooManyConnections   = "53300"
	starting             = "57P03"
)

// Explain says in words what is wrong with a connection that could not be made, where it was to, and what to do about it.
// The error given stays in the chain. Errors that have no known remedy keep their own words.
func Explain(config *pgx.ConnConfig, err error) error {
	if err == nil {
		return nil
	}
	at := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if why := refusal(config, pg); why != "" {
			return &explained{"postgres at " + at + ": " + why, err}
		}
		return fmt.Errorf("postgres at %s: %w", at, err)
	}
	if why := unreachable(config, err); why != "" {
		return &explained{"postgres at " + at + ": " + why, err}
	}
	return fmt.Errorf("postgres at %s: %w", at, err)
}

func refusal(config *pgx.ConnConfig, pg *pgconn.PgError) string {
	switch pg.Code {
	case invalidPassword:
		return fmt.Sprintf("wrong password for user %q: check the password file against `ALTER ROLE %s PASSWORD …`", config.User, config.User)
	case invalidAuthorization:
		return fmt.Sprintf("user %q may not log in (%s): check that the role exists, and pg_hba.conf on the server", config.User, pg.Message)
	case noSuchDatabase:
		return fmt.Sprintf("there is no database %q: create it with `createdb -O %s %s`", config.Database, config.User, config.Database)
	case noPrivilege:
		return fmt.Sprintf("user %q lacks a right (%s): grant it, or let that user own the schema queueapp", config.User, pg.Message)
	case tooManyConnections:
		return "it has no connection left: raise max_connections or end programs that hold some"
	case starting:
		return "it is starting up or shutting down (" + pg.Message + "): try again"
	}
	return ""
}

func unreachable(config *pgx.ConnConfig, err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("no address for the name %q: check the host in [postgres] dsn", config.Host)
	case errors.As(err, &unknown), errors.As(err, &wrongHost), errors.As(err, &invalid):
		return fmt.Sprintf("its certificate cannot be verified (%v): name the CA with sslrootcert=FILE in [postgres] dsn", errors.Unwrap(err))
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return "nothing listens there: start PostgreSQL, or check host and port in [postgres] dsn"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no answer: check the network, the firewall, and the host in [postgres] dsn"
	}
	return ""
}

// explained is an error in our words that still is the error it explains.
type explained struct {
	words string
	cause error
}

func (e *explained) Error() string { return e.words }
func (e *explained) Unwrap() error { return e.cause }
