from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka.admin import AdminClient


def token(_):  # called again before a token ends
    token, expiry_ms = MSKAuthTokenProvider.generate_auth_token("REGION")
    return token, expiry_ms / 1000


client = AdminClient({"bootstrap.servers": "BOOTSTRAP", "security.protocol": "SASL_SSL",
                      "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": token})
client.poll(1)  # serves the callback: without it there is no token
print(list(client.list_topics(timeout=30).topics))
