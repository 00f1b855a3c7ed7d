package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A server is one of the stack's children. It can be started again after it has
// ended.
type server struct {
	name    string
	log     string                      // path
	command func() *exec.Cmd            // makes what to run; called for each start
	ready   func(context.Context) error // asks it once; nil when it has answered
	order   syscall.Signal              // ends it in order
	drop    string                      // signal name that the guard ends it by

	mu      sync.Mutex
	process *os.Process
	gone    chan struct{} // closed when process has been waited for
	state   string        // how it ended, set before gone is closed
	stopped bool          // it was told to end
}

func (s *server) start(starter *starter, guard *guard) error {
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open its log: %w", err)
	}
	defer out.Close()
	cmd := s.command()
	cmd.Stdout, cmd.Stderr = out, out
	if err := starter.start(cmd); err != nil {
		return fmt.Errorf("start it: %w", err)
	}
	pid := cmd.Process.Pid
	watchErr := guard.watch(pid, s.drop)

	gone := make(chan struct{})
	s.mu.Lock()
	s.process, s.gone, s.state, s.stopped = cmd.Process, gone, "", false
	s.mu.Unlock()
	// Ends with the process; end and await wait for it by gone.
	go func() {
		err := cmd.Wait()
		// The guard is gone only when the stack is being ended already.
		_ = guard.forget(pid)
		s.mu.Lock()
		s.state = "ended in order"
		if err != nil {
			s.state = "ended with " + err.Error()
		}
		s.mu.Unlock()
		close(gone)
	}()
	// One that ended at once cannot be watched; await tells that story better.
	if watchErr != nil && !errors.Is(watchErr, os.ErrNotExist) {
		return watchErr
	}
	return nil
}

// await asks the server until it answers, has ended, or ctx is over.
func (s *server) await(ctx context.Context) error {
	pause := 5 * time.Millisecond
	for {
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended():
			return s.failure(fmt.Errorf("it %s before it answered", s.how()))
		case <-ctx.Done():
			return s.failure(fmt.Errorf("it did not answer in time (%w): %w", context.Cause(ctx), err))
		case <-time.After(pause):
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

func (s *server) ended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil { // never started
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	return s.gone
}

func (s *server) how() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// unexpected says whether the server, once it has ended, was not told to.
func (s *server) unexpected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopped
}

// pid is the server's own process id, 0 when it does not run.
func (s *server) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	select {
	case <-s.gone:
		return 0
	default:
		return s.process.Pid
	}
}

func (s *server) signal(sig os.Signal) error {
	s.mu.Lock()
	process := s.process
	s.mu.Unlock()
	if process == nil {
		return fmt.Errorf("signal %s: it was not started", s.name)
	}
	if err := process.Signal(sig); err != nil {
		return fmt.Errorf("signal %s: %w", s.name, err)
	}
	return nil
}

// end asks the server to end and waits; when ctx is over it is killed.
func (s *server) end(ctx context.Context) {
	s.mu.Lock()
	process := s.process
	s.stopped = true
	s.mu.Unlock()
	if process == nil {
		return
	}
	// Errors here mean that it has ended already, which is what is wanted.
	_ = process.Signal(s.order)
	_ = process.Signal(syscall.SIGCONT) // one that is stopped would not hear
	select {
	case <-s.ended():
	case <-ctx.Done():
		_ = process.Kill()
		<-s.ended()
	}
}

// A starter forks from one operating system thread that lives as long as the
// stack, because PR_SET_PDEATHSIG fires when that thread ends.
type starter struct {
	requests chan startRequest
	closed   sync.Once
	done     chan struct{}
}

type startRequest struct {
	cmd   *exec.Cmd
	reply chan error
}

func newStarter() *starter {
	s := &starter{requests: make(chan startRequest), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *starter) run() {
	defer close(s.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for r := range s.requests {
		r.reply <- r.cmd.Start()
	}
}

func (s *starter) start(cmd *exec.Cmd) error {
	reply := make(chan error)
	s.requests <- startRequest{cmd, reply}
	return <-reply
}

// close ends the thread; the servers must have ended before.
func (s *starter) close() {
	s.closed.Do(func() { close(s.requests) })
	<-s.done
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
	case has("error while loading shared libraries"), has("no such file or directory") && server != Queueapp:
		return "the private root looks damaged: install/root.sh --remove, then install/root.sh"
	case server == Queueapp:
		return "its log says what it could not do; run with --keep to read all logs and try `queueapp doctor` on its configuration"
	default:
		return "run with --keep to read the whole log and the configuration; if the private root may be damaged, install/root.sh --remove, then install/root.sh"
	}
}
