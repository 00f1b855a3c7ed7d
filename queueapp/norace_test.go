//go:build !race

package queueapp_test

const fewEvents = 200_000 // of the model check
