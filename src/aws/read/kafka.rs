//! Calls of the MSK API.

use aws_sdk_kafka::Client;

use super::Refusal;
use super::rest::whole;
use crate::aws::snapshot::kafka;

/// A cluster by its ARN.
pub(super) async fn cluster(
    client: &Client,
    arn: &str,
) -> Result<kafka::DescribeClusterV2, Refusal> {
    whole!(client.describe_cluster_v2().cluster_arn(arn))
}

/// The clusters of a name: the API gives all whose names begin so.
pub(super) async fn clusters(
    client: &Client,
    name: &str,
) -> Result<kafka::ListClustersV2, Refusal> {
    let mut answer: kafka::ListClustersV2 = whole!(
        client.list_clusters_v2().cluster_name_filter(name),
        set_next_token,
        next_token
    )?;
    answer
        .cluster_info_list
        .retain(|cluster| cluster.cluster_name == name);
    Ok(answer)
}

/// A cluster's brokers.
pub(super) async fn nodes(client: &Client, arn: &str) -> Result<kafka::ListNodes, Refusal> {
    whole!(
        client.list_nodes().cluster_arn(arn),
        set_next_token,
        next_token
    )
}

/// A cluster's bootstrap strings.
pub(super) async fn bootstrap_brokers(
    client: &Client,
    arn: &str,
) -> Result<kafka::GetBootstrapBrokers, Refusal> {
    whole!(client.get_bootstrap_brokers().cluster_arn(arn))
}

/// A cluster's policy; that it has none is an answer, and the policy empty.
pub(super) async fn policy(client: &Client, arn: &str) -> Result<kafka::GetClusterPolicy, Refusal> {
    match asked_policy(client, arn).await {
        Err(Refusal::Failed(words)) if words.starts_with("NotFoundException") => {
            Ok(kafka::GetClusterPolicy {
                policy: Some(String::new()),
                ..kafka::GetClusterPolicy::default()
            })
        }
        answer => answer,
    }
}

async fn asked_policy(client: &Client, arn: &str) -> Result<kafka::GetClusterPolicy, Refusal> {
    whole!(client.get_cluster_policy().cluster_arn(arn))
}

/// The connections that other VPCs have to a cluster.
pub(super) async fn client_vpc_connections(
    client: &Client,
    arn: &str,
) -> Result<kafka::ListClientVpcConnections, Refusal> {
    whole!(
        client.list_client_vpc_connections().cluster_arn(arn),
        set_next_token,
        next_token
    )
}

/// The connections that this account has to clusters.
pub(super) async fn vpc_connections(client: &Client) -> Result<kafka::ListVpcConnections, Refusal> {
    whole!(client.list_vpc_connections(), set_next_token, next_token)
}

/// One connection of this account.
pub(super) async fn vpc_connection(
    client: &Client,
    arn: &str,
) -> Result<kafka::DescribeVpcConnection, Refusal> {
    whole!(client.describe_vpc_connection().arn(arn))
}
