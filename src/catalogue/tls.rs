//! TLS.

use super::{Basis, Fault, Side};
use crate::phase::Phase;

/// A plaintext client talks to a TLS port.
pub static TLS_01: Fault = Fault {
    code: "TLS-01",
    title: "A plaintext client talks to a TLS port",
    phase: Phase::ApiVersions,
    side: Side::Client,
    place: "the client's security protocol",
    explanation: "The broker answers the Kafka frame with a TLS alert (bytes 15 03 03 00) or just \
        closes. A Java client reads the alert as a frame of 352518912 bytes and may fail with \
        OutOfMemoryError, which has nothing to do with memory.",
    tell: "The first four bytes of the answer decode to a TLS alert.",
    evidence: "The first-bytes decoder; security.protocol of the client.",
    fix: &[
        "Set security.protocol to SSL or SASL_SSL, whichever the listener needs.",
        "Pass the client properties file to command line tools (--command-config).",
    ],
    settle: &["the client's configuration (security.protocol)"],
    basis: Basis::Documented,
    sources: &[
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
        "https://github.com/twmb/franz-go/blob/master/pkg/kgo/broker.go",
    ],
};

/// A TLS client talks to the plaintext port.
pub static TLS_02: Fault = Fault {
    code: "TLS-02",
    title: "A TLS client talks to the plaintext port",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the port in the bootstrap string",
    explanation: "The broker reads the ClientHello as a length (369295616 to 369295618), rejects \
        it and closes. The client sees the end of the stream in its handshake, or RST when bytes \
        were left unread.",
    tell: "A plain ApiVersions request on the same port succeeds.",
    evidence: "A second probe in clear on the same port.",
    fix: &["Use the port that fits the client: 9094 for TLS, 9096 for SCRAM, 9098 for IAM."],
    settle: &["a plain ApiVersions request on the same port"],
    basis: Basis::SourceRead,
    sources: &[
        "https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/network/NetworkReceive.java",
        "https://github.com/confluentinc/librdkafka/tree/master/src",
    ],
};

/// The client does not trust the issuer of the brokers' certificate.
pub static TLS_03: Fault = Fault {
    code: "TLS-03",
    title: "The client does not trust the issuer of the brokers' certificate",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's trust store",
    explanation: "The client receives the certificate flight, cannot chain it to a trusted root, \
        sends the alert unknown_ca and closes.",
    tell: "MSK brokers use public certificates of Amazon Trust Services, so trust in that root is \
        enough. If the presented issuer is not Amazon, see TLS-12.",
    evidence: "Issuer and chain from an unverified handshake, then verification against the \
        client's bundle.",
    fix: &[
        "Install the ca-certificates package, or point the client at a bundle that has the \
         Amazon roots.",
        "Do not turn verification off.",
    ],
    settle: &["the client's own trust store, given with --ca-file"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html"],
};

/// The CA bundle is not where the client's TLS library looks.
pub static TLS_04: Fault = Fault {
    code: "TLS-04",
    title: "The CA bundle is not where the client's TLS library looks",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's runtime",
    explanation: "A statically linked OpenSSL, such as the one in librdkafka wheels, probes fixed \
        paths for its bundle. Where none of them exists, no certificate can be verified.",
    tell: "As TLS-03, in one runtime only: curl on the same machine verifies, the client does not.",
    evidence: "SSL_CERT_FILE and ssl.ca.location; whether /etc/ssl/certs/ca-certificates.crt or \
        /etc/pki/tls/certs/ca-bundle.crt exists.",
    fix: &[
        "Set ssl.ca.location to an existing bundle, for example the path that `python -m \
         certifi` prints.",
    ],
    settle: &["the paths visible inside the client's own container or function"],
    basis: Basis::SourceRead,
    sources: &["https://github.com/confluentinc/librdkafka/tree/master/src"],
};

/// The certificate does not cover the host name that was dialled.
pub static TLS_05: Fault = Fault {
    code: "TLS-05",
    title: "The certificate does not cover the host name that was dialled",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the name in the client's configuration",
    explanation: "The chain verifies, but the name dialled (an address, a CNAME, localhost of a \
        tunnel, a load balancer) is not in the certificate. The client sends an alert after the \
        certificate and closes.",
    tell: "Only the name fails. librdkafka prints the same words for an untrusted CA, so chain \
        and name have to be verified apart.",
    evidence: "The subject alternative names of the certificate against the dialled name.",
    fix: &[
        "Dial the broker by its own name; where the address has to differ, override DNS and \
         keep the name.",
        "Do not disable host name checking.",
    ],
    settle: &["a handshake with the broker's own name (--resolve HOST:PORT:ADDRESS)"],
    basis: Basis::Reproduced,
    sources: &["https://github.com/confluentinc/librdkafka/tree/master/src"],
};

/// Client and broker have no common TLS version or cipher.
pub static TLS_06: Fault = Fault {
    code: "TLS-06",
    title: "Client and broker have no common TLS version or cipher",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's TLS settings",
    explanation: "The broker answers the ClientHello with the fatal alert protocol_version or \
        handshake_failure; an old stack may end the connection instead. MSK documents TLS 1.2.",
    tell: "An alert comes straight after the ClientHello; it is not silence.",
    evidence: "A handshake probe for each version.",
    fix: &[
        "Use a current runtime.",
        "Remove settings that pin TLS 1.0 or 1.1.",
    ],
    settle: &["the client's TLS settings, or its own handshake in a packet capture"],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html"],
};

/// The client certificate is missing, expired or from another CA.
pub static TLS_07: Fault = Fault {
    code: "TLS-07",
    title: "The client certificate is missing, expired or from another CA",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's certificate",
    explanation: "The listener asks for a client certificate and rejects what it got. With TLS \
        1.2 the alert comes during the handshake; with TLS 1.3 the handshake looks complete to \
        the client and the alert arrives on its first read.",
    tell: "The alert's code tells: 42 bad, 45 expired, 48 unknown CA, 116 required. Read before \
        believing a failed write, since EPIPE or RST races with the alert.",
    evidence: "Whether a CertificateRequest was seen and what authorities it names; \
        ClientAuthentication.Tls.CertificateAuthorityArnList.",
    fix: &[
        "Issue the certificate from the private CA that is associated with the cluster, and \
         send its chain.",
        "Renew the certificate if it has expired; MSK checks no revocation list.",
    ],
    settle: &[
        "a handshake with the client's own certificate (--client-cert and --client-key)",
        "kafka:DescribeClusterV2, or --facts with its output",
    ],
    basis: Basis::Documented,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-authentication.html"],
};

/// The client's key or certificate cannot be read.
pub static TLS_08: Fault = Fault {
    code: "TLS-08",
    title: "The client's key or certificate cannot be read",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's files",
    explanation: "The client fails on its own PEM or keystore and sends no packet.",
    tell: "It happens before the connect.",
    evidence: "Parsing the PEM or keystore, and matching the key to the certificate.",
    fix: &[
        "Correct the format or the password of the key.",
        "Check that key and certificate belong together.",
    ],
    settle: &["the client's files (--client-cert and --client-key)"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/msk/latest/developerguide/msk-authentication.html"],
};

/// The client's clock is wrong and a good certificate looks invalid.
pub static TLS_09: Fault = Fault {
    code: "TLS-09",
    title: "The client's clock is wrong and a good certificate looks invalid",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the client's clock",
    explanation: "The client compares the certificate's dates with a wrong clock and rejects it \
        as expired or not yet valid.",
    tell: "The Date header of any HTTPS service differs from the local clock; with TLS-14 the \
        clock is right.",
    evidence: "A clock probe (HTTPS Date or SNTP) beside the TLS probe.",
    fix: &["Synchronise the clock with NTP or chrony, then check the login again (SASL-09)."],
    settle: &["the Date header of an HTTPS service, read on the client's machine"],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html",
    ],
};

/// The Java truststore is missing or empty.
pub static TLS_10: Fault = Fault {
    code: "TLS-10",
    title: "The Java truststore is missing or empty",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the JVM's truststore",
    explanation: "The JVM finds no trust anchors at its configured path and fails with \"the \
        trustAnchors parameter must be non-empty\" before any handshake.",
    tell: "A local exception; no handshake was tried.",
    evidence: "Path, type and number of entries of the truststore.",
    fix: &[
        "Point ssl.truststore.location at a truststore with entries, or remove it so that the \
         JVM's cacerts are used.",
    ],
    settle: &["the truststore's entries (`keytool -list -keystore PATH`)"],
    basis: Basis::Documented,
    sources: &["https://repost.aws/knowledge-center/msk-cluster-connection-issues"],
};

/// The server name (SNI) is missing or altered.
pub static TLS_11: Fault = Fault {
    code: "TLS-11",
    title: "The server name (SNI) is missing or altered",
    phase: Phase::Tls,
    side: Side::Client,
    place: "the ClientHello, or a device that routes by name",
    explanation: "A device on the path chooses its target by the server name in the ClientHello. \
        Without it, or with another one, the client gets a wrong certificate or a reset.",
    tell: "The connection works when the server name equals the broker's name.",
    evidence: "A probe with and one without the server name.",
    fix: &["Set the server name (server_name, SNI) to the broker's name."],
    settle: &["a TLS probe with and one without the server name"],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html",
    ],
};

/// TLS is intercepted on the way.
pub static TLS_12: Fault = Fault {
    code: "TLS-12",
    title: "TLS is intercepted on the way",
    phase: Phase::Tls,
    side: Side::Path,
    place: "an interception proxy between client and broker",
    explanation: "The certificate presented is not from Amazon: a device ends the TLS connection \
        and opens another. The handshake completes or fails by what the client trusts, and \
        interceptors often reset payloads that are not HTTP after the handshake.",
    tell: "The issuer's organisation is the employer or a security vendor.",
    evidence: "The issuer compared with the names of Amazon Trust Services.",
    fix: &["Exempt the broker names and ports from interception."],
    settle: &["the same handshake from a network without the proxy"],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/msk/latest/developerguide/msk-encryption.html",
        "https://repost.aws/knowledge-center/msk-cluster-connection-issues",
    ],
};

/// A large `ClientHello` breaks an old device on the path.
pub static TLS_13: Fault = Fault {
    code: "TLS-13",
    title: "A large ClientHello breaks an old device on the path",
    phase: Phase::Tls,
    side: Side::Path,
    place: "an old firewall or proxy between client and broker",
    explanation: "With post-quantum key shares the ClientHello spans two segments. An old device \
        that cannot read it so drops or resets the connection.",
    tell: "Only new clients fail, and a probe with a small ClientHello succeeds.",
    evidence: "Two probes that differ in the size of the ClientHello.",
    fix: &[
        "Update the device.",
        "Or remove the hybrid key exchange group from the client's settings.",
    ],
    settle: &["a TLS probe with a small and one with a large ClientHello"],
    basis: Basis::Inferred,
    sources: &["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html"],
};

/// The server's certificate is expired or not yet valid.
pub static TLS_14: Fault = Fault {
    code: "TLS-14",
    title: "The server's certificate is expired or not yet valid",
    phase: Phase::Tls,
    side: Side::Broker,
    place: "whatever ends TLS at this address",
    explanation: "The client's clock is right and the dates of the certificate, or of one of its \
        issuers, are not, so the client rejects it.",
    tell: "The clock agrees with HTTPS Date headers and with other brokers' certificates. Real \
        MSK brokers renew by themselves, so suspect a proxy, a load balancer or a stale broker.",
    evidence: "notBefore and notAfter of the leaf and of each issuer; the clock probe.",
    fix: &[
        "Renew the certificate on the device that ends TLS at this address.",
        "If it is an MSK broker itself, report it to AWS Support.",
    ],
    settle: &["the owner of the resolved address (ec2:DescribeNetworkInterfaces, kafka:ListNodes)"],
    basis: Basis::Inferred,
    sources: &[
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html",
    ],
};

/// Every fault of this group, by number.
pub(super) static FAULTS: &[&Fault] = &[
    &TLS_01, &TLS_02, &TLS_03, &TLS_04, &TLS_05, &TLS_06, &TLS_07, &TLS_08, &TLS_09, &TLS_10,
    &TLS_11, &TLS_12, &TLS_13, &TLS_14,
];
