"""MSK IAM tokens of AWS's own signer, good and bad."""

import datetime
from unittest import mock

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore import auth
from botocore.credentials import CredentialProvider, Credentials

from cluster import KEY, SECRET

ANOTHER_SECRET = "another-made-up-secret"


class Static(CredentialProvider):
    """These credentials and no others."""

    def __init__(self, *credentials):
        super().__init__()
        self.credentials = credentials

    def load(self):
        return Credentials(*self.credentials)


def signed(key=KEY, secret=SECRET, session_token=None, region="eu-west-1"):
    """What the signer returns: the token and the end of its life."""
    return MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        region, Static(key, secret, session_token))


def token(*credentials, **options):
    return signed(*credentials, **options)[0]


def expired():
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    with mock.patch.object(auth, "get_current_datetime", lambda *_, **__: past.replace(tzinfo=None)):
        return token()


def tuple_text():
    """Both values that the signer returns, formatted into one."""
    return str(signed())
