//! Per-address limits of handshakes, so that one address cannot use up the rate of all strangers.

use core::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};
use std::collections::HashMap;
use tokio::time::Instant;

/// A token bucket of handshakes for each address. Loopback addresses are not counted.
#[derive(Debug)]
pub(super) struct PerAddressLimiter {
    /// Handshakes that one address may start at once.
    burst: u32,
    /// Tokens that an address has used, and when that was last updated.
    used: HashMap<IpAddr, (u32, Instant)>,
}

/// Token refill interval: one handshake per 125 ms per address.
const REFILL: Duration = Duration::from_millis(125);

/// Addresses in the table. When full, the table is cleared: limits per address cannot help against
/// that many addresses.
const MAX_ADDRESSES: usize = 1 << 14;

impl PerAddressLimiter {
    pub(super) fn new(burst: usize) -> Self {
        Self { burst: u32::try_from(burst).unwrap_or(u32::MAX), used: HashMap::new() }
    }

    /// Takes a token of the address, if it has one left.
    pub(super) fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let address = prefix(address);
        if address.is_loopback() {
            return true;
        }
        if self.used.len() >= MAX_ADDRESSES && !self.used.contains_key(&address) {
            self.used.clear();
        }
        let (used, since) = self.used.entry(address).or_insert((0, now));
        let refills =
            now.saturating_duration_since(*since).as_millis().checked_div(REFILL.as_millis()).unwrap_or_default();
        let refills = u32::try_from(refills).unwrap_or(u32::MAX);
        *used = used.saturating_sub(refills);
        // the rest of an interval counts towards the next refill
        *since = since.checked_add(REFILL.saturating_mul(refills)).unwrap_or(now);
        let has_token = *used < self.burst;
        *used = used.saturating_add(u32::from(has_token));
        has_token
    }
}

/// The unit of address limits: an IPv4 address, or the /64 of an IPv6 address, since one owner has
/// all of it.
pub(super) fn prefix(address: IpAddr) -> IpAddr {
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
    fn an_address_has_its_burst_and_its_rate() {
        let mut limiter = PerAddressLimiter::new(10);
        let now = Instant::now();
        let mut taken = |address: &str, number: u32, now| {
            let address: IpAddr = address.parse().unwrap();
            (0..number).filter(|_| limiter.take(address, now)).count()
        };
        assert_eq!(taken("192.0.2.1", 20, now), 10);
        assert_eq!(taken("192.0.2.2", 20, now), 10);
        assert_eq!(taken("192.0.2.1", 20, now + REFILL * 3), 3);
        assert_eq!(taken("192.0.2.1", 20, now + REFILL * 1000), 10);
        // two addresses of one /64, and an IPv4 address in IPv6 notation
        assert_eq!(taken("2001:db8::1", 7, now) + taken("2001:db8::2", 7, now), 10);
        assert_eq!(taken("::ffff:192.0.2.2", 1, now), 0);
        assert_eq!(taken("127.0.0.1", 100, now) + taken("::1", 100, now), 200);
    }
}
