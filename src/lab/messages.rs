//! The broker's side of Kafka's messages, byte by byte as Apache Kafka 3.9 sends them.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, MetadataRequest, MetadataResponse, RequestHeader,
    ResponseHeader, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse,
    api_versions_response::ApiVersion,
    metadata_response::{MetadataResponseBroker, MetadataResponseTopic},
};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, StrBytes, decode_request_header_from_buffer,
};

/// The requests that the lab answers, with their versions.
const KNOWN: [(ApiKey, i16, i16); 4] = [
    (ApiKey::Metadata, 0, 12),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::SaslAuthenticate, 0, 2),
];

/// A request, read.
pub(super) struct Request {
    pub(super) header: RequestHeader,
    pub(super) body: Request0,
}

/// A request's body.
pub(super) enum Request0 {
    ApiVersions,
    SaslHandshake(String),
    SaslAuthenticate(Bytes),
    Metadata(Option<Vec<String>>),
    Unknown,
}

/// Reads a request; `None` when it is none.
pub(super) fn read(frame: &[u8]) -> Option<Request> {
    let mut bytes = Bytes::copy_from_slice(frame);
    let header = decode_request_header_from_buffer(&mut bytes).ok()?;
    let version = header.request_api_version;
    let key = ApiKey::try_from(header.request_api_key).ok();
    let known = KNOWN.iter().find(|(known, _, _)| Some(*known) == key);
    let supported = known.is_some_and(|(_, min, max)| (*min..=*max).contains(&version));
    let body = match key {
        Some(ApiKey::ApiVersions) => Request0::ApiVersions,
        Some(ApiKey::SaslHandshake) if supported => {
            let request = SaslHandshakeRequest::decode(&mut bytes, version).ok()?;
            Request0::SaslHandshake(request.mechanism.as_str().to_owned())
        }
        Some(ApiKey::SaslAuthenticate) if supported => Request0::SaslAuthenticate(
            SaslAuthenticateRequest::decode(&mut bytes, version)
                .ok()?
                .auth_bytes,
        ),
        Some(ApiKey::Metadata) if supported => {
            let request = MetadataRequest::decode(&mut bytes, version).ok()?;
            let topics = request.topics.map(|topics| {
                topics
                    .iter()
                    .filter_map(|topic| topic.name.as_ref().map(|name| name.as_str().to_owned()))
                    .collect()
            });
            Request0::Metadata(topics)
        }
        _ => Request0::Unknown,
    };
    Some(Request { header, body })
}

fn framed<R: Encodable + HeaderVersion>(request: &Request, version: i16, response: &R) -> Vec<u8> {
    let header = ResponseHeader::default().with_correlation_id(request.header.correlation_id);
    let mut body = BytesMut::new();
    // What the lab answers has no field that its version lacks.
    let encoded = header
        .encode(&mut body, R::header_version(version))
        .and_then(|()| response.encode(&mut body, version));
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    crate::kafka::messages::with_length(&body)
}

/// An answer to `ApiVersions`; a version that is too new gets error 35 in the form of version 0.
pub(super) fn api_versions(request: &Request, throttle_ms: i32) -> Vec<u8> {
    let version = request.header.request_api_version;
    let mut keys: Vec<ApiVersion> = KNOWN
        .iter()
        .map(|(key, min, max)| {
            ApiVersion::default()
                .with_api_key(*key as i16)
                .with_min_version(*min)
                .with_max_version(*max)
        })
        .collect();
    let response = ApiVersionsResponse::default();
    if (0..=4).contains(&version) {
        let response = response
            .with_api_keys(keys)
            .with_throttle_time_ms(throttle_ms);
        framed(request, version, &response)
    } else {
        // Of all requests only this one's versions are told (KIP-511).
        keys.retain(|key| key.api_key == ApiKey::ApiVersions as i16);
        let response = response.with_error_code(35).with_api_keys(keys);
        framed(request, 0, &response)
    }
}

/// An answer to `SaslHandshake`.
pub(super) fn sasl_handshake(request: &Request, error: i16, mechanisms: &[String]) -> Vec<u8> {
    let mechanisms = mechanisms
        .iter()
        .map(|name| StrBytes::from_string(name.clone()))
        .collect();
    let response = SaslHandshakeResponse::default()
        .with_error_code(error)
        .with_mechanisms(mechanisms);
    framed(request, request.header.request_api_version, &response)
}

/// An answer to `SaslAuthenticate`. A good one has an empty message, not none, as Kafka's.
pub(super) fn sasl_authenticate(
    request: &Request,
    error: i16,
    message: &str,
    auth_bytes: &[u8],
    session_ms: i64,
) -> Vec<u8> {
    let version = request.header.request_api_version;
    let mut response = SaslAuthenticateResponse::default()
        .with_error_code(error)
        .with_error_message(Some(StrBytes::from_string(message.to_owned())))
        .with_auth_bytes(Bytes::copy_from_slice(auth_bytes));
    if version >= 1 {
        response = response.with_session_lifetime_ms(session_ms);
    }
    framed(request, version, &response)
}

/// A broker in an answer to `Metadata`.
pub(super) struct Listed {
    pub(super) id: i32,
    pub(super) host: String,
    pub(super) port: u16,
}

/// An answer to `Metadata`: the brokers, and the topics asked for, of which the lab has none.
pub(super) fn metadata(
    request: &Request,
    cluster_id: &str,
    brokers: &[Listed],
    topics: &[String],
    throttle_ms: i32,
) -> Vec<u8> {
    let version = request.header.request_api_version;
    let brokers: Vec<MetadataResponseBroker> = brokers
        .iter()
        .map(|broker| {
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(broker.id))
                .with_host(StrBytes::from_string(broker.host.clone()))
                .with_port(i32::from(broker.port))
        })
        .collect();
    let topics = topics
        .iter()
        .map(|name| {
            let name = StrBytes::from_string(name.clone());
            MetadataResponseTopic::default()
                .with_error_code(3)
                .with_name(Some(kafka_protocol::messages::TopicName(name)))
        })
        .collect();
    let controller = brokers
        .first()
        .map_or(BrokerId(-1), |broker| broker.node_id);
    let mut response = MetadataResponse::default()
        .with_brokers(brokers)
        .with_topics(topics);
    if version >= 1 {
        response = response.with_controller_id(controller);
    }
    if version >= 2 {
        response = response.with_cluster_id(Some(StrBytes::from_string(cluster_id.to_owned())));
    }
    if version >= 3 {
        response = response.with_throttle_time_ms(throttle_ms);
    }
    framed(request, version, &response)
}
