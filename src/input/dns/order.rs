//! The order in which the servers of an SRV answer are tried (RFC 2782).

use std::hash::{BuildHasher, RandomState};

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) host: String,
}

/// The hosts by priority, and among equals by chance in proportion to their weights, so that the load is shared as its
/// administrators meant it. `chance` draws a number from 0 up to, and with, the one given.
pub(super) fn in_order(mut services: Vec<Service>, chance: impl Fn(u64) -> u64) -> Vec<String> {
    // Those without a weight first, so that they are drawn only if chance falls on 0.
    services.sort_by(|left, right| {
        (left.priority, left.weight, &left.host).cmp(&(right.priority, right.weight, &right.host))
    });
    let mut hosts: Vec<String> = Vec::with_capacity(services.len());
    while let Some(first) = services.first() {
        let equals = services.iter().take_while(|service| service.priority == first.priority);
        let total = equals.map(|service| u64::from(service.weight)).sum();
        let drawn = draw(&services, chance(total));
        let host = services.remove(drawn).host;
        if !hosts.iter().any(|known| known.eq_ignore_ascii_case(&host)) {
            hosts.push(host);
        }
    }
    hosts
}

/// The first whose weight, added to those before it, reaches the number.
fn draw(services: &[Service], number: u64) -> usize {
    let mut sum = 0;
    let reached = services.iter().position(|service| {
        sum += u64::from(service.weight);
        sum >= number
    });
    reached.unwrap_or(0)
}

/// Not secret, but different every time: the standard library's hasher is seeded by chance.
pub(super) fn chance(most: u64) -> u64 {
    RandomState::new().hash_one(0_u8) % most.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services() -> Vec<Service> {
        let service = |priority, weight, host: &str| Service { priority, weight, host: host.to_owned() };
        vec![service(10, 100, "far"), service(0, 0, "spare"), service(0, 90, "big"), service(0, 10, "small")]
    }

    #[test]
    fn priority_comes_before_weight() {
        for number in [0, 1, 10, 11, 100] {
            let hosts = in_order(services(), |most| number.min(most));
            assert_eq!(hosts.len(), 4);
            assert_eq!(hosts[3], "far");
        }
        assert_eq!(in_order(services(), |_| 0)[0], "spare");
        assert_eq!(in_order(services(), |most| most)[0], "big");
    }

    #[test]
    fn weights_share_the_load() {
        let first = |_| in_order(services(), chance).remove(0);
        let big = (0..2000).map(first).filter(|host| host == "big").count();
        assert!((1600..1950).contains(&big), "{big} of 2000");
    }
}
