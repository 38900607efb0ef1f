#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compare eval-trust with trust in exact rationals on random small graphs.

Written from the definitions and not from the program: Y = p + d·QᵀY and the recursion of h are
solved by elimination over fractions, every actor in turn made a dead wall. A seed that fails is
printed.

    check-eval-trust.py EVAL_TRUST [CASES [SEED]]
"""

import json
import math
import random
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

D = Fraction(17, 20)
TOLERANCE = 1e-9
WEIGHTS = [0.1, 0.25, 0.3, 0.5, 0.8, 1.0, 1, 0.333, 0.017]
ODD_WEIGHTS = [0, 0.0, -0.5, -1, math.nan, math.inf, -math.inf]
STRENGTHS = [1, 1.0, 0, 0.5, 0.25, 0.95, 0.001, 0.7]


def solve(rows, right):
    """Gauss–Jordan over fractions."""
    n = len(rows)
    a = [row + [right[i]] for i, row in enumerate(rows)]
    for c in range(n):
        pivot = next(r for r in range(c, n) if a[r][c] != 0)
        a[c], a[pivot] = a[pivot], a[c]
        a[c] = [v / a[c][c] for v in a[c]]
        for r in range(n):
            if r != c and a[r][c] != 0:
                a[r] = [x - a[r][c] * y for x, y in zip(a[r], a[c])]
    return [row[n] for row in a]


class Graph:
    """What is left of a case's edges, model.md 1; the newest of a pair counts."""

    def __init__(self, case, keep_self_loops):
        source = str(case["source"])
        newest = {}
        for start, end, weight in case["edges"]:
            if math.isfinite(weight):
                newest[str(start), str(end)] = Fraction(str(weight))
        distrusted = {u for (x, u), w in newest.items() if x == source and w <= 0 and u != source}
        edges = {
            (x, u): min(w, 1)
            for (x, u), w in newest.items()
            if w > 0
            and u != source
            and not {x, u} & distrusted
            and (keep_self_loops or x != u)
        }
        self.direct = {u: w for (x, u), w in edges.items() if x == source}
        self.nodes = list(self.direct)
        for x in self.nodes:
            self.nodes += [u for (y, u) in edges if y == x and u not in self.nodes]
        total = {x: 1 + sum(w for (y, _), w in edges.items() if y == x) for x in self.nodes}
        self.q = {(x, u): w / total[x] for (x, u), w in edges.items() if x in total}

    def appleseed(self):
        place = {x: i for i, x in enumerate(self.nodes)}
        rows = [[Fraction(i == j) for j in place.values()] for i in place.values()]
        for (x, u), q in self.q.items():
            rows[place[u]][place[x]] -= D * q
        weight = sum(self.direct.values())
        y = solve(rows, [self.direct.get(x, Fraction(0)) / weight for x in self.nodes])
        return dict(zip(self.nodes, y)), {x: 200 * v / sum(y) for x, v in zip(self.nodes, y)}

    def branches(self, reports, dead):
        out = {}
        for peer in self.direct:
            nodes = [x for x in self.nodes if x == peer or x not in self.direct]
            place = {x: i for i, x in enumerate(nodes)}
            rows = [[Fraction(x == y) for y in nodes] for x in nodes]
            right = [Fraction(0)] * len(nodes)
            for x in nodes:
                strength, malicious = reports.get(x, (Fraction(0), False))
                if x == dead:
                    continue
                right[place[x]] = strength if malicious else Fraction(0)
                for (start, u), q in self.q.items():
                    if start == x and u in place and u != peer:
                        rows[place[x]][place[u]] -= (1 - strength) * D * q
            out[peer] = solve(rows, right)[place[peer]]
        return out

    def suspicion(self, branches):
        return 1 - math.prod(1 - self.direct[i] * b for i, b in branches.items())

    def belief(self, reports):
        branches = self.branches(reports, None)
        s_or = self.suspicion(branches)
        s_loo = min([s_or] + [self.suspicion(self.branches(reports, v)) for v in self.nodes])
        weight = sum(self.direct.values())
        drop = max(weight / 4, max(self.direct.values(), default=Fraction(0)))
        left = Fraction(0)
        for i in sorted(branches, key=lambda i: -branches[i]):
            dropped = min(drop, self.direct[i])
            drop -= dropped
            left += (self.direct[i] - dropped) * branches[i]
        return branches, s_or, s_loo, left / weight if weight else Fraction(0)


def read_reports(case):
    """One voice a reporter: malicious with its strongest, else benign with its strongest."""
    voices = {}
    for report in case["reports"]:
        voice = (report["opinion"] == "malicious", Fraction(str(report.get("strength", 1))))
        if voice[1] > 0:
            by = str(report["by"])
            voices[by] = max(voice, voices.get(by, voice))
    return {by: (min(strength, 1), malicious) for by, (malicious, strength) in voices.items()}


def make_case(rng, with_reports):
    n = rng.randint(1, 7)
    names = rng.random() < 0.5
    source = rng.choice(["s", "https://x.example/actor"]) if names else 7
    actors = [f"n{i}" for i in range(n)] if names else list(range(100, 100 + n))
    weights = WEIGHTS + (ODD_WEIGHTS if rng.random() < 0.4 else [])
    density = rng.random()
    edges = []
    for x in [source] + actors:
        for u in [source] + actors:
            rare = (x == u and rng.random() > 0.15) or (u == source and rng.random() > 0.3)
            if not rare and rng.random() < density:
                edges.append([x, u, rng.choice(weights)])
    for _ in range(rng.randint(0, 2) if edges else 0):
        edges.append(rng.choice(edges)[:2] + [rng.choice(weights)])
    rng.shuffle(edges)
    case = {"source": source, "edges": edges}
    if with_reports:
        reporters = [x for x in [source, "unknown"] + actors if rng.random() < 0.6]
        reporters += reporters[: rng.randint(0, 1)]
        case["reports"] = [
            {"by": x, "opinion": rng.choice(["malicious", "malicious", "benign"])}
            for x in reporters
        ]
        for report in case["reports"]:
            if rng.random() < 0.9:
                report["strength"] = rng.choice(STRENGTHS)
    return case


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, timeout=300)


def evaluate(program, path, document, *options):
    path.write_text(json.dumps(document), encoding="utf-8")
    result = run(program, *options, str(path))
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def check_members(case, what, expected, found, tolerance=TOLERANCE):
    assert set(expected) == set(found), (what, case, found)
    for key, value in expected.items():
        assert abs(float(value) - found[key]) <= tolerance, (what, key, float(value), case, found)


def check_case(case, found):
    graph = Graph(case, keep_self_loops="reports" not in case)
    y, ranks = graph.appleseed() if graph.direct else ({}, {})
    check_members(case, "Y", y, found["Y"])
    check_members(case, "ranks", ranks, found["ranks"])
    if "reports" not in case:
        return
    branches, s_or, s_loo, s_trim = graph.belief(read_reports(case))
    check_members(case, "branches", branches, found["branches"])
    check_members(
        case,
        "belief",
        {"s_or": s_or, "s_loo": s_loo, "s_trim": s_trim},
        {key: found[key] for key in ("s_or", "s_loo", "s_trim")},
    )


def check_random(program, path, n, seed):
    rng = random.Random(seed)
    cases = [make_case(rng, i % 3 != 0) for i in range(n)]
    found = evaluate(program, path, {"cases": cases})["cases"]
    assert len(found) == n
    for case, one in zip(cases, found):
        check_case(case, one)
    check_case(cases[1], evaluate(program, path, cases[1], "--method=exact", "--residual", "1e-15"))


def check_methods(program, path):
    case = {
        "source": "s",
        "edges": [["s", "a", 0.8], ["s", "b", 0.4], ["a", "c", 0.8], ["b", "c", 0.8]],
        "reports": [{"by": "c", "opinion": "malicious", "strength": 0.9}],
    }
    exact = evaluate(program, path, case)
    walks = 20000
    one = evaluate(program, path, case, "--method", "index", "--walks", str(walks), "--seed", "3")
    again = evaluate(program, path, case, "--method", "index", "--walks", str(walks), "--seed", "3")
    assert one == again and one["branches"] != exact["branches"]
    for peer, b in exact["branches"].items():
        assert abs(one["branches"][peer] - b) <= 3 * math.sqrt(b * (1 - b) / walks), (one, exact)
    rough = evaluate(program, path, case, "--residual", "0.5")
    assert exact["residual"] < 1e-14 and rough["sweeps"] <= exact["sweeps"]
    fine = evaluate(program, path, case, "--method", "sweeps", "--tc", "1e-12")
    coarse = evaluate(program, path, case, "--method", "sweeps", "--tc", "1")
    check_members(case, "sweeps", exact["ranks"], fine["ranks"], 1e-6)
    assert coarse["sweeps"] < fine["sweeps"] and coarse["sum"] < fine["sum"] <= 200


def check_csv(program, path):
    lines = "from,to,weight\ns,ä,0.5\r\n# a remark\nä,b,nan\n ä , b , 0.25 \ns,c,-1\nb,c,1"
    path.write_text(lines, encoding="utf-8")
    result = run(program, "--csv", str(path), "--source", "s")
    assert result.returncode == 0, result.stderr
    check_members(lines, "csv", {"ä": 1, "b": 0.85 * 0.25 / 1.25}, json.loads(result.stdout)["Y"])


def check_refusals(program, path):
    for text, where in (
        (b"s,a,0.5\na,b\xff,0.5\n", b"Line 2 is not UTF-8"),
        (b"s,a,0.5\0\n", b"Line 1 is not UTF-8"),
        (b"s,a,0.5\na;b;0.5\n", b"Line 2 is not from,to,weight"),
    ):
        path.write_bytes(text)
        result = run(program, "--csv", str(path), "--source", "s")
        assert result.returncode == 2 and not result.stdout and where in result.stderr, result
    for text in ("[]", "{", '{"source":"s"}', '{"source":"s","edges":[["s","a"]]}'):
        path.write_text(text, encoding="utf-8")
        result = run(program, str(path))
        assert result.returncode == 2 and not result.stdout and result.stderr, result
    for options in (["--method", "guess"], ["--residual", "0"], ["--walks", "-1"], []):
        result = run(program, *options, *([str(path)] if options else []))
        assert result.returncode == 2 and not result.stdout and result.stderr, result


def main():
    program = sys.argv[1]
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {n} cases")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "case"
        check_methods(program, path)
        check_csv(program, path)
        check_refusals(program, path)
        check_random(program, path, n, seed)


if __name__ == "__main__":
    main()
