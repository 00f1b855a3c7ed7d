package versus

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"ringside/store"
)

// explain adds the journal of a call to each of Ringside's deviations that nothing explains.
func (c *contest) explain(ctx context.Context, r *Report) (err error) {
	if r.OK() {
		return nil
	}
	info := c.stack.Info()
	tables, err := store.Open(store.Config{Address: info.Postgres})
	if err != nil {
		return err
	}
	defer tables.Close()
	attempts, err := tables.Attempts(ctx, info.Floor, time.Time{})
	if err != nil {
		return err
	}
	calls := map[string]string{} // by the caller's number
	for _, a := range attempts {
		calls[a.Number] = string(a.Attempt.Call)
	}
	for i, row := range r.Rows {
		for k, d := range row.Deviations {
			call := calls[c.arenas[i].number(d.caller)]
			if row.System != Ringside || d.Why != "" || call == "" {
				continue
			}
			if r.Rows[i].Deviations[k].Journal, err = c.journal(ctx, call); err != nil {
				return err
			}
		}
	}
	return nil
}

// journal is a call's, as `queueapp journal` prints it.
func (c *contest) journal(ctx context.Context, call string) (string, error) {
	program := c.Stack.Queueapp
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find queueapp: %w", err)
		}
		program = filepath.Join(filepath.Dir(self), "queueapp")
	}
	out, err := exec.CommandContext(ctx, program, "--config", c.stack.Info().Config, "journal", call).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("read the journal of call %s: %w: %s", call, err, out)
	}
	return string(out), nil
}
