package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ringside/softwaresim/phone/voice"
)

// KeyTiming says how long keys are held down and how long the pause between two is.
// Zero values stand for 100 ms, as an ordinary phone dials.
type KeyTiming struct {
	Down time.Duration
	Gap  time.Duration
}

func (t KeyTiming) orDefault() KeyTiming {
	if t.Down <= 0 {
		t.Down = 100 * time.Millisecond
	}
	if t.Gap <= 0 {
		t.Gap = 100 * time.Millisecond
	}
	return t
}

// Step is one step of what a caller does on the keypad: it waits, or presses keys.
type Step struct {
	Wait time.Duration
	Keys string
}

// maxWait bounds a wait in a script of keys: longer than any queue's patience.
const maxWait = 24 * time.Hour

// ParseKeys reads a script of keys: runs of 0-9 * # A-D and waits, separated by
// commas, such as "1,wait 1s,1111#". Spaces around them do not count.
func ParseKeys(script string) ([]Step, error) {
	if strings.TrimSpace(script) == "" {
		return nil, nil
	}
	var steps []Step
	for part := range strings.SplitSeq(script, ",") {
		part = strings.TrimSpace(part)
		if wait, ok := strings.CutPrefix(part, "wait "); ok {
			d, err := time.ParseDuration(strings.TrimSpace(wait))
			if err != nil || d < 0 || d > maxWait {
				return nil, fmt.Errorf("keys %q: %q is no time to wait, want something like wait 1.5s", script, wait)
			}
			steps = append(steps, Step{Wait: d})
			continue
		}
		if part == "" {
			return nil, fmt.Errorf("keys %q: nothing between two commas", script)
		}
		for i := range len(part) {
			if !voice.IsKey(part[i]) {
				return nil, fmt.Errorf("keys %q: %q is no key, want 0-9 * # A-D or wait TIME", script, part[i])
			}
		}
		steps = append(steps, Step{Keys: part})
	}
	return steps, nil
}

// Play does the steps one after the other. It is no error if the call ends meanwhile.
func (c *Call) Play(ctx context.Context, steps []Step, t KeyTiming) error {
	for i, step := range steps {
		var err error
		if step.Keys != "" {
			err = c.Press(ctx, step.Keys, t)
		}
		if err == nil && (step.Wait > 0 || step.Keys != "" && i < len(steps)-1) {
			err = c.pause(ctx, max(step.Wait, t.orDefault().Gap))
		}
		if errors.Is(err, ErrOver) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
