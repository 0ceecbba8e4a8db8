//! Ranges of IP addresses, such as `203.0.113.0/24`.

use std::net::IpAddr;

/// All addresses whose first bits are those of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// A range, or one address. Bits after the prefix do not matter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse().ok()?, Some(prefix(bits)?)),
            None => (text.parse().ok()?, None),
        };
        let width = width(address);
        let bits = bits.unwrap_or(width);
        (bits <= width).then_some(Self { address, bits })
    }

    pub(crate) fn holds(self, address: IpAddr) -> bool {
        let address = match self.address {
            IpAddr::V4(_) => address.to_canonical(),
            IpAddr::V6(_) => address,
        };
        let differ = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(given)) => {
                u128::from(own.to_bits() ^ given.to_bits()) << 96
            }
            (IpAddr::V6(own), IpAddr::V6(given)) => own.to_bits() ^ given.to_bits(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differ.leading_zeros() >= u32::from(self.bits)
    }
}

fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn prefix(bits: &str) -> Option<u8> {
    let is_count = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    is_count.then(|| bits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, wanted: bool) {
        let network = Network::parse(network).expect("a network");
        assert_eq!(network.holds(address.parse().expect("an address")), wanted);
    }

    #[test]
    fn a_network_holds_what_shares_its_first_bits() {
        check("203.0.113.0/24", "203.0.113.255", true);
        check("203.0.113.0/24", "203.0.114.0", false);
        check("203.0.113.77/24", "203.0.113.1", true);
        check("203.0.113.7", "203.0.113.7", true);
        check("203.0.113.7", "203.0.113.6", false);
        check("0.0.0.0/0", "198.51.100.1", true);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db8::1", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::/0", "10.1.2.3", false);
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "*",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
