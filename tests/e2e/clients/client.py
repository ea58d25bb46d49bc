"""Connects as an application does, with kafka-python 2.0 or 3.0, and prints what an application would.

Usage: client.py BOOTSTRAP CA PROTOCOL KEY SECRET
"""

import logging
import sys

import kafka
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

logging.basicConfig(stream=sys.stdout, level=logging.WARNING)
bootstrap, ca, protocol, key, secret = sys.argv[1:]
old = kafka.__version__.startswith("2.")
if old:
    from kafka.oauth.abstract import AbstractTokenProvider
else:
    from kafka.net.sasl.oauth import AbstractTokenProvider


class Static(CredentialProvider):
    """The credentials of the command line."""

    def load(self):
        return Credentials(key, secret)


class Tokens(AbstractTokenProvider):
    """MSK IAM tokens."""

    def token(self):
        return MSKAuthTokenProvider.generate_auth_token_from_credentials_provider("eu-west-1", Static())[0]


options = {"bootstrap_servers": bootstrap.split(","), "security_protocol": protocol}
if protocol.endswith("SSL"):
    options["ssl_cafile"] = ca
if protocol.startswith("SASL"):
    options |= {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": Tokens()}
options |= {"api_version_auto_timeout_ms": 8000} if old else {"bootstrap_timeout_ms": 8000}
admin = kafka.KafkaAdminClient(**options)
print("brokers:", len(admin.describe_cluster()["brokers"]))
