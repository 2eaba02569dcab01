//! The addresses that receive connectors listen on and take connections from, as Exchange writes them.

use std::net::IpAddr;

/// The port of a binding, `0.0.0.0:25` or `[::]:25`.
pub(super) fn port(binding: &str) -> Option<u16> {
    binding.rsplit_once(':')?.1.parse().ok()
}

/// How many addresses a remote range has if this one is in it: `10.1.2.3`, `10.1.2.0/24`, `10.1.2.0(255.255.255.0)`,
/// `10.1.2.1-10.1.2.9`. Of several connectors, the one with the smallest range takes the connection.
pub(super) fn size_around(range: &str, address: IpAddr) -> Option<u128> {
    let (first, last) = bounds(range)?;
    let address = (address.is_ipv4(), number(address));
    (first <= address && address <= last && first.0 == last.0).then(|| last.1 - first.1)
}

/// How many addresses a remote range has, and whether of IPv4.
pub(super) fn size(range: &str) -> Option<u128> {
    let (first, last) = bounds(range)?;
    (first.0 == last.0).then(|| last.1.checked_sub(first.1))?
}

type Bound = (bool, u128);

fn bounds(range: &str) -> Option<(Bound, Bound)> {
    let parse = |text: &str| text.trim().parse::<IpAddr>().ok();
    let bound = |address: IpAddr| (address.is_ipv4(), number(address));
    if let Some((first, last)) = range.split_once('-') {
        return Some((bound(parse(first)?), bound(parse(last)?)));
    }
    if let Some((base, bits)) = range.split_once('/') {
        return within(parse(base)?, bits.trim().parse().ok()?);
    }
    if let Some((base, mask)) = range.split_once('(') {
        let mask = number(parse(mask.trim_end_matches([')', ' ']))?);
        let bits = u32::try_from(mask).ok()?.leading_ones();
        return within(parse(base)?, bits);
    }
    let only = bound(parse(range)?);
    Some((only, only))
}

fn within(base: IpAddr, bits: u32) -> Option<(Bound, Bound)> {
    let all = if base.is_ipv4() { 32 } else { 128 };
    let rest = u128::MAX.checked_shr(128 - all.min(128) + bits.min(all)).unwrap_or(0);
    let rest = if bits > all { return None } else { rest };
    let first = number(base) & !rest;
    Some(((base.is_ipv4(), first), (base.is_ipv4(), first | rest)))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_in_each_form_that_exchange_has() {
        for (range, inside, outside, others) in [
            ("10.1.2.3", "10.1.2.3", "10.1.2.4", 0),
            ("10.1.2.0/24", "10.1.2.255", "10.1.3.0", 255),
            ("10.1.2.77/24", "10.1.2.0", "10.1.1.255", 255),
            ("10.1.2.0(255.255.255.0)", "10.1.2.9", "10.1.3.9", 255),
            ("10.1.2.1-10.1.2.9", "10.1.2.9", "10.1.2.10", 8),
            ("0.0.0.0-255.255.255.255", "1.2.3.4", "::1", 0xffff_ffff),
            ("fe80::/64", "fe80::1", "fe81::1", 0xffff_ffff_ffff_ffff),
            ("0.0.0.0/0", "1.2.3.4", "::1", 0xffff_ffff),
        ] {
            assert_eq!(size_around(range, inside.parse().unwrap()), Some(others), "{range}");
            assert_eq!(size_around(range, outside.parse().unwrap()), None, "{range}");
            assert_eq!(size(range), Some(others), "{range}");
        }
        for broken in ["", "x", "10.1.2.0/33", "10.1.2.9-10.1.2.1", "::1-10.1.2.3", "10.1.2.0(x)", "/", "-"] {
            assert_eq!(size_around(broken, "10.1.2.3".parse().unwrap()), None, "{broken}");
        }
        assert_eq!(size("::/0"), Some(u128::MAX));
        assert_eq!((port("0.0.0.0:25"), port("[::]:2525"), port("x")), (Some(25), Some(2525), None));
    }
}
