"""Cold starts, and what is saved: see bench/function."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests" / "remote"))

from runtime import Environment  # noqa: E402

DOCTOR = os.environ["MSK_DOCTOR"]
RUNS = 15
MEMORY_MB = 128
# Nothing listens there: what is measured is the program, not the probes.
EVENT = {"bootstrap": "127.0.0.1:1", "auth": "plaintext", "no_aws": True}


def limited():
    """The prefix of a command whose memory is limited, and the group's folder."""
    for group, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        own = pathlib.Path(group) / f"msk-doctor-bench-{os.getpid()}"
        try:
            own.mkdir()
            (own / limit).write_text(str(MEMORY_MB * 1024 * 1024))
        except OSError:
            own.exists() and own.rmdir()
            continue
        return ("sh", "-c", f'echo $$ >{own}/cgroup.procs && exec "$0"'), own
    sys.exit("bench/function: no cgroup can be made: run it as root")


def milliseconds(times):
    return f"{statistics.median(times) * 1000:8.1f}"


def function(command):
    cold, warm, size, peak = [], [], pathlib.Path(DOCTOR).stat().st_size, 0
    for _ in range(RUNS):
        with Environment(DOCTOR, memory=MEMORY_MB, command=command) as environment:
            kind, report = environment.invoke(EVENT)
            assert kind == "response" and report["causes"], report
            cold.append(environment.answered - environment.began)
            environment.invoke(EVENT)
            warm.append(environment.took)
            peak = max(peak, environment.peak())
    print(f"{'start to first answer':40}{milliseconds(cold)} ms")
    print(f"{'second invocation':40}{milliseconds(warm)} ms")
    print(f"{'most memory':40}{peak:8.1f} MiB of {MEMORY_MB}")
    print(f"{'program':40}{size / 1024 / 1024:8.1f} MiB")
    with tempfile.TemporaryDirectory() as folder:
        package = pathlib.Path(folder) / "doctor.zip"
        subprocess.run([DOCTOR, "remote", "package", package], check=True, stdout=subprocess.DEVNULL)
        print(f"{'package':40}{package.stat().st_size / 1024 / 1024:8.1f} MiB")


def timed(*words):
    times = []
    for _ in range(RUNS):
        before = time.monotonic()
        done = subprocess.run([DOCTOR, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        times.append(time.monotonic() - before)
        assert done.returncode in (0, 1, 3), done
    return milliseconds(times)


def saved(folder):
    """A case of 60 brokers that were all asked, and one of their configuration."""
    lab = subprocess.Popen([DOCTOR, "lab", "--brokers", "60", "--dir", folder / "lab"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        bootstrap = folder / "lab" / "bootstrap"
        while not bootstrap.exists():
            assert lab.poll() is None, lab.stderr.read()
            time.sleep(0.01)
        lines = (folder / "lab" / "credentials.env").read_text().splitlines()
        words = (line.removeprefix("export ").split("=", 1) for line in lines if "=" in line)
        env = os.environ | {name: value.strip("'\"") for name, value in words}
        probed, stated = folder / "probed.case", folder / "stated.case"
        common = ["--no-aws", "--output", "json"]
        subprocess.run(
            [DOCTOR, bootstrap.read_text().strip(), "--ca-file", folder / "lab" / "ca.pem", "--region", "eu-west-1", "--save-case", probed, *common],
            env=env, check=True, stdout=subprocess.DEVNULL,
        )
    finally:
        lab.kill()
        lab.wait()
    subprocess.run([sys.executable, ROOT / "bench" / "world.py", folder / "facts", "60", "6", "1000", "usual"], check=True)
    subprocess.run(
        [DOCTOR, "orders", "--no-probe", "--facts", folder / "facts", "--save-case", stated, "--output", "json"], stdout=subprocess.DEVNULL
    )
    for name, case in (("60 brokers, probed", probed), ("60 brokers, 6 subnets, 1000 rules", stated)):
        assert json.loads(case.read_text())["schema"] == 1
        print(f"{'replay: ' + name:40}{timed('diagnose', '--case', case)} ms")
        print(f"{'compare: ' + name:40}{timed('compare', case, case)} ms")


command, group = limited()
try:
    function(command)
finally:
    group.rmdir()
with tempfile.TemporaryDirectory() as folder:
    saved(pathlib.Path(folder))
