"""A CRM by another library: logs in with slixmpp, does what it is told on standard input, and says what it sees.

Arguments: JID, host:port, CA file, pubsub service. The password is in CRM_PASSWORD.
Input, a line each: "subscribe NODE", "fetch NODE", "quit".
Output, a JSON object a line: {"saw": "up" | "subscribed" | "fetched" | "refused" | "record" | "chat" | "failed", …}.
"""

import asyncio
import json
import os
import sys

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

RECORD = "{ringside:call:1}call"


def say(saw, **more):
    print(json.dumps({"saw": saw, **more}), flush=True)


class CRM(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, service):
        super().__init__(jid, password)
        self.ca_certs = ca
        self.service = service
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0060")
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("pubsub_publish", self.published)
        self.add_event_handler("message", self.chatted)
        self.add_event_handler("failed_all_auth", lambda _: say("failed", why="the password was refused"))
        self.add_event_handler("connection_failed", lambda e: say("failed", why=str(e)))

    async def started(self, _):
        self.send_presence()
        await self.get_roster()
        say("up", jid=str(self.boundjid))

    def published(self, message):
        if str(message["from"]) != self.service:
            return  # anybody may send what looks like a record
        # Not by the library's own iteration over items: the event is raised from within one, and both would share a place.
        node = message.xml.find(".//{http://jabber.org/protocol/pubsub#event}items").get("node")
        for call in message.xml.iter(RECORD):
            customers = [
                {"name": c.findtext("{ringside:call:1}name"), **c.attrib} for c in call.findall("{ringside:call:1}customer")
            ]
            caller = call.find("{ringside:call:1}caller")
            say("record", node=node, customers=customers, caller={} if caller is None else dict(caller.attrib),
                **{k: v for k, v in call.attrib.items() if k != "from"})

    def chatted(self, message):
        if message["type"] in ("chat", "normal") and message["body"]:
            say("chat", body=message["body"])

    async def do(self, what, node):
        try:
            if what == "subscribe":
                await self["xep_0060"].subscribe(self.service, node, timeout=10)
                say("subscribed", node=node)
            else:
                found = await self["xep_0060"].get_items(self.service, node, timeout=10)
                say("fetched", node=node, items=len(found["pubsub"]["items"]))
        except IqError as e:
            say("refused", node=node, doing=what, condition=e.condition)
        except IqTimeout:
            say("failed", why=what + " was not answered")


async def main():
    jid, address, ca, service = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    crm = CRM(jid, os.environ["CRM_PASSWORD"], ca, service)
    crm.connect((host, int(port)))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        if line[0] == "quit":
            break
        await crm.do(*line)
    await crm.disconnect()


asyncio.get_event_loop().run_until_complete(main())
