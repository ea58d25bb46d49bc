"""What leaves the namespace of a cluster: counted, or kept back."""

import contextlib
import ctypes
import os
import re
import subprocess
from pathlib import Path

SYN = "tcp flags & (syn|ack) == syn"


@contextlib.contextmanager
def counted(cluster, *matches, verdict=""):
    """Gives a function that says how many packets matched each so far; with the verdict `drop` they go nowhere."""
    rules = "".join(f"{match} counter {verdict}\n" for match in matches)
    table = "table ip e2e {\nchain out {\ntype filter hook output priority 0;\n" + rules + "}\n}\n"
    subprocess.run(cluster.inside("nft", "-f", "-"), input=table, text=True, check=True)

    def counts():
        listed = subprocess.run(cluster.inside("nft", "list", "table", "ip", "e2e"), text=True, check=True,
                                capture_output=True).stdout
        return [int(count) for count in re.findall(r"counter packets (\d+)", listed)]

    try:
        yield counts
    finally:
        subprocess.run(cluster.inside("nft", "delete", "table", "ip", "e2e"), check=True)


@contextlib.contextmanager
def entered(cluster):
    """This thread's new sockets are of the cluster's namespace."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    theirs = os.open(Path("/run/netns") / cluster.namespace, os.O_RDONLY)
    try:
        enter(theirs)
        yield
    finally:
        enter(own)
        os.close(own)
        os.close(theirs)


def enter(namespace):
    network = 0x40000000  # CLONE_NEWNET
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.setns(namespace, network) == 0, os.strerror(ctypes.get_errno())
