//! What `msk-doctor lab` prints for a user's own client.

use std::path::Path;

use super::{Lab, REGION};

/// Bootstrap string, CA file, credentials, settings for common clients, hosts file.
#[must_use]
pub fn page(lab: &Lab, ca_file: &Path) -> String {
    let bootstrap = lab.bootstrap();
    let ca = ca_file.display();
    let key = lab.credentials().access_key_id();
    let secret = lab.credentials().secret_access_key();
    let dns = lab
        .dns_server()
        .map(|address| format!("DNS         {address}\n"))
        .unwrap_or_default();
    let hosts = lab.hosts();
    format!(
        r#"bootstrap   {bootstrap}
CA file     {ca}
region      {REGION}
{dns}
The credentials are made up at each start, and good for this lab only:

export AWS_ACCESS_KEY_ID={key}
export AWS_SECRET_ACCESS_KEY={secret}
unset AWS_SESSION_TOKEN AWS_PROFILE

# msk-doctor
msk-doctor {bootstrap} --region {REGION} --ca-file {ca} --no-aws

# kafka-python (pip install kafka-python aws-msk-iam-sasl-signer-python)
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from kafka import KafkaConsumer
try:
    from kafka.net.sasl.oauth import AbstractTokenProvider  # 3.0
except ImportError:
    try:
        from kafka.sasl.oauth import AbstractTokenProvider  # 2.1
    except ImportError:
        from kafka.oauth import AbstractTokenProvider  # 2.0
class Tokens(AbstractTokenProvider):
    def token(self):
        return MSKAuthTokenProvider.generate_auth_token("{REGION}")[0]
consumer = KafkaConsumer(bootstrap_servers="{bootstrap}", security_protocol="SASL_SSL",
    ssl_cafile="{ca}", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=Tokens())
print(consumer.topics())

# confluent-kafka (pip install confluent-kafka aws-msk-iam-sasl-signer-python)
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka.admin import AdminClient
def token(_):
    token, expiry_ms = MSKAuthTokenProvider.generate_auth_token("{REGION}")
    return token, expiry_ms / 1000
client = AdminClient({{"bootstrap.servers": "{bootstrap}", "security.protocol": "SASL_SSL",
    "ssl.ca.location": "{ca}", "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": token}})
client.poll(1)  # asks for the token
print(set(client.list_topics(timeout=10).topics))

# Java (software.amazon.msk:aws-msk-iam-auth on the class path)
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location={ca}
sasl.mechanism=OAUTHBEARER
sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
sasl.login.callback.handler.class=software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler

# kcat has no way to make tokens: it logs in nowhere but at a lab with SASL-27, which asks for none
kcat -L -b {bootstrap} -X security.protocol=ssl -X ssl.ca.location={ca}

# hosts file, for the real names
{hosts}"#
    )
}
