//! EC2's answers from the SDK's types into the models: every field of a model is named here, or it does not compile.

use std::str::FromStr;

use aws_sdk_ec2::types;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::aws::snapshot::ec2;

/// A field as the SDK has it, into a field as the model has it.
pub(super) trait Take<T> {
    /// # Errors
    /// Where the API gave something that cannot be read: the answer is then no answer.
    fn take(self) -> Result<T, String>;
}

impl<E: AsRef<str>> Take<String> for Option<E> {
    fn take(self) -> Result<String, String> {
        Ok(self.map_or_else(String::new, |text| text.as_ref().to_owned()))
    }
}

impl<E: AsRef<str>> Take<Option<String>> for Option<E> {
    fn take(self) -> Result<Option<String>, String> {
        Ok(self.map(|text| text.as_ref().to_owned()))
    }
}

impl Take<Vec<String>> for Option<Vec<String>> {
    fn take(self) -> Result<Vec<String>, String> {
        Ok(self.unwrap_or_default())
    }
}

impl Take<bool> for Option<bool> {
    fn take(self) -> Result<bool, String> {
        Ok(self.unwrap_or_default())
    }
}

impl Take<Option<bool>> for Option<bool> {
    fn take(self) -> Result<Option<bool>, String> {
        Ok(self)
    }
}

impl Take<i64> for Option<i32> {
    fn take(self) -> Result<i64, String> {
        Ok(self.unwrap_or_default().into())
    }
}

impl Take<Option<i64>> for Option<i32> {
    fn take(self) -> Result<Option<i64>, String> {
        Ok(self.map(i64::from))
    }
}

fn parse<T: FromStr>(text: Option<String>) -> Result<Option<T>, String> {
    // A subnet with IPv6 alone has an empty IPv4 range.
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| format!("cannot read {text:?}")))
        .transpose()
}

macro_rules! parsed {
    ($($kind:ty),*) => {
        $(impl Take<Option<$kind>> for Option<String> {
            fn take(self) -> Result<Option<$kind>, String> {
                parse(self)
            }
        })*
    };
}
parsed!(IpNet, Ipv4Net, Ipv6Net, Ipv4Addr, Ipv6Addr);

/// Fields of one name on both sides; after `;`, fields that this source does not have.
macro_rules! models {
    ($($sdk:ident => $model:ident { $($field:ident),* $(; $absent:ident)* })*) => {
        $(impl Take<ec2::$model> for types::$sdk {
            fn take(self) -> Result<ec2::$model, String> {
                Ok(ec2::$model {
                    $($field: self.$field.take()?,)*
                    $($absent: Default::default(),)*
                })
            }
        }
        impl Take<Option<ec2::$model>> for Option<types::$sdk> {
            fn take(self) -> Result<Option<ec2::$model>, String> {
                self.map(Take::take).transpose()
            }
        }
        impl Take<ec2::$model> for Option<types::$sdk> {
            fn take(self) -> Result<ec2::$model, String> {
                self.map_or_else(|| Ok(ec2::$model::default()), Take::take)
            }
        }
        impl Take<Vec<ec2::$model>> for Option<Vec<types::$sdk>> {
            fn take(self) -> Result<Vec<ec2::$model>, String> {
                self.unwrap_or_default().into_iter().map(Take::take).collect()
            }
        })*
    };
}

models! {
    Vpc => Vpc { vpc_id, owner_id, cidr_block, cidr_block_association_set, ipv6_cidr_block_association_set, dhcp_options_id, instance_tenancy }
    VpcCidrBlockAssociation => CidrBlockAssociation { cidr_block, cidr_block_state }
    VpcIpv6CidrBlockAssociation => Ipv6CidrBlockAssociation { ipv6_cidr_block, ipv6_cidr_block_state }
    SubnetIpv6CidrBlockAssociation => Ipv6CidrBlockAssociation { ipv6_cidr_block, ipv6_cidr_block_state }
    VpcCidrBlockState => CidrBlockState { state }
    SubnetCidrBlockState => CidrBlockState { state }
    AttributeBooleanValue => AttributeValue { value }
    DhcpOptions => DhcpOptions { dhcp_options_id, dhcp_configurations }
    DhcpConfiguration => DhcpConfiguration { key, values }
    AttributeValue => DhcpValue { value }
    Subnet => Subnet {
        subnet_id, vpc_id, owner_id, cidr_block, ipv6_cidr_block_association_set, availability_zone,
        availability_zone_id, available_ip_address_count
    }
    RouteTable => RouteTable { route_table_id, vpc_id, associations, routes, propagating_vgws }
    RouteTableAssociation => RouteTableAssociation { main, subnet_id, gateway_id, association_state }
    RouteTableAssociationState => State { state; code; message }
    PropagatingVgw => PropagatingVgw { gateway_id }
    Route => Route {
        destination_cidr_block, destination_ipv6_cidr_block, destination_prefix_list_id, gateway_id, nat_gateway_id,
        transit_gateway_id, vpc_peering_connection_id, network_interface_id, instance_id,
        egress_only_internet_gateway_id, local_gateway_id, carrier_gateway_id, core_network_arn, state, origin
    }
    NetworkAcl => NetworkAcl { network_acl_id, vpc_id, is_default, associations, entries }
    NetworkAclAssociation => NetworkAclAssociation { subnet_id }
    NetworkAclEntry => NetworkAclEntry { rule_number, protocol, rule_action, egress, cidr_block, ipv6_cidr_block, port_range }
    PortRange => PortRange { from, to }
    SecurityGroup => SecurityGroup { group_id, group_name, vpc_id, owner_id, ip_permissions, ip_permissions_egress }
    IpPermission => IpPermission { ip_protocol, from_port, to_port, ip_ranges, ipv6_ranges, prefix_list_ids, user_id_group_pairs }
    IpRange => IpRange { cidr_ip }
    Ipv6Range => Ipv6Range { cidr_ipv6 }
    PrefixListId => PrefixListId { prefix_list_id }
    UserIdGroupPair => UserIdGroupPair { group_id, user_id, vpc_id, vpc_peering_connection_id, peering_status }
    NetworkInterface => NetworkInterface {
        network_interface_id, vpc_id, subnet_id, availability_zone, private_ip_address, private_ip_addresses,
        ipv6_addresses, groups, association, attachment, interface_type, description, owner_id, requester_id, status
    }
    NetworkInterfacePrivateIpAddress => PrivateIpAddress { private_ip_address, primary, association }
    NetworkInterfaceIpv6Address => Ipv6Address { ipv6_address }
    NetworkInterfaceAssociation => Association { public_ip }
    NetworkInterfaceAttachment => Attachment { instance_id, status, device_index }
    GroupIdentifier => GroupIdentifier { group_id, group_name }
    SecurityGroupIdentifier => GroupIdentifier { group_id, group_name }
    Reservation => Reservation { instances }
    Instance => Instance { instance_id, network_interfaces }
    InstanceNetworkInterface => NetworkInterface {
        network_interface_id, vpc_id, subnet_id, private_ip_address, private_ip_addresses,
        ipv6_addresses, groups, association, attachment, interface_type, description, owner_id, status;
        availability_zone; requester_id
    }
    InstancePrivateIpAddress => PrivateIpAddress { private_ip_address, primary, association }
    InstanceIpv6Address => Ipv6Address { ipv6_address }
    InstanceNetworkInterfaceAssociation => Association { public_ip }
    InstanceNetworkInterfaceAttachment => Attachment { status, device_index; instance_id }
    PrefixListEntry => PrefixListEntry { cidr }
    VpcPeeringConnection => VpcPeeringConnection { vpc_peering_connection_id, status, accepter_vpc_info, requester_vpc_info }
    VpcPeeringConnectionStateReason => State { code, message; state }
    VpcPeeringConnectionVpcInfo => PeeringVpc { vpc_id, owner_id, region, cidr_block }
    InternetGateway => InternetGateway { internet_gateway_id, attachments }
    InternetGatewayAttachment => GatewayAttachment { vpc_id, state }
    NatGateway => NatGateway { nat_gateway_id, vpc_id, subnet_id, state, connectivity_type, nat_gateway_addresses }
    NatGatewayAddress => NatGatewayAddress { private_ip, public_ip, network_interface_id }
    VpnGateway => VpnGateway { vpn_gateway_id, state, vpc_attachments }
    VpcAttachment => GatewayAttachment { vpc_id, state }
    VpnConnection => VpnConnection { vpn_connection_id, state, vpn_gateway_id, transit_gateway_id, vgw_telemetry }
    VgwTelemetry => VgwTelemetry { status }
    VpcEndpoint => VpcEndpoint {
        vpc_endpoint_id, vpc_endpoint_type, vpc_id, service_name, state, subnet_ids, groups, network_interface_ids,
        private_dns_enabled
    }
    VpcBlockPublicAccessOptions => BlockPublicAccess { state, internet_gateway_block_mode }
    VpcBlockPublicAccessExclusion => BlockPublicAccessExclusion { resource_arn, state, internet_gateway_exclusion_mode }
    TransitGateway => TransitGateway { transit_gateway_id, owner_id, state, options }
    TransitGatewayOptions => TransitGatewayOptions { security_group_referencing_support; appliance_mode_support; ipv6_support }
    TransitGatewayVpcAttachmentOptions => TransitGatewayOptions { security_group_referencing_support, appliance_mode_support, ipv6_support }
    TransitGatewayAttachment => TransitGatewayAttachment {
        transit_gateway_attachment_id, transit_gateway_id, resource_id, resource_type, resource_owner_id, state, association
    }
    TransitGatewayAttachmentAssociation => TransitGatewayAssociation { transit_gateway_route_table_id, state }
    TransitGatewayVpcAttachment => TransitGatewayVpcAttachment {
        transit_gateway_attachment_id, transit_gateway_id, vpc_id, state, subnet_ids, options
    }
    TransitGatewayPeeringAttachment => TransitGatewayPeeringAttachment {
        transit_gateway_attachment_id, state, requester_tgw_info, accepter_tgw_info
    }
    PeeringTgwInfo => PeeringTgw { transit_gateway_id, owner_id, region }
    TransitGatewayRouteTable => TransitGatewayRouteTable { transit_gateway_route_table_id, transit_gateway_id, state }
    TransitGatewayRouteAttachment => TransitGatewayRouteAttachment { transit_gateway_attachment_id, resource_id, resource_type }
}

impl Take<ec2::TransitGatewayRoute> for types::TransitGatewayRoute {
    fn take(self) -> Result<ec2::TransitGatewayRoute, String> {
        Ok(ec2::TransitGatewayRoute {
            destination_cidr_block: self.destination_cidr_block.take()?,
            prefix_list_id: self.prefix_list_id.take()?,
            state: self.state.take()?,
            kind: self.r#type.take()?,
            transit_gateway_attachments: self.transit_gateway_attachments.take()?,
        })
    }
}

impl Take<Vec<ec2::TransitGatewayRoute>> for Option<Vec<types::TransitGatewayRoute>> {
    fn take(self) -> Result<Vec<ec2::TransitGatewayRoute>, String> {
        self.unwrap_or_default()
            .into_iter()
            .map(Take::take)
            .collect()
    }
}
