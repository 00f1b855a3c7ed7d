-- The stack's XMPP server. install/site/prosody.cfg.lua is the sample for a site.
data_path = "{{.Home}}/data"
pidfile = "{{.Home}}/prosody.pid"
log = { { levels = { min = "info" }, to = "console", timestamps = true } }
storage = "internal"
authentication = "internal_hashed"
password_hash = "SHA-256"

-- Nagle's algorithm holds a sparse stanza back for up to 40 ms.
network_settings = { nagle = false, tcp_keepalive = 60 }
interfaces = { "{{.Bind}}" }
http_interfaces = { "{{.Bind}}" }
c2s_ports = { {{.XMPPPort}} }
c2s_direct_tls_ports = {}
http_ports = { {{.HTTPPort}} }
https_ports = {}
c2s_require_encryption = true
-- The websocket is for a browser on this machine; a site ends TLS before it.
consider_websocket_secure = true
http_cors_override = { websocket = { enabled = true } }
ssl = { certificate = "{{.Home}}/localhost.crt", key = "{{.Home}}/localhost.key" }

-- No "offline": a chat to somebody who is away would be stored and come late.
modules_enabled = {
	"roster", "saslauth", "tls", "disco", "presence", "message", "iq",
	"ping", "pep", "carbons", "smacks", "groups", "websocket",
}
modules_disabled = { "s2s", "offline" }
-- Who sees whose presence, without anybody having to add anybody.
groups_file = "{{.Home}}/groups.txt"

VirtualHost "localhost"

Component "{{.PubSub}}" "pubsub"
	-- An admin of the component may create nodes and owns them.
	admins = { "{{.Owner}}" }
	autocreate_on_publish = false
	autocreate_on_subscribe = false
	pubsub_max_items = 256
