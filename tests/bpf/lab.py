# SPDX-License-Identifier: Apache-2.0
"""Network namespaces, cgroups and the agent process, for capture_test.py. Everything made here has the prefix smt- and the
process id in its name, and is removed by Lab.close()."""
import contextlib
import ctypes
import json
import os
import pickle
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PREFIX = "smt-cap%d" % os.getpid()
SHORT = "sm%x" % (os.getpid() & 0xFFFF)  # interface names hold 15 characters


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


def cgroup2_root():
    for line in open("/proc/self/mounts"):
        fields = line.split()
        if fields[2] == "cgroup2":
            return fields[1]
    raise RuntimeError("no cgroup v2")


def until(question, seconds=5.0):
    """Asks again until the answer is true; the last answer."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.02)


class Pod:
    """A netns with eth0 on the lab's bridge, and a cgroup."""

    def __init__(self, lab, name, number, node="a", families="46"):
        self.lab, self.name, self.families = lab, name, families
        self.ip, self.ip6 = "10.61.7.%d" % number, "fd61::%d" % number
        self.netns_name = "%s-%s" % (PREFIX, name)
        self.netns = "/run/netns/" + self.netns_name
        lab.made += 1  # an old veth lives as long as the netns it leads to
        self.veth = "%sv%d" % (SHORT, lab.made)
        self.mac = "02:61:07:00:00:%02x" % number  # a pod made anew has the link address that neighbours know
        self.cgroup = "%s/%s/%s" % (lab.cgroup, node, name)

    def create(self):
        lab = self.lab
        run("ip", "netns", "add", self.netns_name)
        run("ip", "link", "add", self.veth, "type", "veth", "peer", "name", "eth0", "address", self.mac, "netns", self.netns_name)
        run("ip", "link", "set", self.veth, "master", lab.bridge, "up")
        inside = ["ip", "-n", self.netns_name]
        if "4" in self.families:
            run(*inside, "addr", "add", self.ip + "/24", "dev", "eth0")
        if "6" in self.families:
            run(*inside, "-6", "addr", "add", self.ip6 + "/64", "dev", "eth0", "nodad")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")
        if "4" in self.families:
            run(*inside, "route", "add", "default", "via", "10.61.7.254")
        if "6" in self.families:
            run(*inside, "-6", "route", "add", "default", "via", "fd61::fffe")
        os.makedirs(self.cgroup, exist_ok=True)

    def addresses(self):
        return [address for family, address in (("4", self.ip), ("6", self.ip6)) if family in self.families]

    def link_local(self):
        """Its address on the link, once the kernel lets it be used."""
        def settled():
            for row in json.loads(run("ip", "-n", self.netns_name, "-j", "-6", "addr", "show", "dev", "eth0", "scope", "link"))[0]["addr_info"]:
                if row and not row.get("tentative"):
                    return row["local"]
            return None
        return until(settled)

    def remove(self):
        run("ip", "netns", "del", self.netns_name, check=False)
        self.remove_cgroup()

    def remove_cgroup(self):
        if os.path.isdir(self.cgroup):
            until(lambda: not open(self.cgroup + "/cgroup.procs").read())
            os.rmdir(self.cgroup)

    def wish(self, **more):
        return dict({"key": "lab/" + self.name, "netns": self.netns, "ips": self.addresses()}, **more)

    def enter(self, cgroup=None):
        with open((cgroup or self.cgroup) + "/cgroup.procs", "w") as procs:
            procs.write("0")
        with open(self.netns) as netns:
            if LIBC.setns(netns.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def call(self, function, *arguments, cgroup=None, seconds=20):
        """Runs function(*arguments) in a process of this pod; its result, or raises what it raised."""
        task = Task(self, function, arguments, cgroup)
        return task.result(seconds)

    def start(self, function, *arguments, cgroup=None):
        return Task(self, function, arguments, cgroup)


class Task:
    """A function running in a process of a pod. It gets a Task as first argument when it takes `task`: task.tell(x)."""

    def __init__(self, pod, function, arguments, cgroup):
        self.mine, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                self.mine.close()
                signal.alarm(60)
                self.pipe = theirs
                try:
                    pod.enter(cgroup)
                    answer = ("ok", function(self, *arguments))
                except BaseException as error:  # goes to the parent whatever it is
                    answer = ("error", error)
                self.send(answer)
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        pod.lab.tasks.append(self)

    def send(self, thing):
        data = pickle.dumps(thing)
        self.pipe.sendall(len(data).to_bytes(4, "big") + data)

    def tell(self, thing):
        """In the child: a message before the result."""
        self.send(("told", thing))

    def wait_word(self):
        """In the child: waits until the parent says go()."""
        return self.pipe.recv(1)

    def go(self):
        self.mine.sendall(b"g")

    def _read(self, count, end):
        data = b""
        while len(data) < count:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.mine], [], [], left)[0]:
                raise TimeoutError("no answer from the pod")
            more = self.mine.recv(count - len(data))
            if not more:
                raise RuntimeError("the pod's process died")
            data += more
        return data

    def receive(self, seconds=20):
        end = time.monotonic() + seconds
        size = int.from_bytes(self._read(4, end), "big")
        kind, thing = pickle.loads(self._read(size, end))
        if kind == "error":
            raise thing
        return thing

    def result(self, seconds=20):
        try:
            return self.receive(seconds)
        finally:
            self.end()

    def end(self):
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(self.pid, 0)
            self.pid = 0
            self.mine.close()


class Parking:
    """A process that keeps the connections that the agent passes to it, until it is closed."""

    def __init__(self, lab, number):
        self.path = "%s/parking-%d" % (lab.directory, number)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(1)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                signal.alarm(300)
                agent, _ = listener.accept()
                kept = []
                while True:
                    data, fds, _, _ = socket.recv_fds(agent, 64, 64)
                    kept += fds
                    if not data:
                        signal.pause()
            finally:
                os._exit(0)
        listener.close()

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.unlink(self.path)


class Agent:
    """One capture_agent process."""

    def __init__(self, lab, node="a", **options):
        self.lab, self.node = lab, node
        self.run_dir, self.bpffs = ("%s/%s-%s" % (lab.directory, what, node.replace("/", "-")) for what in ("run", "bpf"))
        os.makedirs(self.run_dir, exist_ok=True)
        os.makedirs("%s/%s" % (lab.cgroup, node), exist_ok=True)
        self.options = {"--cgroup": "%s/%s" % (PREFIX, node), "--bpffs": self.bpffs, "--run-dir": self.run_dir}
        self.options.update(options)
        self.process = None

    def command(self):
        return [self.lab.program] + [word for pair in self.options.items() for word in pair]

    def start(self, cgroup=None, under=()):
        """Returns what it says first; {} when it died before. `cgroup`: where the process lives; else where the test does.
        `under`: the words of a program that runs it, as strace does."""
        command = list(under) + self.command()
        if cgroup:
            command = ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', cgroup] + command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.lab.log, text=True,
                                        # a sanitizer looks for leaks by ptrace, as the other program does
                                        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0") if under else None)
        self.is_under = bool(under)
        return json.loads(self.process.stdout.readline() or "{}")

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the agent died: see %s" % self.lab.log.name)
        return json.loads(line)

    def enrol(self, *wishes):
        self.ask(do="reconcile", pods=list(wishes))
        return self.ask(do="retry")

    def counters(self):
        return self.ask(do="counters")

    def pin(self, *names):
        """The path of a pin of ours: maps/NAME, links/NAME, pods/COOKIE."""
        return "/".join((self.bpffs, "v2") + names)

    def quit(self):
        """Ends it by the end of its input."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def kill(self):
        if self.process and self.is_under:
            self.quit()  # the agent is not our child
        elif self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def remove(self):
        """Uninstalls until there is nothing left to do: a mount may be busy for a moment. A mutant may leave one."""
        until(lambda: not self.uninstall())
        if os.path.ismount(self.bpffs):
            run("umount", self.bpffs)

    def uninstall(self):
        done = subprocess.run([self.lab.program, "--uninstall", self.run_dir], capture_output=True, text=True)
        return json.loads(done.stdout)


class Lab:
    def __init__(self, program):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix=PREFIX + "-")
        self.log = open(self.directory + "/agent.log", "w")
        self.cgroup = "%s/%s" % (cgroup2_root(), PREFIX)
        self.bridge = SHORT + "br"
        self.pods, self.agents, self.tasks, self.made = {}, [], [], 0
        os.makedirs(self.cgroup)
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "link", "set", self.bridge, "up")

    def pod(self, name, number, node="a", families="46"):
        self.pods[name] = Pod(self, name, number, node, families)
        self.pods[name].create()
        return self.pods[name]

    def remove_pod(self, pod):
        del self.pods[pod.name]
        pod.remove()

    def agent(self, node="a", **options):
        self.agents.append(Agent(self, node, **options))
        return self.agents[-1]

    @staticmethod
    def own_cgroup():
        for line in open("/proc/self/cgroup"):
            if line.startswith("0::"):
                return cgroup2_root() + line[3:].strip()
        raise RuntimeError("in no cgroup v2")

    @contextlib.contextmanager
    def node(self, name, *pods, **options):
        """An agent of its own with pods of its own, (name, number, families) each, as long as the block lasts."""
        made = [self.pod(*(pod[:2] + (name,) + pod[2:])) for pod in pods]
        agent = self.agent(name, **options)
        try:
            yield (agent, *made)
        finally:
            self.end_tasks()
            agent.kill()
            agent.remove()
            self.agents.remove(agent)
            for pod in made:
                if pod.name in self.pods:
                    self.remove_pod(pod)

    def end_tasks(self):
        for task in self.tasks:
            task.end()
        self.tasks = []

    def close(self):
        """Removes all of it; what cannot be removed is said and does not keep the rest."""
        steps = [self.end_tasks] + [agent.kill for agent in self.agents] + [agent.remove for agent in self.agents]
        steps += [lambda pod=pod: self.remove_pod(pod) for pod in list(self.pods.values())]
        steps += [lambda: run("ip", "link", "del", self.bridge), self.remove_cgroups, self.log.close,
                  lambda: shutil.rmtree(self.directory)]
        for step in steps:
            try:
                step()
            except Exception as error:
                print("clean-up: %s: %s" % (type(error).__name__, error), file=sys.stderr)

    def remove_cgroups(self):
        for root, directories, _ in os.walk(self.cgroup, topdown=False):
            for name in directories:
                os.rmdir(os.path.join(root, name))
        os.rmdir(self.cgroup)
