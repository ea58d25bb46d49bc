#!/usr/bin/env python3
"""Tokens made by AWS's own signer, for tests/token.rs: python3 vectors.py > vectors.json

Needs aws-msk-iam-sasl-signer-python. Keys, secrets and session tokens come from a fixed seed and belong to nobody.
"""

import datetime
import json
import random
import string
import sys

import botocore.auth
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

REGIONS = [
    "eu-west-1", "us-east-1", "ap-southeast-2", "cn-north-1", "cn-northwest-1",
    "us-gov-west-1", "us-gov-east-1", "me-central-1", "sa-east-1", "eusc-de-east-1",
]
BASE64 = string.ascii_letters + string.digits + "+/"
COUNT = 200


class Fixed(CredentialProvider):
    """The credentials it was given."""

    def __init__(self, credentials):
        super().__init__()
        self.credentials = credentials

    def load(self):
        return self.credentials


def freeze(now):
    """Every clock that botocore reads says `now`."""

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return now.astimezone(tz) if tz else now.replace(tzinfo=None)

        @classmethod
        def utcnow(cls):
            return now.replace(tzinfo=None)

    if hasattr(botocore.auth, "get_current_datetime"):
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
            now.replace(tzinfo=None) if remove_tzinfo else now
        )
    botocore.auth.datetime = type("module", (), {"datetime": Frozen, "timezone": datetime.timezone})


def vector(rng):
    """One set of made-up credentials and the token that the signer makes of it."""
    text = lambda alphabet, length: "".join(rng.choices(alphabet, k=length))
    temporary = rng.random() < 0.6
    key = ("ASIA" if temporary else "AKIA") + text(string.ascii_uppercase + "234567", 16)
    secret = text(BASE64, 40)
    session = text(BASE64, rng.randrange(200, 900)) + rng.choice(["", "=", "=="]) if temporary else None
    region = rng.choice(REGIONS)
    at = rng.randrange(1_600_000_000, 4_000_000_000)
    freeze(datetime.datetime.fromtimestamp(at, datetime.timezone.utc))
    token, expiry = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        region, Fixed(Credentials(key, secret, session))
    )
    assert expiry == (at + 900) * 1000, "the clock was not frozen"
    return {
        "access_key_id": key, "secret_access_key": secret, "session_token": session,
        "region": region, "signed_at": at, "token": token,
    }


def main():
    rng = random.Random("msk-doctor")
    json.dump([vector(rng) for _ in range(COUNT)], sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
