//! Out of a transit gateway: by which attachment's subnet, its ACL and its routes.

use super::{Crossing, same_zone};
use crate::aws::snapshot::ec2::{Subnet, TransitGatewayVpcAttachment};
use crate::vpc::route::{Found, Target, look_up};
use crate::vpc::space::Addresses;
use crate::vpc::stage::{End, Stage};
use crate::vpc::{Gap, Rule};

impl<'a> Crossing<'_, 'a> {
    /// Out of the gateway: by an attachment in the zone that the packets come from, where there is one.
    pub(super) fn leave(
        &self,
        gateway: &str,
        part: &Addresses,
    ) -> (Stage, bool, Option<&'a TransitGatewayVpcAttachment>) {
        let attachment = match self.world.vpc_attachment(gateway, &self.to.vpc_id) {
            Ok(Some(attachment)) => attachment,
            Ok(None) => {
                let detail = format!("{} is not attached to {gateway}", self.to.vpc_id);
                return (self.stop("RTE-07", gateway, None, detail), false, None);
            }
            Err(gap) => return (Stage::unknown(self.flows, gap), false, None),
        };
        let mut subnets = Vec::new();
        for id in &attachment.subnet_ids {
            match self.world.subnet(id) {
                Ok(subnet) => subnets.push(subnet),
                Err(gap) => return (Stage::unknown(self.flows, gap), false, Some(attachment)),
            }
        }
        let near: Vec<&Subnet> = subnets
            .iter()
            .copied()
            .filter(|subnet| same_zone(subnet, self.from))
            .collect();
        // With appliance mode the gateway picks one for the life of a flow, in any zone.
        let any = attachment
            .options
            .as_ref()
            .is_some_and(|options| options.appliance_mode_support.as_deref() == Some("enable"));
        let used = if near.is_empty() || any {
            subnets
        } else {
            near
        };
        let mut stages = used.iter().map(|subnet| self.out_of(subnet, part));
        let Some(first) = stages.next() else {
            let detail = format!("{} has no subnet", attachment.transit_gateway_attachment_id);
            let stage = self.stop(
                "RTE-07",
                &attachment.transit_gateway_attachment_id,
                None,
                detail,
            );
            return (stage, false, Some(attachment));
        };
        let stage = stages.fold(first, |all, next| {
            let gap = Gap {
                what: format!(
                    "by which subnet of {} packets leave {gateway}",
                    attachment.transit_gateway_attachment_id
                ),
                needs: "many attempts".to_owned(),
            };
            all.either(next, gap)
        });
        (stage, true, Some(attachment))
    }

    /// From an attachment's subnet to the destination's.
    fn out_of(&self, subnet: &'a Subnet, part: &Addresses) -> Stage {
        if subnet.subnet_id == self.to.subnet_id {
            return Stage::open(self.packets.whole);
        }
        let last = self.packets.through_last_acl(self.world, self.to);
        let acl = self
            .packets
            .through_acl_of(self.world, subnet, End::Destination, "NACL-07");
        let table = match self.world.route_table(subnet) {
            Ok(table) => table,
            Err(gap) => return acl.then(Stage::unknown(self.packets.whole, gap)).then(last),
        };
        let mut stage = Stage::default();
        for (part, found) in look_up(self.world, table, self.packets.family, part) {
            let flows = self.packets.going_to(&part);
            let next = match found {
                Found::Taken(taken) if taken.target() == Target::Local => Stage::open(&flows),
                Found::Taken(taken) if taken.is_blackhole() => self.stop(
                    "RTE-05",
                    &table.route_table_id,
                    Some(Rule::Route(taken.range.to_string())),
                    format!("{} → {} is a blackhole", taken.range, taken.target().id()),
                ),
                Found::Taken(taken) => Stage::unknown(
                    &flows,
                    Gap {
                        what: format!(
                            "what becomes of packets that {} sends to {}",
                            table.route_table_id,
                            taken.target().id()
                        ),
                        needs: "a probe from the client's subnet".to_owned(),
                    },
                ),
                Found::Nothing => self.stop(
                    "RTE-07",
                    &table.route_table_id,
                    None,
                    format!(
                        "{} has no route to {}",
                        table.route_table_id,
                        self.words(&part)
                    ),
                ),
                Found::Unknown(gap) => Stage::unknown(&flows, gap),
            };
            stage = stage.beside(next);
        }
        acl.then(stage).then(last)
    }
}
