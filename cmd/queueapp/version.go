package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// stamped is the version where whoever builds a package says it: go build -ldflags "-X main.stamped=1.2.3". Else it is that
// of the module.
var stamped string //nolint:gochecknoglobals // only the linker writes it

// build is what the toolchain stamped into this program.
type build struct{ version, commit string }

func thisBuild() build {
	b := build{version: "(devel)", commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := cmp.Or(stamped, info.Main.Version); v != "" {
		b.version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.commit = s.Value
		}
	}
	return b
}

type versionCommand struct{}

// Run says which version this is.
func (c *versionCommand) Run(a *app) error {
	b := thisBuild()
	a.printf("queueapp %s\ncommit %s\n%s %s/%s\n", b.version, b.commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
