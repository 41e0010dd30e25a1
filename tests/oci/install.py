#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""husk install: what it writes, that a second run writes nothing, and that --remove undoes it."""
import json
import os
import subprocess
import sys
import tempfile

HUSK = sys.argv[1]


def run(d, *args):
    p = subprocess.run([HUSK, "install", "--docker-config", f"{d}/daemon.json", "--containerd-config", f"{d}/config.toml",
                        *args], capture_output=True, text=True, check=False)
    return p.returncode, p.stdout + p.stderr


def put(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)


def get(name):
    with open(name, encoding="utf-8") as f:
        return f.read()


def one_version(version, plugin):
    with tempfile.TemporaryDirectory() as d:
        toml = f'# mine\nversion = {version}\n\n[grpc]\n  address = "/x"\n'
        put(f"{d}/daemon.json", '{"log-driver": "none", "runtimes": {"other": {"path": "/o"}}}')
        put(f"{d}/config.toml", toml)
        status, out = run(d, "--dry-run")
        assert status == 0 and "would become" in out, out
        assert get(f"{d}/config.toml") == toml and sorted(os.listdir(d)) == ["config.toml", "daemon.json"], "--dry-run wrote"
        status, out = run(d)
        assert status == 0, out
        j = json.loads(get(f"{d}/daemon.json"))
        assert j["log-driver"] == "none" and j["runtimes"]["other"] == {"path": "/o"}, j
        assert j["runtimes"]["husk"]["path"] == os.path.realpath(HUSK), j
        text = get(f"{d}/config.toml")
        assert text.startswith(toml) and f'[plugins."{plugin}".containerd.runtimes.husk]' in text, text
        assert get(f"{d}/config.toml.before-husk") == toml
        before = get(f"{d}/daemon.json"), text
        status, out = run(d)
        assert status == 0 and out.count("nothing to do") == 2, out
        assert (get(f"{d}/daemon.json"), get(f"{d}/config.toml")) == before, "the second run changed something"
        status, out = run(d, "--remove")
        assert status == 0 and get(f"{d}/config.toml") == toml, out
        assert "husk" not in json.loads(get(f"{d}/daemon.json"))["runtimes"]


def refused():
    with tempfile.TemporaryDirectory() as d:
        put(f"{d}/daemon.json", "{ not json")
        put(f"{d}/config.toml", "version = 2\n")
        status, out = run(d)
        assert status != 0 and "daemon.json: line 1" in out, out
        assert get(f"{d}/daemon.json") == "{ not json" and get(f"{d}/config.toml") == "version = 2\n"


def nothing_there():
    with tempfile.TemporaryDirectory() as d:
        status, out = run(d)
        assert status == 0 and "version = 2" in get(f"{d}/config.toml"), out
        assert list(json.loads(get(f"{d}/daemon.json"))) == ["runtimes"]


one_version(2, "io.containerd.grpc.v1.cri")
one_version(3, "io.containerd.cri.v1.runtime")
refused()
nothing_there()
print("ok")
