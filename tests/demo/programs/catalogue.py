# SPDX-License-Identifier: Apache-2.0
"""catalogue: the socks on sale, from catalogue-db."""
import mysql_wire as mysql
from web import Lasting, Service, answer

DATABASE = Lasting("catalogue-db", 3306, mysql.Client)
SELECT = "SELECT id, name, description, price, count FROM sock"


def shape(row):
    return {**row, "price": float(row["price"]), "count": int(row["count"])}


def catalogue(request):
    _, _, wanted = request.path.strip("/").partition("/")
    if not wanted:
        return answer([shape(row) for row in DATABASE.do(lambda session: session.query(SELECT))])
    if not wanted.isalnum():
        return answer({"error": "not a sock's id"}, 400)
    rows = DATABASE.do(lambda session: session.query(f"{SELECT} WHERE id = '{wanted}'"))
    return answer(shape(rows[0])) if rows else answer({"error": "no such sock"}, 404)


Service("catalogue", {("GET", "catalogue"): catalogue}).run()
