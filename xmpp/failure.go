package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"mellium.im/xmpp/stream"
)

// failure is why a session ended or did not begin.
type failure struct {
	reason Reason
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(r Reason, format string, args ...any) error {
	return &failure{r, fmt.Errorf(format, args...)}
}

// reasonFor names the reason behind err.
func reasonFor(err error) Reason {
	var known *failure
	if errors.As(err, &known) {
		return known.reason
	}
	return Broken
}

// explain says what was being done when err came.
func explain(err error, server string) error {
	return fmt.Errorf("xmpp session with %s: %w", server, err)
}

// streamFailure makes of an error of the stream, after the log-in, a failure.
func streamFailure(err error) error {
	var told stream.Error
	switch {
	case errors.Is(err, stream.Conflict):
		return fail(Conflict, "somebody else logged in with this account and resource; give each instance its own resource: %w", err)
	case errors.As(err, &told):
		return fail(ServerClosed, "the server ended the session: %w", err)
	case err == nil, errors.Is(err, io.EOF):
		return fail(ServerClosed, "the server ended the session")
	}
	return fail(Broken, "the connection broke: %w", err)
}

// loginFailure makes of an error between the connection and the binding a failure. It knows in which step it came.
func loginFailure(ctx context.Context, step string, err error) error {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var cert *tls.CertificateVerificationError
	var known *failure
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &unknown):
		return fail(Untrusted, "the server's certificate is signed by nobody we trust; name its authority with ca_file: %w", err)
	case errors.As(err, &wrongHost), errors.As(err, &invalid), errors.As(err, &cert):
		return fail(Untrusted, "the server's certificate is not good: %w", err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fail(Unreachable, "%s took too long: %w", step, err)
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "unexpected EOF") {
		return fail(Unreachable, "%s: the connection broke: %w", step, err)
	}
	if errors.Is(err, stream.Conflict) {
		return streamFailure(err)
	}
	return fail(Broken, "%s: %w", step, err)
}

// retry decides how long to wait before the next session.
type retry map[Reason]*backoff.ExponentialBackOff

// steady is how long a session must have lived for the waits to begin anew.
const steady = 10 * time.Second

func newRetry() retry {
	pace := func(first, most time.Duration) *backoff.ExponentialBackOff {
		b := backoff.NewExponentialBackOff()
		b.InitialInterval, b.MaxInterval, b.RandomizationFactor = first, most, 0.3
		b.Reset()
		return b
	}
	return retry{
		"":            pace(200*time.Millisecond, 5*time.Second),
		Untrusted:     pace(5*time.Second, time.Minute),
		WrongPassword: pace(30*time.Second, 5*time.Minute), // servers lock accounts and addresses that keep guessing
		Conflict:      pace(time.Minute, 5*time.Minute),    // whoever took our place would lose it again, for ever
	}
}

// next returns the wait after a session that lived for so long and ended for the reason r.
func (w retry) next(r Reason, lived time.Duration) time.Duration {
	if lived >= steady {
		for _, b := range w {
			b.Reset()
		}
	}
	b := w[r]
	if b == nil {
		b = w[""]
	}
	return b.NextBackOff()
}
