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

    def lab(self, seed, seed_ldap, more=(), has_groups=False):
        self.labs += 1
        lab = Lab(self.options, self.labs, seed, seed_ldap, more, has_groups)
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
                    self.floor.start(lab, "await", side, "(title=%s-*)" % prefix, each, QUIET, 300)
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

    def conflicts(self, run, lab, size):
        """The same people's titles set to other values on both sides while nothing is carried; from then on until each is decided and written. The
        servers are not asked meanwhile, which would take their time; that both sides agree then is seen afterwards."""
        changes = min(self.options.changes, size)
        figure = self.figure("conflicts", changes, "conflicts/s", 0.5)

        def floor():
            done = self.floor.run(lab, "modify", "both", self.prefix(), 0, changes)
            figure.floor.append(changes / done["seconds"])
            note("  conflicts: floor %.0f changes/s" % figure.floor[-1])

        def product():
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
                time.sleep(0.5)
                before = daemon.status()["conflicts"]
                daemon.steer("pause")
                prefixes = {"ad": self.prefix(), "ldap": self.prefix()}
                writers = [
                    self.floor.start(lab, "modify", side, prefix, 0, changes, AS_ADMIN="1") for side, prefix in prefixes.items()
                ]
                for writer in writers:
                    self.floor.finish(writer)
                # Both sides' changes are known: one pair each.
                daemon.await_status(lambda status: status["backlog"] >= changes, interval=0.05, what="all changes")
                time.sleep(0.5)
                daemon.steer("resume")
                begin = time.time()
                daemon.await_status(
                    lambda status: status["backlog"] == 0 and status["conflicts"] >= before + changes, interval=0.01, limit=120,
                    what="all conflicts decided",
                )
                took = time.time() - begin
                reported = daemon.status()["conflicts"] - before
                counts = {
                    (side, prefix): self.floor.run(lab, "count", side, "(title=%s-*)" % prefix)["count"]
                    for side in prefixes for prefix in prefixes.values()
                }
                agree = all(counts["ad", prefix] == counts["ldap", prefix] for prefix in prefixes.values())
                if not agree or sum(counts["ad", prefix] for prefix in prefixes.values()) != changes:
                    raise BenchError("the sides do not agree: %s" % counts)
                figure.product.append(changes / took)
                figure.details.append({"reported": reported, "counts": sorted(counts.values())})
                note("  conflicts: product %.0f conflicts/s, %d reported" % (figure.product[-1], reported))

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
        steps = ["equal", "restart", "burst-to-ldap", "burst-to-ad", "burst-both", "conflicts", "single-to-ldap", "single-to-ad"]
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
            if self.wants("conflicts"):
                self.attempt("conflicts", self.conflicts, run, lab, size)

    # -- Groups and containers

    def groups_load(self, run, source, size):
        """Groups of one side to the other; the people are on both."""
        groups, each = self.options.groups, self.options.group_members
        figure = self.figure("groups-load-" + source, groups * each, "memberships/s", 0.9)
        more = ["--groups" if source == "ad" else "--groups-ldap", groups, "--group-members", each]

        def floor():
            with self.lab(size, size, more) as lab:
                done = self.floor.run(lab, "copy-groups", source)
                figure.floor.append(done["memberships"] / done["seconds"])
                note("  floor %.0f memberships/s" % figure.floor[-1])

        def product():
            with self.lab(size, size, more, has_groups=True) as lab, Product(self.binary, lab) as daemon:
                eye = self.floor.start(lab, "await", OTHER[source], "members", groups * each, QUIET, 900)
                seen = self.floor.finish(eye, daemon)
                if not seen["complete"]:
                    raise BenchError("only %d of %d memberships have come" % (seen["count"], groups * each))
                figure.product.append(groups * each / (seen["last"] - daemon.started))
                status = daemon.status() or {}
                figure.details.append({name: status.get(name) for name in ("quarantined", "backlog", "refusedMembers")})
                figure.details[-1]["processorSeconds"] = round(daemon.processor_seconds(), 2)
                note("  product %.0f memberships/s, %s" % (figure.product[-1], figure.details[-1]))

        self.in_turns(run, floor, product)

    def member(self, run, lab, group, to, spare):
        """Somebody joins and leaves a group of this many; the people from `spare` on are in none."""
        name = "member-to-%s, of %d" % (to, group)
        figure = self.figure(name, group, "ms", 1.5, higher_is_better=False)
        own = self.figure(name + ", beyond the floor", group, "ms", None, higher_is_better=False)
        servers = self.figure(name + ", the target's own write", group, "ms", None, higher_is_better=False)
        work = self.figure(name + ", processor time of the daemon", group, "ms", None, higher_is_better=False)

        def measure(mode):
            seen = self.floor.run(lab, "member", OTHER[to], "Bench%d" % group, spare, self.options.singles, mode)
            if seen["lost"]:
                raise BenchError("%d changes did not come within 30 s" % seen["lost"])
            p50 = statistics.median(seen["milliseconds"])
            figure.details.append({name: seen[name] for name in ("sourceMilliseconds", "targetMilliseconds")} | {"mode": mode, "p50": p50})
            note("  %s: %s p50 %.2f ms; the target's write %.2f ms" % (name, mode, p50, seen["targetMilliseconds"]))
            return p50, seen["targetMilliseconds"]

        def floor():
            p50, target = measure("bare")
            figure.floor.append(p50)
            servers.product.append(target)

        def product():
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(group)
                time.sleep(0.5)
                before = daemon.processor_seconds()
                figure.product.append(measure("watch")[0])
                # Each is a coming and a going.
                work.product.append(1000 * (daemon.processor_seconds() - before) / self.options.singles)

        self.in_turns(run, floor, product)
        own.product.append(figure.product[-1] - figure.floor[-1])

    def large_groups(self, run):
        sizes = self.options.group_sizes
        # Besides the largest group's members there is somebody who can join it.
        people = max(sizes) + self.options.singles
        note("run %d: groups of %s" % (run + 1, ", ".join(map(str, sizes))))
        with self.lab(people, people, has_groups=True) as lab:
            for size in sizes:
                self.floor.run(lab, "team", "Bench%d" % size, size)
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(people)
            for size in sizes:
                for way in ("ldap", "ad"):
                    self.attempt("member-to-" + way, self.member, run, lab, size, way, max(sizes))

    def members(self, run, lab, way, people):
        """Memberships of many groups changed at random: as many come as go."""
        groups, each, changes = self.options.groups, self.options.group_members, self.options.changes // 2
        figure = self.figure("members-to-" + way if way != "both" else "members-both", 2 * changes, "changes/s", 0.8)

        def floor():
            seconds = sum(self.floor.run(lab, "members", "both", verb, groups, each, changes)["seconds"] for verb in ("add", "delete"))
            figure.floor.append(2 * changes / seconds)
            note("  members %s: floor %.0f changes/s" % (way, figure.floor[-1]))

        def product():
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(people)
                time.sleep(0.5)
                seconds, before = 0, groups * each
                for verb, expected in (("add", before + changes), ("delete", before)):
                    seconds += self.changed_members(lab, daemon, way, verb, expected, groups, each, changes)
                figure.product.append(2 * changes / seconds)
                note("  members %s: product %.0f changes/s" % (way, figure.product[-1]))

        self.in_turns(run, floor, product)

    def changed_members(self, lab, daemon, way, verb, expected, groups, each, changes):
        sides = ["ad", "ldap"] if way == "both" else [way]
        eyes = [
            self.floor.start(lab, "await", side, "members", expected, QUIET, 300) for side in sides
        ]
        try:
            time.sleep(0.2)
            made = self.floor.run(lab, "members", "split" if way == "both" else OTHER[way], verb, groups, each, changes)
            seen = [self.floor.finish(eye, daemon) for eye in eyes]
        finally:
            for eye in eyes:
                if eye.poll() is None:
                    eye.kill()
                    eye.wait()
        for side in ["ad", "ldap"]:
            count = self.floor.run(lab, "count", side, "members")["count"]
            if count != expected:
                raise BenchError("%d memberships at %s, and not %d" % (count, side, expected))
        return max(eye["last"] for eye in seen) - made["begin"]

    def many_groups(self, run, size):
        groups, each = self.options.groups, self.options.group_members
        more = ["--groups", groups, "--groups-ldap", groups, "--group-members", each]
        note("run %d: %d groups of %d" % (run + 1, groups, each))
        with self.lab(size, size, more, has_groups=True) as lab:
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
            for way in ("ldap", "ad", "both"):
                if self.wants("members"):
                    self.attempt("members", self.members, run, lab, way, size)

    def container(self, run, lab, to, size, old, new):
        figure = self.figure("container-to-%s, beyond the target's own rename" % to, size, "ms", 1000, higher_is_better=False)
        # By our own hands on both sides, to learn how long the servers take: Samba answers nobody else meanwhile, with thousands for minutes.
        bare = self.floor.run(lab, "rename", OTHER[to], old, new, "bare")
        patience = 60 + 4 * (bare["sourceSeconds"] + bare["targetSeconds"])
        with Product(self.binary, lab) as daemon:
            daemon.await_quiet(size, limit=900 + patience)
            time.sleep(0.5)
            side = "miniorange" if to == "ldap" else to
            before, spent = daemon.status(), daemon.write_seconds(side)
            seen = self.floor.run(lab, "rename", OTHER[to], new, old, "watch", RENAME_SECONDS=str(patience))
            if not seen["complete"]:
                raise BenchError("the unit was not renamed within %.0f s" % patience)
            daemon.await_quiet(size, limit=900 + patience)
            writes = daemon.status()[side]["writesMade"] - before[side]["writesMade"]
            if writes != 1:
                raise BenchError("%d writes for one rename" % writes)
            # As long as the daemon waited for the answer, or as long as it took before: the longer one is the server's.
            target = max(bare["targetSeconds"], daemon.write_seconds(side) - spent)
        figure.product.append((seen["agreementSeconds"] - target) * 1e3)
        figure.details.append({"watched": seen, "bare": bare, "targetSeconds": target, "writes": writes})
        note("  container to %s: %.1f ms, the target's own rename %.1f ms, the source's %.1f ms" % (
            to, seen["agreementSeconds"] * 1e3, target * 1e3, seen["sourceSeconds"] * 1e3))

    def containers(self, run, size):
        note("run %d: a unit with %d people" % (run + 1, size))
        with self.lab(size, size, ["--unit", "Everybody"], has_groups=True) as lab:
            with Product(self.binary, lab) as daemon:
                daemon.await_quiet(size)
            for way in ("ldap", "ad"):
                self.attempt("container", self.container, run, lab, way, size, "Everybody", "Renamed")

    def groups(self):
        size = self.options.group_people
        for run in range(self.options.runs):
            for source in ("ad", "ldap"):
                if self.wants("groups-load-" + source):
                    note("run %d: groups-load-%s" % (run + 1, source))
                    self.attempt("groups-load-" + source, self.groups_load, run, source, size)
            if self.wants("member"):
                self.attempt("member", self.large_groups, run)
            if self.wants("members"):
                self.attempt("members", self.many_groups, run, size)
            if self.wants("container"):
                self.attempt("container", self.containers, run, self.options.container_people)

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
            size = next((argument for argument in reversed(arguments) if isinstance(argument, int)), 0)
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
        self.groups()
        if self.wants("gateway"):
            from gateway import gateway

            self.attempt("gateway", gateway, self)
        if self.wants("memory"):
            for size in self.options.memory_sizes:
                note("memory: %d people" % size)
                self.attempt("memory", self.memory, size)
