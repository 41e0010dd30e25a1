#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifests use only fields that the upstream APIs have, of the right types, and fit each other.

The schemas below are ours, written from the public API references: a dictionary lists an object's fields,
REQ marks those that must be there, a list holds the schema of its items, and so on.
"""
import os
import re
import sys

try:
    import yaml
except ImportError:
    print("SKIP: python3-yaml is not installed")
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
DIR = os.path.join(HERE, "../../runtime-shim/kubernetes")
errors = []


class Req:
    def __init__(self, schema):
        self.schema = schema


class Map:
    def __init__(self, schema):
        self.schema = schema


def pattern(regex):
    return lambda v: isinstance(v, str) and re.fullmatch(regex, v) is not None


def one_of(*words):
    return lambda v: v in words


S, B, I = str, bool, int
NAME = pattern(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
QUANTITY = lambda v: isinstance(v, int) or bool(re.fullmatch(r"[0-9.]+(m|[KMGT]i?)?", str(v)))
LABELS = Map(S)
META = {"name": Req(NAME), "namespace": NAME, "labels": LABELS, "annotations": LABELS}
SELECTOR = {"matchLabels": LABELS, "matchExpressions": [{"key": Req(S), "operator": Req(S), "values": [S]}]}
CAPS = {"drop": [S], "add": [S]}
SECURITY = {"privileged": B, "allowPrivilegeEscalation": B, "readOnlyRootFilesystem": B, "runAsNonRoot": B,
            "runAsUser": I, "runAsGroup": I, "capabilities": CAPS}
POD_SECURITY = {"runAsNonRoot": B, "runAsUser": I, "runAsGroup": I, "fsGroup": I, "seccompProfile": {"type": Req(S)}}
CONTAINER = {"name": Req(NAME), "image": Req(S), "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
             "command": [S], "args": [S], "workingDir": S,
             "env": [{"name": Req(S), "value": S, "valueFrom": {"fieldRef": {"fieldPath": Req(S)}}}],
             "ports": [{"containerPort": Req(I), "protocol": one_of("TCP", "UDP"), "name": S}],
             "securityContext": SECURITY, "resources": {"requests": Map(QUANTITY), "limits": Map(QUANTITY)},
             "volumeMounts": [{"name": Req(S), "mountPath": Req(S), "readOnly": B}]}
POD = {"serviceAccountName": S, "automountServiceAccountToken": B, "enableServiceLinks": B, "hostPID": B,
       "runtimeClassName": NAME, "nodeSelector": LABELS, "terminationGracePeriodSeconds": I, "restartPolicy": S,
       "tolerations": [{"operator": one_of("Exists", "Equal"), "key": S, "effect": S, "value": S}],
       "securityContext": POD_SECURITY, "initContainers": [CONTAINER], "containers": Req([CONTAINER]),
       "volumes": [{"name": Req(NAME), "hostPath": {"path": Req(S), "type": S},
                    "emptyDir": {"sizeLimit": QUANTITY, "medium": S}}]}
TEMPLATE = {"metadata": {"labels": LABELS, "annotations": LABELS}, "spec": Req(POD)}
PEER = {"podSelector": SELECTOR, "namespaceSelector": SELECTOR, "ipBlock": {"cidr": Req(S), "except": [S]}}
PORT = {"protocol": one_of("TCP", "UDP", "SCTP"), "port": I, "endPort": I}
REF = {"name": Req(NAME)}

KINDS = {
    ("v1", "Namespace"): {},
    ("v1", "ServiceAccount"): {},
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): {"rules": Req([{"apiGroups": Req([S]), "resources": Req([S]), "verbs": Req([S])}])},
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): {
        "roleRef": Req({"apiGroup": Req(S), "kind": Req(S), "name": Req(S)}),
        "subjects": [{"kind": Req(S), "name": Req(S), "namespace": S}]},
    ("apps/v1", "DaemonSet"): {"spec": Req({
        "selector": Req(SELECTOR), "template": Req(TEMPLATE),
        "updateStrategy": {"type": one_of("RollingUpdate", "OnDelete"), "rollingUpdate": {"maxUnavailable": I}}})},
    ("node.k8s.io/v1", "RuntimeClass"): {
        "handler": Req(NAME), "overhead": {"podFixed": Map(QUANTITY)},
        "scheduling": {"nodeSelector": LABELS, "tolerations": [Map(S)]}},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"spec": Req({
        "podSelector": Req(SELECTOR), "policyTypes": [one_of("Ingress", "Egress")],
        "ingress": [{"from": [PEER], "ports": [PORT]}], "egress": [{"to": [PEER], "ports": [PORT]}]})},
    ("extensions.agents.x-k8s.io/v1alpha1", "SandboxTemplate"): {"spec": Req({"podTemplate": Req(TEMPLATE)})},
    ("extensions.agents.x-k8s.io/v1alpha1", "SandboxWarmPool"): {"spec": Req({
        "replicas": Req(I), "sandboxTemplateRef": Req(REF)})},
    ("extensions.agents.x-k8s.io/v1alpha1", "SandboxClaim"): {"spec": Req({
        "sandboxTemplateRef": Req(REF), "warmpool": S,
        "lifecycle": {"shutdownPolicy": one_of("Delete", "DeleteForeground", "Retain"), "shutdownTime": S}})},
}


def check(where, value, schema):
    if isinstance(schema, Req):
        schema = schema.schema
    if isinstance(schema, type):
        good = isinstance(value, schema) and not (schema is int and isinstance(value, bool))
        if not good:
            errors.append(f"{where}: {value!r} is no {schema.__name__}")
    elif isinstance(schema, Map):
        if not isinstance(value, dict):
            errors.append(f"{where}: not a map")
            return
        for k, v in value.items():
            check(f"{where}.{k}", v, schema.schema)
    elif isinstance(schema, list):
        if not isinstance(value, list):
            errors.append(f"{where}: not a list")
            return
        for i, v in enumerate(value):
            check(f"{where}[{i}]", v, schema[0])
    elif isinstance(schema, dict):
        if not isinstance(value, dict):
            errors.append(f"{where}: not an object")
            return
        for k, v in value.items():
            if k in schema:
                check(f"{where}.{k}", v, schema[k])
            else:
                errors.append(f"{where}.{k}: the API has no such field")
        errors.extend(f"{where}.{k}: is missing" for k, s in schema.items() if isinstance(s, Req) and k not in value)
    elif not schema(value):
        errors.append(f"{where}: {value!r} is not allowed")


def fit(objects):
    """What the objects say of each other."""
    def named(kind):
        return {o["metadata"]["name"]: o for o in objects if o["kind"] == kind}

    classes, templates, pools = named("RuntimeClass"), named("SandboxTemplate"), named("SandboxWarmPool")
    for name, t in templates.items():
        pod = t["spec"]["podTemplate"]["spec"]
        if pod.get("runtimeClassName") not in classes:
            errors.append(f"{name}: its RuntimeClass is not there")
        volumes = {v["name"] for v in pod.get("volumes", [])}
        for c in pod["containers"]:
            errors.extend(f"{name}: no volume {m['name']}" for m in c.get("volumeMounts", []) if m["name"] not in volumes)
    for kind in ("SandboxWarmPool", "SandboxClaim"):
        for name, o in named(kind).items():
            if o["spec"]["sandboxTemplateRef"]["name"] not in templates:
                errors.append(f"{name}: its template is not there")
            if o["spec"].get("warmpool", next(iter(pools))) not in pools:
                errors.append(f"{name}: its pool is not there")
    for name, d in named("DaemonSet").items():
        want, have = d["spec"]["selector"]["matchLabels"], d["spec"]["template"]["metadata"]["labels"]
        if not want.items() <= have.items():
            errors.append(f"{name}: selects other pods than its own")
    deny = named("NetworkPolicy").get("default-deny", {}).get("spec", {})
    if deny.get("podSelector") != {} or set(deny) != {"podSelector", "policyTypes"} or len(deny["policyTypes"]) != 2:
        errors.append("default-deny does not deny everything")


def main():
    objects = []
    for name in sorted(os.listdir(DIR)):
        if not name.endswith(".yaml"):
            continue
        with open(os.path.join(DIR, name), encoding="utf-8") as f:
            for doc in yaml.safe_load_all(f):
                objects.append(doc)
                kind = (doc.get("apiVersion"), doc.get("kind"))
                if kind not in KINDS:
                    errors.append(f"{name}: no kind {kind}")
                    continue
                check(f"{name}: {doc['kind']}", doc, {"apiVersion": S, "kind": S, "metadata": Req(META), **KINDS[kind]})
    fit(objects)
    print("\n".join(errors) or f"{len(objects)} objects")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
