"""All ways in: a listener of each kind, and what a good client of it says to the product."""

from cluster import MTLS_PORT

WAYS = ["iam", "scram", "tls", "plaintext", "mtls"]
SCRAM_PASSWORD = "password"


def certificate(cluster, name):
    return {"certificate": cluster.folder / f"{name}.pem", "key": cluster.folder / f"{name}.key"}


def way(cluster, auth):
    """The words of the command line, and the options of `diagnose`."""
    own = certificate(cluster, "client")
    words, port = {
        "iam": (["--auth", "iam"], 9098),
        "scram": (["--scram-user", "user"], 9096),
        "tls": (["--auth", "tls"], 9094),
        "plaintext": (["--auth", "plaintext"], 9092),
        "mtls": (["--client-cert", own["certificate"], "--client-key", own["key"]], MTLS_PORT),
    }[auth]
    return words, {"port": port, "more": {"MSK_DOCTOR_SCRAM_PASSWORD": SCRAM_PASSWORD} if auth == "scram" else None}


def denial(auth, code):
    """What denies on this way: a policy of IAM's, or an ACL."""
    return code if auth == "iam" else "IAM-18"
