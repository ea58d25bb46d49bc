"""kafka-python 2.0.2 and 3.0.12 on the same cluster: what they print, kept, and read by `explain --log`."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import doctor

CACHE = Path(os.environ["MSK_DOCTOR_TEST_CACHE"])
EVIDENCE = CACHE / "e2e-evidence"
PYTHONS = {version: CACHE / f"venv-kafka-python-{version}/bin/python" for version in ("2.0", "3.0")}
SCRIPT = Path(__file__).parent / "clients" / "client.py"
PATIENCE_S = 90


class Says(NamedTuple):
    """Words of a log, and what `explain` must make of it: the phase, and a code, the first unless it cannot know."""

    words: str
    phase: str
    code: str
    first: bool = True


def run(cluster, case, port=9098, bootstrap=None, secure=True, **options):
    """Both at once: for each version whether it succeeded, and the file of what it printed."""
    options["bootstrap"] = bootstrap or cluster.bootstrap(port)
    if secure:
        options["ca"] = cluster.ca
    arguments = [f"--{name}={value}" for name, value in options.items()]
    (EVIDENCE / case).mkdir(parents=True)
    running = {}
    try:
        for version, python in PYTHONS.items():
            file = EVIDENCE / case / f"kafka-python-{version}.txt"
            with open(file, "w") as out:
                running[version] = file, subprocess.Popen(cluster.inside(python, SCRIPT, *arguments), stdout=out,
                                                          stderr=subprocess.STDOUT)
        return {version: (process.wait(PATIENCE_S) == 0, file) for version, (file, process) in running.items()}
    finally:
        for _, process in running.values():
            process.kill()
            process.wait()


def assert_work(cluster, case, words, **options):
    for worked, file in run(cluster, case, **options).values():
        assert worked and words in file.read_text(), file.read_text()


def assert_fail(cluster, case, old, new, **options):
    """Each fails and says one of its lines; the first of these that it says is the one that `explain` must know."""
    seen = run(cluster, case, **options)
    for version, lines in {"2.0": old, "3.0": new}.items():
        worked, file = seen[version]
        log = file.read_text()
        said = next((line for line in lines if line.words in log), None)
        assert not worked and said, f"kafka-python {version}:\n{log}"
        reading = doctor.explain(file)
        assert (reading["client"], reading["phase"]) == ("kafka-python", said.phase), (file, said, reading)
        codes = [candidate["code"] for candidate in reading["candidates"]]
        assert said.code in (codes[:1] if said.first else codes), (file, said, reading)
