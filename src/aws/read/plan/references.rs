//! What the things in the VPCs refer to: groups, prefix lists, gateways, and what those need.

use std::collections::BTreeSet;

use super::super::ec2::{By, Kind};
use super::{Ask, Plan, known};
use crate::aws::snapshot::ec2::{
    NetworkInterface, Route, RouteTable, SecurityGroup, TransitGatewayAttachment,
};

impl<'a> Plan<'a> {
    /// The routes of all known tables.
    pub(super) fn routes(
        &self,
        scope: usize,
    ) -> impl Iterator<Item = (&'a RouteTable, &'a Route)> + use<'a> {
        known(&self.facts[scope].route_tables)
            .flat_map(|answer| &answer.route_tables)
            .flat_map(|table| table.routes.iter().map(move |route| (table, route)))
    }

    /// What the things in the VPCs refer to.
    pub(super) fn references(&mut self, scope: usize) {
        let facts = &self.facts[scope];
        for vpc in known(&facts.vpcs).flat_map(|answer| &answer.vpcs) {
            if let Some(id) = vpc.dhcp_options_id.as_deref().filter(|id| *id != "default") {
                self.by(scope, Kind::DhcpOptions, "dhcp-options-id", id);
            }
        }
        let groups: Vec<&'a SecurityGroup> = known(&facts.security_groups)
            .flat_map(|answer| &answer.security_groups)
            .collect();
        let all: BTreeSet<&str> = groups.iter().map(|group| group.group_id.as_str()).collect();
        let worn = self.worn(scope);
        for group in groups {
            if !worn.contains(group.group_id.as_str()) {
                continue;
            }
            let rules = group.ip_permissions.iter();
            for rule in rules.chain(&group.ip_permissions_egress) {
                for list in &rule.prefix_list_ids {
                    self.ask(scope, Ask::PrefixList(list.prefix_list_id.clone()));
                }
                let pairs = rule.user_id_group_pairs.iter();
                for id in pairs.filter_map(|pair| pair.group_id.as_deref()) {
                    if !all.contains(id) {
                        self.by(scope, Kind::SecurityGroups, "group-id", id);
                    }
                }
            }
        }
        for id in &worn {
            if !all.is_empty() && !all.contains(id) {
                self.by(scope, Kind::SecurityGroups, "group-id", id);
            }
        }
        for (table, route) in self.routes(scope) {
            self.route(scope, table, route);
        }
        self.transit_gateways(scope);
    }

    /// The groups that clients and brokers wear.
    fn worn(&self, scope: usize) -> BTreeSet<&'a str> {
        let facts = &self.facts[scope];
        let interfaces = known(&facts.network_interfaces)
            .flat_map(|answer| &answer.network_interfaces)
            .flat_map(NetworkInterface::group_ids);
        let functions = known(&facts.functions)
            .filter_map(|function| function.vpc_config.as_ref())
            .flat_map(|vpc| vpc.security_group_ids.iter().map(String::as_str));
        let wanted = self.wanted.groups.iter().map(String::as_str);
        let wanted = wanted.filter(|_| scope == 0);
        interfaces.chain(functions).chain(wanted).collect()
    }

    /// What one route leads to.
    fn route(&mut self, scope: usize, table: &'a RouteTable, route: &'a Route) {
        if let Some(list) = &route.destination_prefix_list_id {
            self.ask(scope, Ask::PrefixList(list.clone()));
        }
        if let Some(id) = route.gateway_id.as_deref() {
            if id.starts_with("igw-") {
                let filter = "attachment.vpc-id";
                self.by(scope, Kind::InternetGateways, filter, &table.vpc_id);
                self.ask(scope, Ask::BlockPublicAccess);
                self.ask(scope, Ask::BlockPublicAccessExclusions);
            } else if id.starts_with("vgw-") {
                self.by(scope, Kind::VpnGateways, "vpn-gateway-id", id);
                self.by(scope, Kind::VpnConnections, "vpn-gateway-id", id);
            }
        }
        if let Some(id) = &route.nat_gateway_id {
            self.by(scope, Kind::NatGateways, "nat-gateway-id", id);
        }
        if let Some(id) = &route.transit_gateway_id {
            self.transit_gateway(scope, id);
            let kind = Kind::TransitGatewayVpcAttachments;
            self.by(scope, kind, "vpc-id", &table.vpc_id);
            let kind = Kind::TransitGatewayAttachments;
            self.by(scope, kind, "resource-id", &table.vpc_id);
        }
    }

    fn transit_gateway(&mut self, scope: usize, id: &str) {
        let filter = "transit-gateway-id";
        self.by(scope, Kind::TransitGateways, filter, id);
        self.by(scope, Kind::TransitGatewayRouteTables, filter, id);
        self.by(scope, Kind::TransitGatewayPeeringAttachments, filter, id);
        let peerings = Ask::Described(
            Kind::TransitGatewayAttachments,
            By::PeeringsOf,
            id.to_owned(),
        );
        self.ask(scope, peerings);
    }

    /// The tables that attachments use, and the gateways behind peerings.
    fn transit_gateways(&mut self, scope: usize) {
        let facts = &self.facts[scope];
        let attachments: Vec<&'a TransitGatewayAttachment> =
            known(&facts.transit_gateway_attachments)
                .flat_map(|answer| &answer.transit_gateway_attachments)
                .collect();
        for attachment in attachments {
            let association = attachment.association.as_ref();
            let table = association.and_then(|a| a.transit_gateway_route_table_id.as_ref());
            if let Some(table) = table {
                self.ask(scope, Ask::TransitGatewayRoutes(table.clone()));
            }
        }
        let peerings = known(&facts.transit_gateway_peering_attachments)
            .flat_map(|answer| &answer.transit_gateway_peering_attachments);
        for peering in peerings {
            for side in [&peering.requester_tgw_info, &peering.accepter_tgw_info] {
                let here = side.region.is_none() || side.region == facts.region;
                if let Some(id) = side.transit_gateway_id.as_deref().filter(|_| here) {
                    self.transit_gateway(scope, id);
                }
            }
        }
        for route in known(&facts.transit_gateway_routes).flat_map(|answer| &answer.routes) {
            if let Some(list) = &route.prefix_list_id {
                self.ask(scope, Ask::PrefixList(list.clone()));
            }
        }
    }
}
