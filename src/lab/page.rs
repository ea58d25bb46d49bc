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
The credentials are made up, and good for this lab only:

export AWS_ACCESS_KEY_ID={key}
export AWS_SECRET_ACCESS_KEY={secret}
unset AWS_SESSION_TOKEN AWS_PROFILE

# msk-doctor
msk-doctor {bootstrap} --region {REGION} --ca-file {ca} --no-aws

# kafka-python (pip install kafka-python aws-msk-iam-sasl-signer-python)
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from kafka import KafkaAdminClient
from kafka.sasl.oauth import AbstractTokenProvider  # 3.x: kafka.net.sasl.oauth; 2.0: kafka.oauth
class Tokens(AbstractTokenProvider):
    def token(self):
        return MSKAuthTokenProvider.generate_auth_token("{REGION}")[0]
admin = KafkaAdminClient(bootstrap_servers="{bootstrap}", security_protocol="SASL_SSL",
    ssl_cafile="{ca}", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=Tokens())

# confluent-kafka (pip install confluent-kafka aws-msk-iam-sasl-signer-python)
def tokens(_):
    token, expiry_ms = MSKAuthTokenProvider.generate_auth_token("{REGION}")
    return token, expiry_ms / 1000
client = AdminClient({{"bootstrap.servers": "{bootstrap}", "security.protocol": "SASL_SSL",
    "ssl.ca.location": "{ca}", "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": tokens}})

# Java (software.amazon.msk:aws-msk-iam-auth on the class path)
security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location={ca}
sasl.mechanism=OAUTHBEARER
sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
sasl.login.callback.handler.class=software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler

# hosts file, for the real names
{hosts}"#
    )
}
