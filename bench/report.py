# SPDX-License-Identifier: Apache-2.0
"""What is said about the figures: goals reached or missed, the table, the JSON file, the chart."""
import json
import math
import os
import platform
import re
import subprocess


def human(name, v):
    if name == "idle_pss":
        return f"{v / 1048576:.1f} MiB"
    if name.startswith("rewritten_"):
        return f"{v:.2f} %"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if v >= size:
            return f"{v / size:.2f} {unit}"
    return f"{v:.0f} ns" if v >= 100 or v == 0 else f"{v:.1f} ns"


def judge(row, results, column, peer):
    """[(text, reached or None if it cannot be told)] for one husk column."""
    out = []
    v = results.get(row.name, {}).get(column)
    for goal in row.goals:
        if goal[0] == "min":
            text = f">= {human(row.name, goal[1])}"
            out.append((text, None, None) if v is None else (text, v >= goal[1], v / goal[1]))
            continue
        if goal[0] == "max":
            base, limit, text = 1, goal[1], f"<= {human(row.name, goal[1])}"
        elif goal[0] == "native":
            base, limit, text = results.get(row.name, {}).get("native"), goal[1], f"<= {goal[1]:.2g} native"
        elif goal[0] == "over":
            native, other = (results.get(row.name, {}).get(c) for c in ("native", peer))
            text, limit = f"above native <= {goal[1]:.2f} of the peer's", 1
            base = None if native is None or other is None else native + max(0, other - native) * goal[1]
        else:
            other = goal[2] if goal[0] == "peer-row" else row.name
            base, limit = results.get(other, {}).get(peer), goal[1]
            text = f"<= {goal[1]:.2f} peer" + ("" if other == row.name else f" {other}")
        if v is None or base is None:
            out.append((text, None, None))
        else:
            out.append((text, v <= base * limit, v / (base * limit)))
    return out


def table(rows, columns, results, main, peer):
    """main: the husk column that the goals are for."""
    others = [c for c in columns if c != main]
    print(f"{'':22}" + "".join(f"{c:>15}" for c in columns) + "".join(f"{'/' + c:>14}" for c in others) +
          f"  goals ({main})")
    reached = missed = 0
    missing = []
    group = None
    for row in rows:
        if row.name not in results:
            continue
        if row.group != group:
            group = row.group
            print(f"-- {group}")
        r = results[row.name]
        line = f"{row.name:22}" + "".join(f"{human(row.name, r[c]) if c in r else '-':>15}" for c in columns)
        for c in others:
            line += f"{r[main] / r[c]:>14.2f}" if r.get(c) and main in r else f"{'-':>14}"
        words = []
        for text, ok, by in judge(row, results, main, peer):
            words.append(f"{text}: " + ("not told" if ok is None else "reached" if ok else f"MISSED x{by:.2f}"))
            reached += ok is True
            if ok is False:
                missed += 1
                missing.append(f"{row.name} {text} (x{by:.2f})")
        print(line + "  " + "; ".join(words))
    print(f"goals of {main}: {reached} reached, {missed} missed")
    for m in missing:
        print(f"  missed: {m}")


def output(cmd):
    try:
        p = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=20, check=False)
        return p.stdout.decode(errors="replace").strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def facts(columns):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = re.search(r"model name\s*:\s*(.*)", f.read())
    with open("/proc/meminfo", encoding="utf-8") as f:
        mem = int(re.search(r"MemTotal:\s*(\d+)", f.read()).group(1))
    out = {
        "kernel": platform.release(), "machine": platform.machine(), "cpu": cpu.group(1) if cpu else "",
        "cpus": len(os.sched_getaffinity(0)), "memory_mib": mem // 1024, "load": os.getloadavg()[0],
        "virtual": output(["systemd-detect-virt"]) or "unknown", "versions": {},
    }
    for c in columns:
        if c.argv:
            text = output([c.argv[0], "--version"])
            first = text.splitlines()[0] if text else ""
            out["versions"][c.name] = first if "version" in first and "flag" not in first else "this tree"
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    out["commit"] = output(["git", "-C", top, "describe", "--always", "--dirty"])
    return out


def print_facts(f):
    print(f"{f['cpus']} CPUs {f['cpu']} ({f['virtual']}), {f['memory_mib']} MiB, Linux {f['kernel']} "
          f"{f['machine']}, load {f['load']:.1f} at the start, commit {f['commit']}")
    for name, v in f["versions"].items():
        print(f"  {name}: {v}")


def save_json(path, rows, columns, results, main, peer, machine):
    out = {"unit": "ns; bytes for idle_pss; % for rewritten_*", "machine": machine, "columns": columns, "rows": {}}
    for row in rows:
        if row.name in results:
            r = results[row.name]
            goals = [{"goal": t, "reached": ok, "value_over_goal": by} for t, ok, by in judge(row, results, main, peer)]
            ratios = {c: r[main] / r[c] for c in r if c != main and main in r and r[c]}
            out["rows"][row.name] = {"group": row.group, "values": r, f"{main}_over": ratios, "goals": goals}
    with open(path, "w", encoding="utf-8") as f:
        json.dump(out, f, indent=2)


COLOURS = ["#1b7837", "#7fbf7b", "#d73027", "#4575b4", "#999999"]


def save_svg(path, rows, columns, results, machine):
    """Bars of value over native, on a logarithmic scale: to the left of 1 is faster than native."""
    cols = [c for c in columns if c != "native" and c != "crun"]
    shown = [r for r in rows if results.get(r.name, {}).get("native") and any(c in results[r.name] for c in cols)]
    ratios = [results[r.name][c] / results[r.name]["native"] for r in shown for c in cols if c in results[r.name]]
    if not ratios:
        return
    lo = min(-1, math.floor(math.log10(min(ratios))))
    hi = max(1, math.ceil(math.log10(max(ratios))))
    left, width, bar, top = 190, 640, 9, 60
    step = bar * len(cols) + 9
    height = top + step * len(shown) + 30

    def x(v):
        return left + width * (math.log10(v) - lo) / (hi - lo)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{height}" '
           'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="10" y="18" font-size="14">time over native (1 = native; shorter is better)</text>',
           f'<text x="10" y="34" fill="#555">{machine["cpus"]} CPUs {machine["cpu"]}, Linux {machine["kernel"]}</text>']
    for i, c in enumerate(cols):
        cx = left + i * 150
        out.append(f'<rect x="{cx}" y="42" width="10" height="10" fill="{COLOURS[i % len(COLOURS)]}"/>'
                   f'<text x="{cx + 14}" y="51">{c}</text>')
    for e in range(lo, hi + 1):
        gx = x(10 ** e)
        dark = "#333" if e == 0 else "#ddd"
        out.append(f'<line x1="{gx:.1f}" x2="{gx:.1f}" y1="{top}" y2="{height - 22}" stroke="{dark}"/>'
                   f'<text x="{gx:.1f}" y="{height - 8}" text-anchor="middle">{10 ** e:g}</text>')
    y = top + 4
    for r in shown:
        out.append(f'<text x="{left - 6}" y="{y + step / 2:.0f}" text-anchor="end">{r.name}</text>')
        for i, c in enumerate(cols):
            if c in results[r.name]:
                ratio = results[r.name][c] / results[r.name]["native"]
                a, b = sorted((x(ratio), x(1)))
                out.append(f'<rect x="{a:.1f}" y="{y + i * bar}" width="{max(b - a, 1):.1f}" height="{bar - 1}" '
                           f'fill="{COLOURS[i % len(COLOURS)]}"/>'
                           f'<text x="{b + 3:.1f}" y="{y + i * bar + 8}" font-size="9">{ratio:.2f}</text>')
        y += step
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
