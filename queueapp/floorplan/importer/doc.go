// Package importer makes a floor plan of what other call queues were configured with: Asterisk's app_queue (queues.conf and
// queuerules.conf), FreeSWITCH's mod_callcenter (callcenter.conf.xml) and CloverQ (its three files). Of every line it says
// what became of it, and of a line that has no equal, why and what to do instead.
//
// The package is pure: it reads bytes, not files, and knows nothing of databases or servers.
package importer
