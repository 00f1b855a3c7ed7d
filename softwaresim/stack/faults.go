package stack

import (
	"context"
	"fmt"
	"os"
)

// Signal sends a signal to a server of the stack, to stop it for a while or to
// kill it. A queueapp that ends is started again; the other servers stay down
// until Restart.
func (s *Stack) Signal(server string, sig os.Signal) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	return srv.signal(sig)
}

// Kill kills a server (SIGKILL) and returns when it is gone.
func (s *Stack) Kill(ctx context.Context, server string) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	ended := srv.ended()
	if err := srv.signal(os.Kill); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kill %s: %w", server, context.Cause(ctx))
	}
}

// Restart ends a server if it runs, starts it with the same files and ports, and
// returns when it answers and stack.json has its new pid.
func (s *Stack) Restart(ctx context.Context, server string) error {
	srv, err := s.server(server)
	if err != nil {
		return err
	}
	before := *s.pidsPublished().of(server)
	limited, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	srv.end(limited)
	if server == Queueapp { // started again by its minder
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

func (s *Stack) pidsPublished() *PIDs {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := s.info.PIDs
	return &pids
}
