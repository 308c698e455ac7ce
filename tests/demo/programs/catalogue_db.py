# SPDX-License-Identifier: Apache-2.0
"""catalogue-db: the socks, in a MySQL server that knows one table. It speaks first, as MySQL does."""
import itertools

import mysql_wire as mysql
from web import log, tcp_server

COLUMNS = ("id", "name", "description", "price", "count")
SOCKS = [
    ("a1", "Holy", "Socks fit for a saint.", "99.99", "1"),
    ("b2", "Colourful", "Every colour at once.", "18.00", "438"),
    ("c3", "Crossed", "A pair that never gets lost.", "17.32", "738"),
    ("d4", "Nerd leg", "For long nights at a terminal.", "7.99", "115"),
    ("e5", "Classic", "Keep it simple.", "12.00", "127"),
]
NUMBERS = itertools.count(1)


def serve(sock):
    packets = mysql.Packets(sock)
    packets.write(mysql.greeting(next(NUMBERS)))
    packets.read()
    packets.write(mysql.ok())
    while True:
        packets.sequence = 0
        request = packets.read()
        if request[0] == mysql.QUIT:
            return
        if request[0] != mysql.QUERY:
            packets.write(mysql.error(1047, "Unknown command"))
            continue
        statement = request[1:].decode()
        log(statement)
        head, _, condition = statement.partition(" WHERE id = ")
        if head != "SELECT id, name, description, price, count FROM sock":
            packets.write(mysql.error(1064, "only SELECT id, name, description, price, count FROM sock"))
            continue
        wanted = condition.strip("'")
        packets.write(*mysql.result_set(COLUMNS, [s for s in SOCKS if not wanted or s[0] == wanted]))


tcp_server(3306, serve)
