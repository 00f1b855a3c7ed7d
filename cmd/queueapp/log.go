package main

import (
	"io"
	"log/slog"

	"ringside/cmd/queueapp/config"
)

// newLogger writes to w as [log] says. Secrets have no way into it: they are of a type that shows itself as "[secret]".
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: levelOf(c.Level)}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func levelOf(name string) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return slog.LevelInfo // the configuration was checked
	}
	return level
}
