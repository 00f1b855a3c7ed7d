package main

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"ringside/cmd/queueapp/config"
)

// What systemd is told (sd_notify(3)).
const (
	systemdReady     = "READY=1"
	systemdStopping  = "STOPPING=1"
	systemdReloading = "RELOADING=1"
	systemdWatchdog  = "WATCHDOG=1"
)

// notifySystemd tells systemd how the service stands. Where systemd did not start it there is nobody to tell.
func notifySystemd(env config.Environment, state string) error {
	socket, ok := env.Lookup("NOTIFY_SOCKET")
	if !ok || socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd %s: %w", state, err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("tell systemd %s: %w", state, err)
	}
	return nil
}

// watchdogEvery is how often systemdWatchdog must be told, half of what the unit's WatchdogSec= allows; 0: never.
func watchdogEvery(env config.Environment) time.Duration {
	text, _ := env.Lookup("WATCHDOG_USEC")
	usec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
