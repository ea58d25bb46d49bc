//! SASL: who are you.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// A TLS client without SASL talks to a SASL port.
pub static SASL_01: Fault = Fault {
    code: "SASL-01",
    title: "A TLS client without SASL talks to a SASL port",
    phase: Phase::Metadata,
    side: Side::Client,
    place: "the client's security protocol",
    explanation: "TLS completes and ApiVersions is answered. Then the broker closes on Metadata \
        without a reply, since before a login it permits only ApiVersions and SaslHandshake.",
    tell: "ApiVersions answered and a close on the next request is unique to this. A delay \
        precedes the close: 100 ms is configured and 100 to 350 ms are seen; a token that Kafka \
        cannot even parse is closed on at once (1 ms).",
    evidence: "A probe that sends ApiVersions and then Metadata without SASL; security.protocol; \
        port 9096 or 9098.",
    fix: &[
        "Set security_protocol (security.protocol) to SASL_SSL and choose the mechanism of the \
         port.",
    ],
    settle: &["the client's configuration (security.protocol)"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/security/authenticator/SaslServerAuthenticator.java",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/Selector.java",
    ],
};

/// The client uses `SASL_PLAINTEXT` on a TLS port.
pub static SASL_02: Fault = Fault {
    code: "SASL-02",
    title: "The client uses SASL_PLAINTEXT on a TLS port",
    phase: Phase::ApiVersions,
    side: Side::Client,
    place: "the client's security protocol",
    explanation: "The client skips TLS and sends Kafka frames in clear, and the broker answers \
        with a TLS alert or closes. All SASL listeners of MSK use TLS.",
    tell: "The packets are those of TLS-01; the configuration tells the two apart.",
    evidence: "The client's configuration.",
    fix: &["Set security.protocol to SASL_SSL."],
    settle: &["the client's configuration (security.protocol)"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html",
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
    ],
};

/// The listener does not offer the client's SASL mechanism.
pub static SASL_03: Fault = Fault {
    code: "SASL-03",
    title: "The listener does not offer the client's SASL mechanism",
    phase: Phase::SaslHandshake,
    side: Side::Client,
    place: "the pair of mechanism and port",
    explanation: "The broker answers SaslHandshake with error 33 and the list of mechanisms it \
        has enabled, then closes. No credential was sent.",
    tell: "The list names the listener: SCRAM-SHA-512 is 9096, AWS_MSK_IAM and OAUTHBEARER are \
        9098.",
    evidence: "The SaslHandshake probe, which needs no credential.",
    fix: &[
        "Use the port of the mechanism, or the mechanism of the port.",
        "For SCRAM use SHA-512, the only variant that MSK has.",
    ],
    settle: &["the client's configuration (sasl.mechanism and port)"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/security/authenticator/SaslServerAuthenticator.java",
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html",
    ],
};

/// The IAM listener offers `AWS_MSK_IAM` but not OAUTHBEARER.
pub static SASL_04: Fault = Fault {
    code: "SASL-04",
    title: "The IAM listener offers AWS_MSK_IAM but not OAUTHBEARER",
    phase: Phase::SaslHandshake,
    side: Side::Broker,
    place: "the broker's software version",
    explanation: "The broker answers SaslHandshake with error 33, and its list of mechanisms \
        lacks OAUTHBEARER.",
    tell: "As SASL-03 on an IAM port; seen only on old cluster software.",
    evidence: "The list in the SaslHandshake answer; the cluster's KafkaVersion.",
    fix: &[
        "Upgrade the cluster.",
        "Or use a client with AWS_MSK_IAM of its own, such as the Java library \
         aws-msk-iam-auth.",
    ],
    settle: &["kafka:DescribeClusterV2, or --facts with its output"],
    basis: Basis::Inferred,
    sources: &["https://github.com/aws/aws-msk-iam-auth"],
};

/// The token is malformed.
pub static SASL_05: Fault = Fault {
    code: "SASL-05",
    title: "The token is malformed",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's token code",
    explanation: "The broker cannot parse the token. It says \"Invalid authentication payload\" \
        in a framed login and closes without a word in an unframed one; the credential itself is \
        never judged.",
    tell: "Typical: the signer returns (token, expiry) and the whole tuple, or bytes, was \
        formatted into the request; truncated or padded base64; a wrong Action or service name.",
    evidence: "The decoded token: a URL on https://kafka.REGION..., Action=kafka-cluster:Connect, \
        X-Amz-Expires, SignedHeaders=host, User-Agent added after signing.",
    fix: &[
        "Return only the token string from the token provider.",
        "Inspect the token with `msk-doctor token`.",
    ],
    settle: &["the token that the client sends, given with --token"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/aws/aws-sdk-net/issues/4254",
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The broker answers the token with a JSON error challenge.
pub static SASL_06: Fault = Fault {
    code: "SASL-06",
    title: "The broker answers the token with a JSON error challenge",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the broker's OAuth validator",
    explanation: "The reply has non-empty auth bytes such as {\"status\":\"invalid_token\"}, and \
        the client must answer with one 0x01 byte to receive error 58. This is how Apache \
        Kafka's own OAuth validator rejects a token; it is not documented for the IAM listener \
        of MSK.",
    tell: "kafka-python 2.0.x says \"Unrecognized response during authentication\" for this, and \
        not \"Connection reset during recv\".",
    evidence: "The auth bytes in the SaslAuthenticate probe.",
    fix: &[
        "Treat the token as rejected, and inspect it with `msk-doctor token`.",
        "Check that the address belongs to an MSK cluster and not to another Kafka.",
    ],
    settle: &["a SaslAuthenticate probe with the client's own token (--token)"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/security/oauthbearer/internals/OAuthBearerSaslServer.java",
        "https://github.com/dpkp/kafka-python",
    ],
};

/// The broker denied the login and the client could not hear why (`SaslHandshake` v0).
pub static SASL_07: Fault = Fault {
    code: "SASL-07",
    title: "The broker denied the login and the client could not hear why (SaslHandshake v0)",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the brokers' authenticator, hidden by an old form of the login",
    explanation: "With SaslHandshake v0 the client sends a raw token, and a broker that denies it \
        can only close: FIN and no bytes. kafka-python prints \"Connection reset during recv\".",
    tell: "Repeat with SaslHandshake v1 and SaslAuthenticate: a denial now gives error 58 and a \
        text. A framed attempt that is also cut without words, whatever the delay, is no proof \
        of denial: LIM-07, NET-01, NET-03 or a restart. A close 100 ms or more after the token \
        agrees with the broker's delay for failed logins; an earlier one does not.",
    evidence: "The same token over v0 and v1, with the time from token to FIN or RST. On CPython \
        3.10 to 3.12.1 the same words also cover a true RST (CLI-04).",
    fix: &[
        "Fix what the text of the framed attempt says.",
        "Upgrade the client to a version that uses SaslAuthenticate, so that it prints the \
         broker's words.",
    ],
    settle: &[
        "a framed login (SaslHandshake v1 and SaslAuthenticate) with the client's own identity",
    ],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/security/authenticator/SaslServerAuthenticator.java",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/Selector.java",
        "https://github.com/apache/kafka/blob/trunk/server/src/main/java/org/apache/kafka/network/SocketServerConfigs.java",
        "https://github.com/dpkp/kafka-python",
        "https://github.com/aws/aws-sdk-net/issues/4254",
    ],
};

/// The token is older than its 900 seconds.
pub static SASL_08: Fault = Fault {
    code: "SASL-08",
    title: "The token is older than its 900 seconds",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's token provider",
    explanation: "X-Amz-Date plus X-Amz-Expires has passed when the token is used, so it is \
        denied although the permissions are right. The provider caches the token, or the Lambda \
        sandbox was frozen between signing and use.",
    tell: "The dates inside the token that was sent show it; a fresh token succeeds.",
    evidence: "Date and expiry decoded from the token actually sent.",
    fix: &[
        "Sign a token for each connection.",
        "Where tokens are cached, refresh them before 80 per cent of their life.",
    ],
    settle: &[
        "the token that the client sends, given with --token",
        "a login with a fresh token of the same identity",
    ],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The client's clock is off and the signature is judged out of time.
pub static SASL_09: Fault = Fault {
    code: "SASL-09",
    title: "The client's clock is off and the signature is judged out of time",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's clock",
    explanation: "The token is stamped in the future or already past, and is denied. AWS judges \
        the stamp by its own time, and the tolerance that MSK applies is not published.",
    tell: "The local clock differs from the Date header of an AWS endpoint. The 900 seconds of \
        the token bound a slow clock; a fast clock is judged on its own.",
    evidence: "HTTPS Date of the STS or Kafka endpoint minus local time.",
    fix: &[
        "Synchronise the clock with NTP or chrony.",
        "Restart or resynchronise a virtual machine that was paused.",
    ],
    settle: &["the Date header of an AWS endpoint, read on the client's machine"],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html",
    ],
};

/// The token is signed for another Region than the cluster's.
pub static SASL_10: Fault = Fault {
    code: "SASL-10",
    title: "The token is signed for another Region than the cluster's",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the Region given to the signer",
    explanation: "The credential scope of the token names a Region other than the one in the \
        broker's host name, so the broker denies it. Lambda sets AWS_REGION to the Region of the \
        function, not of the cluster.",
    tell: "The scope in the token and the Region in the host name differ.",
    evidence: "The scope in X-Amz-Credential against the host name.",
    fix: &["Pass the cluster's Region to the signer."],
    settle: &["the token that the client sends, given with --token"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-auth",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html",
    ],
};

/// The partition or domain does not fit the cluster.
pub static SASL_11: Fault = Fault {
    code: "SASL-11",
    title: "The partition or domain does not fit the cluster",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the signer or the policy, in the China or GovCloud partition",
    explanation: "The token or the policy is made for the wrong partition: signers build \
        https://kafka.REGION.amazonaws.com, and ARNs there have to say aws-cn or aws-us-gov. The \
        login is denied or leads to a wrong endpoint.",
    tell: "The host name ends in .com.cn, or the Region is of GovCloud, while token or policy \
        speak of the standard partition.",
    evidence: "The suffix of the host name; the partition of the ARNs in the policy.",
    fix: &[
        "Use a current version of the signer.",
        "Correct the partition in the policy's ARNs.",
    ],
    settle: &[
        "the token that the client sends, given with --token",
        "the role's policies, by --facts",
    ],
    basis: Basis::Inferred,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The session token is missing from the signature.
pub static SASL_12: Fault = Fault {
    code: "SASL-12",
    title: "The session token is missing from the signature",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the credentials given to the signer",
    explanation: "Temporary keys are valid only together with their session token. A token signed \
        without it is denied.",
    tell: "The access key id begins with ASIA and X-Amz-Security-Token is absent from the token.",
    evidence: "The decoded token and the prefix of the key id.",
    fix: &["Pass all three parts to the signer: access key id, secret key and session token."],
    settle: &["the token that the client sends, given with --token"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
        "https://github.com/aws/aws-msk-iam-auth",
    ],
};

/// The credentials have expired or were rotated.
pub static SASL_13: Fault = Fault {
    code: "SASL-13",
    title: "The credentials have expired or were rotated",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's source of credentials",
    explanation: "New connections are denied because the keys behind the token are no longer \
        valid. A live session may begin to return authorisation errors; topic errors after hours \
        of success have been reported.",
    tell: "sts:GetCallerIdentity with the same credentials says ExpiredToken.",
    evidence: "sts:GetCallerIdentity; Expiration of the credential source.",
    fix: &[
        "Use a provider that refreshes credentials instead of values captured from the \
         environment at start.",
    ],
    settle: &["sts:GetCallerIdentity with the client's own credentials"],
    basis: Basis::Reported,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-js/issues/34",
        "https://github.com/ClickHouse/ClickHouse/pull/109125",
    ],
};

/// The client finds no AWS credentials.
pub static SASL_14: Fault = Fault {
    code: "SASL-14",
    title: "The client finds no AWS credentials",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's credential chain; nothing was sent to the broker's authenticator",
    explanation: "The client cannot sign a token and fails with a local exception before any SASL \
        byte. In Python, botocore returns None.",
    tell: "TCP and TLS succeed, then the client itself closes: its FIN comes first.",
    evidence: "A probe of the credential chain; the direction of the FIN.",
    fix: &[
        "Give the process an identity: attach a role to the function, instance or task, \
         configure IRSA for the pod, or export the variables.",
    ],
    settle: &["a run with the client's own environment and identity"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
        "https://github.com/aws/aws-msk-iam-auth",
    ],
};

/// The token callback never ran.
pub static SASL_15: Fault = Fault {
    code: "SASL-15",
    title: "The token callback never ran",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's code",
    explanation: "librdkafka says \"cannot log in because there is no token available\": the \
        callback runs from poll(), and poll() is never called, or the client was only \
        constructed.",
    tell: "No token was ever set and none was refused; nothing was sent.",
    evidence: "The log with debug=security; whether a refresh callback is configured.",
    fix: &["Call poll() right after constructing the client, or enable the background SASL queue."],
    settle: &["the client's log with debug=security"],
    basis: Basis::Documented,
    sources: &["https://github.com/confluentinc/librdkafka/tree/master/src"],
};

/// The token's expiry is given in the wrong unit or time zone.
pub static SASL_16: Fault = Fault {
    code: "SASL-16",
    title: "The token's expiry is given in the wrong unit or time zone",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's token callback",
    explanation: "The client library compares the expiry with its clock and rejects it itself: \
        \"Must supply an unexpired token: now=..., exp=...\". confluent-kafka-python wants \
        seconds, the signer returns milliseconds.",
    tell: "exp is about 1000 times too small or too large, or off by whole hours.",
    evidence: "now and exp in the message.",
    fix: &[
        "Divide the signer's expiry by 1000 where the client wants seconds.",
        "Use UTC.",
    ],
    settle: &["the message's now and exp, or the callback's code"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-sasl-signer-net/issues/35",
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The token provider is of the wrong type.
pub static SASL_17: Fault = Fault {
    code: "SASL-17",
    title: "The token provider is of the wrong type",
    phase: Phase::SaslHandshake,
    side: Side::Client,
    place: "the client's code",
    explanation: "kafka-python 2.1 and later assert that the provider class extends \
        AbstractTokenProvider, and fail at connect otherwise. In 3.x the class lives in \
        kafka.net.sasl.oauth.",
    tell: "A local assertion; no token was sent.",
    evidence: "The text of the exception.",
    fix: &[
        "Derive the provider class from AbstractTokenProvider, imported from the module of the \
         installed version.",
    ],
    settle: &["the text of the exception"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/dpkp/kafka-python"],
};

/// The client cannot re-authenticate and its session ends.
pub static SASL_18: Fault = Fault {
    code: "SASL-18",
    title: "The client cannot re-authenticate and its session ends",
    phase: Phase::Metadata,
    side: Side::Client,
    place: "the client library, at the end of the session",
    explanation: "The broker gives a login a lifetime and closes the connection when it ends \
        without a new login. Clients without KIP-368 see a FIN at a fixed period, commonly one \
        hour after each connect, at any load. A session that is shorter than a request takes \
        ends every connection right after its login.",
    tell: "The age of the connection at its close equals the advertised lifetime, and the first \
        login after it succeeds. Java from 2.2, librdkafka from 2.2, kafkajs 2.x, franz-go and \
        kafka-python 3.x re-authenticate; kafka-python 2.x and aiokafka 0.14 do not.",
    evidence: "session_lifetime_ms of SaslAuthenticate v1 in the probe; the broker metric \
        successful-authentication-no-reauth.",
    fix: &[
        "Upgrade to a client that re-authenticates.",
        "Or reconnect before the lifetime ends.",
        "Where the session is only seconds long, raise the listener's connections.max.reauth.ms, or log in with a token that is not \
         about to expire.",
    ],
    settle: &["the age of the connection at its close, from the client's log"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aio-libs/aiokafka/pull/1105",
        "https://github.com/confluentinc/librdkafka/issues/3293",
        "https://github.com/grepplabs/kafka-proxy/issues/217",
    ],
};

/// The principal changed on re-authentication.
pub static SASL_19: Fault = Fault {
    code: "SASL-19",
    title: "The principal changed on re-authentication",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client's role session name",
    explanation: "The broker demands the same principal for the whole connection and answers \
        error 58, \"Cannot change principals during re-authentication from ... to ...\".",
    tell: "The session name of the role is random at each refresh, as with web identity or Pod \
        Identity.",
    evidence: "The two ARNs in the message.",
    fix: &[
        "Set a fixed AWS_ROLE_SESSION_NAME.",
        "Or assume a role with a fixed session name.",
    ],
    settle: &["the broker's message in the client's log"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-auth",
        "https://github.com/jmaver-plume/kafkajs-msk-iam-authentication-mechanism/issues/20",
    ],
};

/// The session would be too short.
pub static SASL_20: Fault = Fault {
    code: "SASL-20",
    title: "The session would be too short",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the remaining life of the client's credentials",
    explanation: "The credentials have only seconds left when the token is signed, and the broker \
        refuses with error 58, \"[uuid]: Session too short\".",
    tell: "It comes back with the period of the credentials (1 hour, 6 hours).",
    evidence: "Expiration of the credentials minus the time of signing.",
    fix: &[
        "Refresh the credentials earlier.",
        "Limit the token's lifetime to that of the credentials.",
    ],
    settle: &["Expiration of the client's credentials at the time of the failure"],
    basis: Basis::Reported,
    sources: &[
        "https://github.com/twmb/franz-go/issues/731",
        "https://github.com/ClickHouse/ClickHouse/pull/109125",
    ],
};

/// `AWS_MSK_IAM` is used through an alias of the broker.
pub static SASL_21: Fault = Fault {
    code: "SASL-21",
    title: "AWS_MSK_IAM is used through an alias of the broker",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the host name in the bootstrap string",
    explanation: "AWS_MSK_IAM signs the broker host that was dialled and derives the Region from \
        it, so a signature made for an alias is denied. OAUTHBEARER signs \
        kafka.REGION.amazonaws.com and works through the same alias.",
    tell: "Only AWS_MSK_IAM fails; OAUTHBEARER over the same name succeeds.",
    evidence: "A host in the bootstrap string that is not *.amazonaws.com.",
    fix: &[
        "Use OAUTHBEARER.",
        "Or dial the true name, with a DNS override where the address has to differ.",
    ],
    settle: &["a login with --mechanism oauthbearer beside one with aws-msk-iam"],
    basis: Basis::Documented,
    sources: &[
        "https://github.com/aws/aws-msk-iam-auth",
        "https://github.com/aws/aws-msk-iam-sasl-signer-python/blob/main/aws_msk_iam_sasl_signer/MSKAuthTokenProvider.py",
    ],
};

/// The SCRAM user or password is wrong.
pub static SASL_22: Fault = Fault {
    code: "SASL-22",
    title: "The SCRAM user or password is wrong",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the credentials in the client's configuration",
    explanation: "The broker refuses the SCRAM exchange with error 58, \"invalid credentials with \
        SASL mechanism SCRAM-SHA-512\".",
    tell: "The framed reply names the mechanism, and hides which part was wrong.",
    evidence: "The SCRAM probe.",
    fix: &[
        "Correct the user name and password in the client or in the secret.",
        "After a change, allow 10 minutes for it to reach the brokers.",
    ],
    settle: &[
        "kafka:ListScramSecrets, and the secret's content compared by someone who may read it",
    ],
    basis: Basis::Documented,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html",
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/security/authenticator/SaslServerAuthenticator.java",
    ],
};

/// The cluster cannot use the SCRAM secret.
pub static SASL_23: Fault = Fault {
    code: "SASL-23",
    title: "The cluster cannot use the SCRAM secret",
    phase: Phase::SaslAuthenticate,
    side: Side::Aws,
    place: "the secret in Secrets Manager, or its association",
    explanation: "The password is right, but the brokers do not have it: the secret's name lacks \
        the prefix AmazonMSK_, it uses the default KMS key, it is in another Region or account, \
        its resource policy was edited, or it was never associated.",
    tell: "As SASL-22 with a password that is known to be correct.",
    evidence: "kafka:ListScramSecrets; UnprocessedScramSecrets of \
        kafka:BatchAssociateScramSecret; KmsKeyId in secretsmanager:DescribeSecret.",
    fix: &[
        "Create the secret again with the prefix AmazonMSK_ and a customer managed KMS key.",
        "Associate it: `aws kafka batch-associate-scram-secret --cluster-arn ARN \
         --secret-arn-list SECRET`.",
    ],
    settle: &[
        "kafka:ListScramSecrets and secretsmanager:DescribeSecret, or --facts with their \
         output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html"],
};

/// SCRAM logins fail for a while after a broker was replaced.
pub static SASL_24: Fault = Fault {
    code: "SASL-24",
    title: "SCRAM logins fail for a while after a broker was replaced",
    phase: Phase::SaslAuthenticate,
    side: Side::Broker,
    place: "the replaced brokers",
    explanation: "Brokers that were replaced while the cluster was HEALING refuse a correct SCRAM \
        login for some minutes.",
    tell: "Only the replaced brokers fail, and the cluster's operations show the healing.",
    evidence: "A SCRAM probe of each broker; the cluster's State and operations.",
    fix: &[
        "Wait some minutes and retry.",
        "If it persists, associate the secret with the cluster again.",
    ],
    settle: &[
        "kafka:DescribeClusterV2 and kafka:ListClusterOperationsV2, or --facts with their \
         output",
    ],
    basis: Basis::Reported,
    sources: &["https://karafka.io/docs/Infrastructure-AWS-MSK-Guide/"],
};

/// Re-authentication races with other requests.
pub static SASL_25: Fault = Fault {
    code: "SASL-25",
    title: "Re-authentication races with other requests",
    phase: Phase::SaslAuthenticate,
    side: Side::Client,
    place: "the client library",
    explanation: "On a busy, long-lived connection a request slips in between the steps of the \
        re-authentication, and ILLEGAL_SASL_STATE (34) appears.",
    tell: "Only near the end of a session; a fresh connection works.",
    evidence: "Error 34 together with the age of the connection.",
    fix: &["Upgrade the client."],
    settle: &["the age of the connection at the error, from the client's log"],
    basis: Basis::Reported,
    sources: &[
        "https://github.com/dpkp/kafka-python/issues/2570",
        "https://github.com/twmb/franz-go/issues/731",
    ],
};

/// The authentication stalls.
pub static SASL_26: Fault = Fault {
    code: "SASL-26",
    title: "The authentication stalls",
    phase: Phase::SaslAuthenticate,
    side: Side::Unknown,
    place: "the broker's authenticator, or the client's own credential source",
    explanation: "The token was sent and no answer comes, so the client's read times out.",
    tell: "A delay in the client (STS, instance metadata, web identity) comes before the token is \
        sent, a delay in the broker after it.",
    evidence: "The times of fetching the credentials, sending the token and receiving the reply.",
    fix: &[
        "Cache the credentials in the client.",
        "Look at the CPU of the brokers (CLU-06).",
        "Raise the client's authentication or request timeout.",
    ],
    settle: &["the times of each step, from a probe with the client's own identity"],
    basis: Basis::Reproduced,
    sources: &[
        "https://github.com/dpkp/kafka-python",
        "https://github.com/confluentinc/librdkafka/tree/master/src",
    ],
};

/// A SASL client talks to a listener without SASL.
pub static SASL_27: Fault = Fault {
    code: "SASL-27",
    title: "A SASL client talks to a listener without SASL",
    phase: Phase::SaslHandshake,
    side: Side::Client,
    place: "the port in the bootstrap string",
    explanation: "SaslHandshake is answered with error 34 (ILLEGAL_SASL_STATE) and an empty list \
        of mechanisms, and the connection stays open.",
    tell: "It comes on a fresh connection, to the first SASL request, and Metadata works there \
        without a login. Ports 9092 and 9094.",
    evidence: "Error 34 at once; Metadata on the same connection.",
    fix: &[
        "Use 9098 for IAM or 9096 for SCRAM.",
        "Or remove SASL from the client's configuration.",
    ],
    settle: &["Metadata without a login on the same connection"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/confluentinc/librdkafka/tree/master/src"],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &SASL_01, &SASL_02, &SASL_03, &SASL_04, &SASL_05, &SASL_06, &SASL_07, &SASL_08, &SASL_09,
    &SASL_10, &SASL_11, &SASL_12, &SASL_13, &SASL_14, &SASL_15, &SASL_16, &SASL_17, &SASL_18,
    &SASL_19, &SASL_20, &SASL_21, &SASL_22, &SASL_23, &SASL_24, &SASL_25, &SASL_26, &SASL_27,
];
