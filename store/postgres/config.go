// Package postgres knows how to reach a PostgreSQL server: it reads addresses, verifies certificates unless told not to,
// and says what to do about a connection that fails.
//
// It knows nothing of Ringside's tables.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// userTimeout is how many milliseconds a dead peer may keep data unacknowledged.
const userTimeout = 5000

// connectTimeout bounds a connection attempt where the address does not (connect_timeout).
const connectTimeout = 5 * time.Second

// ErrAddress says that an address cannot be read. It does not quote the address, which may hold a password.
var ErrAddress = errors.New("the PostgreSQL address cannot be read: write postgres://user@host:5432/database, " +
	"with special characters of a password percent-encoded, or the password in a file of its own")

// Parse reads an address: a URL, or libpq's key=value form. A password that is not empty replaces the address's own. What
// the address leaves out is taken from PGHOST and the other variables of libpq. Where neither says how TLS is to be used,
// a server on this machine is spoken to without, and any other only with a certificate that can be verified.
func Parse(address, password string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err == nil && !saysTLS(address) {
		config, err = pgx.ParseConfig(withTLS(address, config))
	}
	if err != nil {
		return nil, ErrAddress
	}
	if password != "" {
		config.Password = password
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > time.Minute {
		config.ConnectTimeout = connectTimeout
	}
	return config, nil
}

var tlsKey = regexp.MustCompile(`(^|\s)sslmode\s*=`)

func saysTLS(address string) bool {
	if os.Getenv("PGSSLMODE") != "" {
		return true
	}
	if u := asURL(address); u != nil {
		return u.Query().Has("sslmode") || u.Query().Has("ssl")
	}
	return tlsKey.MatchString(address)
}

func withTLS(address string, config *pgx.ConnConfig) string {
	mode := "disable"
	if !local(config.Host) {
		mode = "verify-full"
	}
	for _, f := range config.Fallbacks {
		if !local(f.Host) {
			mode = "verify-full"
		}
	}
	if u := asURL(address); u != nil {
		q := u.Query()
		q.Set("sslmode", mode)
		u.RawQuery = q.Encode()
		return u.String()
	}
	return address + " sslmode=" + mode
}

func asURL(address string) *url.URL {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u
}

// local reports whether a host is this machine: a socket's directory, a loopback address, or the name localhost.
func local(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// KeepAlive makes a connection notice within a few seconds that the other machine is gone, at both its ends.
func KeepAlive(config *pgx.ConnConfig) {
	dialer := &net.Dialer{
		Timeout:         config.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3},
		Control:         giveUp(userTimeout),
	}
	config.DialFunc = dialer.DialContext
	config.RuntimeParams["tcp_keepalives_idle"] = "2"
	config.RuntimeParams["tcp_keepalives_interval"] = "1"
	config.RuntimeParams["tcp_keepalives_count"] = "3"
	config.RuntimeParams["tcp_user_timeout"] = strconv.Itoa(userTimeout) // where the server's system knows none it only logs so
}

// UTC makes a connection give its times in UTC, whatever the machine's time zone is, so that equal times are equal values.
func UTC(conn *pgx.Conn) {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
}

// Pool makes a pool of up to size connections, which it makes when they are needed.
func Pool(config *pgx.ConnConfig, size int32) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig(config.ConnString())
	if err != nil {
		return nil, fmt.Errorf("make a pool of connections: %w", err)
	}
	pool.ConnConfig = config.Copy()
	pool.MaxConns = size
	pool.MaxConnIdleTime = 5 * time.Minute
	pool.AfterConnect = func(_ context.Context, conn *pgx.Conn) error { UTC(conn); return nil }
	return pgxpool.NewWithConfig(context.Background(), pool)
}
