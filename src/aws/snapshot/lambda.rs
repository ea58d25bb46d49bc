//! Answers of the Lambda API (version 2015-03-31): the fields that are used, under their own names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ec2::models;

models! {
    /// `GetFunctionConfiguration`.
    GetFunctionConfiguration {
        function_name: String,
        function_arn: Option<String>,
        role: Option<String>,
        version: Option<String>,
        runtime: Option<String>,
        timeout: Option<i64>,
        memory_size: Option<i64>,
        state: Option<String>,
        state_reason: Option<String>,
        state_reason_code: Option<String>,
        last_update_status: Option<String>,
        last_update_status_reason: Option<String>,
        last_update_status_reason_code: Option<String>,
        vpc_config: Option<VpcConfig>,
        environment: Option<Environment>,
        snap_start: Option<SnapStart>,
        layers: Vec<Layer>,
    }
    /// Whether a snapshot of the started function is restored: `None` or `PublishedVersions`.
    SnapStart { apply_on: Option<String>, }
    /// A layer of the function's code.
    Layer { arn: Option<String>, }
    /// The function's VPC; empty fields where it has none.
    VpcConfig {
        vpc_id: Option<String>,
        subnet_ids: Vec<String>,
        security_group_ids: Vec<String>,
        ipv6_allowed_for_dual_stack: Option<bool>,
    }
    /// Environment variables. Only those that name brokers, regions and clusters are kept in a snapshot.
    Environment { variables: BTreeMap<String, String>, }

    /// `GetFunctionConcurrency`: empty where none is reserved.
    GetFunctionConcurrency { reserved_concurrent_executions: Option<i64>, }

    /// `ListEventSourceMappings`.
    ListEventSourceMappings { event_source_mappings: Vec<EventSourceMapping>, }
    /// An event source mapping.
    EventSourceMapping {
        #[serde(rename = "UUID")]
        uuid: Option<String>,
        event_source_arn: Option<String>,
        function_arn: Option<String>,
        state: Option<String>,
        state_transition_reason: Option<String>,
        last_processing_result: Option<String>,
        topics: Vec<String>,
        source_access_configurations: Vec<SourceAccessConfiguration>,
        amazon_managed_kafka_event_source_config: Option<ManagedKafkaConfig>,
        provisioned_poller_config: Option<ProvisionedPollerConfig>,
        destination_config: Option<DestinationConfig>,
    }
    /// How the poller logs in: the kind, and the ARN of a secret.
    SourceAccessConfiguration {
        #[serde(rename = "Type")]
        kind: Option<String>,
        #[serde(rename = "URI")]
        uri: Option<String>,
    }
    /// The poller's consumer group.
    ManagedKafkaConfig { consumer_group_id: Option<String>, }
    /// Pollers that always run: they need no endpoints.
    ProvisionedPollerConfig { minimum_pollers: Option<i64>, maximum_pollers: Option<i64>, }
    /// Where records go that the function does not take.
    DestinationConfig { on_failure: Option<Destination>, }
    /// A queue, topic, bucket or Kafka topic.
    Destination { destination: Option<String>, }
}
