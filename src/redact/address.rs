//! Addresses: others, with the prefixes in common that they had.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest as _, Sha256};

/// A mapping that keeps common prefixes, and of each address what says of what kind it is: private, public, loopback.
///
/// Source: Xu, Fan, Ammar, Moon: Prefix-preserving IP address anonymization, 2002.
#[derive(Debug)]
pub(super) struct Addresses {
    key: [u8; 16],
}

impl Addresses {
    pub fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// An address, or with `prefix` a network's.
    pub fn address(&self, address: IpAddr, prefix: Option<u8>) -> IpAddr {
        match address {
            IpAddr::V4(address) => IpAddr::V4(self.v4(address, prefix)),
            IpAddr::V6(address) => IpAddr::V6(self.v6(address, prefix)),
        }
    }

    fn v4(&self, address: Ipv4Addr, prefix: Option<u8>) -> Ipv4Addr {
        // Host parts stay: a network's second address is its resolver.
        let bits = match address.octets() {
            [10, ..] => 8..16,
            [172, 16..=31, ..] => 12..16,
            // Nobody is known by these.
            [0 | 100 | 127 | 169 | 192 | 224.., ..] => return address,
            // The second octet tells the private from the public ones.
            [172 | 198 | 203, ..] => 16..24,
            _ => 8..24,
        };
        let own = u128::from(u32::from(address)) << 96;
        let mapped = self.flipped(own, bits, prefix, u32::from(address).trailing_zeros());
        Ipv4Addr::from(u32::try_from(mapped >> 96).unwrap_or_default())
    }

    fn v6(&self, address: Ipv6Addr, prefix: Option<u8>) -> Ipv6Addr {
        let bits = match address.segments()[0] {
            // fc00::/7 and 2000::/3; what a provider has begins with 16 bits.
            0xfc00..=0xfdff => 8..48,
            0x2000..=0x3fff => 16..48,
            _ => return address,
        };
        let own = u128::from(address);
        Ipv6Addr::from(self.flipped(own, bits, prefix, own.trailing_zeros()))
    }

    /// Each bit is flipped or not, as those before it decide. Beyond the prefix, zeros stay zeros.
    fn flipped(
        &self,
        own: u128,
        bits: std::ops::Range<u32>,
        prefix: Option<u8>,
        zeros: u32,
    ) -> u128 {
        let width = if own << 32 == 0 { 32 } else { 128 };
        let end = match prefix.map(u32::from) {
            // A network, written as one.
            Some(prefix) if width - zeros.min(width) <= prefix => bits.end.min(prefix),
            _ => bits.end,
        };
        (bits.start..end).fold(own, |mapped, bit| {
            let before = if bit == 0 { 0 } else { own >> (128 - bit) };
            let mut hash = Sha256::new();
            hash.update(self.key);
            hash.update(bit.to_be_bytes());
            hash.update(before.to_be_bytes());
            match hash.finalize().first() {
                Some(byte) if byte & 1 == 1 => mapped ^ (1 << (127 - bit)),
                _ => mapped,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;
    use proptest::prelude::*;

    use super::*;

    fn addresses() -> Addresses {
        Addresses::new([7; 16])
    }

    fn network(text: &str) -> IpNet {
        let net: IpNet = text.parse().expect("a network");
        let mapped = addresses().address(net.addr(), Some(net.prefix_len()));
        IpNet::new(mapped, net.prefix_len()).expect("a network")
    }

    #[test]
    fn what_an_address_is_stays() {
        for text in [
            "127.0.0.1",
            "0.0.0.0",
            "169.254.169.253",
            "192.168.7.9",
            "100.64.3.4",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "::",
        ] {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(addresses().address(address, None), address);
        }
        let is_private =
            |text: &str| match addresses().address(text.parse().expect("an address"), None) {
                IpAddr::V4(address) => address.is_private(),
                IpAddr::V6(_) => false,
            };
        assert!(is_private("10.1.2.3") && is_private("172.20.1.1"));
        assert!(!is_private("172.67.1.1") && !is_private("18.5.6.7") && !is_private("192.0.3.4"));
    }

    #[test]
    fn a_networks_resolver_stays_its_second_address() {
        for text in [
            "10.20.0.0/16",
            "172.31.0.0/16",
            "10.0.0.0/8",
            "10.4.128.0/20",
        ] {
            let IpNet::V4(before) = text.parse().expect("a network") else {
                panic!("IPv4");
            };
            let second = Ipv4Addr::from(u32::from(before.addr()) + 2);
            let IpNet::V4(after) = network(text) else {
                panic!("IPv4");
            };
            let mapped = addresses().v4(second, None);
            if before.prefix_len() >= 16 {
                assert_eq!(u32::from(mapped), u32::from(after.addr()) + 2, "{text}");
            }
            assert!(after.contains(&mapped), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_network_has_the_addresses_that_it_had(own: u32, other: u32, prefix in 0_u8..=32) {
            let net = ipnet::Ipv4Net::new(own.into(), prefix).expect("a network").trunc();
            let mapped = ipnet::Ipv4Net::new(addresses().v4(net.addr(), Some(prefix)), prefix).expect("a network");
            prop_assert_eq!(mapped, mapped.trunc());
            let address = Ipv4Addr::from(other);
            // Where a network is wider than what tells one kind from another, some kinds in it move and some do not.
            if prefix == 0 || prefix >= 8 {
                prop_assert_eq!(net.contains(&address), mapped.contains(&addresses().v4(address, None)));
            }
        }

        #[test]
        fn so_has_one_of_ipv6(own: u128, other: u128, prefix in 16_u8..=128) {
            let net = ipnet::Ipv6Net::new(own.into(), prefix).expect("a network").trunc();
            let mapped = ipnet::Ipv6Net::new(addresses().v6(net.addr(), Some(prefix)), prefix).expect("a network");
            let address = Ipv6Addr::from(other);
            prop_assert_eq!(net.contains(&address), mapped.contains(&addresses().v6(address, None)));
            prop_assert!(mapped.contains(&addresses().v6(Ipv6Addr::from(own), None)));
        }
    }
}
