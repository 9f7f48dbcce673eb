//! The networks of the recordings.

use core::time::Duration;
use mixwell_net::keys::LinkKem;
use mixwell_pki_types::{Epoch, EpochTime, Period};
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use mixwell_vectors::conversation::Conversation;
use mixwell_wire::PacketSizes;
use std::time::SystemTime;

/// Recorded seconds that pass in one second when a conversation is played.
pub const PACE: u32 = 40;

/// The network in which a conversation was recorded.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "for tests")]
pub struct RecordedNetwork {
    /// The length of its epochs.
    pub period: Period,
    /// The KEM of its links.
    pub kem: LinkKem,
    /// The geometry of its packets.
    pub geometry: Geometry,
}

impl RecordedNetwork {
    /// The network of a conversation. As the file says, there are two, with different KEMs.
    ///
    /// # Panics
    /// If the conversation has the KEM of neither.
    pub fn of(talk: &Conversation) -> Self {
        let (seconds, payload) = match talk.kem.as_str() {
            "XWING" => (40, 600),
            "MLKEM768-X25519" => (60, 500),
            other => panic!("no network of the recordings has links of {other}"),
        };
        Self {
            period: Period::new(Duration::from_secs(seconds)).unwrap(),
            kem: LinkKem::by_name(&talk.kem).unwrap(),
            geometry: Geometry::of::<X25519>(5, payload, true).unwrap(),
        }
    }

    /// The lengths of its packets.
    pub fn sizes(&self) -> PacketSizes {
        PacketSizes::from(&self.geometry)
    }

    /// Number of epochs from the present of a conversation, `ms` after it began, to `epoch`. The
    /// recording has the time of day alone: it is that of the day nearest to the epoch.
    pub fn epochs_ahead(&self, talk: &Conversation, ms: f64, epoch: u64) -> i64 {
        let of_day = time_of_day(&talk.began) + Duration::from_secs_f64(ms / 1000.0);
        let day = self.period.start(Epoch(epoch)).as_secs() / DAY;
        let ahead = |day: u64| {
            let now = self.period.at(Duration::from_secs(day * DAY) + of_day).unwrap().epoch;
            i64::try_from(epoch).unwrap() - i64::try_from(now.0).unwrap()
        };
        [day - 1, day, day + 1].map(ahead).into_iter().min_by_key(|ahead| ahead.abs()).unwrap()
    }

    /// The part of its epoch that had passed when a conversation began.
    pub fn phase(&self, talk: &Conversation) -> f64 {
        // epochs begin at the same times every day
        let noon = Duration::from_secs(DAY * 20_000);
        let EpochTime { elapsed, .. } = self.period.at(noon + time_of_day(&talk.began)).unwrap();
        elapsed.as_secs_f64() / self.period.duration().as_secs_f64()
    }
}

/// A period of about twenty minutes of which this part, or a little more, has passed now.
pub fn period_at(phase: f64) -> Period {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    // epochs are counted from a point years ago: each millisecond more shifts them by minutes
    let periods = (0..4000).filter_map(|millis| Period::new(Duration::from_mins(20) + Duration::from_millis(millis)));
    let beyond = |period: &Period| {
        let passed = period.at(now).unwrap().elapsed.as_secs_f64() / period.duration().as_secs_f64();
        (passed - phase).rem_euclid(1.0)
    };
    periods.min_by(|a, b| beyond(a).total_cmp(&beyond(b))).unwrap()
}

/// A time of day, from `hh:mm:ss.mmm`.
pub fn time_of_day(text: &str) -> Duration {
    let parts: Option<Vec<f64>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts.as_deref() {
        Some([hours, minutes, seconds]) => Duration::from_secs_f64((hours * 60.0 + minutes) * 60.0 + seconds),
        _ => panic!("no time of day: {text}"),
    }
}

const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_vectors::load;

    #[test]
    fn the_packets_are_those_of_the_recordings() {
        for vector in load::<Conversation>("conversations") {
            let sizes = RecordedNetwork::of(&vector.test).sizes();
            let want = if vector.test.kem == "XWING" { (1682, 1174, 600) } else { (1582, 1074, 500) };
            assert_eq!((sizes.packet, sizes.forward_payload, sizes.user_forward_payload), want, "{}", vector.name);
        }
    }

    #[test]
    fn a_period_for_each_phase() {
        for phase in [0.0, 0.11, 0.625, 0.99] {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let period = period_at(phase);
            let passed = period.at(now).unwrap().elapsed.as_secs_f64() / period.duration().as_secs_f64();
            assert!((passed - phase).rem_euclid(1.0) < 0.005 || passed - phase > -0.005, "{phase} {passed}");
        }
    }

    /// A responder's clock tells the day too.
    #[test]
    fn epochs_and_phases_follow_from_the_time_of_day() {
        for vector in load::<Conversation>("conversations") {
            let (talk, network) = (&vector.test, RecordedNetwork::of(&vector.test));
            let Some(clock) = talk.responder_clock else { continue };
            let now = network.period.at(Duration::from_secs(clock)).unwrap();
            let phase = now.elapsed.as_secs_f64() / network.period.duration().as_secs_f64();
            // the clock has whole seconds, and a turn may lie between
            let difference = (network.phase(talk) - phase).abs();
            assert!(!(0.06..=0.94).contains(&difference), "{}: {difference}", vector.name);
            let ahead = network.epochs_ahead(talk, 0.0, now.epoch.0 + 3);
            assert!((2..=3).contains(&ahead), "{}: {ahead}", vector.name);
        }
    }
}
