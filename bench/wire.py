"""What a diagnosis takes: round trips, brokers, memory, faults. Run by bench/wire; prints tables, asserts nothing."""

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from late_path import LatePath

DOCTOR = os.environ["MSK_DOCTOR"]
ROUNDS = 11
LATE_S = 0.010
PATIENCE_S = 60
# Where no answer comes, the time is the patience of the phases.
WITHOUT_ANSWER = {"silence", "incomplete"}


@contextlib.contextmanager
def lab(*arguments, before=()):
    """A running lab: its bootstrap string, and the flags and the environment of a diagnosis."""
    with tempfile.TemporaryDirectory() as folder:
        running = subprocess.Popen([*before, DOCTOR, "lab", *map(str, arguments), "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            ready = Path(folder) / "bootstrap"
            end = time.monotonic() + PATIENCE_S
            while not ready.exists():
                if running.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the lab does not start")
                time.sleep(0.02)
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "AWS_EC2_METADATA_DISABLED": "true"}
            for line in (Path(folder) / "credentials.env").read_text().splitlines():
                name, _, value = line.partition("=")
                if value:
                    environment[name] = value
            flags = ["--region", "eu-west-1", "--ca-file", f"{folder}/ca.pem", "--no-aws", "--output", "json"]
            yield ready.read_text().strip(), flags, environment
        finally:
            running.kill()
            running.wait()


def diagnosed(command, environment):
    """The report, seconds from start to end, and the most memory in MiB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        out.seek(0)
        return json.load(out), took, usage.ru_maxrss / 1024


def row(name, runs):
    own = statistics.median(report["duration_ms"] for report, _, _ in runs)
    whole = statistics.median(took for _, took, _ in runs) * 1000
    memory = max(memory for _, _, memory in runs)
    verdicts = {report["verdict"] for report, _, _ in runs}
    print(f"| {name} | {own:.0f} | {whole:.0f} | {memory:.0f} | {', '.join(sorted(verdicts))} |", flush=True)
    return own


def many(brokers, late_s):
    """Healthy diagnoses of so many brokers; the most connections that one of them got in one run."""
    with LatePath(brokers, late_s) as path:
        listen = [flag for i in range(1, brokers + 1) for flag in ("--listen", f"10.99.2.{i}:9098")]
        arguments = [*listen, "--real-names", "--dns", "10.99.2.253:53"]
        with lab(*arguments, before=path.inside(path.broker)) as (bootstrap, flags, environment):
            most, runs = 0, []
            for _ in range(ROUNDS):
                path.connections.clear()
                runs.append(diagnosed(path.inside(path.client, DOCTOR, bootstrap, *flags), environment))
                most = max(most, *path.connections.values())
            return runs, most


def faults():
    """Every fault of the lab: how long its diagnosis takes."""
    codes = [line.split()[0] for line in subprocess.run([DOCTOR, "lab", "--list"], check=True, capture_output=True,
                                                        text=True).stdout.splitlines()]
    answered, silent = [], []
    for code in codes:
        more = ["--topic", "lab"] if code.startswith(("IAM-1", "CLU-")) else []
        more += ["--group", "lab"] if code in ("IAM-11", "CLU-18") else []
        with lab(code) as (bootstrap, flags, environment):
            report, took, _ = diagnosed([DOCTOR, bootstrap, *flags, *more], environment)
        ends = {phase["end"] for attempt in report["observations"] for phase in attempt["phases"]
                if attempt["purpose"] in ("bootstrap", "advertised")} if "observations" in report else set()
        first = report["causes"][0]["code"] if report["causes"] else "-"
        (silent if ends & WITHOUT_ANSWER else answered).append((took, code, first))
    for name, found in (("the broker answers", answered), ("some answer never comes", silent)):
        found.sort(reverse=True)
        print(f"\n{name}: {len(found)} faults; the slowest:\n\n| fault | first cause | s |\n|---|---|---:|")
        for took, code, first in found[:8]:
            print(f"| {code} | {first} | {took:.2f} |")


def main():
    print("| healthy, median of 11 | ms | ms with start | MiB | verdict |\n|---|---:|---:|---:|---|")
    times = {}
    for late_s in (LATE_S, 0.0):
        for brokers in (3, 60):
            runs, most = many(brokers, late_s)
            name = f"{brokers} brokers, round trip {late_s * 2000:.0f} ms, at most {most} connections to one"
            times[late_s, brokers] = row(name, runs)
    budget = 8 * LATE_S * 2000 + 20
    print(f"\n8 round trips and 20 ms: {budget:.0f} ms; 3 brokers take {times[LATE_S, 3]:.0f} ms")
    for late_s in (LATE_S, 0.0):
        print(f"60 brokers against 3, round trip {late_s * 2000:.0f} ms: {times[late_s, 60] / times[late_s, 3]:.2f} times")
    faults()


if __name__ == "__main__":
    main()
