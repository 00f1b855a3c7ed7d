package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/goleak"

	"ringside/store/postgres"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Whether TLS is used, and with whom, is decided on purpose.
func TestTLS(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	const none, verified, unverified = "none", "verified", "unverified"
	for _, c := range []struct{ address, want string }{
		{"postgres://u@127.0.0.1/db", none},
		{"postgres://u@[::1]/db", none},
		{"postgres://u@localhost:5433/db", none},
		{"host=/run/postgresql dbname=db", none},
		{"postgres://u@db.example.com/db", verified},
		{"postgresql://u@192.0.2.1/db?connect_timeout=3", verified},
		{"host=db.example.com user=u", verified},
		{"postgres://u@127.0.0.1,db.example.com/db", verified},
		{"postgres://u@db.example.com/db?sslmode=disable", none},
		{"postgres://u@db.example.com/db?sslmode=require", unverified},
		{"host=db.example.com sslmode = disable", none},
		{"postgres://u@127.0.0.1/db?sslmode=verify-full", verified},
	} {
		config, err := postgres.Parse(c.address, "")
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		got := none
		if config.TLSConfig != nil {
			got = verified
			if config.TLSConfig.InsecureSkipVerify {
				got = unverified
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.address, got, c.want)
		}
		for _, f := range config.Fallbacks {
			if (f.TLSConfig == nil) != (got == none) {
				t.Errorf("%s: falls back to another kind of connection", c.address)
			}
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	config, err := postgres.Parse("postgres://u:old@127.0.0.1/db", "n€w '")
	if err != nil || config.Password != "n€w '" {
		t.Errorf("password %q, %v", config.Password, err)
	}
	if config.ConnectTimeout <= 0 || config.ConnectTimeout > time.Minute {
		t.Errorf("connect timeout %s", config.ConnectTimeout)
	}
	for _, wrong := range []string{"postgres://u:secret@h:port/db", "postgres://u:sec%ret@h/db", "host=x password='secret", "postgres://u:secret@h/db?sslmode=sometimes"} {
		if _, err := postgres.Parse(wrong, ""); !errors.Is(err, postgres.ErrAddress) || strings.Contains(fmt.Sprintf("%+v", err), "sec") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// refuse is a server that lets nobody in, for a reason of its own.
func refuse(t *testing.T, code, message string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		server := pgproto3.NewBackend(conn, conn)
		if _, err := server.ReceiveStartupMessage(); err != nil {
			return
		}
		server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: message})
		_ = server.Flush() // a client that is gone fails by itself
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "postgres://ringside:secret@" + l.Addr().String() + "/floor"
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, address string
		want          []string
	}{
		{"wrong password", refuse(t, "28P01", "password authentication failed"), []string{"127.0.0.1:", `wrong password for user "ringside"`, "password file"}},
		{"not allowed", refuse(t, "28000", "no pg_hba.conf entry"), []string{"may not log in", "pg_hba.conf"}},
		{"no database", refuse(t, "3D000", "database does not exist"), []string{`no database "floor"`, "createdb"}},
		{"too many", refuse(t, "53300", "too many clients"), []string{"max_connections"}},
		{"starting", refuse(t, "57P03", "the database system is starting up"), []string{"starting up", "try again"}},
		{"something else", refuse(t, "XX000", "out of luck"), []string{"127.0.0.1:", "out of luck"}},
		{"nobody there", "postgres://ringside:secret@127.0.0.1:1/floor", []string{"127.0.0.1:1", "nothing listens there", "start PostgreSQL"}},
		{"no socket", "host=/nonexistent user=ringside password=secret", []string{"nothing listens there"}},
		{"no name", "postgres://ringside:secret@nosuchhost.invalid/floor?sslmode=disable", []string{"nosuchhost.invalid", "check the host"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, err := postgres.Parse(c.address, "")
			if err != nil {
				t.Fatal(err)
			}
			conn, err := pgx.ConnectConfig(t.Context(), config)
			if err == nil {
				t.Fatal(conn.Close(t.Context()), "connected")
			}
			told := postgres.Explain(config, err)
			for _, w := range c.want {
				if !strings.Contains(told.Error(), w) {
					t.Errorf("%v, want %q in it", told, w)
				}
			}
			if !errors.Is(told, err) {
				t.Error("the cause is not in the chain")
			}
			if strings.Contains(fmt.Sprintf("%v", told), "secret") {
				t.Errorf("the password is told: %v", told)
			}
		})
	}
}

func TestExplainSilence(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	config, err := postgres.Parse("postgres://u@"+l.Addr().String()+"/db", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = pgx.ConnectConfig(ctx, config)
	if told := postgres.Explain(config, err); told == nil || !strings.Contains(told.Error(), "no answer") {
		t.Errorf("%v", told)
	}
	if postgres.Explain(config, nil) != nil {
		t.Error("no error was explained")
	}
}
