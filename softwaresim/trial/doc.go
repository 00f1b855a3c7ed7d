// Package trial tries Ringside as a whole: queueapp with real servers, phones, callers and CRMs, judged from outside by
// what the phones saw, what the CRMs were shown and what the tables hold. It has tests only.
package trial
