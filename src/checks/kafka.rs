//! TLS stands, Kafka does not answer as it should.

use super::{Check, busy, closed_in_order, dropped, forgotten, needs_facts, restarting, usual};
use crate::case::Case;
use crate::catalogue as c;
use crate::clients::Library;
use crate::diagnosis::sign::{Seen, Sign, speaks_words};
use crate::diagnosis::{Stand, Weight};
use crate::kafka::error_name;
use crate::phase::Phase;
use crate::probe::observation::{Ask, Detail, End, Framing, RightAnswer, Speaks, TopicAnswer};
use crate::target::{Auth, MskName};

/// How much later than the end of the session the answer to the login may have come, milliseconds: their ways differ.
const SESSION_JITTER_MS: u64 = 50;
/// `INVALID_TOPIC_EXCEPTION`.
const INVALID_TOPIC: i16 = 17;

const CUT: &[Sign] = &[
    Sign::ApiVersionsClosed,
    Sign::HandshakeClosed,
    Sign::MetadataClosed,
];
const QUIET: &[Sign] = &[
    Sign::ApiVersionsSilent,
    Sign::HandshakeSilent,
    Sign::MetadataSilent,
];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::NET_04,
        explains: &[Sign::NotKafka],
        judge: http,
    },
    Check {
        fault: &c::NET_11,
        explains: &[
            Sign::NotKafka,
            Sign::AnswerMalformed,
            Sign::ApiVersionsError,
        ],
        judge: another_service,
    },
    Check {
        fault: &c::TLS_12,
        explains: &[Sign::ApiVersionsClosed],
        judge: interception,
    },
    Check {
        fault: &c::NET_03,
        explains: CUT,
        judge: inspection,
    },
    Check {
        fault: &c::CLU_02,
        explains: CUT,
        judge: restarting,
    },
    Check {
        fault: &c::LIM_07,
        explains: CUT,
        judge: needs_facts,
    },
    Check {
        fault: &c::SASL_18,
        explains: &[Sign::MetadataClosed],
        judge: session_over,
    },
    Check {
        fault: &c::CLU_06,
        explains: QUIET,
        judge: busy,
    },
    Check {
        fault: &c::NET_03,
        explains: QUIET,
        judge: dropped,
    },
    Check {
        fault: &c::NET_02,
        explains: QUIET,
        judge: forgotten,
    },
    Check {
        fault: &c::SASL_01,
        explains: &[Sign::MetadataClosedWithoutLogin],
        judge: sasl_wanted,
    },
    Check {
        fault: &c::SASL_27,
        explains: &[Sign::NoSaslHere],
        judge: no_sasl,
    },
    Check {
        fault: &c::SASL_04,
        explains: &[Sign::MechanismRefused],
        judge: only_native_iam,
    },
    Check {
        fault: &c::SASL_03,
        explains: &[Sign::MechanismRefused],
        judge: mechanism,
    },
    Check {
        fault: &c::IAM_18,
        explains: &[Sign::TopicDenied],
        judge: acl,
    },
    Check {
        fault: &c::IAM_10,
        explains: &[Sign::TopicDenied],
        judge: topic_action,
    },
    Check {
        fault: &c::IAM_10,
        explains: &[Sign::TopicWithoutUse],
        judge: topic_without_use,
    },
    Check {
        fault: &c::IAM_18,
        explains: &[
            Sign::TopicWithoutUse,
            Sign::GroupDenied,
            Sign::TransactionDenied,
            Sign::IdempotentWriteDenied,
        ],
        judge: group_acl,
    },
    Check {
        fault: &c::IAM_11,
        explains: &[Sign::GroupDenied],
        judge: group_action,
    },
    Check {
        fault: &c::IAM_13,
        explains: &[Sign::TransactionDenied],
        judge: transaction_action,
    },
    Check {
        fault: &c::IAM_12,
        explains: &[Sign::IdempotentWriteDenied],
        judge: idempotent_write,
    },
    Check {
        fault: &c::CLU_18,
        explains: &[Sign::CoordinatorUnavailable],
        judge: usual,
    },
    Check {
        fault: &c::CLU_11,
        explains: &[Sign::TopicMissing, Sign::TopicOther],
        judge: no_topic,
    },
    Check {
        fault: &c::IAM_14,
        explains: &[Sign::TopicMissing],
        judge: needs_facts,
    },
    Check {
        fault: &c::CLU_04,
        explains: &[Sign::TopicOther],
        judge: leadership,
    },
    Check {
        fault: &c::CLU_08,
        explains: &[Sign::ClustersMixed],
        judge: mixed,
    },
];

fn speaks(seen: &Seen<'_>) -> Option<Speaks> {
    match &seen.record.detail {
        Detail::ApiVersions(detail) => detail.speaks,
        _ => None,
    }
}

fn http(_: &Case, seen: &Seen<'_>) -> Stand {
    match speaks(seen) {
        Some(Speaks::Http) => Stand::decides("the answer to ApiVersions is HTTP"),
        other => Stand::excluded(format!("the answer is {}", speaks_words(other))),
    }
}

fn another_service(_: &Case, seen: &Seen<'_>) -> Stand {
    match speaks(seen) {
        Some(Speaks::Http) => Stand::excluded("the answer is HTTP"),
        Some(Speaks::TlsAlert | Speaks::Tls) => Stand::excluded("the answer is TLS"),
        Some(Speaks::Ssh) => Stand::decides("the answer is an SSH banner"),
        _ => {
            let error = match &seen.record.detail {
                Detail::ApiVersions(detail) => detail.error.as_deref(),
                Detail::SaslHandshake(detail) => detail.error.as_deref(),
                Detail::SaslAuthenticate(detail) => detail.error.as_deref(),
                Detail::Metadata(detail) => detail.error.as_deref(),
                _ => None,
            };
            // Who has spoken Kafka on this connection, or does with an error, is no other service.
            let speaks_kafka = seen.sign == Sign::ApiVersionsError
                || seen.observation.answered(Phase::ApiVersions);
            let weight = if speaks_kafka {
                Weight::Open
            } else {
                Weight::Usual
            };
            Stand::says(
                weight,
                error.unwrap_or("the answer is not Kafka's").to_owned(),
            )
        }
    }
}

fn interception(case: &Case, seen: &Seen<'_>) -> Stand {
    let Some(judgement) = seen
        .observation
        .tls()
        .and_then(|tls| tls.certificate.as_ref())
    else {
        return Stand::Foreign;
    };
    if judgement.issuer_is_amazon {
        return Stand::excluded("the certificate is Amazon's");
    }
    let Some(leaf) = judgement.chain.first() else {
        return Stand::open();
    };
    let passed = case.attempts().find(|o| {
        o.answered(Phase::ApiVersions)
            && o.tls()
                .and_then(|tls| tls.certificate.as_ref()?.chain.first())
                .is_some_and(|other| other.issuer == leaf.issuer)
    });
    if let Some(other) = passed {
        return Stand::excluded(format!(
            "{} has the same issuer and answers Kafka",
            other.broker
        ));
    }
    // The certificates of MSK brokers are Amazon's; a name of one's own may have any issuer.
    if MskName::parse(&seen.broker().host).is_some() {
        return Stand::says(
            Weight::Pointed,
            format!(
                "an MSK broker's certificate is Amazon's; this one's issuer is {}, and what is not HTTP is not passed on",
                leaf.issuer
            ),
        );
    }
    Stand::open()
}

fn inspection(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(because) = closed_in_order(seen) {
        return Stand::excluded(because);
    }
    if seen.record.end == End::Rst || seen.sign == Sign::ApiVersionsClosed {
        Stand::usual()
    } else {
        Stand::open()
    }
}

/// A session that ends is closed at the first request after it (KIP-368).
fn session_over(_: &Case, seen: &Seen<'_>) -> Stand {
    let login = seen.observation.phase(Phase::SaslAuthenticate);
    let (Some(record), Some(login)) = (login, seen.observation.login()) else {
        return Stand::Foreign;
    };
    if login.framing == Framing::Bare {
        // Brokers that know no other form know no sessions either.
        return Stand::Foreign;
    }
    let Ok(lifetime @ 1..) = u64::try_from(login.session_lifetime_ms) else {
        return Stand::excluded("the login set no end to the session");
    };
    let ended_us = seen.record.start_us.saturating_add(seen.record.duration_us);
    let began_us = record.start_us.saturating_add(record.duration_us);
    let age = ended_us.saturating_sub(began_us) / 1_000;
    if age.saturating_add(SESSION_JITTER_MS) >= lifetime {
        Stand::decides(format!(
            "the login was for {lifetime} ms, and the connection ended {age} ms after it"
        ))
    } else {
        Stand::excluded(format!(
            "the session had {} s left",
            (lifetime - age).div_ceil(1_000)
        ))
    }
}

fn sasl_wanted(case: &Case, seen: &Seen<'_>) -> Stand {
    let port = Auth::of_port(seen.broker().port);
    if case.target.auth == Auth::Plaintext && !matches!(port, Some(Auth::Iam | Auth::Scram)) {
        return Stand::says(
            Weight::Usual,
            "ApiVersions is answered, the next request is not",
        );
    }
    Stand::decides(
        "ApiVersions is answered and the next request without a login is closed on: a SASL listener",
    )
}

fn no_sasl(_: &Case, _: &Seen<'_>) -> Stand {
    Stand::decides(
        "SaslHandshake on a fresh connection is answered with ILLEGAL_SASL_STATE and no mechanism",
    )
}

fn offered<'a>(seen: &Seen<'a>) -> &'a [String] {
    match &seen.record.detail {
        Detail::SaslHandshake(detail) => &detail.offered,
        _ => &[],
    }
}

fn only_native_iam(_: &Case, seen: &Seen<'_>) -> Stand {
    let has = |name: &str| offered(seen).iter().any(|mechanism| mechanism == name);
    if has("AWS_MSK_IAM") && !has("OAUTHBEARER") {
        return Stand::decides("the listener offers AWS_MSK_IAM and not OAUTHBEARER");
    }
    Stand::Foreign
}

fn mechanism(_: &Case, seen: &Seen<'_>) -> Stand {
    let code = match &seen.record.detail {
        Detail::SaslHandshake(detail) => detail.error_code,
        _ => 0,
    };
    if code == 33 {
        Stand::says(
            Weight::Pointed,
            "the listener refuses the mechanism and lists its own",
        )
    } else {
        Stand::says(
            Weight::Usual,
            format!("SaslHandshake is answered with {}", error_name(code)),
        )
    }
}

fn acl(case: &Case, _: &Seen<'_>) -> Stand {
    if case.target.auth == Auth::Iam {
        Stand::Foreign
    } else {
        Stand::usual()
    }
}

fn topic_action(case: &Case, _: &Seen<'_>) -> Stand {
    if case.target.auth == Auth::Iam {
        Stand::says(
            Weight::Usual,
            "Metadata for the topic is answered with error 29",
        )
    } else {
        Stand::Foreign
    }
}

/// A right that IAM alone gives.
fn by_iam(case: &Case, weight: Weight, words: &str) -> Stand {
    if case.target.auth == Auth::Iam {
        Stand::says(weight, words)
    } else {
        Stand::Foreign
    }
}

fn topic_without_use(case: &Case, _: &Seen<'_>) -> Stand {
    let words = "Metadata tells the topic, and that neither reading nor writing it is allowed";
    by_iam(case, Weight::Usual, words)
}

fn group_action(case: &Case, seen: &Seen<'_>) -> Stand {
    by_iam(case, Weight::Usual, &group_words(seen))
}

fn group_acl(case: &Case, seen: &Seen<'_>) -> Stand {
    match seen.sign {
        Sign::GroupDenied if case.target.auth != Auth::Iam => {
            Stand::says(Weight::Usual, group_words(seen))
        }
        _ => acl(case, seen),
    }
}

/// Which answer denies the group: it may be described with `kafka-cluster:DescribeGroup`, and
/// joined with `kafka-cluster:AlterGroup`.
fn group_words(seen: &Seen<'_>) -> String {
    let Detail::Authorise(detail) = &seen.record.detail else {
        return String::new();
    };
    let joins = detail.answers.iter().find_map(RightAnswer::may_join);
    if joins == Some(false) {
        return "DescribeGroups says that the group may be described, and not joined".to_owned();
    }
    let of_group = |answer: &&RightAnswer| {
        answer.error_code == 30
            && matches!(
                answer.asked,
                Ask::Group { .. } | Ask::GroupOperations { .. }
            )
    };
    detail
        .answers
        .iter()
        .find(of_group)
        .map_or_else(String::new, |answer| {
            format!("{} is answered with error 30", answer.asked.words())
        })
}

fn transaction_action(case: &Case, _: &Seen<'_>) -> Stand {
    let words = "FindCoordinator for the transactional id is answered with error 53";
    by_iam(case, Weight::Usual, words)
}

/// Who writes without idempotence does not need it. With it by default: Java since 3.0, franz-go.
fn idempotent_write(case: &Case, _: &Seen<'_>) -> Stand {
    let words = "InitProducerId is answered with error 31";
    match case.client.library {
        Some(Library::Java | Library::FranzGo) => by_iam(case, Weight::Usual, words),
        None => by_iam(case, Weight::Open, words),
        Some(Library::KafkaPython | Library::ConfluentKafka | Library::Kafkajs) => Stand::Foreign,
    }
}

/// Error 3, or a name that no topic can have.
fn no_topic(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.sign == Sign::TopicMissing {
        return Stand::usual();
    }
    let invalid = topics(seen).find(|topic| topic.error_code == INVALID_TOPIC);
    match invalid {
        Some(topic) => Stand::decides(format!(
            "Metadata says of {:?}: {}",
            topic.name,
            error_name(topic.error_code)
        )),
        None => Stand::Foreign,
    }
}

/// Leadership moves: a partition without a leader, or an error of the topic's that passes.
fn leadership(_: &Case, seen: &Seen<'_>) -> Stand {
    if let Some(topic) = topics(seen).find(|topic| topic.without_leader > 0) {
        return Stand::says(
            Weight::Usual,
            format!(
                "{} of {} partitions have no leader",
                topic.without_leader, topic.partitions
            ),
        );
    }
    let errors: Vec<String> = topics(seen)
        .filter(|topic| !matches!(topic.error_code, 0 | INVALID_TOPIC))
        .map(|topic| error_name(topic.error_code))
        .collect();
    if errors.is_empty() {
        return Stand::excluded("the name itself is refused, which no election changes");
    }
    Stand::says(
        Weight::Open,
        format!("Metadata says of the topic: {}", errors.join(", ")),
    )
}

fn topics<'a>(seen: &Seen<'a>) -> impl Iterator<Item = &'a TopicAnswer> {
    match &seen.record.detail {
        Detail::Metadata(detail) => detail.topics.iter(),
        _ => [].iter(),
    }
}

fn mixed(_: &Case, _: &Seen<'_>) -> Stand {
    Stand::decides("the brokers of the bootstrap string have different cluster ids")
}
