# SPDX-License-Identifier: Apache-2.0
"""agent.py FD [stay]: the pod's pause process, and the maker of its sockets.

A socket belongs to the network namespace and the cgroup in which it was created, whoever uses it later. So a test
asks this process for a fresh socket, gets it over a Unix socket, and from then on does with it what it likes in
plain Python: its connect() is the pod's connect(). With `stay`, the process outlives the one that started it.
"""
import json
import signal
import socket
import sys


def serve(control):
    while True:
        message = control.recv(4096)
        if not message:
            return
        try:
            made = socket.socket(*json.loads(message))
        except OSError as error:
            control.send(json.dumps([error.errno, error.strerror]).encode())
            continue
        socket.send_fds(control, [b"[0]"], [made.fileno()])
        made.close()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    if "stay" in sys.argv[2:]:
        signal.pause()
