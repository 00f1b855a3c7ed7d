package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config is what a [Server] is made of.
type Config struct {
	Floor   Floor
	Metrics *Metrics
	// Token is the bearer token that everything but the probes needs. Without one nothing else is answered.
	Token string
	Log   *slog.Logger

	Timeout   time.Duration // within which a listing or command must be answered; 0 means 10 s
	Heartbeat time.Duration // between two comments on a silent event stream; 0 means 15 s
	Watchers  int           // event streams at a time; 0 means 64
}

// Server answers HTTP for one floor. It is an [http.Handler] and safe for concurrent use.
type Server struct {
	floor     Floor
	log       *slog.Logger
	token     [sha256.Size]byte
	guarded   bool // a token is configured
	timeout   time.Duration
	heartbeat time.Duration
	watchers  chan struct{} // one value a stream that is open
	closing   chan struct{} // closed when streams must end
	close     sync.Once
	mux       *http.ServeMux
}

// New makes a Server. It starts nothing: see [Server.Serve].
func New(c Config) *Server {
	s := &Server{
		floor:     c.Floor,
		log:       c.Log,
		token:     sha256.Sum256([]byte(c.Token)),
		guarded:   c.Token != "",
		timeout:   orDefault(c.Timeout, 10*time.Second),
		heartbeat: orDefault(c.Heartbeat, 15*time.Second),
		watchers:  make(chan struct{}, orDefault(c.Watchers, 64)),
		closing:   make(chan struct{}),
		mux:       http.NewServeMux(),
	}
	s.register(s.routes(c.Metrics.handler(c.Floor)))
	return s
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Serve answers on l until ctx ends, then ends event streams, lets commands under way finish for 3 s and returns nil. It
// returns an error where l fails. A Server serves once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.close.Do(func() { close(s.closing) })
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		_ = srv.Close() // what is still under way has had its time
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP answers one request: token first, whatever the path, so that nobody learns without one what there is.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	answer := &recorder{ResponseWriter: w, status: http.StatusOK}
	// A test's recorder has no deadlines; a connection always has.
	_ = http.NewResponseController(w).SetWriteDeadline(begin.Add(s.timeout + 5*time.Second))
	if isProbe(r.URL.Path) || s.allowed(r) {
		s.mux.ServeHTTP(answer, r)
	} else {
		answer.Header().Set("WWW-Authenticate", `Bearer realm="queueapp"`)
		writeProblem(answer, s.unauthorised())
	}
	s.log.Log(r.Context(), requestLevel(r, answer.status), "http request", "method", r.Method, "path", r.URL.Path,
		"status", answer.status, "took", time.Since(begin), "from", r.RemoteAddr)
}

func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" }

// allowed compares hashes, so that the time taken tells neither the token nor its length.
func (s *Server) allowed(r *http.Request) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(given)))
	same := subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
	return same && s.guarded && strings.EqualFold(scheme, "Bearer")
}

func (s *Server) unauthorised() *Problem {
	detail := "Send the token of [http] token_file as `Authorization: Bearer …`."
	if !s.guarded {
		detail = "No token is configured, so nothing is shown: set [http] token_file in queueapp.toml."
	}
	return problem(http.StatusUnauthorized, "token", "The token is missing or wrong", detail)
}

// requestLevel keeps listings and probes out of a log at its normal level, and commands and refusals in it.
func requestLevel(r *http.Request, status int) slog.Level {
	switch {
	case status == http.StatusUnauthorized || status >= http.StatusInternalServerError && !isProbe(r.URL.Path):
		return slog.LevelWarn
	case r.Method == http.MethodPost:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
