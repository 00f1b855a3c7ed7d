// Package engine is the shell around the pure floor: one goroutine owns it, feeds it what the adapters report, writes what
// must last, and carries out what follows. It runs dialogues, budgets and recovery, and declares the interfaces that the
// adapters implement.
package engine
