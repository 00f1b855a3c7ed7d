package versus

import (
	"fmt"
	"slices"
	"time"
)

// Rules are what a system's documentation says beside the strategy.
type Rules struct {
	// Retry is how long the same caller is not offered to the same agent again.
	Retry time.Duration
	// Rests has a caller whose ring came to nothing be offered to nobody for Retry.
	Rests bool
	// Refused and Unanswered are how long an agent is left alone after that.
	Refused, Unanswered time.Duration
	// Anew has an agent who logs on be a new member: behind the others, and without any call so far.
	Anew bool
	// InOrder has the order of the members break ties. Else any of them is right.
	InOrder bool
}

// ours is Ringside's documentation (queueapp/README.md), with the options of floorplan below.
func ours() Rules {
	return Rules{Retry: time.Second, Refused: 2 * time.Second, Unanswered: time.Second, InOrder: true}
}

// theirs is Queue()'s (queues.conf.sample), with the options of queues below. Who logs off is removed, as dynamic members are.
func theirs() Rules { return Rules{Retry: time.Second, Rests: true, Anew: true} }

// Strategy is one of those that are compared, by the name that both have for it.
type Strategy string

// Strategies that both systems have and that leave nothing to chance.
const (
	LeastRecent Strategy = "leastrecent"
	RoundRobin  Strategy = "rrmemory"
	FewestCalls Strategy = "fewestcalls"
	Linear      Strategy = "linear"
)

// Strategies are all of them.
func Strategies() []Strategy { return []Strategy{LeastRecent, RoundRobin, FewestCalls, Linear} }

// Named finds a strategy by its name.
func Named(name string) (Strategy, error) {
	if !slices.Contains(Strategies(), Strategy(name)) {
		return "", fmt.Errorf("there is no strategy %q to compare; there are %q", name, Strategies())
	}
	return Strategy(name), nil
}
