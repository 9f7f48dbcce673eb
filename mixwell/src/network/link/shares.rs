//! How often an address may call: each handshake costs cryptography, whoever it is.

use core::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};
use std::collections::HashMap;
use tokio::time::Instant;

/// Calls by address, as token buckets. Calls of this machine are not counted.
#[derive(Debug)]
pub(super) struct Shares {
    /// So many calls at once.
    burst: u32,
    /// What each address has called, and when that was last counted.
    taken: HashMap<IpAddr, (u32, Instant)>,
}

/// After so long an address may call once more.
const EACH: Duration = Duration::from_millis(125);

/// So many addresses are known. When there are more, all begin anew: then it is many who call, and no limit for each helps.
const MOST: usize = 1 << 14;

impl Shares {
    /// For addresses that may have so many connections.
    pub(super) fn new(connections: usize) -> Self {
        Self { burst: u32::try_from(connections).unwrap_or(u32::MAX), taken: HashMap::new() }
    }

    /// Whether another call of the address may be answered.
    pub(super) fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let address = network(address);
        if address.is_loopback() {
            return true;
        }
        if self.taken.len() >= MOST && !self.taken.contains_key(&address) {
            self.taken.clear();
        }
        let (taken, since) = self.taken.entry(address).or_insert((0, now));
        let passed =
            now.saturating_duration_since(*since).as_millis().checked_div(EACH.as_millis()).unwrap_or_default();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        *taken = taken.saturating_sub(passed);
        // what is left of an interval counts the next time
        *since = since.checked_add(EACH.saturating_mul(passed)).unwrap_or(now);
        let may = *taken < self.burst;
        *taken = taken.saturating_add(u32::from(may));
        may
    }
}

/// Whoever has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        canonical => canonical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_calls_so_often_and_no_more() {
        let mut shares = Shares::new(10);
        let now = Instant::now();
        let mut calls = |address: &str, number: u32, now| {
            let address: IpAddr = address.parse().unwrap();
            (0..number).filter(|_| shares.take(address, now)).count()
        };
        assert_eq!(calls("192.0.2.1", 20, now), 10);
        assert_eq!(calls("192.0.2.2", 20, now), 10);
        assert_eq!(calls("192.0.2.1", 20, now + EACH * 3), 3);
        assert_eq!(calls("192.0.2.1", 20, now + EACH * 1000), 10);
        // one who has a network of addresses, and one who writes them in another way
        assert_eq!(calls("2001:db8::1", 7, now) + calls("2001:db8::2", 7, now), 10);
        assert_eq!(calls("::ffff:192.0.2.2", 1, now), 0);
        assert_eq!(calls("127.0.0.1", 100, now) + calls("::1", 100, now), 200);
    }
}
