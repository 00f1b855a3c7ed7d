package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"ringside/softwaresim/stack/child"
)

// startLimit is how long one server may take to answer: ten times what a slow,
// busy machine was seen to need.
const startLimit = 30 * time.Second

// stopLimit is how long a server may take to end in order before it is killed.
const stopLimit = 10 * time.Second

// A server is one of the stack's children. It can be started again after it has
// ended.
type server struct {
	name    string
	log     string                      // path
	command func() *exec.Cmd            // makes what to run; called for each start
	ready   func(context.Context) error // asks it once; nil when it has answered
	order   syscall.Signal              // ends it in order
	drop    syscall.Signal              // ends it when nobody is left to wait
	minded  bool                        // it is started again when it ends

	mu      sync.Mutex
	process *child.Process // nil until it was started
	down    chan struct{}  // not to be started again until it is closed; nil: at once
}

func (s *server) current() *child.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// pid is the server's own process id, 0 when it does not run.
func (s *server) pid() int {
	p := s.current()
	if p == nil {
		return 0
	}
	select {
	case <-p.Ended():
		return 0
	default:
		return p.PID()
	}
}

// launch starts the server and waits until it answers.
func (s *Stack) launch(ctx context.Context, srv *server) error {
	p, err := s.spawn(srv)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := srv.await(ctx, p); err != nil {
		return err
	}
	if !srv.minded {
		s.minders.Go(func() { s.tellEnd(srv, p) })
	}
	return nil
}

func (s *Stack) spawn(srv *server) (*child.Process, error) {
	p, err := s.family.Start(srv.command(), srv.log, srv.drop)
	if err != nil {
		return nil, srv.failure(err)
	}
	srv.mu.Lock()
	srv.process = p
	srv.mu.Unlock()
	return p, nil
}

// tellEnd reports the end of a server unless the stack is stopped before.
func (s *Stack) tellEnd(srv *server, p *child.Process) {
	select {
	case <-s.stopping.Done():
	case <-p.Ended():
		s.opts.Report(fmt.Sprintf("%s ended (%s)", srv.name, how(p)))
	}
}

// await asks the server until it answers, has ended, or ctx is over.
func (s *server) await(ctx context.Context, p *child.Process) error {
	pause := 5 * time.Millisecond
	for {
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.Ended():
			return s.failure(fmt.Errorf("it ended (%s) before it answered", how(p)))
		case <-ctx.Done():
			return s.failure(fmt.Errorf("it did not answer (%w): %w", context.Cause(ctx), err))
		case <-time.After(pause):
		}
		pause = min(2*pause, 25*time.Millisecond)
	}
}

func how(p *child.Process) string {
	if err := p.Err(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}

func (s *Stack) server(name string) (*server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	srv, ok := s.servers[name]
	if !ok {
		return nil, fmt.Errorf("stack: %q is not one of its servers", name)
	}
	return srv, nil
}

// Signal sends a signal to a server of the stack, to stop it for a while or to
// kill it. A queueapp that ends is started again; the other servers stay down
// until Restart.
func (s *Stack) Signal(server string, sig os.Signal) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	p := srv.current()
	if p == nil {
		return fmt.Errorf("signal %s: it was not started", server)
	}
	return p.Signal(sig)
}

// Kill kills a server (SIGKILL) and returns when it is gone.
func (s *Stack) Kill(ctx context.Context, server string) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	if p := srv.current(); p != nil {
		p.End(ctx, syscall.SIGKILL)
	}
	return nil
}

// Down kills a server (SIGKILL) as Kill does, and has a queueapp that ends not
// started again until Restart.
func (s *Stack) Down(ctx context.Context, server string) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	srv.mu.Lock()
	if srv.down == nil {
		srv.down = make(chan struct{})
	}
	srv.mu.Unlock()
	return s.Kill(ctx, server)
}

// release lets a server be started again that Down had ended.
func (s *server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		close(s.down)
		s.down = nil
	}
}

// mayStart is closed when the server may be started again.
func (s *server) mayStart() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	now := make(chan struct{})
	close(now)
	return now
}

// Restart ends a server if it runs, starts it with the same files and ports, and
// returns when it answers and stack.json has its new pid.
func (s *Stack) Restart(ctx context.Context, server string) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	pids := s.Info().PIDs
	before := *pids.of(server)
	srv.release()
	if p := srv.current(); p != nil {
		limited, cancel := context.WithTimeout(ctx, stopLimit)
		defer cancel()
		p.End(limited, srv.order)
	}
	if srv.minded { // which starts it again
		return s.WaitRestarted(ctx, server, before)
	}
	if err := s.launch(ctx, srv); err != nil {
		return err
	}
	return s.publish()
}

// WaitRestarted returns when stack.json names another pid than before for the
// server, which is only once the new process has answered.
func (s *Stack) WaitRestarted(ctx context.Context, server string, before int) error {
	for {
		s.mu.Lock()
		now, changed := *s.info.PIDs.of(server), s.changed
		s.mu.Unlock()
		if now != before && now != 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to be ready again: %w", server, context.Cause(ctx))
		}
	}
}

// A Failure says which server could not be started or went wrong, with the end
// of its log and what to do.
type Failure struct {
	Server string
	Err    error
	Log    []string // last lines
	Remedy string
}

// Error tells the whole story, over several lines.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", f.Server, f.Err)
	if len(f.Log) > 0 {
		fmt.Fprintf(&b, "\n  the last lines of its log:")
		for _, line := range f.Log {
			fmt.Fprintf(&b, "\n  | %s", line)
		}
	}
	fmt.Fprintf(&b, "\n  %s", f.Remedy)
	return b.String()
}

// Unwrap returns what went wrong.
func (f *Failure) Unwrap() error { return f.Err }

func (s *server) failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", s.name, err) // somebody gave up; the server is not to blame
	}
	lines := tail(s.log, 12)
	return &Failure{Server: s.name, Err: err, Log: lines, Remedy: remedy(s.name, strings.Join(lines, "\n"))}
}

func tail(path string, lines int) []string {
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return nil
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return all[max(0, len(all)-lines):]
}

func remedy(server, log string) string {
	has := func(s string) bool { return strings.Contains(strings.ToLower(log), s) }
	switch {
	case has("address already in use"), has("eaddrinuse"):
		return "another program took its port in this moment: start the stack again"
	case has("no space left"):
		return "free some disk space and start the stack again"
	case has("too many open files"):
		return "raise the limit of open files (ulimit -n) and start the stack again"
	case has("error while loading shared libraries"):
		return "the private root looks damaged: install/root.sh --remove, then install/root.sh"
	case server == Queueapp, server == Standby, server == Upstairs:
		return "its log says what it could not do; run with --keep to read all logs and try `queueapp doctor` on its configuration"
	default:
		return "run with --keep to read the whole log and the configuration; if the private root may be damaged, install/root.sh --remove, then install/root.sh"
	}
}
