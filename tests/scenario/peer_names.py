#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an operator names a node, and finds others.

Every form of an address leads `tocsin peer follow` to the same actor; what leads nowhere is one
sentence. `tocsin peer suggest` names whom peers trust, as long as they are not followed.
"""

import json
import os
import subprocess
import sys

from harness import befriend, expect, free_port, parse_arguments, run, wait_until

TIME_SCALE = 60


def tocsin(lab, node, *arguments, code=0):
    program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
    environment = dict(os.environ, GIO_USE_PROXY_RESOLVER="dummy", LC_ALL="C.UTF-8", TOCSIN_SOCKET=node.socket)
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=environment, check=False,
                          timeout=120, stdin=subprocess.DEVNULL)
    expect(done.returncode == code, f"tocsin {' '.join(arguments)}: {done}")
    return done


def check_addresses(lab, reader, named):
    host = f"127.0.0.1:{named.port}"
    for form in (named.actor, named.base, f"acct:tocsin@{host}", f"@tocsin@{host}", f"tocsin@{host}", host):
        said = tocsin(lab, reader, "peer", "follow", form).stdout
        expect(f"Asked to follow {named.actor}," in said and "SHA256:" in said, f"{form}: {said}")
        peer = reader.peer(named.actor)
        expect(peer["following"] == "pending" and peer["trust"] == 50, f"{form}: {peer}")
        # Everything but the URL of the server names a peer later, too.
        later = named.actor if form == named.base else form
        expect(named.actor in tocsin(lab, reader, "peer", "unfollow", later).stdout, f"unfollow {later}")
        expect(reader.peer(named.actor)["following"] == "none", f"{form}: no longer followed")


def check_refusals(lab, reader, named):
    host = f"127.0.0.1:{named.port}"
    nobody = f"127.0.0.1:{free_port()}"
    for form, code in ((f"@nobody@{host}", (1, 3)), (f"{named.base}/nothing", (1, 3)), (nobody, (1, 5)),
                       (f"https://{nobody}/actor", (1, 5)), (reader.actor, (1, 4)), ("no address", (2,)), ("@", (2,))):
        program = os.path.join(os.path.dirname(lab.tocsind), "tocsin")
        done = subprocess.run([program, "--socket", reader.socket, "peer", "follow", form], capture_output=True,
                              text=True, check=False, timeout=120, env=dict(os.environ, LC_ALL="C.UTF-8"))
        expect(done.returncode in code and done.stdout == "", f"{form}: {done}")
        expect(done.stderr.count("\n") == 1 and len(done.stderr) > 20, f"{form}: one sentence: {done}")
        lab.step(f"{form}: {done.stderr.strip()}")


def suggested(lab, reader):
    return json.loads(tocsin(lab, reader, "peer", "suggest", "--json").stdout)["suggestions"]


def check_suggestions(lab, reader, friend, stranger):
    said = tocsin(lab, reader, "peer", "suggest")
    expect((said.stdout, said.stderr) == ("", "Nobody to suggest\n"), f"nobody is trusted yet: {said}")
    befriend(reader, friend)
    befriend(friend, stranger, trust=80)
    wait_until(lambda: suggested(lab, reader), "the friend's trust is known here")
    one = suggested(lab, reader)
    expect([s["actor"] for s in one] == [stranger.actor], f"whom the friend trusts: {one}")
    expect(one[0]["trusted_by"] == [friend.actor] and one[0]["rank"] > 0, f"and who says so: {one}")
    shown = tocsin(lab, reader, "peer", "suggest").stdout
    expect(stranger.actor in shown and friend.actor in shown, f"a person sees it, too: {shown}")
    tocsin(lab, reader, "peer", "follow", stranger.actor)
    expect(suggested(lab, reader) == [], "who is asked is no longer suggested")
    tocsin(lab, reader, "peer", "unfollow", stranger.actor)
    expect([s["actor"] for s in suggested(lab, reader)] == [stranger.actor], "and again when not followed")
    tocsin(lab, reader, "peer", "block", stranger.actor)
    expect(suggested(lab, reader) == [], "who is blocked is not suggested")


def test(lab):
    reader, friend, stranger = (lab.node(name).start() for name in ("reader", "friend", "stranger"))
    lab.step("forms of an address")
    check_addresses(lab, reader, friend)
    check_refusals(lab, reader, friend)
    lab.step("suggestions")
    check_suggestions(lab, reader, friend, stranger)
    for node in (reader, friend, stranger):
        node.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE)
    sys.exit(run("peer-names", chosen, test))
