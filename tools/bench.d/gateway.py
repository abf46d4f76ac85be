"""The password gateway beside the servers that it asks."""

import secrets
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

# Debian's module, for a python3 that is not Debian's own.
sys.path.append("/usr/lib/python3/dist-packages")
import ldap  # noqa: E402

from servers import BenchError, Product, note  # noqa: E402


def first_line(path):
    return Path(path).read_text().rstrip("\n")


def connect(uri, facts, name=None, password=None):
    connection = ldap.initialize(uri)
    connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, facts["CA_FILE"])
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    if name:
        connection.simple_bind_s(name, password)
    return connection


def quoted(password):
    return ('"%s"' % password).encode("utf-16-le")


class GatewayCases:
    """Binds, changes of passwords and idle connections, on one lab."""

    CONCURRENCY = 8
    SECONDS = 4
    CHANGES = 60
    IDLE = 1000

    def __init__(self, bench, lab, daemon):
        self.bench, self.lab, self.daemon, self.facts = bench, lab, daemon, lab.facts
        self.password = first_line(self.facts["SEED_PASSWORD_FILE"])
        ad = self.account("AD")
        found = ad.search_s(self.facts["AD_PEOPLE_BASE"], ldap.SCOPE_SUBTREE, "(objectClass=user)", ["sAMAccountName"])
        self.people = [(attributes["sAMAccountName"][0].decode(), dn) for dn, attributes in found]
        miniorange = self.account("LDAP")
        found = miniorange.search_s(self.facts["LDAP_PEOPLE_BASE"], ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)", ["uid"])
        self.names = {attributes["uid"][0].decode(): dn for dn, attributes in found}

    def account(self, prefix):
        uri = self.facts["AD_URI" if prefix == "AD" else "LDAPS_URI"]
        return connect(uri, self.facts, self.facts[prefix + "_ADMIN_DN"], first_line(self.facts[prefix + "_ADMIN_PASSWORD_FILE"]))

    def binds(self, uri, names):
        """Binds a second, each thread again and again on a connection of its own."""
        counts, failures = [0] * self.CONCURRENCY, []
        end = None
        ready = threading.Barrier(self.CONCURRENCY + 1)

        def work(index):
            try:
                connection = connect(uri, self.facts, names[index], self.password)
                ready.wait()
                while time.time() < end:
                    connection.simple_bind_s(names[(index + counts[index] * self.CONCURRENCY) % len(names)], self.password)
                    counts[index] += 1
            except (ldap.LDAPError, threading.BrokenBarrierError) as error:
                failures.append(error)
                ready.abort()

        threads = [threading.Thread(target=work, args=(index,)) for index in range(self.CONCURRENCY)]
        for thread in threads:
            thread.start()
        end = time.time() + self.SECONDS + 1
        try:
            ready.wait(30)
        except threading.BrokenBarrierError:
            pass
        begin = time.time()
        for thread in threads:
            thread.join()
        if failures:
            raise BenchError("a bind failed: %r" % failures[0])
        return sum(counts) / (time.time() - begin)

    def bind_rate(self, run):
        figure = self.bench.figure("gateway-binds", len(self.people), "binds/s", 0.8)

        def floor():
            figure.floor.append(self.binds(self.facts["AD_URI"], [dn for _, dn in self.people]))
            note("  floor %.0f binds/s" % figure.floor[-1])

        def product():
            figure.product.append(self.binds(self.facts["GATEWAY_URI"], [uid for uid, _ in self.people]))
            note("  product %.0f binds/s" % figure.product[-1])

        self.bench.in_turns(run, floor, product)

    def change_rate(self, run):
        """One after the other; the floor is what both servers need, each asked by itself."""
        figure = self.bench.figure("gateway-changes", self.CHANGES, "changes/s", 0.8)
        uid, dn = self.people[run]
        state = {"password": self.password}
        ad = connect(self.facts["AD_URI"], self.facts, self.facts["AD_SYNC_DN"], first_line(self.facts["AD_SYNC_PASSWORD_FILE"]))
        miniorange = connect(
            self.facts["LDAPS_URI"], self.facts, self.facts["LDAP_SYNC_DN"], first_line(self.facts["LDAP_SYNC_PASSWORD_FILE"])
        )
        gateway = connect(self.facts["GATEWAY_URI"], self.facts, uid, self.password)

        def fresh():
            return "Aa1-" + secrets.token_hex(8)

        def floor():
            begin = time.time()
            for _ in range(self.CHANGES):
                new = fresh()
                old, state["password"] = state["password"], new
                ad.modify_s(dn, [(ldap.MOD_DELETE, "unicodePwd", [quoted(old)]), (ldap.MOD_ADD, "unicodePwd", [quoted(new)])])
                miniorange.passwd_s(self.names[uid], None, new)
            figure.floor.append(self.CHANGES / (time.time() - begin))
            note("  floor %.0f changes/s" % figure.floor[-1])

        def product():
            begin = time.time()
            for _ in range(self.CHANGES):
                new = fresh()
                gateway.passwd_s(None, state["password"], new)
                state["password"] = new
            figure.product.append(self.CHANGES / (time.time() - begin))
            note("  product %.0f changes/s" % figure.product[-1])

        self.bench.in_turns(run, floor, product)

    def idle(self):
        figure = self.bench.figure("gateway-idle", self.IDLE, "MB", 50, higher_is_better=False)
        context = ssl.create_default_context(cafile=self.facts["CA_FILE"])
        host, port = self.facts["GATEWAY_URI"].rsplit("/", 1)[1].split(":")
        before = self.daemon.memory()["anonymous"] / 1e6
        connections = []
        try:
            for _ in range(self.IDLE):
                plain = socket.create_connection((host, int(port)))
                connections.append(context.wrap_socket(plain, server_hostname=host))
            time.sleep(1)
            figure.product.append(self.daemon.memory()["anonymous"] / 1e6 - before)
        finally:
            for connection in connections:
                connection.close()
        note("  %.1f MB for %d idle connections" % (figure.product[-1], self.IDLE))


def gateway(bench):
    """All three, with one lab and one daemon."""
    try:
        measure(bench)
    except ldap.LDAPError as error:
        raise BenchError("a server refuses: %r" % error) from error


def measure(bench):
    with bench.lab(50, 50, ["--seed-passwords"]) as lab:
        with Product(bench.binary, lab, more_gateway="  limits: {connectionsPerAddress: 2000, failuresPerAddress: 100000}") as daemon:
            daemon.await_quiet(50)
            domain = connect(lab.facts["AD_URI"], lab.facts, lab.facts["AD_ADMIN_DN"], first_line(lab.facts["AD_ADMIN_PASSWORD_FILE"]))
            domain.modify_s(lab.facts["AD_BASE"], [(ldap.MOD_REPLACE, "minPwdAge", [b"0"])])
            cases = GatewayCases(bench, lab, daemon)
            for run in range(bench.options.runs):
                note("run %d: gateway" % (run + 1))
                cases.bind_rate(run)
            for run in range(bench.options.runs):
                cases.change_rate(run)
            cases.idle()
