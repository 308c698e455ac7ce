# SPDX-License-Identifier: Apache-2.0
"""What applications in the lab's pods do: each function runs in a process of a pod (see lab.Task)."""
import array
import errno
import json
import os
import select
import socket

SO_BINDTODEVICE = 25
IP_BIND_ADDRESS_NO_PORT = 24


def read_all(connection, seconds=5):
    connection.settimeout(seconds)
    data = b""
    while True:
        more = connection.recv(65536)
        if not more:
            return data.decode()
        data += more


def outcome(function):
    """What function() returns, or the name of its errno."""
    try:
        return function()
    except TimeoutError:
        return "ETIMEDOUT"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def ask(connection, address):
    """Connects and reads the line by which agent or server describe the connection."""
    connection.settimeout(5)
    connection.connect(address)
    names = (connection.getpeername()[:2], connection.getsockname()[:2])
    line = read_all(connection)
    return {"peername": names[0], "sockname": names[1], "line": json.loads(line) if line else None}


def dial(task, host, port, family=socket.AF_INET, source=None, device=None):
    def attempt():
        with socket.socket(family) as connection:
            if source:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                connection.bind(source)
            if device:
                connection.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device)
            return ask(connection, (host, port))
    return outcome(attempt)


def dial_fast_open(task, host, port):
    """MSG_FASTOPEN: the first send is the connect."""
    def attempt():
        with socket.socket() as connection:
            connection.sendto(b"x", 0x20000000, (host, port))
            return {"peername": connection.getpeername(), "line": json.loads(connection.makefile().readline())}
    return outcome(attempt)


def dial_multipath(task, host, port):
    def attempt():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as connection:
            return ask(connection, (host, port))
    return outcome(attempt)


def dial_epoll(task, host, port):
    """Non-blocking connect, edge-triggered readiness: errno of connect, events, SO_ERROR, answer."""
    connection = socket.socket()
    connection.setblocking(False)
    first = connection.connect_ex((host, port))
    poll = select.epoll()
    poll.register(connection, select.EPOLLOUT | select.EPOLLIN | select.EPOLLET)
    seen = 0
    while not seen & select.EPOLLOUT:
        events = poll.poll(5)
        if not events:
            return "ETIMEDOUT"
        seen |= events[0][1]
    error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return {"connect": errno.errorcode[first], "error": error, "line": json.loads(read_all(connection))}


def dial_again(task, first, second):
    """connect, connect(AF_UNSPEC), connect elsewhere: on one socket."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    connection = socket.socket()
    connection.settimeout(5)
    connection.connect(first)
    before = connection.getpeername()
    read_all(connection)
    connection.setblocking(True)
    if libc.connect(connection.fileno(), bytes(16), 16) != 0:
        return "AF_UNSPEC failed"
    return {"before": before, "after": ask(connection, second)}


def dial_and_hold(task, host, port, source=None):
    """Connects, tells what it read first, stays connected until told to go."""
    connection = socket.socket()
    if source:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(source)
    connection.settimeout(5)
    connection.connect((host, port))
    task.tell(json.loads(connection.makefile().readline()))
    task.wait_word()
    return "closed"


def dial_and_leave(task, host, port):
    """Connects, writes and closes at once, as a client does that wants no answer."""
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"bye")


def dial_with_passed_socket(task, host, port):
    """The socket was made elsewhere and comes over the task's pipe."""
    task.tell("ready")
    _, ancillary, _, _ = task.pipe.recvmsg(1, socket.CMSG_SPACE(4))
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:4])
    return outcome(lambda: ask(socket.socket(fileno=fds[0]), (host, port)))


def make_socket(task):
    """Makes a socket and hands it to the parent."""
    connection = socket.socket()
    task.tell("made")
    socket.send_fds(task.pipe, [b"s"], [connection.fileno()])
    task.wait_word()


def dial_many(task, host, port, count):
    """How many of `count` connections got which slot or error."""
    seen = {}
    for _ in range(count):
        answer = dial(task, host, port)
        what = answer if isinstance(answer, str) else "slot%d" % answer["line"]["slot"]
        seen[what] = seen.get(what, 0) + 1
    return seen


def wait_settled(task, port):
    """Until no connection to this remote port waits for the acknowledgement of its FIN any more."""
    remote = ":%04X" % port
    for _ in range(500):
        rows = [line.split() for line in open("/proc/net/tcp")][1:]
        if not [row for row in rows if row[2].endswith(remote) and row[3] in ("01", "04")]:
            return
        select.select([], [], [], 0.01)
    raise TimeoutError("connections do not close")


def serve(task, host, port, family=socket.AF_INET, count=None):
    """A server that answers with what it sees of each connection; tells the parent when it listens and for each one."""
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    task.tell(listener.getsockname()[:2])
    while count is None or count > 0:
        connection, address = listener.accept()
        seen = {"server": os.getpid(), "accept": address[:2], "peername": connection.getpeername()[:2],
                "sockname": connection.getsockname()[:2]}
        connection.sendall((json.dumps(seen) + "\n").encode())
        connection.close()
        if count is not None:
            count -= 1
    return "done"


def serve_one_slowly(task, host, port):
    """Accepts one, tells, and closes only when told."""
    listener = socket.socket()
    listener.bind((host, port))
    listener.listen(8)
    task.tell("listening")
    connection, address = listener.accept()
    task.tell(address)
    task.wait_word()
    connection.close()
    return "closed"


def udp_connect(task, host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.connect((host, port))
        return connection.getpeername()


def set_sysctl(task, name, value):
    with open("/proc/sys/" + name, "w") as file:
        file.write(value)
