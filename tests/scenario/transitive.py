#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Trust that passes on: A trusts B, B trusts C and, for itself alone, D.

A hears through B what C reports, believes it as far as B's trust reaches, and says so in words; of D
it believes nothing. It knows all that with its first answer after it was killed, and forgets it when
B no longer trusts C.
"""

import os
import subprocess
import sys
import urllib.parse

from harness import befriend, expect, parse_arguments, run, wait_until

TIME_SCALE = 600
FROM_C = ("ip", "203.0.113.7")
FROM_D = ("ip", "203.0.113.8")


def standing(node, actor):
    return node.ask("GET", "/v1/trust/" + urllib.parse.quote(actor, safe=""), status=(200, 404))


def set_trust(node, actor, weight, **more):
    path = f"/v1/peers/{urllib.parse.quote(actor, safe='')}/trust"
    node.ask("PUT", path, {"area": "any", "weight": weight, **more})


def verdict_becomes(node, subject, verdict):
    wait_until(lambda: node.check(subject)["verdict"] == verdict, f"{node.name} says {verdict}")


def check_words(lab, a, b, c):
    tocsin = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    told = subprocess.run(
        [tocsin, "--socket", a.socket, "trust", "show", c.actor],
        check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"},
    ).stdout
    host = urllib.parse.urlsplit(b.actor).netloc
    expect(host in told and "80" in told, f"through {host}, trusted 80: {told}")


def check_belief(a, b, c):
    """0.8 × 0.85 × 0.9 / (1 + 0.9): the walk from B to C, B's trust in D being nobody's business."""
    answer = a.check(FROM_C, explain=True)
    evidence = answer["subjects"][0]["evidence"]
    expect([(e["reporter"], e["via"]) for e in evidence] == [(c.actor, b.actor)], f"C by way of B: {evidence}")
    expect(abs(answer["subjects"][0]["s_or"] - 0.8 * 0.85 * 0.9 / 1.9) < 1e-3, f"as much as B passes on: {answer}")
    expect(answer["subjects"][0]["s_loo"] == 0, "one voice is one voice")
    expect(answer["without"] == {c.actor: "allow"}, f"without C nothing is left: {answer['without']}")


def test(lab):
    a, b, c, d = (lab.node(name).start() for name in "abcd")
    befriend(b, c, 90)
    befriend(b, d, 90)
    set_trust(b, d.actor, 90, private=True)
    befriend(a, b, 80)

    lab.step("C and D report")
    c.report(FROM_C)
    d.report(FROM_D)
    verdict_becomes(b, FROM_D, "review")
    verdict_becomes(a, FROM_C, "note")
    check_belief(a, b, c)
    expect(standing(a, c.actor)["counts"] is True, "C counts at A")
    check_words(lab, a, b, c)

    lab.step("A is killed; its first answer")
    a.kill()
    a.start()
    check_belief(a, b, c)
    expect(a.check(FROM_D)["known"] is False, "D's word does not reach A")
    expect(not (standing(a, d.actor) or {}).get("counts", False), "nor does B's trust in it")

    lab.step("B no longer trusts C, and then again")
    set_trust(b, c.actor, 0)
    verdict_becomes(a, FROM_C, "allow")
    expect(standing(a, c.actor)["counts"] is False, "C no longer counts at A")
    set_trust(b, c.actor, 90)
    verdict_becomes(a, FROM_C, "note")
    check_belief(a, b, c)


if __name__ == "__main__":
    sys.exit(run("transitive", parse_arguments(__doc__.splitlines()[0], TIME_SCALE), test))
