//! Sets of packets: addresses, ports, and the flows of one client as pairs of both.
//!
//! Reachability is asked of sets and never of one sampled packet, because half of a range is what makes a failure
//! intermittent.

mod flows;
mod ranges;

pub use flows::Flows;
pub use ranges::{Number, Ranges};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

/// Addresses of one family, as numbers.
pub type Addresses = Ranges<u128>;
/// Ports.
pub type Ports = Ranges<u16>;

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
        for range in addresses {
            if range.start() == range.end() {
                found.push(self.address(*range.start()).into());
                continue;
            }
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
    Addresses::from(number..=number)
}

/// One range of ports.
#[must_use]
pub fn ports(range: RangeInclusive<u16>) -> Ports {
    Ports::from(range)
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
pub fn common<T: Number>(a: &Ranges<T>, b: &Ranges<T>) -> Ranges<T> {
    a.common(b)
}

/// What is in `a` and not in `b`.
#[must_use]
pub fn without<T: Number>(a: &Ranges<T>, b: &Ranges<T>) -> Ranges<T> {
    a.without(b)
}

#[cfg(test)]
mod tests {
    use super::*;

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
