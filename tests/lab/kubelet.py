# SPDX-License-Identifier: Apache-2.0
"""Kubelet: plays scheduler and kubelet. Each Deployment in the resource directory gets its pods, spread over the nodes.

Which program a container is depends on its image's name without registry and tag, so that manifests made for the
real images run here. A container whose image is not known is an error: nothing is left out in silence.
"""
from __future__ import annotations

from pathlib import Path

from .lab import Lab
from .pod import PYTHON, Pod
from .poll import LabError


def image_name(image: str) -> str:
    return image.rsplit("/", 1)[-1].split(":", 1)[0]


class Kubelet:
    def __init__(self, lab: Lab, programs: dict[str, tuple[Path, ...]]):
        """programs: image name -> (Python file, its arguments...)."""
        self.lab, self.programs = lab, programs
        self.x_of: dict[str, list[Pod]] = {}  # "namespace/deployment" -> its pods

    def pods_of(self, namespace: str, deployment: str) -> list[Pod]:
        return self.x_of.get(f"{namespace}/{deployment}", [])

    def reconcile(self) -> list[Pod]:
        """Makes and removes pods until they are what the Deployments ask for; returns the new ones, all ready."""
        made: list[Pod] = []
        wanted = {f"{d['metadata']['namespace']}/{d['metadata']['name']}": d
                  for d in self.lab.store.objects("Deployment")}
        for key in [k for k in self.x_of if k not in wanted]:
            for pod in self.x_of.pop(key):
                self.lab.remove_pod(pod)
        for key, deployment in wanted.items():
            pods = self.x_of.setdefault(key, [])
            count = deployment["spec"].get("replicas", 1)
            while len(pods) > count:
                self.lab.remove_pod(pods.pop())
            while len(pods) < count:
                pods.append(self.make(deployment, len(pods) + 1))
                made.append(pods[-1])
        for pod in made:
            if not pod.gateway:
                pod.wait_listening({p["containerPort"] for p in pod.ports if p.pop("served", False)})
            self.lab.set_ready(pod, True)
        return made

    def make(self, deployment: dict, number: int) -> Pod:
        meta, template = deployment["metadata"], deployment["spec"]["template"]
        labels = template["metadata"].get("labels", {})
        notes = dict(template["metadata"].get("annotations", {}))
        gateway = notes.pop("sockmesh.io/gateway", "") == "true"
        containers = template["spec"]["containers"]
        ports = [{"containerPort": port["containerPort"], "served": not gateway}
                 for container in containers for port in container.get("ports", [])]
        account = template["spec"].get("serviceAccountName", "default")
        pod = self.lab.add_pod(meta["namespace"], f"{meta['name']}-{number}", self.pick_node(meta["name"]), labels,
                               notes, ports, account, gateway, listed=False)
        pod.ready = False
        self.lab.store.put({**pod.document()})
        for container in containers if not gateway else []:
            self.start(pod, container)
        return pod

    def start(self, pod: Pod, container: dict) -> None:
        program = self.programs.get(image_name(container["image"]))
        if program is None:
            raise LabError(f"{pod}: no program for image {container['image']}")
        env = {e["name"]: str(e.get("value", "")) for e in container.get("env", [])}
        env.update(POD_NAME=pod.name, POD_IP=pod.ip, VERSION=pod.labels.get("version", "v1"), PYTHONUNBUFFERED="1",
                   PORTS=",".join(str(p["containerPort"]) for p in container.get("ports", [])))
        env = {name: value for name, value in env.items() if name != "JAVA_OPTS"}
        pod.start_program([*PYTHON, *map(str, program)], env)

    def pick_node(self, deployment: str) -> str:
        """The node with the fewest pods; the first one of equals."""
        count = {name: 0 for name in sorted(self.lab.nodes)}
        for pod in self.lab.pods.values():
            if pod.node:
                count[pod.node] += 1
        return min(count, key=count.get)
