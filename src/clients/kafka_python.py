from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from kafka import KafkaConsumer
from kafka.net.sasl.oauth import AbstractTokenProvider  # before 3.0: kafka.sasl.oauth


class Tokens(AbstractTokenProvider):
    def token(self):  # a new one for each login: a token lives for 15 minutes
        return MSKAuthTokenProvider.generate_auth_token("REGION")[0]


consumer = KafkaConsumer(bootstrap_servers="BOOTSTRAP".split(","), security_protocol="SASL_SSL",
                         sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=Tokens())
print(consumer.topics())
