//! Sets of packets: addresses, ports, and the flows of one client as pairs of both.
//!
//! Reachability is asked of sets and never of one sampled packet, because half of a range is what makes a failure
//! intermittent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use rangemap::{RangeInclusiveMap, RangeInclusiveSet};

/// Addresses of one family, as numbers.
pub type Addresses = RangeInclusiveSet<u128>;
/// Ports.
pub type Ports = RangeInclusiveSet<u16>;

/// The families of addresses: a path is asked for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// The addresses of a range, where it is of this family.
    #[must_use]
    pub fn range(self, net: IpNet) -> Option<RangeInclusive<u128>> {
        match (self, net) {
            (Family::V4, IpNet::V4(net)) => {
                Some(u128::from(net.network().to_bits())..=u128::from(net.broadcast().to_bits()))
            }
            (Family::V6, IpNet::V6(net)) => {
                Some(net.network().to_bits()..=net.broadcast().to_bits())
            }
            _ => None,
        }
    }

    /// The addresses of several ranges.
    #[must_use]
    pub fn ranges(self, nets: impl IntoIterator<Item = IpNet>) -> Addresses {
        nets.into_iter().filter_map(|net| self.range(net)).collect()
    }

    /// A number as the address that it stands for.
    fn address(self, number: u128) -> IpAddr {
        match self {
            Family::V4 => Ipv4Addr::from_bits(u32::try_from(number).unwrap_or(u32::MAX)).into(),
            Family::V6 => Ipv6Addr::from_bits(number).into(),
        }
    }

    /// Addresses as the fewest CIDRs.
    #[must_use]
    pub fn cidrs(self, addresses: &Addresses) -> Vec<IpNet> {
        let mut found = Vec::new();
        for range in addresses.iter() {
            match (self.address(*range.start()), self.address(*range.end())) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    found.extend(Ipv4Subnets::new(first, last, 0).map(IpNet::V4));
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    found.extend(Ipv6Subnets::new(first, last, 0).map(IpNet::V6));
                }
                _ => {}
            }
        }
        found
    }
}

/// An address as a number.
#[must_use]
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// One address.
#[must_use]
pub fn just(address: IpAddr) -> Addresses {
    let number = number(address);
    [number..=number].into_iter().collect()
}

/// One range of ports.
#[must_use]
pub fn ports(range: RangeInclusive<u16>) -> Ports {
    [range].into_iter().collect()
}

/// Ports as reports have them: `1024-32767`, or one number.
#[must_use]
pub fn port_words(ports: &Ports) -> Vec<String> {
    let word = |range: &RangeInclusive<u16>| {
        if range.start() == range.end() {
            range.start().to_string()
        } else {
            format!("{}-{}", range.start(), range.end())
        }
    };
    ports.iter().map(word).collect()
}

/// What two sets have in common.
#[must_use]
pub fn common<T: rangemap::StepLite + Ord + Clone>(
    a: &RangeInclusiveSet<T>,
    b: &RangeInclusiveSet<T>,
) -> RangeInclusiveSet<T> {
    a.intersection(b).collect()
}

/// What is in `a` and not in `b`.
#[must_use]
pub fn without<T: rangemap::StepLite + Ord + Clone>(
    a: &RangeInclusiveSet<T>,
    b: &RangeInclusiveSet<T>,
) -> RangeInclusiveSet<T> {
    let mut rest = a.clone();
    for range in b.iter() {
        rest.remove(range.clone());
    }
    rest
}

/// Flows of one client to one listener: for each of its addresses the ports that it may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows(RangeInclusiveMap<u128, Ports>);

impl Flows {
    /// Each of `addresses` with each of `ports`.
    #[must_use]
    pub fn product(addresses: &Addresses, ports: &Ports) -> Self {
        let mut map = RangeInclusiveMap::new();
        if !ports.is_empty() {
            for range in addresses.iter() {
                map.insert(range.clone(), ports.clone());
            }
        }
        Self(map)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses that have any port.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.0.iter().map(|(range, _)| range.clone()).collect()
    }

    /// The ports that every address has.
    #[must_use]
    pub fn ports_of_all(&self) -> Ports {
        let mut each = self.0.iter().map(|(_, ports)| ports);
        let first = each.next().cloned().unwrap_or_default();
        each.fold(first, |all, ports| common(&all, ports))
    }

    /// The ports that any address has.
    #[must_use]
    pub fn ports_of_any(&self) -> Ports {
        self.0
            .iter()
            .flat_map(|(_, ports)| ports.iter().cloned())
            .collect()
    }

    /// The flows in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut map = RangeInclusiveMap::new();
        for (range, ports) in self.0.iter() {
            for (among, allowed) in other.0.overlapping(range.clone()) {
                let both = common(ports, allowed);
                if !both.is_empty() {
                    let start = *range.start().max(among.start());
                    let end = *range.end().min(among.end());
                    map.insert(start..=end, both);
                }
            }
        }
        Self(map)
    }

    /// The flows in this and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut map = self.0.clone();
        for (range, ports) in self.0.iter() {
            for (among, taken) in other.0.overlapping(range.clone()) {
                let start = *range.start().max(among.start());
                let end = *range.end().min(among.end());
                let rest = without(ports, taken);
                if rest.is_empty() {
                    map.remove(start..=end);
                } else {
                    map.insert(start..=end, rest);
                }
            }
        }
        Self(map)
    }

    /// The flows in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut map = self.minus(other).0;
        for (range, more) in other.0.iter() {
            for (among, ports) in self.0.overlapping(range.clone()) {
                let start = *range.start().max(among.start());
                let end = *range.end().min(among.end());
                let both: Ports = ports.iter().chain(more.iter()).cloned().collect();
                map.insert(start..=end, both);
            }
            for gap in self.0.gaps(range) {
                map.insert(gap, more.clone());
            }
        }
        Self(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flows(parts: &[(u8, u8, u8, u8)]) -> Flows {
        parts.iter().fold(Flows::default(), |all, (a, b, p, q)| {
            let addresses = [u128::from(*a.min(b))..=u128::from(*a.max(b))];
            let some = ports(u16::from(*p.min(q))..=u16::from(*p.max(q)));
            all.or(&Flows::product(&addresses.into_iter().collect(), &some))
        })
    }

    fn has(flows: &Flows, address: u8, port: u8) -> bool {
        flows
            .0
            .get(&u128::from(address))
            .is_some_and(|ports| ports.contains(&u16::from(port)))
    }

    proptest! {
        #[test]
        fn sets_behave_as_sets(
            a in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 0..4),
            b in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 0..4),
            points in proptest::collection::vec(any::<(u8, u8)>(), 40),
        ) {
            let inside = |parts: &[(u8, u8, u8, u8)], (x, y): (u8, u8)| {
                parts.iter().any(|(a, b, p, q)| {
                    (*a.min(b)..=*a.max(b)).contains(&x) && (*p.min(q)..=*p.max(q)).contains(&y)
                })
            };
            let (one, two) = (flows(&a), flows(&b));
            let (and, or, minus) = (one.and(&two), one.or(&two), one.minus(&two));
            for point in points {
                let (x, y) = point;
                prop_assert_eq!(has(&one, x, y), inside(&a, point));
                prop_assert_eq!(has(&and, x, y), inside(&a, point) && inside(&b, point));
                prop_assert_eq!(has(&or, x, y), inside(&a, point) || inside(&b, point));
                prop_assert_eq!(has(&minus, x, y), inside(&a, point) && !inside(&b, point));
            }
            prop_assert!(one.minus(&one).is_empty());
            prop_assert_eq!(&one.or(&one), &one);
        }
    }

    #[test]
    fn a_set_is_said_in_the_fewest_words() {
        let net: IpNet = "10.0.0.0/23".parse().expect("a range");
        let half: IpNet = "10.0.1.0/24".parse().expect("a range");
        let rest = without(&Family::V4.ranges([net]), &Family::V4.ranges([half]));
        assert_eq!(
            Family::V4.cidrs(&rest),
            ["10.0.0.0/24".parse().expect("a range")]
        );
        assert_eq!(port_words(&ports(1024..=32767)), ["1024-32767"]);
        assert_eq!(port_words(&ports(9098..=9098)), ["9098"]);
    }
}
