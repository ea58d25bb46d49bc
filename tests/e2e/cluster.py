"""A real Apache Kafka that looks like Amazon MSK, in a network namespace of its own."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

DOMAIN = "demo.abc123.c2.kafka.eu-west-1.amazonaws.com"
KEY, SECRET = "AKIAE2ETESTS00000001", "made-up-secret-of-the-end-to-end-tests"
DENIED_KEY = "AKIAE2ETESTS0DENIED1"
TEMPORARY_KEY, SESSION_TOKEN = "ASIAE2ETESTS00000001", "made-up-session-token-of-the-end-to-end-tests"
STORE_PASSWORD = "changeit"
MTLS_PORT = 9194
# Listeners of IAM with a `connections.max.reauth.ms` of their own: over before the next request, and long enough for a run.
BRIEF_PORT, LASTING_PORT = 9298, 9398
SESSIONS_MS = {"brief": 1, "lasting": 60_000}
OPEN_TOPIC, CLOSED_TOPIC = "orders", "payroll"
READ_ONLY_TOPIC, WRITE_ONLY_TOPIC = "ledger", "drop-box"
TOPICS = {OPEN_TOPIC: None, CLOSED_TOPIC: ["User:somebody-else", "ALL"],
          READ_ONLY_TOPIC: ["User:*", "READ", "DESCRIBE"], WRITE_ONLY_TOPIC: ["User:*", "WRITE", "DESCRIBE"]}
WATCHED_GROUP = "watched"
GROUPS = {WATCHED_GROUP: ["User:*", "DESCRIBE"]}
PATIENCE_S = 90
PAUSE_S = 0.2

HERE = Path(__file__).parent


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, capture_output=True, **options)


class Cluster:
    """Three brokers on 127.0.1.N, each a controller too; `with` starts them and always ends them."""

    def __init__(self, version, cache, python, brokers=3, refusal="throw"):
        self.version, self.python, self.refusal = version, python, refusal
        self.ids = list(range(1, brokers + 1))
        cache = Path(cache).resolve()
        self.jars = cache / f"kafka-{version}"
        # Names of namespaces are the machine's: two checkouts must not end each other's brokers.
        owner = hashlib.sha256(str(cache).encode()).hexdigest()[:8]
        self.namespace = f"mskd-e2e-{owner}-{version.replace('.', '')}-{refusal}"
        self.folder = cache / f"e2e-{version}-{refusal}"
        self.ca = self.folder / "ca.pem"
        self.processes = {}

    def __enter__(self):
        self.clean()
        self.folder.mkdir(parents=True)
        try:
            self.make_namespace()
            self.make_certificates()
            for broker in self.ids:
                self.start(broker)
            self.wait_for(self.ids)
            self.make_topics()
        except BaseException:
            self.clean()
            raise
        return self

    def __exit__(self, *_):
        self.clean()

    def clean(self):
        """Ends what this or a killed earlier run started, by its recorded pids."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes = {}
        for file in self.folder.glob("b-*.pid"):
            self.end_recorded(file)
        if (Path("/run/netns") / self.namespace).exists():
            run("ip", "netns", "del", self.namespace)
        shutil.rmtree(f"/etc/netns/{self.namespace}", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_recorded(self, file):
        """Ends the process of a pid file, if that pid still is this broker, and waits for its end."""
        process = Path("/proc") / file.read_text().strip()
        ours = str(file.with_suffix(".properties")).encode()
        end = time.monotonic() + PATIENCE_S
        while is_running(process, ours):
            try:
                os.kill(int(process.name), signal.SIGKILL)
            except ProcessLookupError:
                return
            if time.monotonic() > end:
                raise RuntimeError(f"process {process.name} of an earlier run does not end")
            time.sleep(PAUSE_S)

    def make_namespace(self):
        run("ip", "netns", "add", self.namespace)
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")
        etc = Path("/etc/netns") / self.namespace
        etc.mkdir(parents=True)
        names = "".join(f"127.0.1.{i} b-{i}.{DOMAIN}\n" for i in self.ids)
        (etc / "hosts").write_text("127.0.0.1 localhost\n" + names)
        (etc / "resolv.conf").write_text("")

    def make_certificates(self):
        ca_key = self.folder / "ca.key"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", ca_key,
            "-out", self.ca, "-subj", "/O=Amazon/CN=Amazon e2e CA")
        for i in self.ids:
            key, request, leaf = (self.folder / f"b-{i}.{end}" for end in ("key", "csr", "pem"))
            extensions = self.folder / f"b-{i}.ext"
            extensions.write_text(
                f"subjectAltName=DNS:b-{i}.{DOMAIN}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                "-subj", f"/CN=b-{i}")
            run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial",
                "-days", "30", "-extfile", extensions, "-out", leaf)
            run("openssl", "pkcs12", "-export", "-in", leaf, "-inkey", key, "-certfile", self.ca,
                "-out", self.folder / f"b-{i}.p12", "-passout", f"pass:{STORE_PASSWORD}")
        extensions = self.folder / "expired.ext"
        extensions.write_text("extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n")
        self.make_client_certificate(ca_key, "expired", "-1", "-extfile", extensions)
        # Without extensions openssl makes X.509 version 1, which Kafka takes.
        self.make_client_certificate(ca_key, "version-1", "30")
        for name in ("client", "stranger"):
            run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.pem")

        # Clients of the CA are trusted too: one that is trusted itself may be expired.
        trusted = (self.folder / "client.pem").read_text() + self.ca.read_text()
        (self.folder / "clients.pem").write_text(trusted)

    def make_client_certificate(self, ca_key, name, days, *more):
        request, own = self.folder / f"{name}.csr", self.folder / f"{name}.pem"
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / f"{name}.key", "-out", request,
            "-subj", f"/CN={name}")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", days,
            *more, "-out", own)

    def properties(self, i):
        address = f"127.0.1.{i}"
        internal = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" ' \
                   'password="broker" user_broker="broker";'
        ports = {"IAM": 9098, "SCRAM": 9096, "TLS": 9094, "CLEAR": 9092, "MTLS": MTLS_PORT,
                 "BRIEF": BRIEF_PORT, "LASTING": LASTING_PORT}
        listeners = [f"CONTROLLER://{address}:9193", f"INTERNAL://{address}:9192"]
        listeners += [f"{name}://{address}:{port}" for name, port in ports.items()]
        advertised = [f"INTERNAL://{address}:9192"]
        advertised += [f"{name}://b-{i}.{DOMAIN}:{port}" for name, port in ports.items()]
        return {
            "node.id": i,
            "process.roles": "broker,controller",
            "controller.quorum.voters": ",".join(f"{node}@127.0.1.{node}:9193" for node in self.ids),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map":
                "CONTROLLER:SASL_PLAINTEXT,INTERNAL:SASL_PLAINTEXT,IAM:SASL_SSL,SCRAM:SASL_SSL,TLS:SSL,CLEAR:PLAINTEXT,"
                "MTLS:SSL,BRIEF:SASL_SSL,LASTING:SASL_SSL",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.internal.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.internal.plain.sasl.jaas.config": internal,
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": internal,
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": self.folder / f"b-{i}.p12",
            "ssl.keystore.password": STORE_PASSWORD,
            "ssl.key.password": STORE_PASSWORD,
            "listener.name.mtls.ssl.client.auth": "required",
            "listener.name.mtls.ssl.truststore.type": "PEM",
            "listener.name.mtls.ssl.truststore.location": self.folder / "clients.pem",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:broker",
            "allow.everyone.if.no.acl.found": "true",  # MSK's default
            **self.iam_listener("iam"),
            **{key: value for name, ms in SESSIONS_MS.items() for key, value in self.iam_listener(name, ms).items()},
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "msk.iam.region": "eu-west-1",
            "msk.iam.credentials": f"{KEY}:{SECRET},{DENIED_KEY}:{SECRET},{TEMPORARY_KEY}:{SECRET}:{SESSION_TOKEN}",
            "msk.iam.denied": DENIED_KEY,
            "msk.iam.refusal": self.refusal,
            "log.dirs": self.folder / f"data-{i}",
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "num.network.threads": 1,
            "num.io.threads": 2,
            "background.threads": 2,
            "log.cleaner.dedupe.buffer.size": 2097152,
            "broker.session.timeout.ms": 6000,
        }

    def iam_listener(self, name, session_ms=0):
        """A listener with the login of MSK's, and how long a session lasts; with 0, as long as its token."""
        prefix = f"listener.name.{name}"
        return {
            f"{prefix}.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{prefix}.oauthbearer.sasl.server.callback.handler.class": "MskIamValidator",
            f"{prefix}.oauthbearer.sasl.jaas.config":
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
            f"{prefix}.oauthbearer.connections.max.reauth.ms": session_ms,
        }

    def start(self, i):
        file = self.folder / f"b-{i}.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in self.properties(i).items()))
        log = open(self.folder / f"b-{i}.log", "w")
        command = ["ip", "netns", "exec", self.namespace, "java", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC",
                   "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/classes:{self.jars}/jars/*", "Broker", str(file)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.processes[i] = process
        (self.folder / f"b-{i}.pid").write_text(str(process.pid))

    def stop(self, i):
        """Kills a broker and waits until the others no longer list it."""
        process = self.processes.pop(i)
        process.kill()
        process.wait()
        (self.folder / f"b-{i}.pid").unlink()
        self.wait_for([other for other in self.ids if other != i])

    def make_topics(self):
        """Topics with and without ACLs, as every broker sees them."""
        script = HERE / "clients" / "topics.py"
        done = subprocess.run(self.inside(self.python, script, PATIENCE_S, self.bootstrap(9092), json.dumps(TOPICS), json.dumps(GROUPS),
                                          *self.ids),
                              text=True, capture_output=True, timeout=2 * PATIENCE_S)
        if done.returncode != 0:
            raise RuntimeError(f"no topics: {done.stdout}{done.stderr[-2000:]}")

    def contents(self):
        """Topics, and where their partitions end."""
        script = HERE / "clients" / "contents.py"
        done = subprocess.run(self.inside(self.python, script, self.bootstrap(9092)), text=True, capture_output=True,
                              timeout=PATIENCE_S)
        if done.returncode != 0:
            raise RuntimeError(f"no contents: {done.stdout}{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def wait_for(self, wanted):
        """Until each of these brokers lists exactly these brokers, as an independent client reads it."""
        bootstrap = ",".join(f"b-{i}.{DOMAIN}:9092" for i in wanted)
        script = HERE / "clients" / "brokers.py"
        end = time.monotonic() + PATIENCE_S
        while True:
            done = subprocess.run(self.inside(self.python, script, bootstrap, *wanted), text=True, capture_output=True,
                                  timeout=PATIENCE_S)
            listed = [line.split() for line in done.stdout.splitlines()]
            if done.returncode == 0 and listed == [[str(i) for i in wanted]] * len(wanted):
                return
            for i in wanted:
                if self.processes[i].poll() is not None:
                    log = (self.folder / f"b-{i}.log").read_text()
                    raise RuntimeError(f"broker {i} ended:\n{log[-3000:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"no cluster of {wanted} after {PATIENCE_S} s: {done.stdout}{done.stderr[-2000:]}")
            time.sleep(PAUSE_S)

    def inside(self, *command):
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def bootstrap(self, port=9098):
        return ",".join(f"b-{i}.{DOMAIN}:{port}" for i in self.ids)


def is_running(process, argument):
    """Whether this folder of /proc is a process with this argument (a zombie has none)."""
    try:
        return argument in (process / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
