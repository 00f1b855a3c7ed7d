//go:build race

package queueapp_test

const fewEvents = 20_000 // of the model check: the race detector takes five times as long
