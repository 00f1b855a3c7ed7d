package main

import (
	"runtime"
	"runtime/debug"
)

// build is what the toolchain stamped into this program.
type build struct{ version, commit string }

func thisBuild() build {
	b := build{version: "(devel)", commit: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" {
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
