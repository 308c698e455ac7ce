# SPDX-License-Identifier: Apache-2.0
"""The demo: Sock Shop on two emulated nodes of this machine, walked through chapter by chapter.

  demo.py [walk] [--manifests DIR] [--direct]   walks it and takes it down; exit 1 if an answer was wrong
  demo.py up [--manifests DIR]                  starts it and leaves it running
  demo.py exec POD -- COMMAND...                runs a command in a pod of the running demo
  demo.py down                                  removes it
"""
from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo.chapters import Walk  # noqa: E402
from demo.screen import Screen  # noqa: E402
from demo.stage import GATEWAY, GATEWAY_PORT, MESH, Stage  # noqa: E402
from lab.lab import ROOT, RUN, Lab  # noqa: E402
from lab.poll import LabError  # noqa: E402

NAME = "smt-demo"


def walk(options) -> int:
    screen = Screen()
    screen.say("Starting two nodes. Everything is removed at the end.")
    with Lab("demo", direct=options.direct) as lab:
        stage = Stage(lab)
        lab.start_nodes()
        lab.sync()
        tour = Walk(stage, screen, options.manifests)
        tour.deploy()
        tour.shop()
        if not options.direct:
            tour.traffic_management()
        return screen.summary()


def up(options) -> int:
    lab = Lab("demo", stay=True, name=NAME)
    screen = Screen()
    screen.say("Starting the Sock Shop on two nodes; it stays until `make demo-down`.")
    lab.build_fabric()
    try:
        stage = Stage(lab)
        lab.start_nodes()
        lab.sync()
        stage.apply(MESH)
        deploy = options.manifests / "1-deploy-app"
        stage.apply(deploy / "manifests")
        stage.apply(deploy / "sockshop-gateway.yaml", deploy / "sockshop-virtual-services.yaml")
        stage.apply(options.manifests / "2-traffic-management" / "front-end-dep-v2.yaml")
    except BaseException:
        lab.close()
        raise
    lab.write_record()
    me = f"{sys.executable} {Path(__file__).resolve().relative_to(ROOT)}"
    a = lab.nodes["node-a"]
    canary = next((options.manifests / "2-traffic-management" / "canary").glob("*.yaml"))
    screen.say(f"""
It runs. Pods: {', '.join(sorted(p for p in lab.pods if not p.startswith('lab/')))}

The shop through the gateway, seen from outside the mesh:
  {me} exec lab/outsider -- curl http://{GATEWAY}:{GATEWAY_PORT}/
  {me} exec lab/outsider -- curl -i -u user:password http://{GATEWAY}:{GATEWAY_PORT}/login
From a pod inside it:
  {me} exec sock-shop/front-end-1 -- curl -i http://catalogue/catalogue
  {me} exec sock-shop/front-end-1 -- sh     (a shell; a pod's process sees a plain network)
What the nodes say ({', '.join(lab.nodes)} are in {lab.dir}):
  {lab.sockmeshctl} --run-dir {a.run_dir} status
  {lab.sockmeshctl} --run-dir {a.run_dir} pods
  {lab.sockmeshctl} --run-dir {a.run_dir} proxy-config routes sock-shop/front-end-1
  tail -f {a.access_log_path}
Change a route while it runs, and see who answers:
  {lab.sockmeshctl} apply -f {canary} --dir {lab.resources}
""")
    return 0


def execute(options) -> int:
    record = RUN / NAME / "lab.json"
    if not record.exists():
        print("the demo is not running; `make demo-up` starts it", file=sys.stderr)
        return 1
    pods = json.loads(record.read_text())["pods"]
    if options.pod not in pods:
        print(f"no pod {options.pod}; there are {', '.join(sorted(pods))}", file=sys.stderr)
        return 1
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    argv = [*pods[options.pod], *command]
    os.execvp(argv[0], argv)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb")
    for verb in ("walk", "up"):
        sub = verbs.add_parser(verb)
        sub.add_argument("--manifests", type=Path, default=ROOT / "configs" / "demo")
        sub.add_argument("--direct", action="store_true", help="without daemons: proves the lab and the programs alone")
    verbs.add_parser("down")
    sub = verbs.add_parser("exec")
    sub.add_argument("pod")
    sub.add_argument("command", nargs=argparse.REMAINDER)
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in (*verbs.choices, "-h", "--help"):
        arguments = ["walk", *arguments]
    options = parser.parse_args(arguments)
    try:
        if options.verb == "down":
            Lab.remove(NAME)
            return 0
        if options.verb == "exec":
            return execute(options)
        options.manifests = options.manifests.resolve()
        return walk(options) if options.verb == "walk" else up(options)
    except (LabError, AssertionError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
