"""The lab, the bare client and the product, each as a thing that is ended with the program."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# The attributes of a person by their names on both sides, as in floor.c.
ATTRIBUTES = [
    ("sAMAccountName", "uid"), ("cn", "cn"), ("sn", "sn"), ("givenName", "givenName"), ("displayName", "displayName"),
    ("mail", "mail"), ("telephoneNumber", "telephoneNumber"), ("title", "title"), ("department", "departmentNumber"),
    ("l", "l"), ("postalCode", "postalCode"), ("employeeNumber", "employeeNumber"), ("description", "description"),
]


class BenchError(Exception):
    """What keeps a figure from being measured."""


def note(text):
    print(text, file=sys.stderr, flush=True)


def busy_share(seconds=0.5):
    """The share of the processors that are at work while nothing of ours is."""

    def times():
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return sum(fields), fields[3] + fields[4]

    before = times()
    time.sleep(seconds)
    after = times()
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


class Lab:
    """Both servers, in a fresh copy."""

    def __init__(self, options, number, seed, seed_ldap, more=(), has_groups=False):
        self.has_groups = has_groups
        self.name = "bench-%d-%d" % (os.getpid(), number)
        self.environment = dict(os.environ)
        command = [REPOSITORY / "tools/lab", "up", "--name", self.name, "--seed", str(seed), "--seed-ldap", str(seed_ldap)]
        command += ["--ad-workers", str(options.ad_workers), "--ad-backend", options.ad_backend]
        command += ["--durable"] if options.durable else []
        command += [str(word) for word in more]
        # In a session of its own, so that an interrupt reaches it once, from here, and it can undo what it has begun.
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            complaint = process.communicate()[1]
        except BaseException:
            process.terminate()
            process.wait()
            self.close()
            raise
        if process.returncode != 0:
            raise BenchError("tools/lab up: " + complaint.strip()[-500:])
        registry = Path(os.environ.get("SYNCLINE_LAB_REGISTRY", "/run/syncline-lab"))
        self.folder = (registry / self.name).resolve()
        self.facts = json.loads((self.folder / "lab.json").read_text())
        self.environment.update(self.facts)

    def close(self):
        command = [REPOSITORY / "tools/lab", "down", "--name", self.name]
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def configuration(self):
        """The lab's own configuration, with the attributes that the bare client copies."""
        path = self.folder / "bench.yaml"
        rules = ["      - {ad: %s, miniorange: %s}" % names for names in ATTRIBUTES]
        rules.append("      - {ad: userAccountControl, miniorange: pwdAccountLockedTime, type: account-enabled}")
        text = Path(self.facts["SYNCLINE_CONFIG"]).read_text()
        # What the bare client does not do is not asked of the product either.
        if not self.has_groups:
            text = text.split("  - name: teams\n", 1)[0]
        text = text.replace("    attributes: default\n", "    attributes:\n" + "\n".join(rules) + "\n")
        path.write_text(text)
        return path


class Floor:
    """The bare client, compiled when the program starts."""

    def __init__(self, folder, options):
        self.path = Path(folder) / "floor"
        self.in_flight = options.in_flight
        command = [os.environ.get("CC", "cc"), "-std=c11", "-O2", "-o", self.path, REPOSITORY / "tools/bench.d/floor.c"]
        done = subprocess.run(command + ["-lldap", "-llber", "-lpthread"], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise BenchError("the bare client does not compile: %s" % done.stderr.strip()[-500:])

    def start(self, lab, *arguments, **settings):
        environment = dict(lab.environment, IN_FLIGHT=str(self.in_flight), **settings)
        command = [self.path] + [str(argument) for argument in arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def finish(self, process, daemon=None):
        """What the client found; raises as soon as the daemon that it waits for has ended."""
        try:
            while daemon and process.poll() is None:
                daemon.check()
                time.sleep(0.1)
            output = process.communicate()[0]
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode != 0:
            raise BenchError("the bare client failed: %s" % " ".join(map(str, process.args)))
        return json.loads(output)

    def run(self, lab, *arguments, **settings):
        return self.finish(self.start(lab, *arguments, **settings))


class AdminConnection(http.client.HTTPConnection):
    """HTTP over the daemon's socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(str(self.path))


class Product:
    """One run of the daemon."""

    def __init__(self, binary, lab, more_gateway=""):
        self.lab = lab
        self.configuration = lab.configuration()
        if more_gateway:
            text = self.configuration.read_text()
            self.configuration.write_text(text.replace("gateway:\n", "gateway:\n%s\n" % more_gateway))
        self.log = lab.folder / "synclined.log"
        self.started = time.time()
        with open(self.log, "ab") as log:
            # In a session of its own: an interrupt at the terminal is ours to pass on.
            self.process = subprocess.Popen(
                [binary, "--config", self.configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, hard=False):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            note("the daemon did not end within 20 s of SIGTERM")
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def check(self):
        """Raises what it said at last, if it has ended."""
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-1500:]
            raise BenchError("the daemon ended with status %d: %s" % (self.process.returncode, tail))

    def status(self):
        """What the daemon says; None while it does not answer."""
        self.check()
        connection = AdminConnection(self.lab.facts["ADMIN_SOCKET"])
        try:
            connection.request("GET", "/status")
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def steer(self, command):
        """`pause` or `resume`."""
        connection = AdminConnection(self.lab.facts["ADMIN_SOCKET"])
        try:
            connection.request("POST", "/" + command)
            answer = connection.getresponse()
            if answer.status != 200:
                raise BenchError("%s: %d %s" % (command, answer.status, answer.read()[:200]))
        finally:
            connection.close()

    def await_status(self, condition, interval, limit=900, what="the awaited state"):
        """Seconds from the daemon's start until its status fulfils the condition."""
        begin = shown = time.time()
        status = None
        while time.time() < begin + limit:
            status = self.status()
            if status is not None and condition(status):
                return time.time() - self.started
            if time.time() - shown > 5:
                shown = time.time()
                brief = {key: status[key] for key in ("state", "pairs", "backlog", "quarantined")} if status else None
                note("  %3.0f s: %s" % (shown - begin, brief))
            time.sleep(interval)
        raise BenchError("%s did not come within %d s: %s" % (what, limit, json.dumps(status)[:1500]))

    def await_quiet(self, pairs=0, limit=900):
        """Until it is live and has nothing to do."""
        return self.await_status(
            lambda status: status["state"] == "live" and status["backlog"] == 0 and status["pairs"] >= pairs,
            interval=0.05, limit=limit, what="a quiet daemon",
        )

    def write_seconds(self, side):
        """How long it has waited for a side's answers to its writes, all together."""
        connection = AdminConnection(self.lab.facts["ADMIN_SOCKET"])
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        wanted = 'syncline_write_seconds_sum{side="%s"}' % side
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted))

    def processor_seconds(self):
        """How much of the processors it has had."""
        fields = Path("/proc/%d/stat" % self.process.pid).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Octets in memory: all, and those that are not a file's (the cache's pages are the kernel's to drop)."""
        fields = {}
        for line in Path("/proc/%d/smaps_rollup" % self.process.pid).read_text().splitlines()[1:]:
            name, _, rest = line.partition(":")
            fields[name] = int(rest.split()[0]) * 1024
        return {"resident": fields["Rss"], "anonymous": fields["Anonymous"]}
