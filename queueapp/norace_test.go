//go:build !race

package queueapp_test

const fewEvents = 100_000 // of the model check
