//! Calls of the EC2 API.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, VpcAttributeName};

use super::convert::Take as _;
use super::{Merge, Refusal, list};
use crate::aws::snapshot::ec2;

/// The most values that a filter takes.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html>.
pub(super) const MOST_VALUES: usize = 200;

/// Reads every page of an answer, or its only one.
macro_rules! pages {
    (paged $request:expr, $list:ident, $all:expr) => {
        let mut pages = $request.into_paginator().send();
        while let Some(page) = pages.next().await {
            $all.extend(page?.$list.take().map_err(Refusal::Failed)?);
        }
    };
    (whole $request:expr, $list:ident, $all:expr) => {
        $all = $request
            .send()
            .await?
            .$list
            .take()
            .map_err(Refusal::Failed)?;
    };
}

/// The kinds of things that are asked for by filter, all in the same way.
macro_rules! described {
    ($($kind:ident $pages:ident $call:ident $filters:ident $answer:ident $list:ident $field:ident;)*) => {
        /// What is asked for by filter. Filters, unlike ids, do not fail for what is gone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Kind { $($kind,)* }

        async fn answer(client: &Client, kind: Kind, filters: Vec<Filter>) -> Result<Merge, Refusal> {
            match kind {
                $(Kind::$kind => {
                    let mut answer = ec2::$answer::default();
                    pages!($pages client.$call().$filters(Some(filters)), $list, answer.$list);
                    Ok(Box::new(move |facts| {
                        list(&mut facts.$field, Ok(answer), |all, more| {
                            for thing in more.$list {
                                if !all.$list.contains(&thing) {
                                    all.$list.push(thing);
                                }
                            }
                        });
                    }))
                })*
            }
        }

        #[cfg(test)]
        impl Kind {
            /// The call's name.
            pub(super) fn operation(self) -> String {
                match self {
                    $(Kind::$kind => stringify!($call),)*
                }
                .replace('_', "-")
            }
        }

        /// What is taken in where there is no answer.
        pub(super) fn refused(kind: Kind, refusal: Refusal) -> Merge {
            match kind {
                $(Kind::$kind => Box::new(move |facts| list(&mut facts.$field, Err(refusal), |_, _| ())),)*
            }
        }
    };
}

described! {
    Vpcs paged describe_vpcs set_filters DescribeVpcs vpcs vpcs;
    DhcpOptions paged describe_dhcp_options set_filters DescribeDhcpOptions dhcp_options dhcp_options;
    Subnets paged describe_subnets set_filters DescribeSubnets subnets subnets;
    RouteTables paged describe_route_tables set_filters DescribeRouteTables route_tables route_tables;
    NetworkAcls paged describe_network_acls set_filters DescribeNetworkAcls network_acls network_acls;
    SecurityGroups paged describe_security_groups set_filters DescribeSecurityGroups security_groups security_groups;
    NetworkInterfaces paged describe_network_interfaces set_filters DescribeNetworkInterfaces network_interfaces network_interfaces;
    Instances paged describe_instances set_filters DescribeInstances reservations instances;
    Peerings paged describe_vpc_peering_connections set_filters DescribeVpcPeeringConnections vpc_peering_connections peerings;
    InternetGateways paged describe_internet_gateways set_filters DescribeInternetGateways internet_gateways internet_gateways;
    NatGateways paged describe_nat_gateways set_filter DescribeNatGateways nat_gateways nat_gateways;
    VpnGateways whole describe_vpn_gateways set_filters DescribeVpnGateways vpn_gateways vpn_gateways;
    VpnConnections whole describe_vpn_connections set_filters DescribeVpnConnections vpn_connections vpn_connections;
    VpcEndpoints paged describe_vpc_endpoints set_filters DescribeVpcEndpoints vpc_endpoints vpc_endpoints;
    TransitGateways paged describe_transit_gateways set_filters DescribeTransitGateways transit_gateways transit_gateways;
    TransitGatewayAttachments paged describe_transit_gateway_attachments set_filters DescribeTransitGatewayAttachments transit_gateway_attachments transit_gateway_attachments;
    TransitGatewayVpcAttachments paged describe_transit_gateway_vpc_attachments set_filters DescribeTransitGatewayVpcAttachments transit_gateway_vpc_attachments transit_gateway_vpc_attachments;
    TransitGatewayPeeringAttachments paged describe_transit_gateway_peering_attachments set_filters DescribeTransitGatewayPeeringAttachments transit_gateway_peering_attachments transit_gateway_peering_attachments;
    TransitGatewayRouteTables paged describe_transit_gateway_route_tables set_filters DescribeTransitGatewayRouteTables transit_gateway_route_tables transit_gateway_route_tables;
}

/// By what things are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum By {
    /// The API's filter of that name.
    Filter(&'static str),
    /// Interfaces of a type, in these subnets.
    TypeInSubnet(&'static str),
    /// Attachments that are peerings, of these transit gateways.
    PeeringsOf,
}

fn filter(name: &str, values: Vec<String>) -> Filter {
    Filter::builder()
        .name(name)
        .set_values(Some(values))
        .build()
}

fn filters(by: By, values: Vec<String>) -> Vec<Filter> {
    match by {
        By::Filter(name) => vec![filter(name, values)],
        By::TypeInSubnet(kind) => vec![
            filter("subnet-id", values),
            filter("interface-type", vec![kind.to_owned()]),
        ],
        By::PeeringsOf => vec![
            filter("transit-gateway-id", values),
            filter("resource-type", vec!["peering".to_owned()]),
        ],
    }
}

/// Asks for things of a kind, page by page, and says how the answer is taken in.
pub(super) async fn describe(client: &Client, kind: Kind, by: By, values: Vec<String>) -> Merge {
    match answer(client, kind, filters(by, values)).await {
        Ok(merge) => merge,
        Err(refusal) => refused(kind, refusal),
    }
}

/// One attribute of a VPC: `enableDnsSupport` or `enableDnsHostnames`.
pub(super) async fn vpc_attribute(
    client: &Client,
    vpc: &str,
    name: &str,
) -> Result<ec2::DescribeVpcAttribute, Refusal> {
    let output = client
        .describe_vpc_attribute()
        .vpc_id(vpc)
        .attribute(VpcAttributeName::from(name))
        .send()
        .await?;
    Ok(ec2::DescribeVpcAttribute {
        vpc_id: vpc.to_owned(),
        enable_dns_support: output.enable_dns_support.take().map_err(Refusal::Failed)?,
        enable_dns_hostnames: output
            .enable_dns_hostnames
            .take()
            .map_err(Refusal::Failed)?,
    })
}

/// The entries of a prefix list.
pub(super) async fn prefix_list(
    client: &Client,
    id: &str,
) -> Result<ec2::GetManagedPrefixListEntries, Refusal> {
    let mut answer = ec2::GetManagedPrefixListEntries::default();
    let request = client.get_managed_prefix_list_entries().prefix_list_id(id);
    pages!(paged request, entries, answer.entries);
    Ok(answer)
}

/// The routes of a transit gateway's table.
pub(super) async fn transit_gateway_routes(
    client: &Client,
    table: &str,
) -> Result<ec2::SearchTransitGatewayRoutes, Refusal> {
    let states = vec!["active".to_owned(), "blackhole".to_owned()];
    let output = client
        .search_transit_gateway_routes()
        .transit_gateway_route_table_id(table)
        .filters(filter("state", states))
        .max_results(1000)
        .send()
        .await?;
    if output.additional_routes_available == Some(true) || output.next_token.is_some() {
        return Err(Refusal::Failed(
            "the table has more routes than one answer holds".to_owned(),
        ));
    }
    Ok(ec2::SearchTransitGatewayRoutes {
        routes: output.routes.take().map_err(Refusal::Failed)?,
        additional_routes_available: false,
    })
}

/// Whether the account blocks internet gateways.
pub(super) async fn block_public_access(
    client: &Client,
) -> Result<ec2::DescribeVpcBlockPublicAccessOptions, Refusal> {
    let output = client
        .describe_vpc_block_public_access_options()
        .send()
        .await?;
    Ok(ec2::DescribeVpcBlockPublicAccessOptions {
        vpc_block_public_access_options: output
            .vpc_block_public_access_options
            .take()
            .map_err(Refusal::Failed)?,
    })
}

/// What is excluded from that block.
pub(super) async fn block_public_access_exclusions(
    client: &Client,
) -> Result<ec2::DescribeVpcBlockPublicAccessExclusions, Refusal> {
    let output = client
        .describe_vpc_block_public_access_exclusions()
        .send()
        .await?;
    Ok(ec2::DescribeVpcBlockPublicAccessExclusions {
        vpc_block_public_access_exclusions: output
            .vpc_block_public_access_exclusions
            .take()
            .map_err(Refusal::Failed)?,
    })
}
