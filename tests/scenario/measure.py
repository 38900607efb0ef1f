# SPDX-FileCopyrightText: 2026 The Tocsin contributors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a node holds while it works, and whether that grows.

    sampler = Sampler([a, b])
    …                        # warm-up
    sampler.begin()
    …                        # load
    sampler.end()
    tables, flat = sampler.judge()

Once a second: memory, descriptors and threads of the process, and the gauges of /metrics. What was
sampled after the warm-up is cut into four parts of one length. A quantity is flat if its middle in
the last part differs from that in the first by at most 5 %, or by at most its slack, which small
numbers need. The middle is the median; of the queue, which fills and empties by design, the mean.
"""

import os
import re
import statistics
import threading

INTERVAL_SECONDS = 1
TOLERANCE = 0.05
PARTS = 4
SAMPLES_MIN = 40
GAUGE = re.compile(r"^tocsin_([a-z_]+?)(?:\{[a-z]+=\"([a-z_]+)\"\})? ([0-9]+)$", re.MULTILINE)


class Quantity:
    """@part: a whole that @key is a part of, by which its slack is measured too: pages come and go."""

    def __init__(self, name, key, slack=0, middle=statistics.median, part=None):
        self.name, self.key, self.slack, self.middle, self.part = name, key, slack, middle, part


QUANTITIES = (
    Quantity("heap and stacks, KiB", "anonymous"),
    Quantity("resident memory, KiB", "resident"),
    Quantity("descriptors", "descriptors", 3),
    Quantity("threads", "threads", 1),
    Quantity("queue of deliveries", "queue_size", 3, statistics.fmean),
    Quantity("store, pages in use", "store_pages used"),
    Quantity("store, free pages", "store_pages free", part="store_pages used"),
    Quantity("store, pages of its file", "store_pages all"),
    Quantity("reports, of every state", "reports"),
    Quantity("rows of evidence", "evidence", 5),
    Quantity("subjects", "subjects", 5),
    Quantity("actors", "actors", 2),
    Quantity("peers", "peers any", 1),
    Quantity("statements of trust", "trust_statements", 2),
    Quantity("allow list", "allow_entries", 3),
    Quantity("open lines of review", "review_open", 2),
    Quantity("changes that wait", "writer_pending", 3),
    Quantity("connections", "http_connections", 3),
    Quantity("bodies being received, bytes", "http_buffered_bytes", 65536),
    Quantity("documents of actors", "memory_entries known_actors", 2),
    Quantity("hosts fetched from", "memory_entries fetch_hosts", 2),
    Quantity("rates of signers", "memory_entries signers", 2),
    Quantity("long polls", "memory_entries long_polls", 3),
    Quantity("deliveries in flight", "memory_entries deliveries", 3),
)


def process_sample(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status)
    return {
        "anonymous": int(fields["RssAnon"].split()[0]),
        "resident": int(fields["VmRSS"].split()[0]),
        "threads": int(fields["Threads"]),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
    }


def gauges(node):
    text = node.ask_text("/metrics")
    return {f"{name} {label}".strip(): int(value) for name, label, value in GAUGE.findall(text)}


def sample(node):
    found = {**process_sample(node.process.pid), **gauges(node)}
    found["store_pages all"] = found["store_pages used"] + found["store_pages free"]
    return found


class Sampler:
    def __init__(self, nodes):
        self.nodes = nodes
        self.samples = {node: [] for node in nodes}
        self.over = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def begin(self):
        self.thread.start()

    def end(self):
        self.over.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure

    def run(self):
        try:
            while not self.over.wait(INTERVAL_SECONDS):
                for node in self.nodes:
                    self.samples[node].append(sample(node))
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def write(self, path):
        with open(path, "w", encoding="ascii") as out:
            print("node", *(quantity.key.replace(" ", ".") for quantity in QUANTITIES), sep="\t", file=out)
            for node in self.nodes:
                for found in self.samples[node]:
                    print(node.name, *(found[quantity.key] for quantity in QUANTITIES), sep="\t", file=out)

    def judge(self):
        """Gives the lines of a table, and what is not flat."""
        lines = [f"{'node, quantity':<34} {'least':>9} {'most':>9} {'first':>10} {'last':>10}  change"]
        bad = []
        for node in self.nodes:
            samples = self.samples[node]
            if len(samples) < SAMPLES_MIN:
                return lines, [f"{node.name} was sampled {len(samples)} times alone"]
            for quantity in QUANTITIES:
                line, flat = judge_one(quantity, samples)
                lines.append(f"{node.name}  {line}{'' if flat else '  NOT FLAT'}")
                bad += [] if flat else [f"{node.name}: {quantity.name}"]
        return lines, bad


def judge_one(quantity, samples):
    size = len(samples) // PARTS
    values = [found[quantity.key] for found in samples]
    first, last = quantity.middle(values[:size]), quantity.middle(values[-size:])
    slack = quantity.slack
    if quantity.part is not None:
        slack += TOLERANCE * quantity.middle([found[quantity.part] for found in samples[:size]])
    flat = abs(last - first) <= max(TOLERANCE * first, slack)
    change = f"{100 * (last - first) / first:+.1f} %" if first else f"{last - first:+.1f}"
    return (f"{quantity.name:<31} {min(values):>9} {max(values):>9} {first:>10.1f} {last:>10.1f}"
            f"  {change}"), flat
