//! A service that records everything learns nothing about a conversation from sizes, rates and
//! timing.
//!
//! Its record is split by conversation and by client, which the service itself cannot do. Several
//! statistics of each conversation are computed, and those of busy and of silent conversations
//! compared. And where clocks, hops and programs draw the same random values, the whole records are
//! compared.

use crate::rendezvous::{
    compare::same_distribution,
    model::{Habits, Record, Sight, record},
};
use core::time::Duration;
use std::collections::{HashMap, HashSet};

const SPAN: Duration = Duration::from_secs(150);
const CONVERSATIONS: u64 = 24;

/// Each statistic and the p-value of the difference between busy and silent conversations.
struct Verdict(Vec<(&'static str, f64)>);

impl Verdict {
    async fn of(habits: Habits) -> Self {
        let (mut busy, mut silent) = (Vec::new(), Vec::new());
        for number in 0..CONVERSATIONS {
            busy.push(record(2 * number, true, habits, SPAN).await);
            silent.push(record(2 * number + 1, false, habits, SPAN).await);
        }
        // a truncated box does not open: without padding, the users cannot exchange texts
        assert!(!habits.pads || busy.iter().all(|record| record.texts > 10), "the users exchanged texts");
        assert!(silent.iter().all(|record| record.texts == 0));
        let mut chances = Vec::new();
        for (name, number) in NUMBERS {
            let of = |records: &[Record]| records.iter().map(number).collect::<Vec<f64>>();
            chances.push((name, same_distribution(&of(&busy), &of(&silent))));
        }
        for (name, list) in LISTS {
            let of = |records: &[Record]| records.iter().flat_map(list).collect::<Vec<f64>>();
            chances.push((name, same_distribution(&of(&busy), &of(&silent))));
        }
        for (name, chance) in &chances {
            println!("{habits:?} {name}: {chance:.2e}");
        }
        Self(chances)
    }

    fn chance(&self, name: &str) -> f64 {
        self.0.iter().find(|(other, _)| *other == name).unwrap().1
    }
}

/// A named statistic of a record.
type Told<T> = (&'static str, fn(&Record) -> T);

/// One value per conversation, so that the values are independent.
const NUMBERS: [Told<f64>; 7] = [
    ("requests", |record| record.sights.len() as f64),
    ("bytes", |record| record.sights.iter().map(|sight| sight.len).sum::<usize>() as f64),
    ("hits", |record| hits(record) as f64),
    ("boxes stored again", |record| repeats(record.sights.iter().map(|sight| sight.written)) as f64),
    ("boxes asked for again", |record| repeats(record.sights.iter().map(|sight| sight.wanted)) as f64),
    ("longest silence", |record| gaps(record).into_iter().fold(0.0, f64::max)),
    ("mean wait of a box", |record| mean(&waits(record))),
];

/// Many values per conversation, as independent as the ticks of a clock.
const LISTS: [Told<Vec<f64>>; 3] = [
    ("sizes", |record| record.sights.iter().map(|sight| sight.len as f64).collect()),
    ("between requests", gaps),
    ("from a text to the next request", after_moments),
];

fn hits(record: &Record) -> usize {
    record.sights.iter().filter(|sight| sight.is_hit).count()
}

/// The number of ids that occurred before.
fn repeats(ids: impl Iterator<Item = [u8; 32]>) -> usize {
    let mut seen = HashSet::new();
    ids.filter(|id| !seen.insert(*id)).count()
}

/// The times from each request to the same client's next one.
fn gaps(record: &Record) -> Vec<f64> {
    let of = |client| record.sights.iter().filter(move |sight| sight.client == client).map(|sight| sight.at);
    (0..2)
        .flat_map(|client| of(client).zip(of(client).skip(1)).map(|(one, next)| next - one).collect::<Vec<_>>())
        .collect()
}

/// The times from storing each box to its first read.
fn waits(record: &Record) -> Vec<f64> {
    let mut stored: HashMap<[u8; 32], f64> = HashMap::new();
    let mut waits = Vec::new();
    for sight in &record.sights {
        stored.entry(sight.written).or_insert(sight.at);
        if sight.is_hit
            && let Some(at) = stored.remove(&sight.wanted)
        {
            waits.push(sight.at - at);
        }
    }
    waits
}

/// The times from each moment at which a user wrote a text, or would have, to the next request of
/// either user.
fn after_moments(record: &Record) -> Vec<f64> {
    let next = |moment: &f64| record.sights.iter().map(|sight| sight.at).find(|at| at > moment).map(|at| at - moment);
    record.moments.iter().filter_map(next).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[tokio::test]
async fn the_service_can_not_tell_a_busy_conversation_from_a_silent_one() {
    let verdict = Verdict::of(Habits { pads: true, polls: true }).await;
    for (name, chance) in &verdict.0 {
        assert!(*chance > 0.001, "{name}: {chance:.2e}");
    }
}

/// Everything that the service sees of a conversation except random-looking bytes: the client, the
/// time, whether there was a box, and for both ids whether and when they were seen before.
fn shape_of(record: &Record) -> Vec<(usize, f64, bool, usize, usize)> {
    let mut first = HashMap::new();
    let mut place = |id: [u8; 32]| {
        let next = first.len();
        *first.entry(id).or_insert(next)
    };
    let of = |sight: &Sight| (sight.client, sight.at, sight.is_hit, place(sight.written), place(sight.wanted));
    record.sights.iter().map(of).collect()
}

#[tokio::test]
async fn by_the_same_chance_a_busy_and_a_silent_conversation_are_the_same_to_the_last_request() {
    let (always, unpadded) = (Habits { pads: true, polls: true }, Habits { pads: false, polls: true });
    for seed in 1000..1010 {
        let (busy, silent) = (record(seed, true, always, SPAN).await, record(seed, false, always, SPAN).await);
        assert!(busy.texts > 10 && silent.texts == 0);
        assert!(shape_of(&busy) == shape_of(&silent), "seed {seed}");
        // a box of random bytes ends in at most a few zeros
        let least = |record: &Record| record.sights.iter().map(|sight| sight.len).min().unwrap();
        assert!(least(&busy) > 1990 && least(&silent) > 1990);
        assert!(least(&record(seed, false, unpadded, SPAN).await) <= 300);
    }
}

#[tokio::test]
async fn without_padding_it_can() {
    let verdict = Verdict::of(Habits { pads: false, polls: true }).await;
    assert!(verdict.chance("bytes") < 1e-9 && verdict.chance("sizes") < 1e-9);
}

#[tokio::test]
async fn without_polling_it_can() {
    let verdict = Verdict::of(Habits { pads: true, polls: false }).await;
    for name in ["requests", "bytes", "hits", "mean wait of a box"] {
        assert!(verdict.chance(name) < 1e-9, "{name}: {:.2e}", verdict.chance(name));
    }
}
