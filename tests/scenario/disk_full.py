#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""A disk that is full, and one that fails, under mixed load (load.py).

The disk is full thrice: the file may not grow (RLIMIT_FSIZE), the file system has room for no more
bytes and no more names (a tmpfs, where one may be mounted), and a preloaded library fails writes and
fsyncs at random with ENOSPC and EIO, or cuts them short (tests/tools/failing-writes.c). Meanwhile
changes and backups get 503 and checks get answers. Once there is room, changes are taken again by the
same process. Every second time it was killed before that, and whoever is started while there is no
room answers checks too, or ends with status 1. Each round ends with a kill under load, and nothing
that was acknowledged is missing in what is started then. Where the root of the store could not be
written LMDB wants to be opened anew: then the node ends by itself, with status 1, so that the service
manager starts it. So does a node whose first start has no room, however far that got. The library
also ends a node of which a power cut could take back what it answered.
"""

import glob
import http.client
import itertools
import os
import resource
import shutil
import subprocess
import sys

from crash import is_whole
from harness import expect, parse_arguments, run, wait_until
from load import REFUSED, SETTINGS, Cast, pause

TIME_SCALE = 3600
ROUNDS = 6
LOAD_SECONDS = 0.6
FULL_SECONDS = 60
TMPFS_BYTES = 24 * 1024 * 1024  # at least
TMPFS_FILES = 500
RESERVE_PART = 64  # of a disk, in src/store/disk.c
FIRST_PAGES = (1, 2, 3)  # none for LMDB's two first pages, one, both; the lock file has one
MORE_PAGES = 12  # too few for all tables
BACKUP = "backup"
FAULTS = ("ENOSPC", "EIO", "SHORT")
WARNINGS = ("What was delivered cannot be written down", "Who is believed cannot be worked out",
            "The root of the database could not be written")


def store_bytes(node):
    return os.stat(os.path.join(node.data_dir, "store", "data.mdb")).st_size


class Disk:
    """How room is taken from a node, and given back."""

    data_dir = None
    environment = {}

    def take(self, node, randomness):
        raise NotImplementedError

    def start(self, node):
        """Has it start without room, and does not wait for it."""
        node.start(wait=False)

    def give(self, node):
        """Whether it runs or not."""
        raise NotImplementedError

    def close(self):
        pass


class Limited(Disk):
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    def limit(self, node):
        return (store_bytes(node) + 4096, resource.RLIM_INFINITY)

    def take(self, node, randomness):
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, self.limit(node))

    def start(self, node):
        """A process begins with the limits of who starts it."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self.limit(node))
        try:
            super().start(node)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, self.unlimited)

    def give(self, node):
        if node.process is not None:
            resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, self.unlimited)


class Small(Disk):
    """A file system that another file fills."""

    def __init__(self, lab, name="small", size=TMPFS_BYTES):
        self.place = os.path.join(lab.dir, name)
        self.data_dir = os.path.join(self.place, "data")
        os.mkdir(self.place)
        self.mount(f"size={size},nr_inodes={TMPFS_FILES},mode=0700")

    def mount(self, options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place], check=True,
                       capture_output=True)

    def grow(self, size=TMPFS_BYTES):
        self.mount(f"remount,size={size}")

    def leave(self, size):
        """Fills it until there is room for size bytes."""
        with open(os.path.join(self.place, "filler"), "wb", buffering=0) as filler:
            while shutil.disk_usage(self.place).free > size:
                filler.write(b"x" * 4096)

    def take(self, node, randomness):
        try:
            with open(os.path.join(self.place, "filler"), "wb", buffering=0) as filler:
                while True:
                    filler.write(b"x" * 4096)
        except OSError:
            pass
        try:
            for number in itertools.count():
                with open(os.path.join(self.place, f"filler-{number}"), "wb"):
                    pass
        except OSError:
            pass

    def give(self, node):
        for filler in glob.glob(os.path.join(self.place, "filler*")):
            os.unlink(filler)
        # However much the load was: for a copy, and for as much again.
        self.grow(max(TMPFS_BYTES, 3 * store_bytes(node)))

    def close(self):
        subprocess.run(["umount", "--lazy", self.place], check=True)


class Failing(Disk):
    """The preloaded library does what its plan says."""

    def __init__(self, lab, library):
        self.plan = os.path.join(lab.dir, "plan")
        options = os.environ.get("ASAN_OPTIONS", "")
        self.environment = {
            "LD_PRELOAD": os.path.abspath(library),
            "FAILING_WRITES": self.plan,
            "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
        }
        self.calls = ""

    def set(self, text):
        with open(self.plan + ".new", "w", encoding="ascii") as plan:
            plan.write(text)
        os.replace(self.plan + ".new", self.plan)

    def take(self, node, randomness):
        seed = randomness.randrange(1 << 32)
        self.set(f"{randomness.choice(FAULTS)} {randomness.choice((30, 70, 100))} {seed} {self.calls}")

    def give(self, node):
        os.unlink(self.plan)


def checks_are_answered(node):
    for _ in range(5):
        node.check(("ip", "198.51.100.7"))


def until_refused(cast):
    """Changes are asked for until there is a 503."""
    before = cast.ledger.counted["refused"]
    wait_until(lambda: cast.ledger.counted["refused"] > before, "a change gets 503", FULL_SECONDS)


def takes_again(node):
    subject = {"type": "ip", "value": "198.51.100.8"}
    return node.api("POST", "/v1/reports", {"category": "spam", "subjects": [subject]}).status == 201


def backs_up(node):
    """A backup is there or is not. What is wrong is the room, not the directory that was named."""
    place = os.path.join(node.data_dir, BACKUP)
    reply = node.api("POST", "/v1/backup", {"dir": place})
    expect(reply.status in (200, REFUSED), f"a backup: {reply}")
    there = os.path.exists(os.path.join(place, "store", "data.mdb"))
    expect(there == (reply.status == 200), f"after {reply} a copy is there: {there}")
    shutil.rmtree(place, ignore_errors=True)
    return there


def is_up_or_over(node):
    try:
        return node.api("GET", "/health/live").status == 200
    except (OSError, http.client.HTTPException):
        return node.process.poll() is not None


def killed_while_full(cast, disk):
    """And started, once without room; with room, if it ended for want of that."""
    node = cast.node
    node.kill()
    disk.start(node)
    wait_until(lambda: is_up_or_over(node), "the node answers, or ends, that starts without room")
    status = node.process.poll()
    if status is None:
        checks_are_answered(node)
    else:
        expect(status == 1, f"without room it ended with {status}")
        node.process = None
    disk.give(node)
    if node.process is None:
        node.start()
    return status


def killed_under_load(lab, cast):
    cut = cast.ledger.counted["cut"]
    load = cast.begin()
    try:
        pause(lab.random.random() * LOAD_SECONDS)
        expect(cast.ledger.counted["cut"] == cut, "every call is answered until the node is killed")
        cast.node.kill()
    finally:
        load.end()
    cast.node.start()


def one_round(lab, cast, disk, kill):
    """With @kill no process goes on from before there was no room to after it."""
    node, cut = cast.node, cast.ledger.counted["cut"]
    load = cast.begin()
    try:
        pause(lab.random.random() * LOAD_SECONDS)
        disk.take(node, lab.random)
        until_refused(cast)
        checks_are_answered(node)
        backs_up(node)
        pause(lab.random.random() * LOAD_SECONDS)
        checks_are_answered(node)
        expect(node.process.poll() is None, "the node goes on")
        expect(cast.ledger.counted["cut"] == cut, "every call is answered while there is no room")
        if kill:
            status = killed_while_full(cast, disk)
            lab.step(f"started without room: {'it goes on' if status is None else 'it ends'}")
        else:
            disk.give(node)
    finally:
        load.end()
    wait_until(lambda: takes_again(node), "changes are taken again")
    wait_until(lambda: node.api("GET", "/health/ready").status == 200, "the node is ready again")
    expect(backs_up(node), "a backup is made")
    killed_under_load(lab, cast)
    cast.ledger.examine(node)
    cast.ledger.examine_trust(node, cast.second.actor)
    is_whole(lab, node)


def rounds_on(lab, name, disk, second, kills):
    """A round for each of @kills, which says how."""
    node = lab.node(name, settings=SETTINGS, data_dir=disk.data_dir, environment=disk.environment)
    try:
        node.start()
        node.follow(second.actor)
        cast = Cast(lab, node, second)
        try:
            for kill in kills:
                one_round(lab, cast, disk, kill)
            lab.step(f"{name}: {cast.ledger.counted}")
            cast.ledger.examine_all(node)
            node.stop()
            node.start()
            cast.ledger.examine_all(node)
            is_whole(lab, node)
            node.stop()
        finally:
            cast.close()
    finally:
        node.put_away()
        disk.close()


def first_start(lab, pages):
    """There is not even room for an empty store; then there is, and nobody had to do anything."""
    name = f"first-{pages}"
    disk = Small(lab, name, pages * os.sysconf("SC_PAGE_SIZE"))
    node = lab.node(name, data_dir=disk.data_dir)
    try:
        node.start(wait=False)
        wait_until(lambda: node.process.poll() is not None, f"the node ends that has {pages} pages")
        expect(node.process.returncode == 1, f"with {pages} pages it ended with {node.process.returncode}")
        node.process = None
        disk.grow()
        node.start()
        expect(takes_again(node), "changes are taken")
        node.stop()
    finally:
        node.put_away()
        disk.close()


def reserve_is_kept(lab):
    """Before the disk is full nothing is added any more, and what takes back has its room."""
    disk = Small(lab, "reserve")
    node = lab.node("reserve", settings=SETTINGS, data_dir=disk.data_dir)
    try:
        node.start()
        report = node.report(("ip", "198.51.100.9"))[0]
        disk.leave(TMPFS_BYTES // RESERVE_PART // 2)
        wait_until(lambda: node.ask("GET", "/v1/status")["store"]["fill_percent"] >= 90,
                   "the store is full before its disk is")
        expect(not takes_again(node), "a report is refused")
        warnings = node.ask("GET", "/v1/status")["warnings"]
        expect(any("make room on its disk" in text for text in warnings), f"it says why: {warnings}")
        node.withdraw(report)
        disk.give(node)
        wait_until(lambda: takes_again(node), "reports are taken again")
        node.stop()
    finally:
        node.put_away()
        disk.close()


def root_fails(lab, disk, second):
    """What LMDB cannot go on after: the node ends, and the next one has everything."""
    node = lab.node("root", settings=SETTINGS, environment=disk.environment).start()
    node.follow(second.actor)
    cast = Cast(lab, node, second)
    cast.checks_are_sure = False  # in the moment between the failure and the end
    try:
        for fault in FAULTS:
            load = cast.begin()
            pause(lab.random.random() * LOAD_SECONDS)
            disk.set(f"{fault} 100 1 root")
            wait_until(lambda: node.process.poll() is not None, f"the node ends after {fault}", FULL_SECONDS)
            load.end()
            expect(node.process.returncode == 1, f"ended with {node.process.returncode}")
            node.process = None
            disk.give(node)
            node.start()
            expect(takes_again(node), "changes are taken again")
            cast.ledger.examine_all(node)
            is_whole(lab, node)
        node.stop()
    finally:
        cast.close()


def test_with(lab, options):
    lab.warnings += WARNINGS
    second = lab.node("second", settings=SETTINGS).start()
    turns = itertools.cycle((False, True))  # with one round a disk, too, each has its turn
    lab.step("the file may not grow")
    rounds_on(lab, "limited", Limited(), second, itertools.islice(turns, options.rounds))
    try:
        small = Small(lab)
    except (subprocess.CalledProcessError, OSError):
        lab.skip("no tmpfs may be mounted here")
    else:
        lab.step("the file system is full")
        rounds_on(lab, "small", small, second, itertools.islice(turns, options.rounds))
        lab.step("the file system is almost full")
        reserve_is_kept(lab)
        lab.step("the file system is full from the first start on")
        for pages in (*FIRST_PAGES, lab.random.randrange(max(FIRST_PAGES) + 1, MORE_PAGES)):
            first_start(lab, pages)
    lab.step("writes and syncs fail at random")
    failing = Failing(lab, options.library)
    for failing.calls in ("write", "sync", "write sync"):
        name = "failing-" + failing.calls.replace(" ", "-")
        rounds_on(lab, name, failing, second, itertools.islice(turns, options.rounds))
    lab.step("the root cannot be written")
    root_fails(lab, failing, second)
    second.stop()


if __name__ == "__main__":
    chosen = parse_arguments(__doc__, TIME_SCALE, [
        ("--library", {"required": True, "help": "failing-writes, built"}),
        ("--rounds", {"type": int, "default": ROUNDS}),
    ])
    sys.exit(run("disk-full", chosen, lambda lab: test_with(lab, chosen)))
