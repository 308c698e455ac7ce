# SPDX-License-Identifier: Apache-2.0
"""What is compared: who the client talks to, and the proxies' settings. Each proxy has one thread, keeps connections
to the client and to the server alive, and logs nothing."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BODY_BYTES = 1024
SERVER_PORT, HAPROXY_PORT, NGINX_PORT, SERVICE_PORT = 8080, 18080, 18081, 80
HAPROXY_TCP_PORT, SERVICE_TCP_PORT = 18082, 9000


@dataclass(frozen=True)
class Variant:
    name: str
    what: str


VARIANTS = [
    Variant("direct", "client -> veth, bridge -> server"),
    Variant("sockmesh", "same node, captured by eBPF: client -> loopback -> sockmeshd -> loopback -> server"),
    Variant("haproxy", "HAProxy in the client's pod: client -> loopback -> haproxy -> veth, bridge -> server"),
    Variant("nginx", "nginx in the client's pod: client -> loopback -> nginx -> veth, bridge -> server"),
]


# With a new connection for each request: what capture, accept and connect cost. All of them carry bytes only.
NEW_CONNECTIONS = [
    Variant("direct", "client -> veth, bridge -> server"),
    Variant("sockmesh", "same node, as TCP: connect() captured, accepted, dialled inside the server's pod"),
    Variant("haproxy", "HAProxy in mode tcp in the client's pod: accepted, connected to the server"),
]


def server_config(scratch: Path) -> str:
    """The application: nginx with one worker that answers from memory."""
    return f"""user root;
worker_processes 1;
error_log {scratch}/error.log crit;
pid {scratch}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 3600s;
  client_body_temp_path {scratch}/body;
  server {{
    listen {SERVER_PORT} backlog=4096;
    location / {{ default_type text/plain; return 200 "{'x' * BODY_BYTES}"; }}
  }}
}}
"""


def nginx_config(scratch: Path, server: str) -> str:
    return f"""user root;
worker_processes 1;
error_log {scratch}/error.log crit;
pid {scratch}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 3600s;
  client_body_temp_path {scratch}/body;
  proxy_temp_path {scratch}/proxy;
  upstream app {{ server {server}:{SERVER_PORT}; keepalive 256; keepalive_requests 100000000; keepalive_timeout 3600s; }}
  server {{
    listen 127.0.0.1:{NGINX_PORT} backlog=4096;
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }}
  }}
}}
"""


def haproxy_config(server: str) -> str:
    return f"""global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:{HAPROXY_PORT} backlog 4096
  default_backend app
backend app
  server app {server}:{SERVER_PORT}
listen bytes
  mode tcp
  bind 127.0.0.1:{HAPROXY_TCP_PORT} backlog 4096
  server app {server}:{SERVER_PORT}
"""
