//! Where something may change: the first and last addresses and ports of every range in a world.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use msk_doctor::aws::snapshot::Snapshot;

/// The ports at which some rule begins or ends, and their neighbours.
pub fn ports(snapshot: &Snapshot) -> BTreeSet<u16> {
    let mut found: BTreeSet<u16> = [1024, 32767, 32768, 60999, 61000, 65535].into();
    let acls = snapshot.known(|facts| &facts.network_acls);
    for acl in acls.flat_map(|(_, answer)| &answer.network_acls) {
        for range in acl
            .entries
            .iter()
            .filter_map(|entry| entry.port_range.as_ref())
        {
            for port in [range.from - 1, range.from, range.to, range.to + 1] {
                found.extend(u16::try_from(port).ok());
            }
        }
    }
    found
}

/// The addresses inside `ranges` at which some range begins or ends, and their neighbours.
pub fn addresses(snapshot: &Snapshot, ranges: &[IpNet]) -> BTreeSet<IpAddr> {
    let mut nets: Vec<IpNet> = ranges.to_vec();
    for facts in &snapshot.scopes {
        // Every range that a fact holds, whatever it is for: read from its JSON.
        let text = serde_json::to_value(facts).expect("facts are plain data");
        gather(&text, &mut nets);
    }
    nets.iter()
        .flat_map(|net| [net.network(), net.broadcast()])
        .flat_map(|edge| [step(edge, -1), Some(edge), step(edge, 1)])
        .flatten()
        .filter(|address| ranges.iter().any(|range| range.contains(address)))
        .collect()
}

fn gather(value: &serde_json::Value, nets: &mut Vec<IpNet>) {
    match value {
        serde_json::Value::String(text) if text.contains('/') => {
            nets.extend(text.parse::<IpNet>().ok());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, nets)),
        serde_json::Value::Object(fields) => fields.values().for_each(|item| gather(item, nets)),
        _ => {}
    }
}

fn step(address: IpAddr, by: i8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address
            .to_bits()
            .checked_add_signed(by.into())
            .map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(address) => address
            .to_bits()
            .checked_add_signed(by.into())
            .map(|bits| Ipv6Addr::from_bits(bits).into()),
    }
}
