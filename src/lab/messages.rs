//! Requests read and answers written, byte for byte as a broker of Kafka 3.9 does.
//!
//! Requests are read by hand: no count or length in them is believed before its bytes are there.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, DescribeGroupsResponse, FindCoordinatorResponse,
    GroupId, InitProducerIdResponse, MetadataResponse, ProducerId, ResponseHeader,
    SaslAuthenticateResponse, SaslHandshakeResponse, TopicName,
    api_versions_response::ApiVersion,
    describe_groups_response::DescribedGroup,
    metadata_response::{MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic},
};
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

use super::data::{Fetch, ListOffsets, Produce};
use super::reader::Reader;

/// The requests that the lab answers, with their first and last version.
const KNOWN: [(ApiKey, i16, i16); 10] = [
    (ApiKey::Produce, 3, 8),
    (ApiKey::Fetch, 4, 11),
    (ApiKey::ListOffsets, 1, 5),
    (ApiKey::Metadata, 0, 12),
    (ApiKey::FindCoordinator, 0, 3),
    (ApiKey::DescribeGroups, 0, 4),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::InitProducerId, 0, 4),
    (ApiKey::SaslAuthenticate, 0, 2),
];

/// How a listener takes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// In `SaslAuthenticate` or bare, as the client likes.
    Framing,
    /// Bare only, as before KIP-152: `SaslHandshake` v0, and no `SaslAuthenticate`.
    Bare,
}

impl Listener {
    /// The requests that it answers, with their first and last version.
    fn known(self) -> impl Iterator<Item = (ApiKey, i16, i16)> {
        KNOWN
            .into_iter()
            .filter_map(move |(key, first, last)| match (self, key) {
                (Listener::Bare, ApiKey::SaslAuthenticate) => None,
                (Listener::Bare, ApiKey::SaslHandshake) => Some((key, 0, 0)),
                _ => Some((key, first, last)),
            })
    }
}

/// `UNSUPPORTED_VERSION`.
const UNSUPPORTED_VERSION: i16 = 35;
/// `UNKNOWN_TOPIC_OR_PARTITION`.
pub(super) const UNKNOWN_TOPIC: i16 = 3;
/// `LEADER_NOT_AVAILABLE`.
const LEADER_NOT_AVAILABLE: i16 = 5;
/// `INVALID_TOPIC_EXCEPTION`.
const INVALID_TOPIC: i16 = 17;
/// `TOPIC_AUTHORIZATION_FAILED`.
pub(super) const TOPIC_DENIED: i16 = 29;
/// All of a topic's operations (bits by `AclOperation`), as an authoriser that allows all says.
pub(super) const ALL_OPERATIONS: i32 = 0xdf8;

/// All of a group's operations, as an authoriser that allows all says.
pub(super) const ALL_OF_A_GROUP: i32 = 0x148;

/// `AclOperation.READ`.
pub(super) const READ: i32 = 1 << 3;
/// `AclOperation.WRITE`.
pub(super) const WRITE: i32 = 1 << 4;
/// `AclOperation.DESCRIBE`.
pub(super) const DESCRIBE: i32 = 1 << 8;

/// A request, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Its version.
    pub(super) version: i16,
    /// What the answer repeats.
    pub(super) correlation_id: i32,
    /// What is asked.
    pub(super) body: Body,
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// `ApiVersions`, of any version; `valid` as Kafka judges the client's software name and version.
    ApiVersions { valid: bool },
    /// `SaslHandshake` with the mechanism wanted.
    SaslHandshake(String),
    /// `SaslAuthenticate` with the mechanism's bytes.
    SaslAuthenticate(Vec<u8>),
    /// `Metadata`.
    Metadata(Wanted),
    /// `FindCoordinator` of a group, or of a transactional id.
    FindCoordinator {
        /// Whether it is a transactional id.
        transaction: bool,
    },
    /// `DescribeGroups` of these groups; whether the operations allowed on each are asked for.
    DescribeGroups {
        /// Their names.
        names: Vec<String>,
        /// Whether what is allowed is to be told.
        operations: bool,
    },
    /// `InitProducerId`; whether it is without a transactional id.
    InitProducerId {
        /// Whether it fences nobody.
        idempotent: bool,
    },
    /// `Produce`.
    Produce(Produce),
    /// `Fetch`.
    Fetch(Fetch),
    /// `ListOffsets`.
    ListOffsets(ListOffsets),
    /// A request that Kafka knows and the lab does not answer.
    Other,
}

/// What `Metadata` is to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Topics by name; `None` is all.
    pub(super) topics: Option<Vec<String>>,
    /// Whether the operations allowed on each topic are asked for.
    pub(super) topic_operations: bool,
    /// Whether the operations allowed on the cluster are asked for.
    pub(super) cluster_operations: bool,
}

/// Reads a request; `None` when Kafka would close at once: unknown, unsupported or cut short.
pub(super) fn read(frame: &[u8], listener: Listener) -> Option<Request> {
    let mut bytes = Reader::new(frame);
    let key = ApiKey::try_from(bytes.i16()?).ok()?;
    let version = bytes.i16()?;
    let correlation_id = bytes.i32()?;
    let request = |body| Request {
        version,
        correlation_id,
        body,
    };
    let Some((_, first, last)) = listener.known().find(|(known, _, _)| *known == key) else {
        return Some(request(Body::Other));
    };
    if !(first..=last).contains(&version) {
        // A version from the future is answered in the form of version 0; its body cannot be read.
        let body = Body::ApiVersions { valid: true };
        return (key == ApiKey::ApiVersions).then(|| request(body));
    }
    bytes.nullable_string()?;
    if key.request_header_version(version) >= 2 {
        bytes.tagged_fields()?;
    }
    let body = match key {
        ApiKey::ApiVersions => api_versions_request(&mut bytes, version)?,
        ApiKey::SaslHandshake => Body::SaslHandshake(bytes.string()?),
        ApiKey::SaslAuthenticate if version >= 2 => Body::SaslAuthenticate(bytes.compact_bytes()?),
        ApiKey::SaslAuthenticate => Body::SaslAuthenticate(bytes.bytes()?),
        ApiKey::Metadata => Body::Metadata(metadata_request(&mut bytes, version)?),
        ApiKey::FindCoordinator => {
            let compact = version >= 3;
            let _name = if compact {
                bytes.compact_string()?
            } else {
                bytes.string()?
            };
            let kind = if version >= 1 {
                bytes.take(1)?.first().copied()
            } else {
                None
            };
            Body::FindCoordinator {
                transaction: kind == Some(1),
            }
        }
        ApiKey::DescribeGroups => {
            let mut names = Vec::new();
            for _ in 0..bytes.i32()? {
                names.push(bytes.string()?);
            }
            let operations = version >= 3 && bytes.bool()?;
            Body::DescribeGroups { names, operations }
        }
        ApiKey::Produce => Body::Produce(Produce::read(&mut bytes)?),
        ApiKey::Fetch => Body::Fetch(Fetch::read(&mut bytes, version)?),
        ApiKey::ListOffsets => Body::ListOffsets(ListOffsets::read(&mut bytes, version)?),
        ApiKey::InitProducerId => Body::InitProducerId {
            idempotent: if version >= 2 {
                bytes.compact_nullable_string()?.is_none()
            } else {
                bytes.nullable_string()?.is_none()
            },
        },
        _ => Body::Other,
    };
    Some(request(body))
}

fn api_versions_request(bytes: &mut Reader<'_>, version: i16) -> Option<Body> {
    if version < 3 {
        return Some(Body::ApiVersions { valid: true });
    }
    let valid = is_software(&bytes.compact_string()?) & is_software(&bytes.compact_string()?);
    Some(Body::ApiVersions { valid })
}

/// Kafka's pattern for a client's software name and version (KIP-511).
fn is_software(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ends(bytes.first())
        && ends(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn metadata_request(bytes: &mut Reader<'_>, version: i16) -> Option<Wanted> {
    let count = if version >= 9 {
        bytes.compact_count()?
    } else {
        usize::try_from(bytes.i32()?).ok()
    };
    let mut topics = Vec::new();
    for _ in 0..count.unwrap_or(0) {
        if version >= 10 {
            bytes.take(16)?;
        }
        // A topic asked for by id has no name; the lab knows no ids.
        let name = match version {
            ..=8 => Some(bytes.string()?),
            9 => Some(bytes.compact_string()?),
            _ => bytes.compact_nullable_string()?,
        };
        if version >= 9 {
            bytes.tagged_fields()?;
        }
        topics.extend(name);
    }
    let all = count.is_none() || version == 0 && count == Some(0);
    if version >= 4 {
        bytes.bool()?;
    }
    let cluster_operations = (8..=10).contains(&version) && bytes.bool()?;
    let topic_operations = version >= 8 && bytes.bool()?;
    Some(Wanted {
        topics: (!all).then_some(topics),
        topic_operations,
        cluster_operations,
    })
}

/// A frame with its length, or nothing if the answer cannot be put in that version.
pub(super) fn framed<R: Encodable + HeaderVersion>(
    request: &Request,
    version: i16,
    response: &R,
) -> Vec<u8> {
    let header = ResponseHeader::default().with_correlation_id(request.correlation_id);
    let mut body = BytesMut::new();
    let encoded = header
        .encode(&mut body, R::header_version(version))
        .and_then(|()| response.encode(&mut body, version));
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    with_length(&body)
}

/// A frame: the length of `body`, then `body`.
pub(super) fn with_length(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], body].concat()
}

/// An answer to `ApiVersions`. For a version that is too new: error 35 in the form of version 0, with the
/// versions of `ApiVersions` alone (KIP-511).
pub(super) fn api_versions(request: &Request, listener: Listener) -> Vec<u8> {
    let known = listener.known().map(|(key, first, last)| {
        ApiVersion::default()
            .with_api_key(key as i16)
            .with_min_version(first)
            .with_max_version(last)
    });
    if (0..=4).contains(&request.version) {
        let response = ApiVersionsResponse::default().with_api_keys(known.collect());
        return framed(request, request.version, &response);
    }
    let own = known
        .filter(|known| known.api_key == ApiKey::ApiVersions as i16)
        .collect();
    let response = ApiVersionsResponse::default()
        .with_error_code(UNSUPPORTED_VERSION)
        .with_api_keys(own);
    framed(request, 0, &response)
}

/// An answer to `ApiVersions` that is an error and nothing else.
pub(super) fn api_versions_error(request: &Request, error: i16) -> Vec<u8> {
    let version = request.version.clamp(0, 4);
    let response = ApiVersionsResponse::default().with_error_code(error);
    framed(request, version, &response)
}

/// An answer to `FindCoordinator`: this broker, or an error.
pub(super) fn find_coordinator(request: &Request, error: i16, own: Option<&Listed>) -> Vec<u8> {
    let mut response = FindCoordinatorResponse::default()
        .with_error_code(error)
        .with_node_id(BrokerId(-1))
        .with_port(-1);
    if let Some(own) = own.filter(|_| error == 0) {
        response = response
            .with_node_id(BrokerId(own.id))
            .with_host(StrBytes::from_string(own.host.clone()))
            .with_port(i32::from(own.port));
    }
    framed(request, request.version, &response)
}

/// An answer to `DescribeGroups`: groups without members, as those are that nobody uses.
pub(super) fn describe_groups(
    request: &Request,
    names: &[String],
    error: i16,
    operations: Option<i32>,
) -> Vec<u8> {
    let groups = names
        .iter()
        .map(|name| {
            let state = if error == 0 { "Dead" } else { "" };
            DescribedGroup::default()
                .with_error_code(error)
                .with_group_id(GroupId(StrBytes::from_string(name.clone())))
                .with_group_state(StrBytes::from_static_str(state))
                .with_authorized_operations(operations.unwrap_or(i32::MIN))
        })
        .collect();
    let response = DescribeGroupsResponse::default().with_groups(groups);
    framed(request, request.version, &response)
}

/// An answer to `InitProducerId`.
pub(super) fn init_producer_id(request: &Request, error: i16) -> Vec<u8> {
    let response = InitProducerIdResponse::default()
        .with_error_code(error)
        .with_producer_id(ProducerId(if error == 0 { 1000 } else { -1 }))
        .with_producer_epoch(if error == 0 { 0 } else { -1 });
    framed(request, request.version, &response)
}

/// An answer to `SaslHandshake`.
pub(super) fn sasl_handshake(request: &Request, error: i16, mechanisms: &[&str]) -> Vec<u8> {
    let mechanisms = mechanisms
        .iter()
        .map(|name| StrBytes::from_string((*name).to_owned()))
        .collect();
    let response = SaslHandshakeResponse::default()
        .with_error_code(error)
        .with_mechanisms(mechanisms);
    framed(request, request.version, &response)
}

/// An answer to `SaslAuthenticate`. A good one has an empty message, not none, as Kafka's.
pub(super) fn sasl_authenticate(
    request: &Request,
    error: i16,
    message: &str,
    auth_bytes: &[u8],
    session_ms: i64,
) -> Vec<u8> {
    let mut response = SaslAuthenticateResponse::default()
        .with_error_code(error)
        .with_error_message(Some(StrBytes::from_string(message.to_owned())))
        .with_auth_bytes(Bytes::copy_from_slice(auth_bytes));
    if request.version >= 1 {
        response = response.with_session_lifetime_ms(session_ms);
    }
    framed(request, request.version, &response)
}

/// A broker in an answer to `Metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: i32,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The cluster as one broker describes it.
pub(super) struct Described<'a> {
    /// The cluster's id.
    pub(super) cluster_id: &'a str,
    /// The brokers.
    pub(super) brokers: &'a [Listed],
    /// The topics that exist; each has a partition per broker.
    pub(super) topics: &'a [String],
    /// Whether topics may be described.
    pub(super) authorised: bool,
    /// What may be done with topics: bits by `AclOperation`.
    pub(super) operations: i32,
    /// Whether each topic's first partition is without a leader.
    pub(super) leaderless: bool,
}

/// An answer to `Metadata`.
pub(super) fn metadata(
    request: &Request,
    wanted: &Wanted,
    cluster: &Described<'_>,
    throttle_ms: i32,
) -> Vec<u8> {
    let version = request.version;
    let topics = match &wanted.topics {
        // Who asks for all is told of those that may be described.
        None if !cluster.authorised => &[],
        None => cluster.topics,
        Some(topics) => topics.as_slice(),
    };
    let topics = topics
        .iter()
        .map(|name| topic(name, version, wanted.topic_operations, cluster))
        .collect();
    let mut response = MetadataResponse::default()
        .with_brokers(cluster.brokers.iter().map(broker).collect())
        .with_topics(topics);
    if version >= 1 {
        let controller = cluster.brokers.first().map_or(-1, |broker| broker.id);
        response = response.with_controller_id(BrokerId(controller));
    }
    if version >= 2 {
        let id = StrBytes::from_string(cluster.cluster_id.to_owned());
        response = response.with_cluster_id(Some(id));
    }
    if version >= 3 {
        response = response.with_throttle_time_ms(throttle_ms);
    }
    if wanted.cluster_operations {
        response = response.with_cluster_authorized_operations(ALL_OPERATIONS);
    }
    framed(request, version, &response)
}

fn broker(listed: &Listed) -> MetadataResponseBroker {
    MetadataResponseBroker::default()
        .with_node_id(BrokerId(listed.id))
        .with_host(StrBytes::from_string(listed.host.clone()))
        .with_port(i32::from(listed.port))
}

fn topic(
    name: &str,
    version: i16,
    operations: bool,
    cluster: &Described<'_>,
) -> MetadataResponseTopic {
    let mut topic = MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))));
    // Rights come first: who may not describe a topic is not told whether it exists.
    if !cluster.authorised {
        return topic.with_error_code(TOPIC_DENIED);
    }
    if !is_topic(name) {
        return topic.with_error_code(INVALID_TOPIC);
    }
    if !cluster.topics.iter().any(|known| known == name) {
        return topic.with_error_code(UNKNOWN_TOPIC);
    }
    if version >= 10 {
        // The same in every answer of every lab: made from the name.
        let mut id = [0x5a; 16];
        id.iter_mut()
            .zip(name.bytes())
            .for_each(|(place, byte)| *place ^= byte);
        topic = topic.with_topic_id(uuid::Uuid::from_bytes(id));
    }
    if operations {
        topic = topic.with_topic_authorized_operations(cluster.operations);
    }
    let partitions = cluster.brokers.iter().zip(0..).map(|(broker, index)| {
        let partition = MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(broker.id))
            .with_replica_nodes(vec![BrokerId(broker.id)])
            .with_isr_nodes(vec![BrokerId(broker.id)]);
        let partition = if cluster.leaderless && index == 0 {
            partition
                .with_error_code(LEADER_NOT_AVAILABLE)
                .with_leader_id(BrokerId(-1))
        } else {
            partition
        };
        if version >= 7 {
            partition.with_leader_epoch(0)
        } else {
            partition
        }
    });
    topic.with_partitions(partitions.collect())
}

/// Kafka's pattern for a topic's name.
fn is_topic(name: &str) -> bool {
    (1..=249).contains(&name.len())
        && name != "."
        && name != ".."
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
    use kafka_protocol::messages::{MetadataRequest, RequestHeader};
    use kafka_protocol::protocol::{Decodable as _, encode_request_header_into_buffer};
    use proptest::prelude::*;

    #[test]
    fn a_count_is_not_believed_before_its_bytes_are_there() {
        // Metadata v1 of 2,147,483,647 topics in 4 bytes.
        let frame = [0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff];
        assert_eq!(read(&frame, Listener::Framing), None);
    }

    #[test]
    fn all_topics_and_none_are_told_apart_by_version() {
        let asked = |version: u8, count: i32| {
            let head = [0, 3, 0, version, 0, 0, 0, 7, 0xff, 0xff];
            match read(
                &[&head[..], &count.to_be_bytes()].concat(),
                Listener::Framing,
            )
            .map(|request| request.body)
            {
                Some(Body::Metadata(wanted)) => wanted.topics,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(asked(0, 0), None);
        assert_eq!(asked(1, 0), Some(vec![]));
        assert_eq!(asked(1, -1), None);
    }

    #[test]
    fn metadata_is_read_and_answered_in_every_version() {
        let topics = ["orders".to_owned()];
        let broker = Listed {
            id: 1,
            host: "b-1".to_owned(),
            port: 9098,
        };
        let cluster = Described {
            cluster_id: "id",
            brokers: &[broker],
            topics: &topics,
            authorised: true,
            operations: ALL_OPERATIONS,
            leaderless: false,
        };
        for version in 0..=12 {
            let names = ["orders", "gone"].map(|name| {
                let name = TopicName(StrBytes::from_static_str(name));
                MetadataRequestTopic::default().with_name(Some(name))
            });
            let asked = MetadataRequest::default()
                .with_topics(Some(names.to_vec()))
                .with_include_topic_authorized_operations(version >= 8);
            let header = RequestHeader::default()
                .with_request_api_key(3)
                .with_request_api_version(version)
                .with_correlation_id(7);
            let mut frame = BytesMut::new();
            encode_request_header_into_buffer(&mut frame, &header).expect("a header");
            asked.encode(&mut frame, version).expect("a request");
            let request = read(&frame, Listener::Framing).expect("read");
            let Body::Metadata(wanted) = &request.body else {
                panic!("v{version}: {request:?}");
            };
            assert_eq!(wanted.topics.as_ref().map(Vec::len), Some(2), "v{version}");
            let answer = metadata(&request, wanted, &cluster, 0);
            let mut body = Bytes::from(answer).split_off(4);
            let header = MetadataResponse::header_version(version);
            ResponseHeader::decode(&mut body, header).expect("a header");
            let answer = MetadataResponse::decode(&mut body, version).expect("an answer");
            assert!(body.is_empty(), "v{version}");
            let errors: Vec<i16> = answer.topics.iter().map(|topic| topic.error_code).collect();
            assert_eq!(errors, [0, 3], "v{version}");
            assert_eq!(answer.topics[0].partitions.len(), 1);
            let operations = answer.topics[0].topic_authorized_operations;
            let wanted = if version >= 8 {
                ALL_OPERATIONS
            } else {
                i32::MIN
            };
            assert_eq!(operations, wanted, "v{version}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_of_a_client_make_it_panic(
            key in prop_oneof![Just(3u8), Just(17), Just(18), Just(36), any::<u8>()],
            version in 0u8..14,
            rest in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let frame = [&[0, key, 0, version][..], &rest].concat();
            if let Some(request) = read(&frame, Listener::Framing)
                && let Body::Metadata(wanted) = &request.body
            {
                let cluster = Described { cluster_id: "", brokers: &[], topics: &[], authorised: true, operations: ALL_OPERATIONS, leaderless: true };
                metadata(&request, wanted, &cluster, 0);
            }
        }
    }
}
