//! Signs: what an attempt shows when something is wrong, before anyone says why.

use std::net::SocketAddr;

use crate::case::{Case, Shares};
use crate::phase::Phase;
use crate::probe::observation::{
    Ask, Detail, End, Framing, Observation, PhaseRecord, Purpose, RightAnswer, Speaks, Stop,
    coordinates_the_group,
};
use crate::target::Endpoint;

/// The kinds of sign, by phase. A sign says what was seen and nothing of its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name is the observation itself")]
pub enum Sign {
    NameNotFound,
    NameWithoutAddress,
    ResolverFailed,
    ResolverSilent,
    ConnectSilent,
    ConnectRefused,
    ConnectUnreachable,
    TlsClosed,
    TlsCut,
    TlsSilent,
    TlsIncomplete,
    TlsAlert,
    TlsError,
    NotTls,
    LargeHelloLost,
    CertificateUntrusted,
    CertificateName,
    CertificateDates,
    CertificateUsage,
    ApiVersionsClosed,
    ApiVersionsSilent,
    NotKafka,
    AnswerMalformed,
    ApiVersionsError,
    MechanismRefused,
    NoSaslHere,
    HandshakeClosed,
    HandshakeSilent,
    CredentialMissing,
    LoginRefused,
    LoginChallenged,
    LoginClosed,
    LoginClosedBare,
    LoginSilent,
    MetadataClosed,
    MetadataClosedWithoutLogin,
    MetadataSilent,
    TopicDenied,
    TopicMissing,
    TopicOther,
    TopicWithoutUse,
    GroupDenied,
    TransactionDenied,
    IdempotentWriteDenied,
    CoordinatorUnavailable,
    AdvertisedUnusable,
    ClustersMixed,
    CanaryRefused,
    CanaryFailed,
}

impl Sign {
    /// In what an observer must be the same as the client to see it for the client: the network between client and
    /// broker decides it, or who logs in.
    #[must_use]
    pub fn needs(self) -> Shares {
        if self < Sign::CertificateUntrusted
            || matches!(self, Sign::AdvertisedUnusable | Sign::CanaryFailed)
        {
            Shares::Path
        } else {
            Shares::Identity
        }
    }
}

/// A sign on one broker.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What was seen.
    pub sign: Sign,
    /// The attempt that saw it.
    pub observation: &'a Observation,
    /// The phase that saw it.
    pub record: &'a PhaseRecord,
}

impl Seen<'_> {
    /// The broker.
    #[must_use]
    pub fn broker(&self) -> &Endpoint {
        &self.observation.broker
    }

    /// The address, when the name gave one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.observation.address
    }
}

/// All signs of a case, in the order of the attempts. What only hits IPv6 while IPv4 works is a
/// warning and no sign; an attempt that was cut off by the deadline shows nothing.
#[must_use]
pub fn signs(case: &Case) -> Vec<Seen<'_>> {
    let mut found = Vec::new();
    for observation in case.attempts().chain(case.canary()) {
        if is_spare_ipv6(case, observation) {
            continue;
        }
        let signs = of_observation(observation);
        found.extend(signs.into_iter().map(|(sign, record)| Seen {
            sign,
            observation,
            record,
        }));
    }
    found.extend(case.lost_large_hellos().map(|(observation, record)| Seen {
        sign: Sign::LargeHelloLost,
        observation,
        record,
    }));
    found.extend(clusters_mixed(case));
    found
}

/// An IPv6 attempt that failed before TLS while the same name works over IPv4.
#[must_use]
pub fn is_spare_ipv6(case: &Case, observation: &Observation) -> bool {
    observation.address.is_some_and(|address| address.is_ipv6())
        && observation
            .failure()
            .is_some_and(|record| record.phase == Phase::Connect)
        && case.attempts().any(|other| {
            other.broker == observation.broker
                && other.address.is_some_and(|address| address.is_ipv4())
                && other.answered(Phase::Connect)
        })
}

fn of_observation(observation: &Observation) -> Vec<(Sign, &PhaseRecord)> {
    let mut found = Vec::new();
    for record in &observation.phases {
        found.extend(
            of_record(observation, record)
                .into_iter()
                .map(|sign| (sign, record)),
        );
    }
    if observation.stopped == Some(Stop::NoCredential)
        && let Some(record) = observation.phases.last()
    {
        found.push((Sign::CredentialMissing, record));
    }
    found
}

fn of_record(observation: &Observation, record: &PhaseRecord) -> Vec<Sign> {
    let closed = matches!(record.end, End::Fin | End::Rst);
    let silent = matches!(record.end, End::Silence | End::Unreachable);
    let waiting = silent || record.end == End::Incomplete;
    match (record.phase, record.end) {
        (_, End::Cancelled) => Vec::new(),
        (Phase::Resolve, End::Nxdomain) => vec![Sign::NameNotFound],
        (Phase::Resolve, End::NoAddress) => vec![Sign::NameWithoutAddress],
        (Phase::Resolve, End::Silence) => vec![Sign::ResolverSilent],
        (Phase::Resolve, End::ResolverFailed) => vec![Sign::ResolverFailed],
        (Phase::Connect, End::Silence) => vec![Sign::ConnectSilent],
        (Phase::Connect, End::Refused) => vec![Sign::ConnectRefused],
        (Phase::Connect, End::Unreachable) => vec![Sign::ConnectUnreachable],
        (Phase::Connect, End::Rst) => vec![Sign::TlsClosed],
        (Phase::Tls, end) => tls(observation, record, end),
        (Phase::ApiVersions, _) if closed => vec![Sign::ApiVersionsClosed],
        (Phase::ApiVersions, _) if waiting => vec![Sign::ApiVersionsSilent],
        (Phase::ApiVersions, End::KafkaError) => vec![Sign::ApiVersionsError],
        (_, End::NotKafka) => vec![Sign::NotKafka],
        (_, End::ProtocolError) => vec![Sign::AnswerMalformed],
        (Phase::SaslHandshake, _) if closed => vec![Sign::HandshakeClosed],
        (Phase::SaslHandshake, _) if waiting => vec![Sign::HandshakeSilent],
        (Phase::SaslHandshake, End::KafkaError) => match &record.detail {
            Detail::SaslHandshake(detail) if detail.error_code == 34 => vec![Sign::NoSaslHere],
            _ => vec![Sign::MechanismRefused],
        },
        (Phase::SaslAuthenticate, _) if closed => {
            let bare =
                matches!(&record.detail, Detail::SaslAuthenticate(d) if d.framing == Framing::Bare);
            vec![if bare {
                Sign::LoginClosedBare
            } else {
                Sign::LoginClosed
            }]
        }
        (Phase::SaslAuthenticate, _) if waiting => vec![Sign::LoginSilent],
        (Phase::SaslAuthenticate, End::KafkaError) => match &record.detail {
            Detail::SaslAuthenticate(detail) if detail.challenge.is_some() => {
                vec![Sign::LoginChallenged]
            }
            // Anything but a refusal has other reasons, which `verdict` tells as unknown.
            Detail::SaslAuthenticate(detail) if detail.other_error().is_some() => Vec::new(),
            _ => vec![Sign::LoginRefused],
        },
        (Phase::Metadata, _) if closed => {
            let anonymous = matches!(&record.detail, Detail::Metadata(d) if d.without_login);
            vec![if anonymous {
                Sign::MetadataClosedWithoutLogin
            } else {
                Sign::MetadataClosed
            }]
        }
        (Phase::Metadata, _) if waiting => vec![Sign::MetadataSilent],
        (Phase::Metadata, End::Answered) => metadata(record),
        (Phase::Authorise, _) if closed => vec![Sign::MetadataClosed],
        (Phase::Authorise, _) if waiting => vec![Sign::MetadataSilent],
        (Phase::Authorise, End::Answered) => rights(observation),
        (Phase::Canary, End::KafkaError) => vec![Sign::CanaryRefused],
        (Phase::Canary, End::ClientError) => vec![Sign::CanaryFailed],
        _ => Vec::new(),
    }
}

fn tls(observation: &Observation, record: &PhaseRecord, end: End) -> Vec<Sign> {
    let nothing_came = record.bytes_in == 0;
    match end {
        End::Fin | End::Rst if nothing_came => vec![Sign::TlsClosed],
        End::Fin | End::Rst => vec![Sign::TlsCut],
        End::Silence | End::Unreachable if nothing_came => vec![Sign::TlsSilent],
        End::Silence | End::Incomplete | End::Unreachable => vec![Sign::TlsIncomplete],
        End::TlsAlert => vec![Sign::TlsAlert],
        End::TlsError => vec![Sign::TlsError],
        End::NotKafka => vec![Sign::NotTls],
        End::Answered => certificate(observation),
        _ => Vec::new(),
    }
}

fn certificate(observation: &Observation) -> Vec<Sign> {
    let Some(judgement) = observation.tls().and_then(|tls| tls.certificate.as_ref()) else {
        return vec![Sign::CertificateUntrusted];
    };
    [
        (&judgement.trust, Sign::CertificateUntrusted),
        (&judgement.name, Sign::CertificateName),
        (&judgement.dates, Sign::CertificateDates),
        (&judgement.usage, Sign::CertificateUsage),
    ]
    .into_iter()
    .filter(|(question, _)| question.bad().is_some())
    .map(|(_, sign)| sign)
    .collect()
}

fn metadata(record: &PhaseRecord) -> Vec<Sign> {
    let Detail::Metadata(detail) = &record.detail else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if detail.brokers.is_empty() || detail.brokers.iter().any(|b| b.endpoint().is_none()) {
        found.push(Sign::AdvertisedUnusable);
    }
    for topic in &detail.topics {
        found.extend(match topic.error_code {
            0 if topic.may_read() == Some(false) && topic.may_write() == Some(false) => {
                Some(Sign::TopicWithoutUse)
            }
            0 if topic.without_leader == 0 => None,
            29 => Some(Sign::TopicDenied),
            3 => Some(Sign::TopicMissing),
            _ => Some(Sign::TopicOther),
        });
    }
    found
}

/// What the answers deny.
fn rights(observation: &Observation) -> Vec<Sign> {
    let answers = observation.rights();
    let coordinator = coordinates_the_group(answers, &observation.broker);
    let signs = answers
        .iter()
        .filter_map(|answer| denied(answer, coordinator));
    signs.collect()
}

/// What one answer denies; that it is not the coordinator (16) means something where it is told to be.
fn denied(answer: &RightAnswer, is_coordinator: bool) -> Option<Sign> {
    Some(match (answer.error_code, &answer.asked) {
        (30, Ask::Group { .. } | Ask::GroupOperations { .. }) => Sign::GroupDenied,
        (0, Ask::GroupOperations { .. }) if answer.may_join() == Some(false) => Sign::GroupDenied,
        (53, Ask::Transaction { .. }) => Sign::TransactionDenied,
        (31, Ask::IdempotentWrite) => Sign::IdempotentWriteDenied,
        (14..=16, Ask::Group { .. } | Ask::Transaction { .. })
        | (14..=15, Ask::GroupOperations { .. }) => Sign::CoordinatorUnavailable,
        (16, Ask::GroupOperations { .. }) if is_coordinator => Sign::CoordinatorUnavailable,
        _ => return None,
    })
}

/// Whether an answer tells neither that something may be done nor that it may not.
pub(super) fn tells_nothing(answer: &RightAnswer) -> bool {
    let known = match answer.asked {
        // Another broker coordinates the group (16), or nobody has joined it yet (69).
        Ask::GroupOperations { .. } => matches!(answer.error_code, 16 | 69),
        // Not ready: another right, and not denied.
        Ask::IdempotentWrite => matches!(answer.error_code, 14..=16),
        Ask::Group { .. } | Ask::Transaction { .. } => false,
    };
    let nowhere = answer
        .coordinator
        .as_ref()
        .is_some_and(|own| own.endpoint().is_none());
    nowhere || answer.error_code != 0 && !known && denied(answer, false).is_none()
}

/// Brokers of one bootstrap string that belong to different clusters.
fn clusters_mixed(case: &Case) -> Option<Seen<'_>> {
    let mut first: Option<&str> = None;
    for observation in case.attempts().filter(|o| o.purpose == Purpose::Bootstrap) {
        let Some(id) = observation.metadata().and_then(|m| m.cluster_id.as_deref()) else {
            continue;
        };
        match first {
            None => first = Some(id),
            Some(other) if other != id => {
                let record = observation.phase(Phase::Metadata)?;
                return Some(Seen {
                    sign: Sign::ClustersMixed,
                    observation,
                    record,
                });
            }
            Some(_) => {}
        }
    }
    None
}

/// What the first bytes of an answer that is not due are, in words.
#[must_use]
pub fn speaks_words(speaks: Option<Speaks>) -> &'static str {
    match speaks {
        Some(Speaks::TlsAlert) => "a TLS alert",
        Some(Speaks::Tls) => "TLS",
        Some(Speaks::Http) => "HTTP",
        Some(Speaks::Ssh) => "an SSH banner",
        Some(Speaks::Kafka) => "a Kafka frame",
        Some(Speaks::Unknown) | None => "bytes of an unknown protocol",
    }
}
