//! The public interface: any number of keys, distributed over lanes.
#![expect(clippy::indexing_slicing, reason = "lanes are numbered within the batch")]

use crate::{
    backend::{Backend, Engine, With},
    hmac::Keyed,
};
use core::array::from_fn;

/// HMAC of one message, given in P parts.
///
/// ```
/// let (mut tag, mut same) = ([0; 32], [0; 32]);
/// mixwell_sha256::hmac(&[7; 32], [b"one ", b"message"], &mut tag);
/// mixwell_sha256::hmac(&[7; 32], [b"one message"], &mut same);
/// assert_eq!(tag, same);
/// ```
pub fn hmac<const P: usize>(key: &[u8], message: [&[u8]; P], tag: &mut [u8; 32]) {
    hmac_each_by(Some(Backend::of_one()), &[key], &[message], core::slice::from_mut(tag));
}

/// HMAC of each message, given in P parts, under its key, by the fastest back end.
///
/// `tags[n]` is the MAC of `messages[n]` under `keys[n]`; surplus elements of any of the three are
/// ignored. Lanes are filled by neighbouring messages whose parts have the same lengths.
///
/// ```
/// let mut tags = [[0; 32]; 2];
/// mixwell_sha256::hmac_each(&[&[1; 32], &[2; 32]], &[[b"one"], [b"two"]], &mut tags);
///
/// let mut second = [0; 32];
/// mixwell_sha256::hmac(&[2; 32], [b"two"], &mut second);
/// assert_eq!(tags[1], second);
/// ```
pub fn hmac_each<const P: usize>(keys: &[&[u8]], messages: &[[&[u8]; P]], tags: &mut [[u8; 32]]) {
    hmac_each_by(None, keys, messages, tags);
}

/// [`hmac_each`] by the given back end, or by the fastest. Returns false if this machine does not
/// have it.
///
/// ```
/// use mixwell_sha256::{Backend, hmac_each_by};
///
/// let mut tags = [[0; 32]; 2];
/// assert!(hmac_each_by(Some(Backend::Sha2), &[&[1; 32], &[2; 32]], &[[b"one"], [b"two"]], &mut tags));
/// ```
pub fn hmac_each_by<const P: usize>(
    backend: Option<Backend>,
    keys: &[&[u8]],
    messages: &[[&[u8]; P]],
    tags: &mut [[u8; 32]],
) -> bool {
    let count = keys.len().min(messages.len()).min(tags.len());
    each(
        backend,
        count,
        |from, to| to.min(run_of_same_length(messages, from)),
        |backend, from, to| {
            backend.with(HmacRun { keys: &keys[from..to], messages: &messages[from..to], tags: &mut tags[from..to] })
        },
    )
}

/// HKDF-Expand (RFC 5869, section 2.3) for each key, by the fastest back end: 32·N bytes, a whole
/// number of hashes.
///
/// `expanded[n]` is the output for `keys[n]`; surplus elements of either are ignored. N is at
/// most 255.
///
/// ```
/// let mut keys = [[[0; 32]; 3]; 2];
/// mixwell_sha256::hkdf_expand_each(&[&[1; 32], &[2; 32]], b"three keys of each secret", &mut keys);
///
/// let mut second = [[0; 32]; 3];
/// mixwell_sha256::hkdf_expand(&[2; 32], b"three keys of each secret", &mut second);
/// assert_eq!(keys[1], second);
/// ```
pub fn hkdf_expand_each<const N: usize>(keys: &[&[u8]], info: &[u8], expanded: &mut [[[u8; 32]; N]]) {
    hkdf_expand_each_by(None, keys, info, expanded);
}

/// [`hkdf_expand_each`] by the given back end, or by the fastest. Returns false if this machine
/// does not have it.
///
/// ```
/// use mixwell_sha256::{Backend, hkdf_expand_each_by};
///
/// let mut keys = [[[0; 32]; 1]; 2];
/// assert!(hkdf_expand_each_by(Some(Backend::Sha2), &[&[1; 32], &[2; 32]], b"info", &mut keys));
/// ```
pub fn hkdf_expand_each_by<const N: usize>(
    backend: Option<Backend>,
    keys: &[&[u8]],
    info: &[u8],
    expanded: &mut [[[u8; 32]; N]],
) -> bool {
    const { assert!(N <= 255, "the counter is one byte") };
    let count = keys.len().min(expanded.len());
    each(
        backend,
        count,
        |_, to| to,
        |backend, from, to| backend.with(ExpandRun { keys: &keys[from..to], info, expanded: &mut expanded[from..to] }),
    )
}

/// HKDF-Expand for one key.
///
/// ```
/// let mut keys = [[0; 32]; 2];
/// mixwell_sha256::hkdf_expand(&[7; 32], b"two keys", &mut keys);
/// assert_ne!(keys[0], keys[1]);
/// ```
pub fn hkdf_expand<const N: usize>(key: &[u8], info: &[u8], expanded: &mut [[u8; 32]; N]) {
    hkdf_expand_each_by(Some(Backend::of_one()), &[key], info, core::slice::from_mut(expanded));
}

/// The end of the run of messages, starting at `from`, whose parts have the same lengths.
fn run_of_same_length<const P: usize>(messages: &[[&[u8]; P]], from: usize) -> usize {
    let rest = &messages[from..];
    let same = rest.iter().take_while(|message| message.map(<[u8]>::len) == rest[0].map(<[u8]>::len)).count();
    from.saturating_add(same)
}

/// Processes `count` messages, as many at once as the back end has lanes, but never beyond `end` of
/// the current one.
fn each(
    chosen: Option<Backend>,
    count: usize,
    end: impl Fn(usize, usize) -> usize,
    mut work: impl FnMut(Backend, usize, usize) -> bool,
) -> bool {
    let mut from = 0;
    while from < count {
        let limit = end(from, count);
        let backend = chosen.unwrap_or_else(|| Backend::for_messages(limit.saturating_sub(from)));
        let to = limit.min(from.saturating_add(backend.lanes()));
        if !work(backend, from, to) {
            return false;
        }
        from = to;
    }
    true
}

/// Fills the lanes with up to W items; surplus lanes repeat the last one.
fn lanes_of<T: Copy, const W: usize>(items: &[T]) -> [T; W] {
    from_fn(|lane| items[lane.min(items.len().saturating_sub(1))])
}

struct HmacRun<'a, const P: usize> {
    keys: &'a [&'a [u8]],
    messages: &'a [[&'a [u8]; P]],
    tags: &'a mut [[u8; 32]],
}

impl<const P: usize> With for HmacRun<'_, P> {
    fn run<const W: usize>(self, engine: impl Engine<W>) {
        let keyed = Keyed::new(engine, lanes_of(self.keys));
        let messages: [[&[u8]; P]; W] = lanes_of(self.messages);
        let tags = keyed.mac(engine, from_fn::<_, P, _>(|part| messages.map(|message| message[part])));
        for (to, tag) in self.tags.iter_mut().zip(&tags.0) {
            *to = *tag;
        }
    }
}

struct ExpandRun<'a, const N: usize> {
    keys: &'a [&'a [u8]],
    info: &'a [u8],
    expanded: &'a mut [[[u8; 32]; N]],
}

impl<const N: usize> With for ExpandRun<'_, N> {
    /// T(n) = HMAC(key, T(n − 1) | info | n), with T(0) empty.
    fn run<const W: usize>(self, engine: impl Engine<W>) {
        let keyed = Keyed::new(engine, lanes_of(self.keys));
        for (n, counter) in (1..=u8::MAX).enumerate().take(N) {
            let tags = {
                let last: [&[u8]; W] = from_fn(|lane| {
                    let lane = lane.min(self.expanded.len().saturating_sub(1));
                    n.checked_sub(1).map_or(&[][..], |n| &self.expanded[lane][n][..])
                });
                keyed.mac(engine, [last, [self.info; W], [&[counter]; W]])
            };
            for (to, tag) in self.expanded.iter_mut().zip(&tags.0) {
                to[n] = *tag;
            }
        }
    }
}
