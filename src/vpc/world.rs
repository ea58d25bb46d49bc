//! The snapshot as a world that can be asked: things by their ids, and why one is not known.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;

use crate::aws::snapshot::ec2::{
    NatGateway, NetworkAcl, NetworkAclEntry, NetworkInterface, RouteTable, SecurityGroup, Subnet,
    TransitGateway, TransitGatewayAttachment, TransitGatewayPeeringAttachment, TransitGatewayRoute,
    TransitGatewayVpcAttachment, Vpc, VpcPeeringConnection,
};
use crate::aws::snapshot::{Answers, Facts, Response, Snapshot};

use super::Gap;
use super::group::Admits;
use super::space::{Addresses, Family};

/// An index of a snapshot. Ids are unique in AWS, so that accounts and regions need not be told apart.
pub struct World<'a> {
    /// The facts.
    pub snapshot: &'a Snapshot,
    vpcs: HashMap<&'a str, &'a Vpc>,
    subnets: HashMap<&'a str, &'a Subnet>,
    groups: HashMap<&'a str, &'a SecurityGroup>,
    interfaces: HashMap<&'a str, &'a NetworkInterface>,
    by_address: HashMap<IpAddr, Vec<&'a NetworkInterface>>,
    tables: HashMap<&'a str, &'a RouteTable>,
    table_of_subnet: HashMap<&'a str, &'a RouteTable>,
    main_table: HashMap<&'a str, &'a RouteTable>,
    acl_of_subnet: HashMap<&'a str, &'a Acl<'a>>,
    peerings: HashMap<&'a str, &'a VpcPeeringConnection>,
    nat_gateways: HashMap<&'a str, &'a NatGateway>,
    transit_gateways: HashMap<&'a str, &'a TransitGateway>,
    attachments: HashMap<(&'a str, &'a str), &'a TransitGatewayAttachment>,
    vpc_attachments: Vec<&'a TransitGatewayVpcAttachment>,
    peering_attachments: HashMap<&'a str, &'a TransitGatewayPeeringAttachment>,
    /// What groups admit, worked out once.
    pub(super) admits: RefCell<HashMap<AdmitsKey<'a>, Rc<Admits<'a>>>>,
}

/// Group, direction, family, port.
pub(super) type AdmitsKey<'a> = (&'a str, bool, Family, u16);

/// A network ACL with its rules in order.
#[derive(Debug)]
pub struct Acl<'a> {
    /// Its id.
    pub id: &'a str,
    /// Incoming rules, in order.
    pub ingress: Vec<&'a NetworkAclEntry>,
    /// Outgoing rules, in order.
    pub egress: Vec<&'a NetworkAclEntry>,
}

impl<'a> Acl<'a> {
    fn of(acl: &'a NetworkAcl) -> Self {
        let rules = |egress: bool| {
            let mut rules: Vec<_> = acl
                .entries
                .iter()
                .filter(|entry| entry.egress == egress)
                .collect();
            rules.sort_by_key(|entry| entry.rule_number);
            rules
        };
        Self {
            id: &acl.network_acl_id,
            ingress: rules(false),
            egress: rules(true),
        }
    }
}

/// All ACLs of a snapshot with their rules in order; a world borrows them.
#[must_use]
pub fn acls(snapshot: &Snapshot) -> Vec<(Acl<'_>, &NetworkAcl)> {
    snapshot
        .known(|facts| &facts.network_acls)
        .flat_map(|(_, answer)| &answer.network_acls)
        .map(|acl| (Acl::of(acl), acl))
        .collect()
}

macro_rules! by_id {
    ($snapshot:expr, $field:ident, $list:ident, $id:ident) => {
        $snapshot
            .known(|facts| &facts.$field)
            .flat_map(|(_, answer)| &answer.$list)
            .map(|thing| (thing.$id.as_str(), thing))
            .collect()
    };
}

impl<'a> World<'a> {
    /// Indexes a snapshot, with its ACLs.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, acls: &'a [(Acl<'a>, &'a NetworkAcl)]) -> Self {
        let tables: HashMap<&str, &RouteTable> =
            by_id!(snapshot, route_tables, route_tables, route_table_id);
        let mut table_of_subnet = HashMap::new();
        let mut main_table = HashMap::new();
        for table in tables.values() {
            for association in &table.associations {
                let state = association.association_state.as_ref();
                let gone = state
                    .and_then(|state| state.state.as_deref())
                    .is_some_and(|state| state != "associated");
                if gone {
                    continue;
                }
                if association.main {
                    main_table.insert(table.vpc_id.as_str(), *table);
                }
                if let Some(subnet) = &association.subnet_id {
                    table_of_subnet.insert(subnet.as_str(), *table);
                }
            }
        }
        let acl_of_subnet = acls
            .iter()
            .flat_map(|(acl, raw)| {
                raw.associations
                    .iter()
                    .map(move |association| (association.subnet_id.as_str(), acl))
            })
            .collect();
        let interfaces: HashMap<&str, &NetworkInterface> = by_id!(
            snapshot,
            network_interfaces,
            network_interfaces,
            network_interface_id
        );
        let mut by_address: HashMap<IpAddr, Vec<&NetworkInterface>> = HashMap::new();
        for interface in interfaces.values() {
            for address in interface.addresses() {
                by_address.entry(address).or_default().push(interface);
            }
        }
        Self {
            snapshot,
            vpcs: by_id!(snapshot, vpcs, vpcs, vpc_id),
            subnets: by_id!(snapshot, subnets, subnets, subnet_id),
            groups: by_id!(snapshot, security_groups, security_groups, group_id),
            interfaces,
            by_address,
            tables,
            table_of_subnet,
            main_table,
            acl_of_subnet,
            peerings: by_id!(
                snapshot,
                peerings,
                vpc_peering_connections,
                vpc_peering_connection_id
            ),
            nat_gateways: by_id!(snapshot, nat_gateways, nat_gateways, nat_gateway_id),
            transit_gateways: by_id!(
                snapshot,
                transit_gateways,
                transit_gateways,
                transit_gateway_id
            ),
            attachments: snapshot
                .known(|facts| &facts.transit_gateway_attachments)
                .flat_map(|(_, answer)| &answer.transit_gateway_attachments)
                .map(|attachment| {
                    let gateway = attachment.transit_gateway_id.as_deref().unwrap_or("");
                    let id = attachment.transit_gateway_attachment_id.as_str();
                    ((gateway, id), attachment)
                })
                .collect(),
            vpc_attachments: snapshot
                .known(|facts| &facts.transit_gateway_vpc_attachments)
                .flat_map(|(_, answer)| &answer.transit_gateway_vpc_attachments)
                .collect(),
            peering_attachments: by_id!(
                snapshot,
                transit_gateway_peering_attachments,
                transit_gateway_peering_attachments,
                transit_gateway_attachment_id
            ),
            admits: RefCell::default(),
        }
    }

    /// A gap: `what` is not in the facts; the call that would tell it.
    fn gap<T: Response>(
        &self,
        what: &str,
        field: impl Fn(&Facts) -> &Answers<T>,
        key: &str,
    ) -> Gap {
        match self.snapshot.missing(field, key) {
            Some(missing) => Gap {
                what: format!("{what} ({}: {})", missing.operation, missing.because),
                needs: missing.action,
            },
            None => Gap {
                what: format!("{what} is not among the facts"),
                needs: T::CALL.action(),
            },
        }
    }

    /// A VPC.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn vpc(&self, id: &str) -> Result<&'a Vpc, Gap> {
        let known = self.vpcs.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("VPC {id}"), |f| &f.vpcs, ""))
    }

    /// A subnet.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn subnet(&self, id: &str) -> Result<&'a Subnet, Gap> {
        let known = self.subnets.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("subnet {id}"), |f| &f.subnets, ""))
    }

    /// All known subnets.
    pub fn all_subnets(&self) -> impl Iterator<Item = &'a Subnet> {
        self.subnets.values().copied()
    }

    /// A security group.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn group(&self, id: &str) -> Result<&'a SecurityGroup, Gap> {
        let known = self.groups.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("security group {id}"), |f| &f.security_groups, ""))
    }

    /// An interface.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn interface(&self, id: &str) -> Result<&'a NetworkInterface, Gap> {
        let known = self.interfaces.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("interface {id}"), |f| &f.network_interfaces, ""))
    }

    /// All known interfaces.
    pub fn all_interfaces(&self) -> impl Iterator<Item = &'a NetworkInterface> {
        self.interfaces.values().copied()
    }

    /// The interfaces that have an address.
    #[must_use]
    pub fn with_address(&self, address: IpAddr) -> &[&'a NetworkInterface] {
        self.by_address.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The route table of a subnet: its own, or the VPC's main one.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn route_table(&self, subnet: &Subnet) -> Result<&'a RouteTable, Gap> {
        self.table_of_subnet
            .get(subnet.subnet_id.as_str())
            .or_else(|| self.main_table.get(subnet.vpc_id.as_str()))
            .copied()
            .ok_or_else(|| {
                let what = format!("the route table of {}", subnet.subnet_id);
                self.gap(&what, |f| &f.route_tables, "")
            })
    }

    /// All known route tables of a VPC.
    pub fn route_tables(&self, vpc: &str) -> impl Iterator<Item = &'a RouteTable> {
        self.tables
            .values()
            .copied()
            .filter(move |table| table.vpc_id == vpc)
    }

    /// The network ACL of a subnet.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn acl(&self, subnet: &Subnet) -> Result<&'a Acl<'a>, Gap> {
        let known = self.acl_of_subnet.get(subnet.subnet_id.as_str()).copied();
        known.ok_or_else(|| {
            let what = format!("the network ACL of {}", subnet.subnet_id);
            self.gap(&what, |f| &f.network_acls, "")
        })
    }

    /// A network ACL that some subnet has.
    #[must_use]
    pub fn acl_by_id(&self, id: &str) -> Option<&'a Acl<'a>> {
        self.acl_of_subnet
            .values()
            .copied()
            .find(|acl| acl.id == id)
    }

    /// A VPC peering connection.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn peering(&self, id: &str) -> Result<&'a VpcPeeringConnection, Gap> {
        let known = self.peerings.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("peering {id}"), |f| &f.peerings, ""))
    }

    /// All known peerings.
    pub fn peerings(&self) -> impl Iterator<Item = &'a VpcPeeringConnection> {
        self.peerings.values().copied()
    }

    /// A NAT gateway.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn nat_gateway(&self, id: &str) -> Result<&'a NatGateway, Gap> {
        let known = self.nat_gateways.get(id).copied();
        known.ok_or_else(|| self.gap(&format!("NAT gateway {id}"), |f| &f.nat_gateways, ""))
    }

    /// Whether an internet gateway is attached to the VPC.
    ///
    /// # Errors
    /// Where internet gateways are not known.
    pub fn has_internet_gateway(&self, vpc: &str) -> Result<bool, Gap> {
        let attached = self
            .snapshot
            .known(|facts| &facts.internet_gateways)
            .flat_map(|(_, answer)| &answer.internet_gateways)
            .flat_map(|gateway| &gateway.attachments)
            .any(|attachment| attachment.vpc_id.as_deref() == Some(vpc));
        if attached
            || self
                .snapshot
                .missing(|f| &f.internet_gateways, "")
                .is_none()
        {
            return Ok(attached);
        }
        let what = format!("the internet gateway of {vpc}");
        Err(self.gap(&what, |f| &f.internet_gateways, ""))
    }

    /// A transit gateway.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn transit_gateway(&self, id: &str) -> Result<&'a TransitGateway, Gap> {
        let known = self.transit_gateways.get(id).copied();
        known.ok_or_else(|| {
            self.gap(
                &format!("transit gateway {id}"),
                |f| &f.transit_gateways,
                "",
            )
        })
    }

    /// The attachment of a VPC to a transit gateway; `None` where there is none.
    ///
    /// # Errors
    /// Where attachments are not known.
    pub fn vpc_attachment(
        &self,
        gateway: &str,
        vpc: &str,
    ) -> Result<Option<&'a TransitGatewayVpcAttachment>, Gap> {
        let found = self.vpc_attachments.iter().copied().find(|attachment| {
            attachment.transit_gateway_id.as_deref() == Some(gateway)
                && attachment.vpc_id.as_deref() == Some(vpc)
                && matches!(
                    attachment.state.as_deref(),
                    None | Some("available" | "modifying")
                )
        });
        let missing = self
            .snapshot
            .missing(|f| &f.transit_gateway_vpc_attachments, "");
        if found.is_some() || missing.is_none() {
            return Ok(found);
        }
        let what = format!("the attachment of {vpc} to {gateway}");
        Err(self.gap(&what, |f| &f.transit_gateway_vpc_attachments, ""))
    }

    /// All known attachments of VPCs to transit gateways.
    pub fn vpc_attachments(&self) -> impl Iterator<Item = &'a TransitGatewayVpcAttachment> {
        self.vpc_attachments.iter().copied()
    }

    /// An attachment of any kind, as the owner of that gateway sees it: a peering has two, with one id.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn attachment(&self, gateway: &str, id: &str) -> Result<&'a TransitGatewayAttachment, Gap> {
        let known = self.attachments.get(&(gateway, id)).copied();
        known.ok_or_else(|| {
            let what = format!("transit gateway attachment {id}");
            self.gap(&what, |f| &f.transit_gateway_attachments, "")
        })
    }

    /// An attachment of another transit gateway.
    ///
    /// # Errors
    /// Where it is not known.
    pub fn peering_attachment(&self, id: &str) -> Result<&'a TransitGatewayPeeringAttachment, Gap> {
        let known = self.peering_attachments.get(id).copied();
        known.ok_or_else(|| {
            let what = format!("transit gateway peering attachment {id}");
            self.gap(&what, |f| &f.transit_gateway_peering_attachments, "")
        })
    }

    /// The routes of a transit gateway's table.
    ///
    /// # Errors
    /// Where they are not known.
    pub fn transit_gateway_routes(&self, table: &str) -> Result<&'a [TransitGatewayRoute], Gap> {
        let known = self
            .snapshot
            .known(|facts| &facts.transit_gateway_routes)
            .find(|(key, _)| *key == table);
        known
            .map(|(_, answer)| answer.routes.as_slice())
            .ok_or_else(|| {
                let what = format!("the routes of {table}");
                self.gap(&what, |f| &f.transit_gateway_routes, table)
            })
    }

    /// The addresses of a prefix list.
    ///
    /// # Errors
    /// Where they are not known.
    pub fn prefix_list(&self, id: &str, family: Family) -> Result<Addresses, Gap> {
        let ranges = self.prefix_list_ranges(id)?;
        Ok(family.ranges(ranges))
    }

    /// The entries of a prefix list, as they are: in a route each has its own length.
    ///
    /// # Errors
    /// Where they are not known.
    pub fn prefix_list_ranges(&self, id: &str) -> Result<Vec<IpNet>, Gap> {
        let known = self
            .snapshot
            .known(|facts| &facts.prefix_lists)
            .find(|(key, _)| *key == id);
        match known {
            Some((_, answer)) => Ok(answer
                .entries
                .iter()
                .filter_map(|entry| entry.cidr)
                .collect()),
            None => Err(self.gap(
                &format!("the entries of prefix list {id}"),
                |f| &f.prefix_lists,
                id,
            )),
        }
    }

    /// Whether every security group of the accounts that were asked is known: one that is absent then does not exist.
    #[must_use]
    pub fn knows_all_groups_of(&self, owner: Option<&str>) -> bool {
        let owners_differ = owner.is_some_and(|owner| {
            !self
                .groups
                .values()
                .any(|group| group.owner_id.as_deref() == Some(owner))
        });
        !owners_differ && self.snapshot.missing(|f| &f.security_groups, "").is_none()
    }
}
