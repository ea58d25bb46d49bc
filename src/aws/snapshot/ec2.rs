//! Answers of the EC2 API (version 2016-11-15): the fields that are used, under their own names.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Declares models: all fields by the API's names, absent ones empty.
macro_rules! models {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        #[expect(missing_docs, reason = "the fields are the API's own")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* })*
    };
}
pub(super) use models;

models! {
    /// `DescribeVpcs`.
    DescribeVpcs { vpcs: Vec<Vpc>, }
    /// A VPC.
    Vpc {
        vpc_id: String,
        owner_id: Option<String>,
        cidr_block: Option<Ipv4Net>,
        cidr_block_association_set: Vec<CidrBlockAssociation>,
        ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
        dhcp_options_id: Option<String>,
        instance_tenancy: Option<String>,
    }
    /// An IPv4 range of a VPC.
    CidrBlockAssociation { cidr_block: Option<Ipv4Net>, cidr_block_state: Option<CidrBlockState>, }
    /// An IPv6 range of a VPC or subnet.
    Ipv6CidrBlockAssociation { ipv6_cidr_block: Option<Ipv6Net>, ipv6_cidr_block_state: Option<CidrBlockState>, }
    /// The state of a range.
    CidrBlockState { state: String, }

    /// `DescribeVpcAttribute`, one attribute or both in one file.
    DescribeVpcAttribute {
        vpc_id: String,
        enable_dns_support: Option<AttributeValue>,
        enable_dns_hostnames: Option<AttributeValue>,
    }
    /// A yes or no.
    AttributeValue { value: bool, }

    /// `DescribeDhcpOptions`.
    DescribeDhcpOptions { dhcp_options: Vec<DhcpOptions>, }
    /// A DHCP option set.
    DhcpOptions { dhcp_options_id: String, dhcp_configurations: Vec<DhcpConfiguration>, }
    /// One option.
    DhcpConfiguration { key: String, values: Vec<DhcpValue>, }
    /// One value.
    DhcpValue { value: String, }

    /// `DescribeSubnets`.
    DescribeSubnets { subnets: Vec<Subnet>, }
    /// A subnet.
    Subnet {
        subnet_id: String,
        vpc_id: String,
        owner_id: Option<String>,
        cidr_block: Option<Ipv4Net>,
        ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
        availability_zone: Option<String>,
        availability_zone_id: Option<String>,
        available_ip_address_count: Option<i64>,
    }

    /// `DescribeRouteTables`.
    DescribeRouteTables { route_tables: Vec<RouteTable>, }
    /// A route table.
    RouteTable {
        route_table_id: String,
        vpc_id: String,
        associations: Vec<RouteTableAssociation>,
        routes: Vec<Route>,
        propagating_vgws: Vec<PropagatingVgw>,
    }
    /// For which subnet or gateway the table holds.
    RouteTableAssociation {
        main: bool,
        subnet_id: Option<String>,
        gateway_id: Option<String>,
        association_state: Option<State>,
    }
    /// A gateway that adds routes.
    PropagatingVgw { gateway_id: String, }
    /// A state by its name.
    State { state: Option<String>, code: Option<String>, message: Option<String>, }
    /// A route.
    Route {
        destination_cidr_block: Option<Ipv4Net>,
        destination_ipv6_cidr_block: Option<Ipv6Net>,
        destination_prefix_list_id: Option<String>,
        gateway_id: Option<String>,
        nat_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        network_interface_id: Option<String>,
        instance_id: Option<String>,
        egress_only_internet_gateway_id: Option<String>,
        local_gateway_id: Option<String>,
        carrier_gateway_id: Option<String>,
        core_network_arn: Option<String>,
        state: Option<String>,
        origin: Option<String>,
    }

    /// `DescribeNetworkAcls`.
    DescribeNetworkAcls { network_acls: Vec<NetworkAcl>, }
    /// A network ACL.
    NetworkAcl {
        network_acl_id: String,
        vpc_id: String,
        is_default: bool,
        associations: Vec<NetworkAclAssociation>,
        entries: Vec<NetworkAclEntry>,
    }
    /// For which subnet it holds.
    NetworkAclAssociation { subnet_id: String, }
    /// A rule of a network ACL.
    NetworkAclEntry {
        rule_number: i64,
        protocol: String,
        rule_action: String,
        egress: bool,
        cidr_block: Option<Ipv4Net>,
        ipv6_cidr_block: Option<Ipv6Net>,
        port_range: Option<PortRange>,
    }
    /// Ports.
    PortRange { from: i64, to: i64, }

    /// `DescribeSecurityGroups`.
    DescribeSecurityGroups { security_groups: Vec<SecurityGroup>, }
    /// A security group.
    SecurityGroup {
        group_id: String,
        group_name: Option<String>,
        vpc_id: Option<String>,
        owner_id: Option<String>,
        ip_permissions: Vec<IpPermission>,
        ip_permissions_egress: Vec<IpPermission>,
    }
    /// A rule of a security group.
    IpPermission {
        ip_protocol: String,
        from_port: Option<i64>,
        to_port: Option<i64>,
        ip_ranges: Vec<IpRange>,
        ipv6_ranges: Vec<Ipv6Range>,
        prefix_list_ids: Vec<PrefixListId>,
        user_id_group_pairs: Vec<UserIdGroupPair>,
    }
    /// IPv4 addresses.
    IpRange { cidr_ip: Option<Ipv4Net>, }
    /// IPv6 addresses.
    Ipv6Range { cidr_ipv6: Option<Ipv6Net>, }
    /// A prefix list.
    PrefixListId { prefix_list_id: String, }
    /// A group of another interface.
    UserIdGroupPair {
        group_id: Option<String>,
        user_id: Option<String>,
        vpc_id: Option<String>,
        vpc_peering_connection_id: Option<String>,
        peering_status: Option<String>,
    }

    /// `DescribeNetworkInterfaces`.
    DescribeNetworkInterfaces { network_interfaces: Vec<NetworkInterface>, }
    /// A network interface.
    NetworkInterface {
        network_interface_id: String,
        vpc_id: Option<String>,
        subnet_id: Option<String>,
        availability_zone: Option<String>,
        private_ip_address: Option<Ipv4Addr>,
        private_ip_addresses: Vec<PrivateIpAddress>,
        ipv6_addresses: Vec<Ipv6Address>,
        groups: Vec<GroupIdentifier>,
        association: Option<Association>,
        attachment: Option<Attachment>,
        interface_type: Option<String>,
        description: Option<String>,
        owner_id: Option<String>,
        requester_id: Option<String>,
        status: Option<String>,
    }
    /// An IPv4 address of an interface.
    PrivateIpAddress { private_ip_address: Option<Ipv4Addr>, primary: bool, association: Option<Association>, }
    /// An IPv6 address of an interface.
    Ipv6Address { ipv6_address: Option<Ipv6Addr>, }
    /// A public address of an interface.
    Association { public_ip: Option<Ipv4Addr>, }
    /// What an interface is attached to.
    Attachment { instance_id: Option<String>, status: Option<String>, device_index: Option<i64>, }
    /// A group that an interface wears.
    GroupIdentifier { group_id: String, group_name: Option<String>, }

    /// `DescribeInstances`.
    DescribeInstances { reservations: Vec<Reservation>, }
    /// Instances that were started together.
    Reservation { instances: Vec<Instance>, }
    /// An instance.
    Instance { instance_id: String, network_interfaces: Vec<NetworkInterface>, }

    /// `GetManagedPrefixListEntries`.
    GetManagedPrefixListEntries { entries: Vec<PrefixListEntry>, }
    /// An entry.
    PrefixListEntry { cidr: Option<IpNet>, }

    /// `DescribeVpcPeeringConnections`.
    DescribeVpcPeeringConnections { vpc_peering_connections: Vec<VpcPeeringConnection>, }
    /// A VPC peering connection.
    VpcPeeringConnection {
        vpc_peering_connection_id: String,
        status: Option<State>,
        accepter_vpc_info: PeeringVpc,
        requester_vpc_info: PeeringVpc,
    }
    /// A side of a peering.
    PeeringVpc {
        vpc_id: Option<String>,
        owner_id: Option<String>,
        region: Option<String>,
        cidr_block: Option<Ipv4Net>,
    }

    /// `DescribeInternetGateways`.
    DescribeInternetGateways { internet_gateways: Vec<InternetGateway>, }
    /// An internet gateway.
    InternetGateway { internet_gateway_id: String, attachments: Vec<GatewayAttachment>, }
    /// The VPC of a gateway.
    GatewayAttachment { vpc_id: Option<String>, state: Option<String>, }

    /// `DescribeNatGateways`.
    DescribeNatGateways { nat_gateways: Vec<NatGateway>, }
    /// A NAT gateway.
    NatGateway {
        nat_gateway_id: String,
        vpc_id: Option<String>,
        subnet_id: Option<String>,
        state: Option<String>,
        connectivity_type: Option<String>,
        nat_gateway_addresses: Vec<NatGatewayAddress>,
    }
    /// An address of a NAT gateway.
    NatGatewayAddress {
        private_ip: Option<Ipv4Addr>,
        public_ip: Option<Ipv4Addr>,
        network_interface_id: Option<String>,
    }

    /// `DescribeVpnGateways`.
    DescribeVpnGateways { vpn_gateways: Vec<VpnGateway>, }
    /// A virtual private gateway.
    VpnGateway { vpn_gateway_id: String, state: Option<String>, vpc_attachments: Vec<GatewayAttachment>, }

    /// `DescribeVpnConnections`.
    DescribeVpnConnections { vpn_connections: Vec<VpnConnection>, }
    /// A VPN connection.
    VpnConnection {
        vpn_connection_id: String,
        state: Option<String>,
        vpn_gateway_id: Option<String>,
        transit_gateway_id: Option<String>,
        vgw_telemetry: Vec<VgwTelemetry>,
    }
    /// The state of a tunnel.
    VgwTelemetry { status: Option<String>, }

    /// `DescribeVpcEndpoints`.
    DescribeVpcEndpoints { vpc_endpoints: Vec<VpcEndpoint>, }
    /// A VPC endpoint.
    VpcEndpoint {
        vpc_endpoint_id: String,
        vpc_endpoint_type: Option<String>,
        vpc_id: Option<String>,
        service_name: Option<String>,
        state: Option<String>,
        subnet_ids: Vec<String>,
        groups: Vec<GroupIdentifier>,
        network_interface_ids: Vec<String>,
        private_dns_enabled: Option<bool>,
    }

    /// `DescribeVpcBlockPublicAccessOptions`.
    DescribeVpcBlockPublicAccessOptions { vpc_block_public_access_options: BlockPublicAccess, }
    /// VPC block public access of an account and region.
    BlockPublicAccess { state: Option<String>, internet_gateway_block_mode: Option<String>, }
    /// `DescribeVpcBlockPublicAccessExclusions`.
    DescribeVpcBlockPublicAccessExclusions { vpc_block_public_access_exclusions: Vec<BlockPublicAccessExclusion>, }
    /// What is excluded from the block.
    BlockPublicAccessExclusion {
        resource_arn: Option<String>,
        state: Option<String>,
        internet_gateway_exclusion_mode: Option<String>,
    }

    /// `DescribeTransitGateways`.
    DescribeTransitGateways { transit_gateways: Vec<TransitGateway>, }
    /// A transit gateway.
    TransitGateway { transit_gateway_id: String, owner_id: Option<String>, state: Option<String>, options: Option<TransitGatewayOptions>, }
    /// Options of a transit gateway or of its attachment.
    TransitGatewayOptions {
        security_group_referencing_support: Option<String>,
        appliance_mode_support: Option<String>,
        ipv6_support: Option<String>,
    }
    /// `DescribeTransitGatewayAttachments`.
    DescribeTransitGatewayAttachments { transit_gateway_attachments: Vec<TransitGatewayAttachment>, }
    /// An attachment.
    TransitGatewayAttachment {
        transit_gateway_attachment_id: String,
        transit_gateway_id: Option<String>,
        resource_id: Option<String>,
        resource_type: Option<String>,
        resource_owner_id: Option<String>,
        state: Option<String>,
        association: Option<TransitGatewayAssociation>,
    }
    /// The route table for packets from an attachment.
    TransitGatewayAssociation { transit_gateway_route_table_id: Option<String>, state: Option<String>, }
    /// `DescribeTransitGatewayVpcAttachments`.
    DescribeTransitGatewayVpcAttachments { transit_gateway_vpc_attachments: Vec<TransitGatewayVpcAttachment>, }
    /// An attachment of a VPC.
    TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: String,
        transit_gateway_id: Option<String>,
        vpc_id: Option<String>,
        state: Option<String>,
        subnet_ids: Vec<String>,
        options: Option<TransitGatewayOptions>,
    }
    /// `DescribeTransitGatewayPeeringAttachments`.
    DescribeTransitGatewayPeeringAttachments { transit_gateway_peering_attachments: Vec<TransitGatewayPeeringAttachment>, }
    /// An attachment of another transit gateway.
    TransitGatewayPeeringAttachment {
        transit_gateway_attachment_id: String,
        state: Option<String>,
        requester_tgw_info: PeeringTgw,
        accepter_tgw_info: PeeringTgw,
    }
    /// A side of a peering of transit gateways.
    PeeringTgw { transit_gateway_id: Option<String>, owner_id: Option<String>, region: Option<String>, }
    /// `DescribeTransitGatewayRouteTables`.
    DescribeTransitGatewayRouteTables { transit_gateway_route_tables: Vec<TransitGatewayRouteTable>, }
    /// A route table of a transit gateway.
    TransitGatewayRouteTable { transit_gateway_route_table_id: String, transit_gateway_id: Option<String>, state: Option<String>, }
    /// `SearchTransitGatewayRoutes`.
    SearchTransitGatewayRoutes { routes: Vec<TransitGatewayRoute>, additional_routes_available: bool, }
    /// A route of a transit gateway.
    TransitGatewayRoute {
        destination_cidr_block: Option<IpNet>,
        prefix_list_id: Option<String>,
        state: Option<String>,
        #[serde(rename = "Type")]
        kind: Option<String>,
        transit_gateway_attachments: Vec<TransitGatewayRouteAttachment>,
    }
    /// Where a route of a transit gateway leads.
    TransitGatewayRouteAttachment {
        transit_gateway_attachment_id: Option<String>,
        resource_id: Option<String>,
        resource_type: Option<String>,
    }
}

impl Vpc {
    /// All ranges of the VPC that are in force.
    pub fn ranges(&self) -> impl Iterator<Item = IpNet> {
        let in_force = |state: &Option<CidrBlockState>| {
            state
                .as_ref()
                .is_none_or(|state| state.state == "associated")
        };
        let v4 = self
            .cidr_block_association_set
            .iter()
            .filter(move |set| in_force(&set.cidr_block_state))
            .filter_map(|set| set.cidr_block);
        let v6 = self
            .ipv6_cidr_block_association_set
            .iter()
            .filter(move |set| in_force(&set.ipv6_cidr_block_state))
            .filter_map(|set| set.ipv6_cidr_block);
        self.cidr_block
            .into_iter()
            .chain(v4)
            .map(IpNet::V4)
            .chain(v6.map(IpNet::V6))
    }
}

impl Subnet {
    /// The ranges of the subnet.
    pub fn ranges(&self) -> impl Iterator<Item = IpNet> {
        let v6 = self
            .ipv6_cidr_block_association_set
            .iter()
            .filter(|set| {
                let state = set.ipv6_cidr_block_state.as_ref();
                state.is_none_or(|state| state.state == "associated")
            })
            .filter_map(|set| set.ipv6_cidr_block);
        self.cidr_block
            .into_iter()
            .map(IpNet::V4)
            .chain(v6.map(IpNet::V6))
    }
}

impl NetworkInterface {
    /// All addresses inside the VPC.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let more = self
            .private_ip_addresses
            .iter()
            .filter_map(|address| address.private_ip_address)
            .filter(|address| Some(*address) != self.private_ip_address);
        let v6 = self
            .ipv6_addresses
            .iter()
            .filter_map(|address| address.ipv6_address);
        self.private_ip_address
            .into_iter()
            .chain(more)
            .map(IpAddr::V4)
            .chain(v6.map(IpAddr::V6))
    }

    /// The public address, if it has one.
    #[must_use]
    pub fn public_ip(&self) -> Option<Ipv4Addr> {
        self.association
            .iter()
            .chain(
                self.private_ip_addresses
                    .iter()
                    .filter_map(|address| address.association.as_ref()),
            )
            .find_map(|association| association.public_ip)
    }

    /// The ids of the groups that it wears.
    pub fn group_ids(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.group_id.as_str())
    }
}

impl Route {
    /// The range that the route is for, unless it is a prefix list's.
    #[must_use]
    pub fn range(&self) -> Option<IpNet> {
        self.destination_cidr_block
            .map(IpNet::V4)
            .or(self.destination_ipv6_cidr_block.map(IpNet::V6))
    }
}

impl NetworkAclEntry {
    /// The addresses that the rule is about.
    #[must_use]
    pub fn range(&self) -> Option<IpNet> {
        self.cidr_block
            .map(IpNet::V4)
            .or(self.ipv6_cidr_block.map(IpNet::V6))
    }
}
