// Package child runs programs that do not outlive the process which started
// them, however that ends. It knows nothing about what the programs are.
package child

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// A Family is a group of children that end together. Its methods may be called
// from any goroutine.
//
// Two things see to it that nobody is orphaned. A guard process reads a pipe
// that only this process holds open, and ends the children when the pipe does.
// And the kernel is asked to signal each child at its parent's death
// (PR_SET_PDEATHSIG), for the moment before the guard has heard of it; as that
// follows the thread which forked, one thread forks for the whole family.
type Family struct {
	guard *guard
	forks chan fork
	done  chan struct{}
	once  sync.Once
}

type fork struct {
	cmd   *exec.Cmd
	reply chan error
}

// NewFamily returns a family without children. It must be closed.
func NewFamily() (*Family, error) {
	g, err := startGuard()
	if err != nil {
		return nil, err
	}
	f := &Family{guard: g, forks: make(chan fork), done: make(chan struct{})}
	go f.fork()
	return f, nil
}

func (f *Family) fork() {
	defer close(f.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for r := range f.forks {
		r.reply <- r.cmd.Start()
	}
}

// Clear has a file or a whole directory removed at the end of the family: when
// it is closed, or when this process has died. The path must be absolute.
func (f *Family) Clear(path string) error { return f.guard.tell("remove", path) }

// ClearDir has a directory removed at the end of the family if it is empty then.
func (f *Family) ClearDir(path string) error { return f.guard.tell("rmdir", path) }

// Start starts a child, its output appended to the file log. At the end of the
// family it gets the signal drop.
func (f *Family) Start(cmd *exec.Cmd, log string, drop syscall.Signal) (*Process, error) {
	name, ok := signalNames()[drop]
	if !ok {
		return nil, fmt.Errorf("start %s: the guard has no name for signal %d", filepath.Base(cmd.Path), drop)
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", filepath.Base(cmd.Path), err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = drop
	// Out of the terminal's reach: Ctrl-C is for the parent, which ends its
	// children in order.
	cmd.SysProcAttr.Setpgid = true

	reply := make(chan error)
	f.forks <- fork{cmd, reply}
	if err := <-reply; err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	// Before anybody waits for it: until then its number is its own, even if it
	// has ended.
	err = f.guard.watch(cmd.Process.Pid, name)
	p := newProcess(cmd, f.guard)
	if err != nil {
		p.End(context.Background(), syscall.SIGKILL)
		return nil, err
	}
	return p, nil
}

// Run starts a child and waits for its end; when ctx is over first, it is killed.
func (f *Family) Run(ctx context.Context, cmd *exec.Cmd, log string) error {
	p, err := f.Start(cmd, log, syscall.SIGKILL)
	if err != nil {
		return err
	}
	select {
	case <-p.Ended():
	case <-ctx.Done():
		p.End(ctx, syscall.SIGKILL)
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), context.Cause(ctx))
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:]...), " "), err)
	}
	return nil
}

// Close ends the children that are left and clears what was asked for. The
// family can start nobody afterwards. Closing twice does nothing.
func (f *Family) Close() error {
	err := f.guard.release()
	f.once.Do(func() { close(f.forks) })
	<-f.done
	return err
}

func signalNames() map[syscall.Signal]string {
	return map[syscall.Signal]string{
		syscall.SIGTERM: "TERM", syscall.SIGINT: "INT", syscall.SIGQUIT: "QUIT", syscall.SIGKILL: "KILL",
	}
}
