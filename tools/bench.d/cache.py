"""The cache inspector on a cache as large as a large directory's: no servers, and each command a process of its own, as an administrator runs it."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from servers import BenchError, note

# A command is measured this often. The first one finds the cache in the page cache already: it was just written.
COMMANDS, SCANS = 20, 5


class CacheCase:
    """Makes a cache and looks into it."""

    def __init__(self, bench, binaries):
        self.bench, self.binaries = bench, binaries
        self.configuration = None

    def syncline(self, *words, expected=None):
        """Seconds that one command takes, which must print something that `expected` is in."""
        command = [self.binaries / "syncline", "cache", *words, "--config", self.configuration]
        begin = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        took = time.monotonic() - begin
        if done.returncode != 0 or (expected or "") not in done.stdout + done.stderr:
            raise BenchError("%s: %d %s" % (" ".join(map(str, command)), done.returncode, (done.stdout + done.stderr)[-500:]))
        return took

    def commands(self, name, entries, *words, expected):
        figure = self.bench.figure(name, entries, "ms", 50, higher_is_better=False)
        figure.product += [self.syncline(*words, expected=expected) * 1e3 for _ in range(COMMANDS)]
        note("  %s: %.1f ms" % (name, statistics.median(figure.product)))

    def scans(self, name, entries, *words, expected):
        """A search that looks at every entry of both sides."""
        figure = self.bench.figure(name, entries, "entries/s", 500000)
        figure.product += [entries / self.syncline(*words, expected=expected) for _ in range(SCANS)]
        note("  %s: %.0f entries/s" % (name, statistics.median(figure.product)))

    def run(self, entries):
        people = entries // 2
        # On a file system in memory: it is the commands that are measured, not the disk.
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="syncline-bench-cache-", dir=place) as folder:
            made = subprocess.run([self.binaries / "cache-bench", folder, str(people)], stdout=subprocess.PIPE, text=True, check=False)
            if made.returncode != 0:
                raise BenchError("cache-bench ended with status %d" % made.returncode)
            costs = json.loads(made.stdout)
            self.configuration = Path(folder) / "syncline.yaml"
            note("  %d entries, %d MB" % (entries, (Path(folder) / "cache/data.mdb").stat().st_blocks * 512 >> 20))
            number = people // 2
            account = "the sAMAccountName of person %d" % number
            self.commands("cache get", entries, "get", account, expected=account)
            self.commands("cache search by name", entries, "search", "(uid=%s)" % account, expected="1 entry")
            self.scans("cache search by another attribute", entries, "search", "(l=the l of person %d)" % number, expected="2 entries")
            self.scans("cache search by a part of a value", entries, "search", "(mail=*person %d)" % number, expected="2 entries")
            self.scans("cache search with and, or, not", entries, "search",
                       "(&(|(l=the l of person %d)(postalCode=1*))(!(title=x)))" % number, expected="2 entries")
        bare, whole = statistics.median(costs["bareChange"]), statistics.median(costs["change"])
        figure = self.bench.figure("history and stamps, of a change's time in the cache", entries, "%", None, higher_is_better=False)
        figure.product.append((whole - bare) / whole * 100)
        figure.details.append(costs)
        note("  a change costs %.1f µs of the processor in the cache, its history and stamps %.1f µs of them" % (whole, whole - bare))
