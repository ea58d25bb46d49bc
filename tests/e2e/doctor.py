"""Runs msk-doctor in the namespace of a cluster and reads its reports."""

import json
import os
import re
import subprocess

from cluster import KEY, SECRET

DOCTOR = os.environ["MSK_DOCTOR"]
PATIENCE_S = 60


def start(cluster, *arguments, port=9098, key=KEY, secret=SECRET, session_token=None, bootstrap=None, sts=None, more=None):
    """The running `diagnose`; without an endpoint for STS it asks no AWS API."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cluster.folder), "AWS_ACCESS_KEY_ID": key,
                   "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true"}
    if session_token:
        environment["AWS_SESSION_TOKEN"] = session_token
    if sts:
        environment["AWS_ENDPOINT_URL_STS"] = sts
    environment |= more or {}
    command = cluster.inside(DOCTOR, "diagnose", bootstrap or cluster.bootstrap(port), "--ca-file", cluster.ca,
                             "--output", "json", *([] if sts else ["--no-aws"]), *arguments)
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    """Its report and what it wrote to standard error."""
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    assert out, (process.returncode, err)
    report = json.loads(out)
    assert report["exit_code"] == process.returncode, err
    return report, err


def diagnose(cluster, *arguments, secret=SECRET, session_token=None, **options):
    """The report of one run."""
    report, err = finish(start(cluster, *arguments, secret=secret, session_token=session_token, **options))
    for hidden in filter(None, (secret, session_token)):
        assert hidden not in json.dumps(report) + err
    return report


def explain(log):
    """What `explain --log` makes of a file."""
    done = subprocess.run([DOCTOR, "explain", "--log", log, "--output", "json"], text=True, capture_output=True,
                          timeout=PATIENCE_S)
    assert done.stdout, (done.returncode, done.stderr)
    return json.loads(done.stdout)


def first(report):
    assert report["causes"], json.dumps(report, indent=1)
    return report["causes"][0]


def phases(report, phase, purpose=r"(?!experiment)"):
    """This phase of each attempt for this purpose: a pattern for its beginning."""
    return [record for observation in report["observations"] if re.match(purpose, observation["purpose"])
            for record in observation["phases"] if record["phase"] == phase]


def ends(report, *which):
    return [record["end"] for record in phases(report, *which)]


def assert_healthy(report):
    assert (report["verdict"], report["exit_code"], report["causes"]) == ("healthy", 0, []), \
        json.dumps(report, indent=1)
    assert set(ends(report, "metadata")) == {"answered"}


def assert_faulty(cluster, report, code, confidence, phase, end, port=9098, last=None):
    """The first cause, on each broker of the cluster, and where and how its attempts ended.

    No `confidence`: any, as what the broker says does not tell its possible causes apart.
    """
    assert (report["verdict"], report["exit_code"]) == ("faulty", 1)
    cause = first(report)
    assert (cause["code"], cause["phase"]) == (code, phase), json.dumps(report["causes"], indent=1)
    assert confidence in (None, cause["confidence"]), json.dumps(cause, indent=1)
    assert sorted(cause["subjects"]) == cluster.bootstrap(port).split(",")
    ended = [(o["phases"][-1]["phase"], o["phases"][-1]["end"]) for o in report["observations"]
            if not o["purpose"].startswith("experiment")]
    assert ended == [last or (phase, end)] * len(cluster.ids)
