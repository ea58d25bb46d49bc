//! The one table of AWS API calls: what each needs and what is lost without it.

/// One API call that a snapshot may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// The service, as the AWS CLI names it.
    pub service: &'static str,
    /// The operation, as the AWS CLI names it: `describe-subnets`.
    pub operation: &'static str,
    /// The operation, as the API names it: `DescribeSubnets`.
    pub api: &'static str,
    /// The field that an answer always has; empty where the answer is the thing itself.
    pub field: &'static str,
    /// What cannot be told without it.
    pub lost: &'static str,
}

impl Call {
    /// The IAM action that the call needs.
    #[must_use]
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.api)
    }

    /// The name of a file with an answer, without key and ending.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}-{}", self.service, self.operation)
    }
}

/// Ties each model of an answer to its call.
macro_rules! calls {
    ($($response:ty: $service:literal $operation:literal $api:literal $field:literal $lost:literal;)*) => {
        $(impl super::snapshot::Response for $response {
            const CALL: &'static Call = &Call {
                service: $service,
                operation: $operation,
                api: $api,
                field: $field,
                lost: $lost,
            };
        })*
    };
}

use super::snapshot::{ec2, iam, kafka, lambda, route53, sts};

calls! {
    ec2::DescribeVpcs: "ec2" "describe-vpcs" "DescribeVpcs" "Vpcs" "the address ranges of the VPCs";
    ec2::DescribeVpcAttribute: "ec2" "describe-vpc-attribute" "DescribeVpcAttribute" "VpcId" "whether a VPC's DNS is on";
    ec2::DescribeDhcpOptions: "ec2" "describe-dhcp-options" "DescribeDhcpOptions" "DhcpOptions" "which DNS servers a VPC's clients ask";
    ec2::DescribeSubnets: "ec2" "describe-subnets" "DescribeSubnets" "Subnets" "where clients and brokers stand";
    ec2::DescribeRouteTables: "ec2" "describe-route-tables" "DescribeRouteTables" "RouteTables" "every route";
    ec2::DescribeNetworkAcls: "ec2" "describe-network-acls" "DescribeNetworkAcls" "NetworkAcls" "every network ACL";
    ec2::DescribeSecurityGroups: "ec2" "describe-security-groups" "DescribeSecurityGroups" "SecurityGroups" "every security group's rules";
    ec2::DescribeNetworkInterfaces: "ec2" "describe-network-interfaces" "DescribeNetworkInterfaces" "NetworkInterfaces" "the groups that brokers and clients really wear";
    ec2::DescribeInstances: "ec2" "describe-instances" "DescribeInstances" "Reservations" "the interfaces of an instance";
    ec2::GetManagedPrefixListEntries: "ec2" "get-managed-prefix-list-entries" "GetManagedPrefixListEntries" "Entries" "what a prefix list in a rule or route covers";
    ec2::DescribeVpcPeeringConnections: "ec2" "describe-vpc-peering-connections" "DescribeVpcPeeringConnections" "VpcPeeringConnections" "the state of peerings";
    ec2::DescribeInternetGateways: "ec2" "describe-internet-gateways" "DescribeInternetGateways" "InternetGateways" "whether an internet gateway is attached";
    ec2::DescribeNatGateways: "ec2" "describe-nat-gateways" "DescribeNatGateways" "NatGateways" "paths through NAT gateways";
    ec2::DescribeVpnGateways: "ec2" "describe-vpn-gateways" "DescribeVpnGateways" "VpnGateways" "paths from on-premises networks";
    ec2::DescribeVpnConnections: "ec2" "describe-vpn-connections" "DescribeVpnConnections" "VpnConnections" "whether VPN tunnels are up";
    ec2::DescribeVpcEndpoints: "ec2" "describe-vpc-endpoints" "DescribeVpcEndpoints" "VpcEndpoints" "endpoints of serverless clusters and multi-VPC connections";
    ec2::DescribeVpcBlockPublicAccessOptions: "ec2" "describe-vpc-block-public-access-options" "DescribeVpcBlockPublicAccessOptions" "VpcBlockPublicAccessOptions" "whether the account blocks internet gateways";
    ec2::DescribeVpcBlockPublicAccessExclusions: "ec2" "describe-vpc-block-public-access-exclusions" "DescribeVpcBlockPublicAccessExclusions" "VpcBlockPublicAccessExclusions" "which VPCs are excluded from that block";
    ec2::DescribeTransitGateways: "ec2" "describe-transit-gateways" "DescribeTransitGateways" "TransitGateways" "whether group references hold over a transit gateway";
    ec2::DescribeTransitGatewayAttachments: "ec2" "describe-transit-gateway-attachments" "DescribeTransitGatewayAttachments" "TransitGatewayAttachments" "which route table a transit gateway uses for a VPC";
    ec2::DescribeTransitGatewayVpcAttachments: "ec2" "describe-transit-gateway-vpc-attachments" "DescribeTransitGatewayVpcAttachments" "TransitGatewayVpcAttachments" "in which zones a VPC is attached to a transit gateway";
    ec2::DescribeTransitGatewayPeeringAttachments: "ec2" "describe-transit-gateway-peering-attachments" "DescribeTransitGatewayPeeringAttachments" "TransitGatewayPeeringAttachments" "paths between transit gateways";
    ec2::DescribeTransitGatewayRouteTables: "ec2" "describe-transit-gateway-route-tables" "DescribeTransitGatewayRouteTables" "TransitGatewayRouteTables" "the route tables of transit gateways";
    ec2::SearchTransitGatewayRoutes: "ec2" "search-transit-gateway-routes" "SearchTransitGatewayRoutes" "Routes" "the routes of a transit gateway";
    kafka::DescribeClusterV2: "kafka" "describe-cluster-v2" "DescribeClusterV2" "ClusterInfo" "the cluster's state, type, authentication and subnets";
    kafka::ListClustersV2: "kafka" "list-clusters-v2" "ListClustersV2" "ClusterInfoList" "a cluster by its name";
    kafka::ListNodes: "kafka" "list-nodes" "ListNodes" "NodeInfoList" "every broker's interface and address";
    kafka::GetBootstrapBrokers: "kafka" "get-bootstrap-brokers" "GetBootstrapBrokers" "" "the brokers' names and which listeners are on";
    kafka::GetClusterPolicy: "kafka" "get-cluster-policy" "GetClusterPolicy" "Policy" "who of another account may connect";
    kafka::ListClientVpcConnections: "kafka" "list-client-vpc-connections" "ListClientVpcConnections" "ClientVpcConnections" "the state of multi-VPC connections, seen from the cluster";
    kafka::ListVpcConnections: "kafka" "list-vpc-connections" "ListVpcConnections" "VpcConnections" "the state of multi-VPC connections, seen from the client";
    kafka::DescribeVpcConnection: "kafka" "describe-vpc-connection" "DescribeVpcConnection" "VpcConnectionArn" "the subnets and groups of a multi-VPC connection";
    route53::ListHostedZonesByVpc: "route53" "list-hosted-zones-by-vpc" "ListHostedZonesByVPC" "HostedZoneSummaries" "private hosted zones that hide the brokers' names";
    route53::ListResourceRecordSets: "route53" "list-resource-record-sets" "ListResourceRecordSets" "ResourceRecordSets" "whether such a zone has the brokers' names";
    route53::ListResolverRuleAssociations: "route53resolver" "list-resolver-rule-associations" "ListResolverRuleAssociations" "ResolverRuleAssociations" "whether a VPC asks other servers for the brokers' names";
    route53::ListResolverRules: "route53resolver" "list-resolver-rules" "ListResolverRules" "ResolverRules" "which names and which servers those are";
    route53::ListFirewallRuleGroupAssociations: "route53resolver" "list-firewall-rule-group-associations" "ListFirewallRuleGroupAssociations" "FirewallRuleGroupAssociations" "whether DNS Firewall judges a VPC's questions";
    iam::GetRole: "iam" "get-role" "GetRole" "Role" "the role's path and its permissions boundary";
    iam::ListAttachedRolePolicies: "iam" "list-attached-role-policies" "ListAttachedRolePolicies" "AttachedPolicies" "which managed policies the role has";
    iam::ListRolePolicies: "iam" "list-role-policies" "ListRolePolicies" "PolicyNames" "which policies of its own the role has";
    iam::GetRolePolicy: "iam" "get-role-policy" "GetRolePolicy" "PolicyName" "what a policy of the role's own allows";
    iam::GetUser: "iam" "get-user" "GetUser" "User" "the user's permissions boundary";
    iam::ListAttachedUserPolicies: "iam" "list-attached-user-policies" "ListAttachedUserPolicies" "AttachedPolicies" "which managed policies the user has";
    iam::ListUserPolicies: "iam" "list-user-policies" "ListUserPolicies" "PolicyNames" "which policies of its own the user has";
    iam::GetUserPolicy: "iam" "get-user-policy" "GetUserPolicy" "PolicyName" "what a policy of the user's own allows";
    iam::ListGroupsForUser: "iam" "list-groups-for-user" "ListGroupsForUser" "Groups" "whose policies the user has as a member";
    iam::ListAttachedGroupPolicies: "iam" "list-attached-group-policies" "ListAttachedGroupPolicies" "AttachedPolicies" "which managed policies a group has";
    iam::ListGroupPolicies: "iam" "list-group-policies" "ListGroupPolicies" "PolicyNames" "which policies of its own a group has";
    iam::GetGroupPolicy: "iam" "get-group-policy" "GetGroupPolicy" "PolicyName" "what a policy of a group's own allows";
    iam::SimulatePrincipalPolicy: "iam" "simulate-principal-policy" "SimulatePrincipalPolicy" "EvaluationResults" "what the organisation's policies allow, and a second opinion on all others";
    iam::GetPolicy: "iam" "get-policy" "GetPolicy" "Policy" "which version of a managed policy is in force";
    iam::GetPolicyVersion: "iam" "get-policy-version" "GetPolicyVersion" "PolicyVersion" "what a managed policy allows";
    sts::GetCallerIdentity: "sts" "get-caller-identity" "GetCallerIdentity" "Arn" "whose the credentials are";
    lambda::GetFunctionConfiguration: "lambda" "get-function-configuration" "GetFunctionConfiguration" "FunctionName" "the function's VPC, role, timeout and environment";
    lambda::GetFunctionConcurrency: "lambda" "get-function-concurrency" "GetFunctionConcurrency" "" "how many invocations may connect at once";
    lambda::ListEventSourceMappings: "lambda" "list-event-source-mappings" "ListEventSourceMappings" "EventSourceMappings" "which cluster feeds the function";
}
