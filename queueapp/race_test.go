//go:build race

package queueapp_test

const fewEvents = 40_000 // of the model check: the race detector takes five times as long
