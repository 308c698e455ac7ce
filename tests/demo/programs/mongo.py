# SPDX-License-Identifier: Apache-2.0
"""mongo.py [users]: a MongoDB server in memory with find, insert and delete by equality. The client speaks first."""
import itertools
import sys
import threading

import mongo_wire as mongo
from web import log, tcp_server

LOCK, COLLECTIONS, NUMBERS = threading.Lock(), {}, itertools.count(1)
USERS = {
    "customers": [{"id": "u1", "username": "user", "password": "password", "firstName": "Ursula", "lastName": "User"},
                  {"id": "u2", "username": "user1", "password": "password", "firstName": "Ulf", "lastName": "User"}],
    "addresses": [{"customer": "u1", "street": "Whitelees Road", "number": "246", "city": "Glasgow"},
                  {"customer": "u2", "street": "Main Street", "number": "4", "city": "Leeds"}],
    "cards": [{"customer": "u1", "longNum": "5953580604169678", "expires": "08/29"},
              {"customer": "u2", "longNum": "5544154011345918", "expires": "04/30"}],
}


def matches(document, condition):
    return all(document.get(name) == value for name, value in condition.items())


def run(command):
    name = next(iter(command))
    with LOCK:
        if name in ("hello", "isMaster", "ping"):
            return {"ok": 1.0, "isWritablePrimary": True, "maxWireVersion": 8, "minWireVersion": 0}
        documents = COLLECTIONS.setdefault(str(command[name]), [])
        if name == "insert":
            documents += command["documents"]
            return {"ok": 1.0, "n": len(command["documents"])}
        if name == "find":
            found = [d for d in documents if matches(d, command.get("filter", {}))]
            return {"ok": 1.0, "cursor": {"id": 0, "ns": f"data.{command[name]}", "firstBatch": found}}
        if name == "delete":
            kept = [d for d in documents if not any(matches(d, one["q"]) for one in command["deletes"])]
            gone = len(documents) - len(kept)
            documents[:] = kept
            return {"ok": 1.0, "n": gone}
    return {"ok": 0.0, "errmsg": f"no such command: '{name}'", "code": 59}


def serve(sock):
    while True:
        number, command = mongo.read(sock)
        log(f"{next(iter(command))} {command[next(iter(command))]}")
        mongo.write(sock, next(NUMBERS), number, run(command))


if "users" in sys.argv[1:]:
    COLLECTIONS.update(USERS)
tcp_server(27017, serve)
