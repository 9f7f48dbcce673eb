//! The measured operations. The inputs of both classes are prepared by the same steps in the same
//! memory, so that only the values differ.

use crate::{Bench, Names, welch::Coin};
use mixwell_aez::Aez;
use mixwell_mixdelay::{Outbox, Rate};
use mixwell_pq_kem::{
    Kem, Nike, X25519, XWing,
    kem::{self, Ciphertext, SharedSecret},
    nike, pem,
};
use mixwell_sphinx::{Geometry, Hop, NodeId, Path, RecipientId, Sphinx};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Infallible, Rng, SeedableRng, TryCryptoRng, TryRng},
};
use std::hint::black_box;

pub(crate) fn run(bench: &mut Bench) {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    leak(bench);
    aez(bench, &mut rng);
    exchange(bench, &mut rng);
    exchange_each(bench, &mut rng);
    decapsulate(bench, &mut rng);
    open(bench, &mut rng);
    delay(bench);
    outbox(bench);
    decode(bench, &mut rng);
}

/// A comparison that stops at the first difference of two strings.
fn leak(bench: &mut Bench) {
    let names = Names("deliberate leak", ["differs at the start", "at the end"]);
    let prepare = |class: usize, text: &mut [u8; 2048]| {
        *text = [0; 2048];
        text[class * 2047] = 1;
    };
    bench.leak(&names, prepare, |text| _ = black_box(text.iter().position(|byte| *byte != 0)), [0; 2048]);
}

fn aez(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    let key = Aez::new(&[3; 48]);
    let names = Names("AEZ decrypt, 2 KiB", ["zeros", "random"]);
    let prepare = |class: usize, message: &mut [u8; 2048]| {
        rng.fill_bytes(message);
        keep_if(class == 1, message);
    };
    bench.same(&names, prepare, |message| key.decrypt(&[4; 16], message), [0; 2048]);
}

/// Exchanges in the lanes of AVX-512, if available, which valgrind does not support.
fn exchange_each(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    let public = nike::PrivateKey::<X25519>::generate(rng).public_key();
    let names = Names("X25519 exchange_each", ["eight private keys of zeros", "random"]);
    let prepare = |class: usize, keys: &mut [nike::PrivateKey<X25519>; 8]| {
        for key in keys {
            rng.fill_bytes(key.as_bytes_mut());
            keep_if(class == 1, key.as_bytes_mut());
        }
    };
    let keys = [(); 8].map(|()| nike::PrivateKey::from_bytes([0; 32]));
    let each = |keys: &mut [nike::PrivateKey<X25519>; 8]| {
        _ = black_box(X25519::exchange_each(keys.each_ref().map(|key| Some((key, &public)))));
    };
    bench.same(&names, prepare, each, keys);
}

fn exchange(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    let public = nike::PrivateKey::<X25519>::generate(rng).public_key();
    let names = Names("X25519 exchange", ["private key of zeros", "random"]);
    let prepare = |class: usize, key: &mut nike::PrivateKey<X25519>| {
        rng.fill_bytes(key.as_bytes_mut());
        keep_if(class == 1, key.as_bytes_mut());
    };
    let key = nike::PrivateKey::from_bytes([0; 32]);
    bench.same(&names, prepare, |key| _ = black_box(key.exchange(&public)), key);
}

fn decapsulate(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    let private = kem::PrivateKey::<XWing>::generate(rng);
    let public = private.public_key().expect("a good key");
    let key = private.expand().expect("a good key");
    let (mut good, mut secret) = (Ciphertext::<XWing>::default(), SharedSecret::default());
    XWing::encapsulate(&public, rng, &mut good, &mut secret).expect("a good key");
    let names = Names("X-Wing decapsulate", ["good", "tampered with"]);
    let prepare = |class: usize, ciphertext: &mut Ciphertext<XWing>| {
        *ciphertext = good.clone();
        ciphertext.as_bytes_mut()[1] ^= u8::from(class == 1);
    };
    let run = |ciphertext: &mut Ciphertext<XWing>| _ = black_box(XWing::decapsulate(&key, ciphertext, &mut secret));
    bench.same(&names, prepare, run, good.clone());
}

fn open(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    let geometry = Geometry::of::<X25519>(5, 2000, true).expect("a good geometry");
    let sphinx = Sphinx::<X25519>::new(geometry).expect("the scheme's geometry");
    let key = nike::PrivateKey::<X25519>::generate(rng);
    let hop = Hop { id: NodeId([1; 32]), public_key: &key.public_key(), delay_millis: None };
    let path = Path { hops: &[hop], recipient: RecipientId([2; 32]) };
    let mut good = vec![0; geometry.packet_len()];
    sphinx.wrap(&path, &vec![0; geometry.forward_payload_len()], rng, &mut good).expect("a good path");
    let end = geometry.header_len();
    let names = Names("Sphinx open, x25519, a wrong MAC", ["at its first byte", "at its last"]);
    let prepare = |class: usize, packet: &mut Vec<u8>| {
        packet.copy_from_slice(&good);
        packet[end - [32, 1][class]] ^= 1;
    };
    bench.same(&names, prepare, |packet| _ = black_box(sphinx.open(packet, &key).is_err()), good.clone());
}

fn delay(bench: &mut Bench) {
    let rate = Rate::per_milli(0.005).expect("a good rate");
    let names = Names("a hop's delay", ["the longest", "random"]);
    let mut random = ChaCha20Rng::from_seed([9; 32]);
    let prepare = |class: usize, given: &mut Given| {
        random.fill_bytes(&mut given.0);
        keep_if(class == 1, &mut given.0);
    };
    // many draws of the same bytes, because one takes less than the clock's resolution
    let run = |given: &mut Given| {
        for _ in 0..16 {
            black_box(rate.hop_delay_millis(black_box(given)));
        }
    };
    bench.same(&names, prepare, run, Given([0; 16]));
}

/// Two outboxes, of which a random one is emptied and the other filled, with the same number of
/// steps and the same last step.
fn outbox(bench: &mut Bench) {
    const PACKET: usize = 3072;
    let mut memory = vec![0; 8 * PACKET];
    let (one, other) = memory.split_at_mut(4 * PACKET);
    let outboxes = [one, other].map(|memory| Outbox::new(memory, PACKET));
    let mut coin = Coin::new(2);
    let names = Names("Outbox::swap_in", ["nothing waits", "a message waits"]);
    let prepare = |class: usize, (outboxes, decoy, timed): &mut ([Outbox<'_>; 2], Vec<u8>, usize)| {
        let empty = coin.toss();
        for (index, outbox) in outboxes.iter_mut().enumerate() {
            let pushes = if index == empty { [true, true, false, false] } else { [false, false, true, true] };
            for push in pushes.into_iter().chain([false]) {
                if push {
                    outbox.push(&[5; PACKET]).expect("room");
                } else {
                    outbox.swap_in(decoy).expect("the length is right");
                }
            }
        }
        *timed = empty ^ class;
    };
    let run = |(outboxes, decoy, timed): &mut ([Outbox<'_>; 2], Vec<u8>, usize)| {
        black_box(outboxes[*timed].swap_in(decoy).expect("the length is right"));
    };
    bench.same(&names, prepare, run, (outboxes, vec![0; PACKET], 0));
}

/// The texts are encoded beforehand, so that only one is copied between measurements.
fn decode(bench: &mut Bench, rng: &mut ChaCha20Rng) {
    type Key = nike::PrivateKey<X25519>;
    const LEN: usize = pem::encoded_len::<Key>();
    let encoded = |key: &Key| {
        let mut text = [0; LEN];
        pem::encode(key, &mut text).expect("room");
        text
    };
    let zeros = [(); TEXTS].map(|()| encoded(&Key::from_bytes([0; 32])));
    let texts = [zeros, [(); TEXTS].map(|()| encoded(&Key::generate(rng)))];
    let names = Names("PEM decode, an X25519 private key", ["zeros", "random"]);
    let prepare = |class: usize, text: &mut [u8; LEN]| *text = texts[class][rng.next_u32() as usize % TEXTS];
    bench.same(&names, prepare, |text| _ = black_box(pem::decode::<Key>(text)), [0; LEN]);
}

/// Wipes the bytes unless `kept`, in constant time.
fn keep_if(kept: bool, bytes: &mut [u8]) {
    let mask = black_box(u8::from(kept).wrapping_neg());
    for byte in bytes {
        *byte &= mask;
    }
}

/// A random number generator that repeats the same 16 bytes.
struct Given([u8; 16]);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.try_next_u32().map(u64::from)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.iter_mut().zip(self.0.iter().cycle()).for_each(|(byte, given)| *byte = *given);
        Ok(())
    }
}

impl TryCryptoRng for Given {}

/// The number of texts of each class.
const TEXTS: usize = 32;
