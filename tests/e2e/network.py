"""What leaves the namespace of a cluster: counted, or kept back."""

import contextlib
import re
import subprocess

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
