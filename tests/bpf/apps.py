# SPDX-License-Identifier: Apache-2.0
"""What applications in the lab's pods do: each function runs in a process of a pod (see lab.Task)."""
import array
import errno
import json
import os
import select
import socket

import uring

SO_BINDTODEVICE = 25
TCP_FASTOPEN_CONNECT = 30


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


def scoped(host, port):
    """An address for connect and bind; the host may name its link: fe80::1%eth0."""
    host, _, link = host.partition("%")
    return (host, port, 0, socket.if_nametoindex(link)) if link else (host, port)


def ask(connection, address, seconds=5):
    """Connects and reads the line by which agent or server describe the connection."""
    connection.settimeout(seconds)
    connection.connect(address)
    names = (connection.getpeername()[:2], connection.getsockname()[:2])
    line = read_all(connection)
    return {"peername": names[0], "sockname": names[1], "line": json.loads(line) if line else None}


def dial(task, host, port, family=socket.AF_INET, source=None, device=None, seconds=5):
    def attempt():
        with socket.socket(family) as connection:
            if source:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                connection.bind(scoped(*source))
            if device:
                connection.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device)
            return ask(connection, scoped(host, port), seconds)
    return outcome(attempt)


def dial_fast_open(task, host, port, family, message):
    """MSG_FASTOPEN (`message`): the first send is the connect. TCP_FASTOPEN_CONNECT: connect() returns at once."""
    def attempt():
        with socket.socket(family) as connection:
            if message:
                connection.sendto(b"x", 0x20000000, (host, port))
            else:
                connection.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
                connection.connect((host, port))
                connection.sendall(b"x")
            return {"peername": connection.getpeername()[:2], "line": json.loads(connection.makefile().readline())}
    return outcome(attempt)


def dial_multipath(task, host, port, family):
    def attempt():
        with socket.socket(family, socket.SOCK_STREAM, 262) as connection:
            return ask(connection, (host, port))
    return outcome(attempt)


def dial_uring(task, host, port, family):
    """connect(2) by io_uring."""
    def attempt():
        with socket.socket(family) as connection:
            result = uring.connect(connection.fileno(), family, host, port)
            if result < 0:
                raise OSError(-result, "io_uring connect")
            return {"peername": connection.getpeername()[:2], "line": json.loads(read_all(connection))}
    return outcome(attempt)


def dial_epoll(task, host, port, family):
    """Non-blocking connect, edge-triggered readiness: errno of connect, events, SO_ERROR, answer."""
    connection = socket.socket(family)
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


def dial_again(task, first, second, family):
    """connect, connect(AF_UNSPEC), connect elsewhere: on one socket."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    connection = socket.socket(family)
    connection.settimeout(5)
    connection.connect(first)
    before = connection.getpeername()[:2]
    read_all(connection)
    connection.setblocking(True)
    if libc.connect(connection.fileno(), bytes(16), 16) != 0:
        return "AF_UNSPEC failed"
    return {"before": before, "after": ask(connection, second)}


def dial_and_hold(task, host, port, family=socket.AF_INET, source=None):
    """Connects, tells what it read first, stays connected until told to go; then what has become of the connection."""
    connection = socket.socket(family)
    if source:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind(source)
    connection.settimeout(5)
    connection.connect((host, port))
    task.tell(json.loads(connection.makefile().readline()))
    task.wait_word()
    connection.setblocking(False)
    what = outcome(lambda: "data" if connection.recv(1) else "end")
    return "open" if what == "EAGAIN" else what


def dial_and_leave(task, host, port):
    """Connects, writes and closes at once, as a client does that wants no answer."""
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"bye")


def dial_with_passed_socket(task, host, port, family):
    """The socket was made elsewhere and comes over the task's pipe."""
    task.tell("ready")
    _, ancillary, _, _ = task.pipe.recvmsg(1, socket.CMSG_SPACE(4))
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:4])
    return outcome(lambda: ask(socket.socket(family, fileno=fds[0]), (host, port)))


def make_socket(task, family):
    """Makes a socket and hands it to the parent."""
    connection = socket.socket(family)
    task.tell("made")
    socket.send_fds(task.pipe, [b"s"], [connection.fileno()])
    task.wait_word()


def dial_many(task, hosts, port, family=socket.AF_INET):
    """How many of the connections got which slot or error."""
    seen = {}
    for host in hosts:
        answer = dial(task, host, port, family)
        what = answer if isinstance(answer, str) else "slot%d" % answer["line"].get("slot", -1)
        seen[what] = seen.get(what, 0) + 1
    return seen


def hold_many(task, family, addresses, count):
    """Opens `count` connections to these in turn and keeps them until told to go; what each was told goes first."""
    sockets, wrong = [], []
    for number in range(count):
        host, port = addresses[number % len(addresses)]
        connection = socket.socket(family)
        connection.settimeout(20)
        connection.connect((host, port))
        sockets.append((connection, host, port))
    for connection, host, port in sockets:
        line = json.loads(connection.recv(4096))
        if line["wish"] != ("[%s]:%d" if ":" in host else "%s:%d") % (host, port):
            wrong.append((host, port, line))
    task.tell({"open": len(sockets), "wrong": wrong[:3]})
    task.wait_word()
    for connection, _, _ in sockets:
        connection.close()
    return len(sockets)


def dial_each(task, hosts, port, family):
    """What each connection was told."""
    return [dial(task, host, port, family)["line"] for host in hosts]


def wait_settled(task, first, last=None):
    """Until no connection to these remote ports waits for the acknowledgement of its FIN any more."""
    for _ in range(500):
        rows = [line.split() for path in ("/proc/net/tcp", "/proc/net/tcp6") for line in list(open(path))[1:]]
        if not [row for row in rows if first <= int(row[2].split(":")[1], 16) <= (last or first) and row[3] in ("01", "04")]:
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


def serve_and_hold(task, host, port, family):
    """Tells when it listens, greets each connection, and keeps them all."""
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    task.tell("listening")
    kept = []
    while True:
        kept.append(listener.accept()[0])
        kept[-1].sendall(b'"hello"\n')


def serve_one_slowly(task, host, port, family=socket.AF_INET):
    """Accepts one, tells, and closes only when told; what it could read then."""
    listener = socket.socket(family)
    listener.bind((host, port))
    listener.listen(8)
    task.tell("listening")
    connection, address = listener.accept()
    task.tell(address)
    task.wait_word()
    connection.setblocking(False)
    try:
        data = connection.recv(1000).decode()
    except OSError as error:
        data = errno.errorcode[error.errno]
    connection.close()
    return "closed " + data


def udp_connect(task, host, port, family):
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.connect((host, port))
        return connection.getpeername()


def read_file(task, path):
    return open(path).read()


def set_sysctl(task, name, value):
    with open("/proc/sys/" + name, "w") as file:
        file.write(value)
