-- Prosody for Ringside. What differs from Prosody's own sample is marked by a
-- reason; the rest is there to make it complete.

-- Nagle's algorithm holds back what is small and sparse, as pop-ups are, for up to
-- 40 ms.
network_settings = { nagle = false, tcp_keepalive = 60 }

modules_enabled = {
	"roster", "saslauth", "tls", "disco", "ping", "pep", "carbons", "smacks",
	"blocklist", "private", "vcard_legacy",
	-- The shared roster: queueapp sees which agents are there, and sends chat to
	-- those only; the agents see queueapp.
	"groups",
	-- For CRMs in a browser; put a proxy with TLS before it, or use https_ports.
	"websocket",
}
-- Prosody stores chat for who is away, whatever the message says. "Your next call
-- is Company 1" must not arrive an hour later.
modules_disabled = { "offline", "s2s" }

-- [group], and below it one account a line. A pair for each agent keeps the agents'
-- own rosters free of each other.
groups_file = "/etc/prosody/ringside-groups.txt"

c2s_require_encryption = true
authentication = "internal_hashed"
-- Only for accounts made afterwards; queueapp takes SCRAM-SHA-1 as well.
password_hash = "SHA-256"

log = { info = "*syslog" }
certificates = "certs"

VirtualHost "example.com"

-- Where the records are published. It may be a domain of its own, with no entry in
-- the DNS.
Component "pubsub.example.com" "pubsub"
	-- Who may create nodes, and owns them: queueapp's account and nobody else.
	-- queueapp makes a node for every extension and lets in only those who may see it.
	admins = { "queue@example.com" }
	autocreate_on_publish = false
	autocreate_on_subscribe = false
