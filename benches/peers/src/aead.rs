//! ChaCha20-Poly1305 for a packet of a link: one text is encrypted and decrypted, each with a key
//! that is new, as links rekey after every message.

use crate::noise;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, aead::inout::InOutBuf};
use mixwell_benches::side_by_side;
use std::hint::black_box;

/// Bytes of the command that carries an X25519 packet with a user payload of 2000 bytes.
const LEN: usize = 3088;
const KEY: [u8; 32] = [1; 32];
const NONCE: [u8; 12] = [2; 12];

pub(crate) fn measure() {
    let names = ["our links'", "chacha20poly1305", "graviola", "aws-lc-rs", "ring", "libcrux-chacha20poly1305"];
    let functions = [ours, rustcrypto, graviola, aws_lc, ring, libcrux];
    let ciphertexts = functions.map(|function| {
        let mut text = [7; LEN];
        let tag = function(&mut text);
        assert_eq!(text, [7; LEN], "it comes back");
        tag
    });
    assert!(ciphertexts.iter().all(|tag| *tag == ciphertexts[0]), "all are the same cipher");
    let mut texts = functions.map(|_| [7; LEN]);
    let [a, b, c, d, e, f] = &mut texts;
    let nanos = side_by_side([
        &mut || _ = black_box(ours(a)),
        &mut || _ = black_box(rustcrypto(b)),
        &mut || _ = black_box(graviola(c)),
        &mut || _ = black_box(aws_lc(d)),
        &mut || _ = black_box(ring(e)),
        &mut || _ = black_box(libcrux(f)),
    ]);
    println!("ChaCha20-Poly1305 of {LEN} bytes, encrypted and decrypted, each under a new key");
    for (name, nanos_of_it) in names.iter().zip(nanos) {
        println!("{name:<60} {:>9.2} µs {:>9.3} × ours", nanos_of_it / 1e3, nanos_of_it / nanos[0]);
    }
    println!();
}

fn ours(text: &mut [u8; LEN]) -> [u8; 16] {
    let tag = noise::encrypt(black_box(&KEY), &NONCE, text);
    noise::decrypt(black_box(&KEY), &NONCE, text, &tag);
    tag
}

fn rustcrypto(text: &mut [u8; LEN]) -> [u8; 16] {
    let cipher = ChaCha20Poly1305::new(black_box(&KEY).into());
    let tag = cipher.encrypt_inout_detached(&NONCE.into(), &[], InOutBuf::from(&mut text[..])).expect("a short text");
    let cipher = ChaCha20Poly1305::new(black_box(&KEY).into());
    cipher.decrypt_inout_detached(&NONCE.into(), &[], InOutBuf::from(&mut text[..]), &tag).expect("a good tag");
    tag.into()
}

fn graviola(text: &mut [u8; LEN]) -> [u8; 16] {
    let mut tag = [0; 16];
    graviola::aead::ChaCha20Poly1305::new(*black_box(&KEY)).encrypt(&NONCE, &[], text, &mut tag);
    graviola::aead::ChaCha20Poly1305::new(*black_box(&KEY)).decrypt(&NONCE, &[], text, &tag).expect("a good tag");
    tag
}

fn aws_lc(text: &mut [u8; LEN]) -> [u8; 16] {
    use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
    let key = || LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, black_box(&KEY)).expect("a key's length"));
    let nonce = || Nonce::assume_unique_for_key(NONCE);
    let tag = key().seal_in_place_separate_tag(nonce(), Aad::empty(), text).expect("a short text");
    let tag: [u8; 16] = tag.as_ref().try_into().expect("a tag's length");
    // it opens a text with its tag behind it, or into another buffer
    let mut out = [0; LEN];
    key().open_separate_gather(nonce(), Aad::empty(), text, &tag, &mut out).expect("a good tag");
    *text = out;
    tag
}

fn ring(text: &mut [u8; LEN]) -> [u8; 16] {
    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
    let key = || LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, black_box(&KEY)).expect("a key's length"));
    let nonce = || Nonce::assume_unique_for_key(NONCE);
    let tag = key().seal_in_place_separate_tag(nonce(), Aad::empty(), text).expect("a short text");
    let tag: [u8; 16] = tag.as_ref().try_into().expect("a tag's length");
    key().open_in_place_separate_tag(nonce(), Aad::empty(), tag.into(), text, 0..).expect("a good tag");
    tag
}

fn libcrux(text: &mut [u8; LEN]) -> [u8; 16] {
    let (mut ciphertext, mut tag) = ([0; LEN], [0; 16]);
    libcrux_chacha20poly1305::encrypt_detached(black_box(&KEY), text, &mut ciphertext, &mut tag, &[], &NONCE)
        .expect("a short text");
    libcrux_chacha20poly1305::decrypt_detached(black_box(&KEY), text, &ciphertext, &tag, &[], &NONCE)
        .expect("a good tag");
    tag
}
