//! Virtual private gateways: whether the tunnels behind one are up, and whether it tells its routes.
//!
//! Sources: <https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VgwTelemetry.html>.

use super::world::World;
use super::{Blocker, Direction};
use crate::aws::snapshot::ec2::{RouteTable, VpnConnection};

/// Every tunnel of every VPN connection of a gateway is down. Direct Connect may still carry the packets: it is a
/// suspicion.
pub(super) fn down(world: &World<'_>, gateway: &str, direction: Direction) -> Option<Blocker> {
    let connections: Vec<&VpnConnection> = world
        .snapshot
        .known(|facts| &facts.vpn_connections)
        .flat_map(|(_, answer)| &answer.vpn_connections)
        .filter(|connection| connection.vpn_gateway_id.as_deref() == Some(gateway))
        .filter(|connection| connection.state.as_deref() != Some("deleted"))
        .collect();
    let is_down = |connection: &&VpnConnection| {
        let mut tunnels = connection.vgw_telemetry.iter();
        !connection.vgw_telemetry.is_empty()
            && tunnels.all(|tunnel| tunnel.status.as_deref() == Some("DOWN"))
    };
    if connections.is_empty() || !connections.iter().all(is_down) {
        return None;
    }
    let ids: Vec<&str> = connections
        .iter()
        .map(|connection| connection.vpn_connection_id.as_str())
        .collect();
    Some(Blocker {
        code: "RTE-10".to_owned(),
        direction,
        resource: Some(gateway.to_owned()),
        resources: Vec::new(),
        rule: None,
        detail: format!("every tunnel of {} is DOWN", ids.join(", ")),
    })
}

/// The virtual private gateway of a table's VPC, where the table does not take its routes.
pub(super) fn that_does_not_propagate<'a>(
    world: &World<'a>,
    table: &RouteTable,
) -> Option<&'a str> {
    let attached = world
        .snapshot
        .known(|facts| &facts.vpn_gateways)
        .flat_map(|(_, answer)| &answer.vpn_gateways)
        .find(|gateway| {
            gateway.vpc_attachments.iter().any(|attachment| {
                attachment.vpc_id.as_deref() == Some(&table.vpc_id)
                    && matches!(attachment.state.as_deref(), None | Some("attached"))
            })
        })?;
    let takes = table
        .propagating_vgws
        .iter()
        .any(|own| own.gateway_id == attached.vpn_gateway_id);
    (!takes).then_some(attached.vpn_gateway_id.as_str())
}
