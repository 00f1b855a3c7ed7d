package store

// LockKey is the number of a floor's advisory lock.
var LockKey = lockKey
