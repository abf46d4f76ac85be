"""The figures of the budget. A case measures its floor and the product in turns, each on fresh copies of the same servers."""

import statistics
import time

from servers import BenchError, Lab, Product, busy_share, note

PERSON = {"ad": "(objectClass=user)", "ldap": "(objectClass=inetOrgPerson)"}
OTHER = {"ad": "ldap", "ldap": "ad"}
QUIET = 1.5


class Figure:
    """One line of the report."""

    def __init__(self, name, size, unit, target, higher_is_better=True):
        self.name, self.size, self.unit, self.target = name, size, unit, target
        self.higher_is_better = higher_is_better
        self.floor, self.product, self.details = [], [], []

    def ratio(self):
        """Product to floor, medians; None without a floor."""
        if not self.floor or not self.product:
            return None
        return statistics.median(self.product) / statistics.median(self.floor)

    def is_met(self):
        """Whether the target is reached; None where there is none or nothing was measured."""
        measured = self.ratio() if self.floor else statistics.median(self.product) if self.product else None
        if measured is None or self.target is None:
            return None
        return measured >= self.target if self.higher_is_better else measured <= self.target


class Bench:
    """Runs the cases."""

    def __init__(self, options, binary, floor):
        self.options, self.binary, self.floor = options, binary, floor
        self.figures = {}
        self.labs = 0
        self.prefixes = 0
        self.loads = []

    def figure(self, name, size, unit, target, higher_is_better=True):
        key = (name, size)
        if key not in self.figures:
            self.figures[key] = Figure(name, size, unit, target, higher_is_better)
        return self.figures[key]

    def lab(self, seed, seed_ldap):
        self.labs += 1
        lab = Lab(self.options, self.labs, seed, seed_ldap)
        busy = busy_share()
        self.loads.append(busy)
        if busy > 0.2:
            note("  the machine is loaded: %d %% of its processors are busy with something else" % (busy * 100))
        return lab

    def prefix(self):
        self.prefixes += 1
        return "B%d" % self.prefixes

    def in_turns(self, run, floor, product):
        """The floor first, or the product first."""
        for measure in (floor, product) if run % 2 == 0 else (product, floor):
            measure()

    def wants(self, name):
        return not self.options.only or name in self.options.only

    # -- First loads, whole and interrupted

    def seeds(self, source, size):
        return (size, 0) if source == "ad" else (0, size)

    def await_load(self, lab, source, size, daemon, started=None):
        """Seconds from the daemon's start, or from an earlier one's, until everyone is at the other side."""
        eye = self.floor.start(lab, "await", OTHER[source], PERSON[OTHER[source]], size, QUIET, 60 + size * 0.1)
        seen = self.floor.finish(eye, daemon)
        if not seen["complete"]:
            raise BenchError("only %d of %d entries have come" % (seen["count"], size))
        return seen["last"] - (started or daemon.started)

    def empty_side_lab(self, source, size):
        lab = self.lab(*self.seeds(source, size))
        try:
            self.floor.run(lab, "units", source)
        except BaseException:
            lab.close()
            raise
        return lab

    def first_load(self, run, source, size):
        figure = self.figure("first-load-" + source, size, "entries/s", 0.9)

        def floor():
            with self.empty_side_lab(source, size) as lab:
                begin = time.time()
                self.floor.run(lab, "copy", source)
                figure.floor.append(size / (time.time() - begin))
                note("  floor %.0f entries/s" % figure.floor[-1])

        def product():
            with self.empty_side_lab(source, size) as lab, Product(self.binary, lab) as daemon:
                took = self.await_load(lab, source, size, daemon)
                figure.product.append(size / took)
                status = daemon.status() or {}
                figure.details.append({"quarantined": status.get("quarantined"), "backlog": status.get("backlog")})
                note("  product %.0f entries/s, %s" % (figure.product[-1], figure.details[-1]))

        self.in_turns(run, floor, product)

    def kill(self, size, source="ad"):
        """Seconds that a load takes that is killed in its middle, beside one that is not."""
        figure = self.figure("kill", size, "s", None, higher_is_better=False)
        with self.empty_side_lab(source, size) as lab, Product(self.binary, lab) as daemon:
            whole = self.await_load(lab, source, size, daemon)
        figure.floor.append(whole)
        with self.empty_side_lab(source, size) as lab:
            with Product(self.binary, lab) as daemon:
                time.sleep(whole / 2)
                there = self.floor.run(lab, "count", OTHER[source], PERSON[OTHER[source]])["count"]
                daemon.stop(hard=True)
                begin = daemon.started
            with Product(self.binary, lab) as daemon:
                figure.product.append(self.await_load(lab, source, size, daemon, begin))
                figure.details.append({"thereWhenKilled": there, "quietAfter": daemon.await_quiet(size)})
        note("  uninterrupted %.2f s, killed with %d there %.2f s" % (whole, there, figure.product[-1]))

    # -- On two full sides

    def equal(self, run, lab, size):
        figure = self.figure("equal", size, "pairs/s", 0.8)

        def floor():
            begin = time.time()
            self.floor.run(lab, "read", "both")
            figure.floor.append(size / (time.time() - begin))
            note("  equal: floor %.0f pairs/s" % figure.floor[-1])

        def product():
            with Product(self.binary, lab) as daemon:
                figure.product.append(size / daemon.await_quiet(size))
                note("  equal: product %.0f pairs/s" % figure.product[-1])

        self.in_turns(run, floor, product)

    def restart(self, lab, size):
        figure = self.figure("restart", size, "s", 1.0, higher_is_better=False)
        with Product(self.binary, lab) as daemon:
            figure.product.append(daemon.await_status(lambda status: status["state"] == "live", interval=0.005))
        note("  restart: live after %.3f s" % figure.product[-1])

    def burst(self, run, lab, size, way):
        """`way`: the side that the changes arrive at, or both."""
        changes = min(self.options.changes, size // 2)
        figure = self.figure("burst-" + ("both" if way == "both" else "to-" + way), size, "changes/s", 0.8)
        each = changes * 2 if way == "both" else changes

        def floor():
            done = self.floor.run(lab, "modify", "both", self.prefix(), 0, each)
            figure.floor.append(each / done["seconds"])
            note("  burst %s: floor %.0f changes/s" % (way, figure.floor[-1]))

        def product():
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
                time.sleep(0.5)
                prefix = self.prefix()
                sides = ["ad", "ldap"] if way == "both" else [way]
                eyes = [
                    self.floor.start(lab, "await", side, "(title=%s-*)" % prefix, each, QUIET, 300, AWAIT_MILLISECONDS="2")
                    for side in sides
                ]
                try:
                    time.sleep(0.2)
                    writers = "split" if way == "both" else OTHER[way]
                    made = self.floor.run(lab, "modify", writers, prefix, 0, changes)
                    seen = [self.floor.finish(eye, daemon) for eye in eyes]
                finally:
                    for eye in eyes:
                        if eye.poll() is None:
                            eye.kill()
                            eye.wait()
                if not all(eye["complete"] for eye in seen):
                    raise BenchError("only %s of %d changes have come" % ([eye["count"] for eye in seen], each))
                figure.product.append(each / (max(eye["last"] for eye in seen) - made["begin"]))
                figure.details.append({"sourceSeconds": made["seconds"]})
                note("  burst %s: product %.0f changes/s" % (way, figure.product[-1]))

        self.in_turns(run, floor, product)

    def single(self, run, lab, size, to):
        figure = self.figure("single-to-" + to, size, "ms", 1.5, higher_is_better=False)
        p99 = self.figure("single-to-%s, p99" % to, size, "ms", 1000, higher_is_better=False)

        def measure(mode):
            seen = self.floor.run(lab, "single", OTHER[to], self.options.singles, mode)
            if seen["lost"]:
                raise BenchError("%d changes did not come within 30 s" % seen["lost"])
            times = sorted(seen["milliseconds"])
            found = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in
                     (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
            note("  single to %s: %s p50 %.2f, p95 %.2f, p99 %.2f ms" % (to, mode, *found.values()))
            figure.details.append(dict(found, mode=mode))
            return found

        def floor():
            figure.floor.append(measure("bare")["p50"])

        def product():
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
                time.sleep(0.5)
                found = measure("watch")
                figure.product.append(found["p50"])
                p99.product.append(found["p99"])

        self.in_turns(run, floor, product)

    def full_sides(self, run, size):
        steps = ["equal", "restart", "burst-to-ldap", "burst-to-ad", "burst-both", "single-to-ldap", "single-to-ad"]
        if not any(self.wants(step) for step in steps):
            return
        note("run %d: two full sides, %d people" % (run + 1, size))
        with self.lab(size, size) as lab:
            if self.wants("equal"):
                self.attempt("equal", self.equal, run, lab, size)
            # From here on there is a cache.
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
            if self.wants("restart"):
                self.attempt("restart", self.restart, lab, size)
            for way in ("ldap", "ad"):
                if self.wants("single-to-" + way):
                    self.attempt("single-to-" + way, self.single, run, lab, size, way)
            for way in ("to-ldap", "to-ad", "both"):
                if self.wants("burst-" + way):
                    self.attempt("burst-" + way, self.burst, run, lab, size, way.removeprefix("to-"))

    def memory(self, size):
        figure = self.figure("memory", size, "MB", 150, higher_is_better=False)
        with self.lab(size, size) as lab, Product(self.binary, lab) as daemon:
            daemon.await_quiet(size)
            time.sleep(1)
            found = daemon.memory()
            figure.product.append(found["anonymous"] / 1e6)
            figure.details.append(found)
        note("  memory: %.1f MB besides the page cache, %.1f MB resident" % (figure.product[-1], found["resident"] / 1e6))

    # -- All

    def attempt(self, name, measure, *arguments):
        """A case that fails is reported, and the others go on."""
        try:
            measure(*arguments)
        except BenchError as error:
            note("  %s could not be measured: %s" % (name, error))
            size = arguments[-1] if isinstance(arguments[-1], int) else arguments[-2]
            self.figure(name, size, "", None).details.append({"failed": str(error)})

    def run(self):
        for source, sizes in (("ad", self.options.sizes), ("ldap", self.options.slow_sizes)):
            name = "first-load-" + source
            for size in sizes if self.wants(name) else []:
                for run in range(self.options.runs):
                    note("run %d: %s, %d people" % (run + 1, name, size))
                    self.attempt(name, self.first_load, run, source, size)
        for size in self.options.sizes:
            for run in range(self.options.runs):
                self.attempt("equal", self.full_sides, run, size)
            if self.wants("kill"):
                note("kill: a load of %d people" % size)
                self.attempt("kill", self.kill, size)
        if self.wants("memory"):
            for size in self.options.memory_sizes:
                note("memory: %d people" % size)
                self.attempt("memory", self.memory, size)
