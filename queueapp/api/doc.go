// Package api speaks HTTP: what the floor is doing, the commands that an operator may give it, what happens on it as it
// happens, whether the process is ready, and its figures for Prometheus.
//
// It asks a [Floor], which the engine is, and decides nothing by itself. Everything but the two probes needs the bearer
// token; errors are problem details (RFC 9457); openapi.yaml, which is embedded, says the rest.
//
// It does not speak TLS (it listens on loopback, or stands behind a proxy) and keeps nothing.
package api
