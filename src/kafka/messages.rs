//! The requests that msk-doctor sends before and during a login, and their answers.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    FindCoordinatorRequest, FindCoordinatorResponse, GroupId, InitProducerIdRequest,
    InitProducerIdResponse, MetadataRequest, MetadataResponse, RequestHeader, ResponseHeader,
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
    TopicName, metadata_request::MetadataRequestTopic,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::guard;
use crate::probe::observation::{
    AdvertisedBroker, ApiRange, ApiVersionsDetail, Ask, MetadataDetail, RightAnswer,
    SaslHandshakeDetail, TopicAnswer,
};

/// The client id in every request of ours.
pub const CLIENT_ID: &str = "msk-doctor";

/// The newest `ApiVersions` that we ask with.
pub const API_VERSIONS_MAX: i16 = 3;

/// The most brokers that an answer may name; MSK's quota is 90 a cluster.
pub const MOST_BROKERS: usize = 500;

/// An answer that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The correlation id is not the request's.
    #[error("the answer belongs to another request (correlation id {got}, asked with {asked})")]
    Correlation {
        /// The id in the answer.
        got: i32,
        /// The id in the request.
        asked: i32,
    },
    /// More brokers than any cluster has.
    #[error("the answer names {0} brokers; at most {MOST_BROKERS} are taken")]
    TooManyBrokers(usize),
    /// The bytes are not the message.
    #[error("the answer cannot be decoded: {0}")]
    Malformed(String),
}

fn frame<R: Encodable + HeaderVersion>(
    key: ApiKey,
    version: i16,
    correlation: i32,
    request: &R,
) -> Vec<u8> {
    let header = RequestHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(StrBytes::from_static_str(CLIENT_ID)));
    let mut body = BytesMut::new();
    // Encoding fails only for fields that a version lacks, and ours are set per version.
    let encoded = header
        .encode(&mut body, R::header_version(version))
        .and_then(|()| request.encode(&mut body, version));
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    with_length(&body)
}

/// `bytes` with their length in front, as a bare SASL token is sent after `SaslHandshake` v0.
#[must_use]
pub fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// `ApiVersions` (KIP-35, KIP-511).
#[must_use]
pub fn api_versions(version: i16, correlation: i32) -> Vec<u8> {
    let mut request = ApiVersionsRequest::default();
    if version >= 3 {
        request = request
            .with_client_software_name(StrBytes::from_static_str(CLIENT_ID))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
    }
    frame(ApiKey::ApiVersions, version, correlation, &request)
}

/// `SaslHandshake` (KIP-43).
#[must_use]
pub fn sasl_handshake(version: i16, correlation: i32, mechanism: &str) -> Vec<u8> {
    let request =
        SaslHandshakeRequest::default().with_mechanism(StrBytes::from_string(mechanism.to_owned()));
    frame(ApiKey::SaslHandshake, version, correlation, &request)
}

/// `SaslAuthenticate` (KIP-152).
#[must_use]
pub fn sasl_authenticate(version: i16, correlation: i32, auth_bytes: &[u8]) -> Vec<u8> {
    let request =
        SaslAuthenticateRequest::default().with_auth_bytes(Bytes::copy_from_slice(auth_bytes));
    frame(ApiKey::SaslAuthenticate, version, correlation, &request)
}

/// `Metadata` for `topic`, or for no topic. Topics are not created (from v4 on).
#[must_use]
pub fn metadata(version: i16, correlation: i32, topic: Option<&str>) -> Vec<u8> {
    let topics = topic
        .map(|name| {
            MetadataRequestTopic::default()
                .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))))
        })
        .into_iter()
        .collect();
    let mut request = MetadataRequest::default().with_topics(Some(topics));
    if version >= 4 {
        request = request.with_allow_auto_topic_creation(false);
    }
    if version >= 8 && topic.is_some() {
        request = request.with_include_topic_authorized_operations(true);
    }
    frame(ApiKey::Metadata, version, correlation, &request)
}

/// A request whose answer shows a right, if the broker knows it. The first versions of each will do, and every broker has one of them.
#[must_use]
pub fn ask(what: &Ask, versions: &[ApiRange], correlation: i32) -> Option<(i16, Vec<u8>)> {
    // The first that says what it is asked for, and the last without lists (without compact ones).
    let (key, first, last) = match what {
        Ask::Group { .. } | Ask::Transaction { .. } => (ApiKey::FindCoordinator, 1, 3),
        Ask::GroupOperations { .. } => (ApiKey::DescribeGroups, 3, 4),
        Ask::IdempotentWrite => (ApiKey::InitProducerId, 0, 3),
    };
    let theirs = range(versions, key)?;
    let version = theirs.max.min(last);
    let fits = version >= theirs.min.max(first);
    let coordinator = |name: &str, kind| {
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(name.to_owned()))
            .with_key_type(kind);
        frame(key, version, correlation, &request)
    };
    fits.then(|| {
        let bytes = match what {
            Ask::Group { name } => coordinator(name, 0),
            Ask::Transaction { id } => coordinator(id, 1),
            Ask::GroupOperations { name } => {
                let name = StrBytes::from_string(name.to_owned());
                let request = DescribeGroupsRequest::default()
                    .with_groups(vec![GroupId(name)])
                    .with_include_authorized_operations(true);
                frame(key, version, correlation, &request)
            }
            Ask::IdempotentWrite => {
                let request = InitProducerIdRequest::default()
                    .with_transactional_id(None)
                    .with_transaction_timeout_ms(0);
                frame(key, version, correlation, &request)
            }
        };
        (version, bytes)
    })
}

/// The error code of an answer to [`ask`], and the operations that it allows.
///
/// # Errors
/// When the frame is not that answer.
pub fn read_ask(
    what: &Ask,
    frame: &[u8],
    correlation: i32,
    version: i16,
) -> Result<RightAnswer, AnswerError> {
    let answer = |error_code| RightAnswer {
        asked: what.clone(),
        error_code,
        operations: None,
        coordinator: None,
    };
    Ok(match what {
        Ask::Group { .. } | Ask::Transaction { .. } => {
            let header = FindCoordinatorResponse::header_version(version);
            let bytes = body(frame, correlation, header)?;
            let found: FindCoordinatorResponse = decode(bytes, version, Ok(()))?;
            let coordinator = AdvertisedBroker {
                id: found.node_id.0,
                host: found.host.to_string(),
                port: found.port,
            };
            RightAnswer {
                coordinator: Some(coordinator).filter(|_| found.error_code == 0),
                ..answer(found.error_code)
            }
        }
        Ask::GroupOperations { .. } => {
            let header = DescribeGroupsResponse::header_version(version);
            let bytes = body(frame, correlation, header)?;
            let guarded = guard::describe_groups(&bytes, version);
            let described: DescribeGroupsResponse = decode(bytes, version, guarded)?;
            let [group] = &described.groups[..] else {
                let words = format!("{} groups, asked for one", described.groups.len());
                return Err(AnswerError::Malformed(words));
            };
            // The least number stands for none.
            let told = Some(group.authorized_operations).filter(|own| *own != i32::MIN);
            RightAnswer {
                operations: told.filter(|_| group.error_code == 0),
                ..answer(group.error_code)
            }
        }
        Ask::IdempotentWrite => {
            let header = InitProducerIdResponse::header_version(version);
            let bytes = body(frame, correlation, header)?;
            let initialised: InitProducerIdResponse = decode(bytes, version, Ok(()))?;
            answer(initialised.error_code)
        }
    })
}

fn body(frame: &[u8], asked: i32, header_version: i16) -> Result<Bytes, AnswerError> {
    let malformed = |error: anyhow::Error| AnswerError::Malformed(format!("{error:#}"));
    if frame.len() < 4 {
        return Err(AnswerError::Malformed(format!(
            "{} bytes are no header",
            frame.len()
        )));
    }
    let mut bytes = Bytes::copy_from_slice(frame);
    let header = ResponseHeader::decode(&mut bytes, header_version).map_err(malformed)?;
    if header.correlation_id != asked {
        return Err(AnswerError::Correlation {
            got: header.correlation_id,
            asked,
        });
    }
    Ok(bytes)
}

fn decode<R: Decodable>(
    mut bytes: Bytes,
    version: i16,
    guarded: Result<(), guard::Impossible>,
) -> Result<R, AnswerError> {
    guarded.map_err(|error| AnswerError::Malformed(error.to_string()))?;
    R::decode(&mut bytes, version).map_err(|error| AnswerError::Malformed(format!("{error:#}")))
}

/// Reads an answer to `ApiVersions`; error 35 comes in the form of version 0 (KIP-511).
///
/// # Errors
/// When the frame is not that answer.
pub fn read_api_versions(
    frame: &[u8],
    correlation: i32,
    version: i16,
) -> Result<ApiVersionsDetail, AnswerError> {
    let bytes = body(frame, correlation, 0)?;
    let unsupported = bytes.starts_with(&35i16.to_be_bytes());
    let version = if unsupported { 0 } else { version };
    let guarded = guard::api_versions(&bytes, version);
    // Old brokers answer error 35 without any list.
    if unsupported && bytes.len() <= 6 {
        return Ok(ApiVersionsDetail {
            error_code: 35,
            ..ApiVersionsDetail::default()
        });
    }
    let answer: ApiVersionsResponse = decode(bytes, version, guarded)?;
    let ours = [
        ApiKey::Metadata,
        ApiKey::SaslHandshake,
        ApiKey::ApiVersions,
        ApiKey::SaslAuthenticate,
        ApiKey::FindCoordinator,
        ApiKey::DescribeGroups,
        ApiKey::InitProducerId,
    ]
    .map(|key| key as i16);
    let versions: Vec<ApiRange> = answer
        .api_keys
        .iter()
        .filter(|key| ours.contains(&key.api_key))
        .map(|key| ApiRange {
            key: key.api_key,
            min: key.min_version,
            max: key.max_version,
        })
        .collect();
    Ok(ApiVersionsDetail {
        error_code: answer.error_code,
        keys: answer.api_keys.len(),
        versions,
        throttle_time_ms: answer.throttle_time_ms,
        ..ApiVersionsDetail::default()
    })
}

/// Reads an answer to `SaslHandshake`.
///
/// # Errors
/// When the frame is not that answer.
pub fn read_sasl_handshake(
    frame: &[u8],
    correlation: i32,
) -> Result<SaslHandshakeDetail, AnswerError> {
    let bytes = body(frame, correlation, 0)?;
    let guarded = guard::sasl_handshake(&bytes);
    let answer: SaslHandshakeResponse = decode(bytes, 1, guarded)?;
    Ok(SaslHandshakeDetail {
        error_code: answer.error_code,
        offered: answer
            .mechanisms
            .iter()
            .map(|name| name.as_str().to_owned())
            .collect(),
        ..SaslHandshakeDetail::default()
    })
}

/// What an answer to `SaslAuthenticate` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticateAnswer {
    /// The error code, 0 for none.
    pub error_code: i16,
    /// The broker's words.
    pub error_message: Option<String>,
    /// The mechanism's bytes.
    pub auth_bytes: Vec<u8>,
    /// Milliseconds; 0 for no limit.
    pub session_lifetime_ms: i64,
}

/// Reads an answer to `SaslAuthenticate` v0 or v1.
///
/// # Errors
/// When the frame is not that answer.
pub fn read_sasl_authenticate(
    frame: &[u8],
    correlation: i32,
    version: i16,
) -> Result<AuthenticateAnswer, AnswerError> {
    let bytes = body(
        frame,
        correlation,
        SaslAuthenticateResponse::header_version(version),
    )?;
    let guarded = guard::sasl_authenticate(&bytes, version);
    let answer: SaslAuthenticateResponse = decode(bytes, version, guarded)?;
    Ok(AuthenticateAnswer {
        error_code: answer.error_code,
        error_message: answer
            .error_message
            .map(|words| words.as_str().to_owned())
            .filter(|words| !words.is_empty()),
        auth_bytes: answer.auth_bytes.to_vec(),
        session_lifetime_ms: answer.session_lifetime_ms,
    })
}

/// Reads an answer to `Metadata`.
///
/// # Errors
/// When the frame is not that answer.
pub fn read_metadata(
    frame: &[u8],
    correlation: i32,
    version: i16,
) -> Result<MetadataDetail, AnswerError> {
    let bytes = body(
        frame,
        correlation,
        MetadataResponse::header_version(version),
    )?;
    let guarded = guard::metadata(&bytes, version);
    let answer: MetadataResponse = decode(bytes, version, guarded)?;
    if answer.brokers.len() > MOST_BROKERS {
        return Err(AnswerError::TooManyBrokers(answer.brokers.len()));
    }
    Ok(MetadataDetail {
        cluster_id: answer.cluster_id.map(|id| id.as_str().to_owned()),
        controller_id: answer.controller_id.0,
        brokers: answer
            .brokers
            .iter()
            .map(|broker| AdvertisedBroker {
                id: broker.node_id.0,
                host: broker.host.as_str().to_owned(),
                port: broker.port,
            })
            .collect(),
        topics: answer
            .topics
            .iter()
            .map(|topic| TopicAnswer {
                name: topic
                    .name
                    .as_ref()
                    .map(|name| name.as_str().to_owned())
                    .unwrap_or_default(),
                error_code: topic.error_code,
                partitions: topic.partitions.len(),
                without_leader: topic
                    .partitions
                    .iter()
                    .filter(|p| p.leader_id.0 < 0)
                    .count(),
                operations: Some(topic.topic_authorized_operations)
                    .filter(|bits| *bits != i32::MIN && topic.error_code == 0),
            })
            .collect(),
        throttle_time_ms: answer.throttle_time_ms,
        ..MetadataDetail::default()
    })
}

fn range(versions: &[ApiRange], key: ApiKey) -> Option<ApiRange> {
    versions
        .iter()
        .find(|range| range.key == key as i16)
        .copied()
}

/// The `Metadata` version to ask with: the newest of ours that the broker knows.
#[must_use]
pub fn metadata_version(versions: &[ApiRange]) -> i16 {
    /// Version 0 cannot ask for no topic; version 13 is newer than what we read.
    const OURS: (i16, i16) = (1, 12);
    range(versions, ApiKey::Metadata).map_or(OURS.0, |theirs| {
        theirs.max.min(OURS.1).max(theirs.min).clamp(OURS.0, OURS.1)
    })
}

/// Whether the broker carries tokens in `SaslAuthenticate`.
#[must_use]
pub fn frames_tokens(versions: &[ApiRange]) -> bool {
    let handshake = range(versions, ApiKey::SaslHandshake);
    let authenticate = range(versions, ApiKey::SaslAuthenticate);
    // A broker that lists nothing is asked the modern way.
    versions.is_empty() || handshake.is_some_and(|range| range.max >= 1) && authenticate.is_some()
}

/// The `SaslAuthenticate` version to use: 1 brings the session's lifetime (KIP-368).
#[must_use]
pub fn authenticate_version(versions: &[ApiRange]) -> i16 {
    range(versions, ApiKey::SaslAuthenticate).map_or(1, |theirs| theirs.max.clamp(0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.split_whitespace().collect();
        (0..hex.len())
            .step_by(2)
            .filter_map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok())
            .collect()
    }

    /// Answers of Apache Kafka 3.9.2, without their length.
    #[test]
    fn answers_of_a_real_broker_are_read() {
        let answer = read_sasl_handshake(
            &bytes("00000001 0000 00000001 000b 4f41555448424541524552"),
            1,
        );
        assert_eq!(
            answer.map(|a| a.offered),
            Ok(vec!["OAUTHBEARER".to_owned()])
        );
        let refused = bytes("00000002 003a 0005 64656e7921 00000000 0000000000000000");
        let answer = read_sasl_authenticate(&refused, 2, 1).expect("an answer");
        assert_eq!(
            (answer.error_code, answer.error_message.as_deref()),
            (58, Some("deny!"))
        );
        let good = bytes("00000002 0000 0000 00000000 00000000000db746");
        let answer = read_sasl_authenticate(&good, 2, 1).expect("an answer");
        assert_eq!(
            (answer.error_code, answer.session_lifetime_ms),
            (0, 898_886)
        );
        assert!(matches!(
            read_sasl_authenticate(&good, 3, 1),
            Err(AnswerError::Correlation { got: 2, asked: 3 })
        ));
    }

    #[test]
    fn counts_larger_than_the_answer_are_refused_before_memory_is_taken() {
        let huge = "7fffffff";
        let flexible = "ffffffff0f";
        assert!(read_sasl_handshake(&bytes(&format!("00000001 0000 {huge}")), 1).is_err());
        assert!(read_api_versions(&bytes(&format!("00000001 0000 {huge}")), 1, 0).is_err());
        assert!(read_api_versions(&bytes(&format!("00000001 0000 {flexible}")), 1, 3).is_err());
        // A tagged field of v3 that holds the huge array: supported features.
        let tagged = format!("00000001 0000 01 00000000 01 00 05 {flexible}");
        assert!(read_api_versions(&bytes(&tagged), 1, 3).is_err());
        assert!(
            read_sasl_authenticate(&bytes(&format!("00000001 0000 0000 {huge}")), 1, 1).is_err()
        );
        for version in 1..=8 {
            let throttle = if version >= 3 { "00000000" } else { "" };
            let text = format!("00000001 {throttle} {huge}");
            assert!(
                read_metadata(&bytes(&text), 1, version).is_err(),
                "v{version}"
            );
        }
        for version in 9..=12 {
            let text = format!("00000001 00 00000000 {flexible}");
            assert!(
                read_metadata(&bytes(&text), 1, version).is_err(),
                "v{version}"
            );
        }
    }

    fn sample_metadata(version: i16) -> Vec<u8> {
        use kafka_protocol::messages::BrokerId;
        use kafka_protocol::messages::metadata_response::*;
        let partition = MetadataResponsePartition::default()
            .with_leader_id(BrokerId(1))
            .with_replica_nodes(vec![BrokerId(1), BrokerId(2)]);
        let topic = MetadataResponseTopic::default()
            .with_name(Some(TopicName(StrBytes::from_static_str("orders"))))
            .with_partitions(vec![partition]);
        let broker = MetadataResponseBroker::default()
            .with_node_id(BrokerId(1))
            .with_host(StrBytes::from_static_str("b-1"))
            .with_port(9098);
        let response = MetadataResponse::default()
            .with_brokers(vec![broker])
            .with_topics(vec![topic]);
        let mut body = BytesMut::new();
        let header = ResponseHeader::default().with_correlation_id(9);
        header
            .encode(&mut body, MetadataResponse::header_version(version))
            .expect("header");
        response.encode(&mut body, version).expect("body");
        body.to_vec()
    }

    #[test]
    fn the_guard_knows_every_version_of_metadata() {
        for version in 1..=12 {
            let detail = read_metadata(&sample_metadata(version), 9, version).expect("an answer");
            assert_eq!(detail.brokers[0].host, "b-1", "v{version}");
            assert_eq!(detail.topics[0].partitions, 1, "v{version}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            version in 0i16..=12,
        ) {
            let _ = read_api_versions(&bytes, 1, version.min(3));
            let _ = read_sasl_handshake(&bytes, 1);
            let _ = read_sasl_authenticate(&bytes, 1, version.min(2));
            let _ = read_metadata(&bytes, 1, version.max(1));
        }

        /// Damaged real answers reach deeper than noise does.
        #[test]
        fn damaged_answers_are_read_or_refused(
            version in 1i16..=12,
            at in 4usize..60,
            to in any::<u8>(),
            cut in 0usize..80,
        ) {
            let mut bytes = sample_metadata(version);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = to;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = read_metadata(&bytes, 9, version);
        }
    }
}
