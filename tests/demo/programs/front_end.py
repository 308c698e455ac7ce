# SPDX-License-Identifier: Apache-2.0
"""front-end: the shop's pages and the API behind them. v2 has red buttons.

A customer is known by a cookie; the session behind it is in session-db (SESSION_REDIS=true) or in this process.
"""
import json
import os
import socket

from redis_wire import Resp
from web import VERSION, Lasting, Reply, Service, answer, call

SESSIONS_IN_REDIS = os.environ.get("SESSION_REDIS", "false") == "true"
REDIS = Lasting("session-db", 6379, Resp)
OWN_SESSIONS = {}
COLOUR = {"v1": "steelblue", "v2": "crimson"}.get(VERSION, "gray")
PAGE = """<!doctype html>
<html lang="en"><head><title>Sock Shop</title><style>button {{ background: {colour}; color: white }}</style></head>
<body><h1>Sock Shop</h1><p>front-end <b>{version}</b>, process {pid} on {host}</p>
<button>Buy socks</button></body></html>
"""


def page(_):
    text = PAGE.format(colour=COLOUR, version=VERSION, pid=os.getpid(), host=os.environ.get("POD_NAME", socket.gethostname()))
    return Reply(200, text, "text/html; charset=utf-8")


def save_session(session_id, user):
    if SESSIONS_IN_REDIS:
        REDIS.do(lambda redis: redis.command("SET", f"session:{session_id}", json.dumps(user)))
    else:
        OWN_SESSIONS[session_id] = user


def cookie(request, wanted):
    for pair in request.headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            return value
    return ""


def user_of(request):
    """The logged-in user, or None."""
    session_id = cookie(request, "md.sid")
    if not session_id:
        return None
    if not SESSIONS_IN_REDIS:
        return OWN_SESSIONS.get(session_id)
    stored = REDIS.do(lambda redis: redis.command("GET", f"session:{session_id}"))
    return json.loads(stored) if stored else None


def forward(called):
    return Reply(called.status, called.body, called.headers.get("content-type", "application/json"))


def login(request):
    called = call("GET", "user", "/login", headers={"authorization": request.headers.get("authorization", "")})
    if called.status != 200:
        return forward(called)
    user = called.json()["user"]
    session_id = os.urandom(16).hex()
    save_session(session_id, user)
    return answer(user, headers=[("set-cookie", f"md.sid={session_id}; Path=/; HttpOnly")])


def logged_in(handler):
    def check(request):
        user = user_of(request)
        return handler(request, user) if user else answer({"error": "please log in"}, 401)
    return check


def add_to_cart(request, user):
    sock = call("GET", "catalogue", f"/catalogue/{request.json()['id']}")
    if sock.status != 200:
        return forward(sock)
    item = {"itemId": sock.json()["id"], "quantity": int(request.json().get("quantity", 1)), "unitPrice": sock.json()["price"]}
    return forward(call("POST", "carts", f"/carts/{user['id']}/items", item))


def show_cart(_, user):
    return forward(call("GET", "carts", f"/carts/{user['id']}/items"))


def empty_cart(_, user):
    return forward(call("DELETE", "carts", f"/carts/{user['id']}"))


def order(_, user):
    return forward(call("POST", "orders", "/orders", {"customer": user["id"]}))


def show_orders(_, user):
    return forward(call("GET", "orders", f"/orders/{user['id']}"))


Service("front-end", {
    ("GET", ""): page, ("GET", "index.html"): page, ("GET", "login"): login,
    ("GET", "catalogue"): lambda request: forward(call("GET", "catalogue", request.path)),
    ("GET", "cart"): logged_in(show_cart), ("POST", "cart"): logged_in(add_to_cart),
    ("DELETE", "cart"): logged_in(empty_cart), ("GET", "orders"): logged_in(show_orders),
    ("POST", "orders"): logged_in(order),
}).run()
