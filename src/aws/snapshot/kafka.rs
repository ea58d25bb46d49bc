//! Answers of the MSK API (version 2018-11-14, and v2 of clusters): the fields that are used, under their own names.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::ec2::models;

models! {
    /// `DescribeClusterV2`.
    DescribeClusterV2 { cluster_info: Cluster, }
    /// `ListClustersV2`.
    ListClustersV2 { cluster_info_list: Vec<Cluster>, }
    /// A cluster.
    Cluster {
        cluster_arn: String,
        cluster_name: String,
        cluster_type: Option<String>,
        state: Option<String>,
        state_info: Option<StateInfo>,
        provisioned: Option<Provisioned>,
        serverless: Option<Serverless>,
    }
    /// Why the cluster is in its state.
    StateInfo { code: Option<String>, message: Option<String>, }
    /// A provisioned cluster.
    Provisioned {
        broker_node_group_info: BrokerNodeGroupInfo,
        client_authentication: Option<ClientAuthentication>,
        current_broker_software_info: Option<BrokerSoftwareInfo>,
        encryption_info: Option<EncryptionInfo>,
        number_of_broker_nodes: Option<f64>,
    }
    /// A serverless cluster.
    Serverless { vpc_configs: Vec<VpcConfig>, client_authentication: Option<ClientAuthentication>, }
    /// A VPC that a serverless cluster may be reached from.
    VpcConfig { subnet_ids: Vec<String>, security_group_ids: Vec<String>, }
    /// Where the brokers stand, as the cluster was made.
    BrokerNodeGroupInfo {
        client_subnets: Vec<String>,
        security_groups: Vec<String>,
        instance_type: Option<String>,
        connectivity_info: Option<ConnectivityInfo>,
    }
    /// Ways in.
    ConnectivityInfo {
        public_access: Option<PublicAccess>,
        vpc_connectivity: Option<VpcConnectivity>,
        network_type: Option<String>,
    }
    /// Access over the internet: `DISABLED` or `SERVICE_PROVIDED_EIPS`.
    PublicAccess {
        #[serde(rename = "Type")]
        kind: Option<String>,
    }
    /// Access from other VPCs.
    VpcConnectivity { client_authentication: Option<ClientAuthentication>, }
    /// The ways to log in.
    ClientAuthentication { sasl: Option<Sasl>, tls: Option<Switch>, unauthenticated: Option<Switch>, }
    /// The SASL mechanisms.
    Sasl { iam: Option<Switch>, scram: Option<Switch>, }
    /// On or off.
    Switch { enabled: Option<bool>, }
    /// Kafka's version.
    BrokerSoftwareInfo { kafka_version: Option<String>, }
    /// Encryption.
    EncryptionInfo { encryption_in_transit: Option<EncryptionInTransit>, }
    /// Between clients and brokers: `TLS`, `TLS_PLAINTEXT` or `PLAINTEXT`.
    EncryptionInTransit { client_broker: Option<String>, in_cluster: Option<bool>, }

    /// `ListNodes`.
    ListNodes { node_info_list: Vec<NodeInfo>, }
    /// A node.
    NodeInfo { node_type: Option<String>, broker_node_info: Option<BrokerNodeInfo>, }
    /// A broker.
    BrokerNodeInfo {
        #[serde(rename = "AttachedENIId")]
        attached_eni_id: Option<String>,
        broker_id: Option<f64>,
        client_subnet: Option<String>,
        client_vpc_ip_address: Option<Ipv4Addr>,
        endpoints: Vec<String>,
    }

    /// `GetBootstrapBrokers`.
    GetBootstrapBrokers {
        bootstrap_broker_string: Option<String>,
        bootstrap_broker_string_tls: Option<String>,
        bootstrap_broker_string_sasl_scram: Option<String>,
        bootstrap_broker_string_sasl_iam: Option<String>,
        bootstrap_broker_string_public_tls: Option<String>,
        bootstrap_broker_string_public_sasl_scram: Option<String>,
        bootstrap_broker_string_public_sasl_iam: Option<String>,
        bootstrap_broker_string_vpc_connectivity_tls: Option<String>,
        bootstrap_broker_string_vpc_connectivity_sasl_scram: Option<String>,
        bootstrap_broker_string_vpc_connectivity_sasl_iam: Option<String>,
        bootstrap_broker_string_ipv6: Option<String>,
        bootstrap_broker_string_tls_ipv6: Option<String>,
        bootstrap_broker_string_sasl_scram_ipv6: Option<String>,
        bootstrap_broker_string_sasl_iam_ipv6: Option<String>,
    }

    /// `GetClusterPolicy`.
    GetClusterPolicy { current_version: Option<String>, policy: Option<String>, }

    /// `ListClientVpcConnections`.
    ListClientVpcConnections { client_vpc_connections: Vec<ClientVpcConnection>, }
    /// A connection of another VPC, seen from the cluster.
    ClientVpcConnection {
        vpc_connection_arn: String,
        authentication: Option<String>,
        owner: Option<String>,
        state: Option<String>,
    }
    /// `ListVpcConnections`.
    ListVpcConnections { vpc_connections: Vec<VpcConnection>, }
    /// A connection, seen from the client's account.
    VpcConnection {
        vpc_connection_arn: String,
        target_cluster_arn: Option<String>,
        authentication: Option<String>,
        vpc_id: Option<String>,
        state: Option<String>,
    }
    /// `DescribeVpcConnection`.
    DescribeVpcConnection {
        vpc_connection_arn: String,
        target_cluster_arn: Option<String>,
        authentication: Option<String>,
        vpc_id: Option<String>,
        state: Option<String>,
        subnets: Vec<String>,
        security_groups: Vec<String>,
    }
}

impl Cluster {
    /// Whether it is a serverless one.
    #[must_use]
    pub fn is_serverless(&self) -> bool {
        self.serverless.is_some() || self.cluster_type.as_deref() == Some("SERVERLESS")
    }

    /// The ways in, where it has said.
    #[must_use]
    pub fn connectivity(&self) -> Option<&ConnectivityInfo> {
        let provisioned = self.provisioned.as_ref()?;
        provisioned
            .broker_node_group_info
            .connectivity_info
            .as_ref()
    }
}

impl GetBootstrapBrokers {
    /// Every string that there is.
    pub fn strings(&self) -> impl Iterator<Item = &str> {
        [
            &self.bootstrap_broker_string,
            &self.bootstrap_broker_string_tls,
            &self.bootstrap_broker_string_sasl_scram,
            &self.bootstrap_broker_string_sasl_iam,
            &self.bootstrap_broker_string_public_tls,
            &self.bootstrap_broker_string_public_sasl_scram,
            &self.bootstrap_broker_string_public_sasl_iam,
            &self.bootstrap_broker_string_vpc_connectivity_tls,
            &self.bootstrap_broker_string_vpc_connectivity_sasl_scram,
            &self.bootstrap_broker_string_vpc_connectivity_sasl_iam,
            &self.bootstrap_broker_string_ipv6,
            &self.bootstrap_broker_string_tls_ipv6,
            &self.bootstrap_broker_string_sasl_scram_ipv6,
            &self.bootstrap_broker_string_sasl_iam_ipv6,
        ]
        .into_iter()
        .filter_map(|string| string.as_deref())
    }
}

impl BrokerNodeInfo {
    /// The broker's number: the API gives it as a floating-point number.
    #[must_use]
    pub fn id(&self) -> Option<i32> {
        let id = self.broker_id?;
        let whole = id.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&id);
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        whole.then_some(id as i32)
    }
}
