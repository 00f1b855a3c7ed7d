package child

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// A Process is a child that was started. Its methods may be called from any
// goroutine.
type Process struct {
	process *os.Process
	ended   chan struct{}
	err     error // set before ended is closed
}

func newProcess(cmd *exec.Cmd, g *guard) *Process {
	p := &Process{process: cmd.Process, ended: make(chan struct{})}
	go func() { // ends with the child; Ended tells
		err := cmd.Wait()
		// It fails when the guard has done its work already, and then it is right.
		_ = g.forget(p.process.Pid)
		p.err = err
		close(p.ended)
	}()
	return p
}

// PID returns the process id of the child itself.
func (p *Process) PID() int { return p.process.Pid }

// Ended is closed once the child has ended and been waited for.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err says how the child ended, nil for exit status 0. It waits for the end.
func (p *Process) Err() error {
	<-p.ended
	return p.err
}

// Signal sends a signal. It fails with os.ErrProcessDone when the child has ended.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.process.Signal(sig); err != nil {
		return fmt.Errorf("signal process %d: %w", p.PID(), err)
	}
	return nil
}

// End sends a signal and waits for the end; when ctx is over first, it kills.
func (p *Process) End(ctx context.Context, sig syscall.Signal) {
	// They fail when it has ended already, which is what is wanted.
	_ = p.process.Signal(sig)
	_ = p.process.Signal(syscall.SIGCONT) // one that is stopped would not hear
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.process.Kill()
		<-p.ended
	}
}
