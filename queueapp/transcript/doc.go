// Package transcript writes the floor's events and effects as text that can be read aloud, and reads them again: for the
// journal, for logs, and for tests that are files of prose, floor, events and effects.
//
// An event or effect is one line: a verb, what it is about, then "key value" pairs, left out where they are zero:
//
//	enter c1 support entry 7 from 5551234 "Ana" code 1111 "Company 1"
//	ring c1.1 1001 for 20s
//
// Ids stand bare where they are plain and as Go strings where they are not; names, reasons and other texts are always Go
// strings, so no text can be taken for anything else. What was written is read back as the same value.
//
// The package is pure and does not decide anything: [Run] tells a floor that it is given what a transcript says.
package transcript
