"""How long `msk-doctor snapshot` takes, with 50 ms a call and with none. Run by bench/snapshot; asserts nothing.

The server is Python on this machine: what it takes to answer is in the figures, and the row without a wait shows it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from account import account, environment, world

ROUNDS = 9
WAITS = 0, 50
QUESTIONS = {
    "function and cluster": ["--function", "orders", "--cluster", world.ARN],
    "function alone": ["--function", "orders"],
    "cluster by name": ["--function", "orders", "--cluster", "demo"],
}


def measure(stub, folder, words):
    """The times of one question, in milliseconds. The first fills what the server has recorded, and is not counted."""
    times = []
    for _ in range(ROUNDS + 1):
        stub.asked = []
        command = [os.environ["MSK_DOCTOR"], "snapshot", folder, *words]
        started = time.perf_counter()
        done = subprocess.run(command, env=environment(stub, folder), capture_output=True, text=True)
        times.append((time.perf_counter() - started) * 1000)
        if done.returncode or done.stderr or "unknown" in done.stdout:
            sys.exit(f"it failed: {done.stdout}{done.stderr}")
    return times[1:]


def main():
    print(f"{f'whole process, median of {ROUNDS}':<28}{'wait a call':>12}{'calls':>7}{'min':>9}{'median':>9}{'max':>9}{'limit':>9}")
    with account() as (_, stub), tempfile.TemporaryDirectory() as folder:
        for question, words in QUESTIONS.items():
            for wait in WAITS:
                stub.delay = wait / 1000
                times = measure(stub, folder, words)
                cells = "".join(f"{value:>6.0f} ms" for value in (min(times), statistics.median(times), max(times)))
                limit = f"{4 * wait + 100:>6} ms" if wait else ""
                print(f"{question:<28}{wait:>9} ms{len(stub.asked):>7}{cells}{limit}")


main()
