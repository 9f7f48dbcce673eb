//! Mixwell and other implementations in one run:
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`.

mod aead;
mod handshakes;
mod packets;

/// The links' AEAD, which is private to its crate: its files are compiled here too.
#[path = "../../../wire/src/noise"]
mod noise {
    mod chacha_poly;
    mod wiped;

    const TAG_LEN: usize = 16;

    pub(crate) fn encrypt(key: &[u8; 32], nonce: &[u8; 12], text: &mut [u8]) -> [u8; TAG_LEN] {
        chacha_poly::encrypt(key, nonce, &[], text).expect("a short text")
    }

    pub(crate) fn decrypt(key: &[u8; 32], nonce: &[u8; 12], text: &mut [u8], tag: &[u8; TAG_LEN]) {
        chacha_poly::decrypt(key, nonce, &[], text, tag).expect("a good tag");
    }
}

fn main() {
    println!("minimum of 60 samples each, taken in turns: µs, and operations per second on one core\n");
    // the name of one part runs it alone
    let only = std::env::args().nth(1);
    let wants = |part| only.as_deref().is_none_or(|only| only == part);
    if wants("aead") {
        aead::measure();
    }
    if wants("packets") {
        packets::measure(2000);
        packets::measure(30_000);
    }
    if wants("handshakes") {
        handshakes::measure();
    }
}

/// Prints a row for each of the two, and their ratio.
fn compare(ours: &str, theirs: &str, nanos: [f64; 2]) {
    for (name, nanos) in [(ours, nanos[0]), (theirs, nanos[1])] {
        println!("{name:<60} {:>9.1} {:>9.0}/s", nanos / 1e3, 1e9 / nanos);
    }
    println!("{:<60} {:>9.3}\n", "ratio", nanos[0] / nanos[1]);
}
