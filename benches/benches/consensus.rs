//! The cost of verifying and reading a consensus, compared with its Ed25519 verifications and one
//! pass of SHA-512, for growing numbers of nodes, and its stack. Fails above 1.1 times those
//! primitives.
//!
//! `cargo bench -p mixwell-benches --bench consensus`
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a benchmark")]

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the crate")]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use core::hint::black_box;
use ed25519_dalek::{Signature, VerifyingKey as DalekKey};
use mixwell_benches::side_by_side;
use mixwell_pki_types::{Certificate, Document, KeyHash, SignatureScheme, Sphincs, VerifyingKey};
use network::{EPOCH, Pair};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha512};
use std::process::Command;

/// Limit: verifying and reading against the primitives.
const LIMIT: f64 = 1.1;

/// Argument of the child process that measures stack, as a stack overflow ends the process.
const STACK: &str = "--within-stack-of";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == STACK) {
        return run_within(arguments[at + 1].parse().expect("bytes"), &arguments[at + 2]);
    }
    println!(
        "{:>6} {:>9} {:>12} {:>14} {:>6} {:>11} {:>11} {:>11} {:>9}",
        "nodes",
        "bytes",
        "verified, µs",
        "primitives, µs",
        "ratio",
        "parsed, µs",
        "walked, µs",
        "checked, µs",
        "ns a node"
    );
    let ratios = [10, 100, 300, 1000, 10_000].map(measure);
    sphincs();
    println!("\nstack of a thread in bytes, rounded to 256, less that of an empty thread");
    let empty = min_stack("nothing");
    for what in ["verify", "walk", "inflate", "sphincs-verify", "sphincs-sign"] {
        println!("{what:<16} {:>7}", min_stack(what) - empty);
    }
    if ratios.iter().any(|ratio| *ratio > LIMIT) {
        println!("\nover the limit of {LIMIT} times the primitives");
        std::process::exit(1);
    }
}

/// Prints the row of a consensus of `nodes` nodes, and returns the ratio of verifying it to the
/// primitives.
fn measure(nodes: usize) -> f64 {
    let pairs = [1, 2, 3].map(Pair::new);
    let keys = [0, 1, 2].map(|n: usize| pairs[n].verifying());
    let bytes = network::certificate(&network::document(nodes).encode(), &pairs);
    let certificate = Certificate::parse(&bytes).expect("a certificate");
    let payload = certificate.unverified_payload();
    let document = Document::parse(payload).expect("a document");
    let mut memory = vec![KeyHash::default(); nodes];

    // the signed message in one piece
    let head = [&[0; 4][..], &certificate.expiration().0.to_le_bytes(), b"Ed25519"].concat();
    let message = [&head[..], payload].concat();
    let signed = keys.map(|key| {
        let signature = certificate.signature_by(key.hash()).expect("a signature");
        let key = DalekKey::from_bytes(key.as_bytes().try_into().expect("32 bytes")).expect("a key");
        (key, Signature::from_slice(signature).expect("64 bytes"))
    });

    let mut verify = || verify(black_box(&bytes), &keys);
    let mut primitives = || {
        for (key, signature) in &signed {
            key.verify_stream(signature)
                .map(|mut verifier| {
                    verifier.update(black_box(&message));
                    verifier.finalize_and_verify().expect("good");
                })
                .expect("a signature");
        }
        black_box(Sha512::digest(black_box(&message)));
    };
    let mut parse = || {
        black_box(Document::parse(black_box(payload)).expect("a document"));
    };
    let mut walk = || walk(black_box(&document));
    let mut check = || black_box(&document).check(&keys, &mut memory).expect("well-formed");
    let [verified, primitives, parsed, walked, checked] =
        side_by_side([&mut verify, &mut primitives, &mut parse, &mut walk, &mut check]).map(|nanos| nanos / 1e3);
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let per_node = (parsed + walked) * 1e3 / nodes as f64;
    let (len, ratio) = (bytes.len(), verified / primitives);
    println!(
        "{nodes:>6} {len:>9} {verified:>12.1} {primitives:>14.1} {ratio:>6.3} {parsed:>11.1} {walked:>11.1} {checked:>11.1} {per_node:>9.0}"
    );
    ratio
}

/// Everything that a client does with a consensus before using it, except [`Document::check`].
fn verify(bytes: &[u8], keys: &[VerifyingKey<'_>; 3]) {
    let certificate = Certificate::parse(bytes).expect("a certificate");
    let verified = certificate.verify_threshold(keys, 3, EPOCH).expect("good signatures");
    black_box(verified.document().expect("a document"));
}

fn walk(document: &Document<'_>) {
    let found = document.nodes().filter(|node| node.mix_key(EPOCH).is_some() && node.addresses().next().is_some());
    assert_eq!(found.count(), document.nodes().len());
}

fn sphincs() {
    let (mut private, mut public) = ([0; 128], [0; 64]);
    let mut signature = vec![0; Sphincs.signature_len()];
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    Sphincs.generate(&mut rng, &mut private, &mut public).expect("the right lengths");
    let mut sign = || Sphincs.sign(&private, &[b"message"], &mut rng, &mut signature).expect("a key");
    let [signed] = side_by_side([&mut sign]);
    let mut verify = || Sphincs.verify(&public, &[b"message"], &signature).expect("good");
    let [verified] = side_by_side([&mut verify]);
    println!("\nSphincs+: signed in {:.0} ms, verified in {:.1} ms", signed / 1e6, verified / 1e6);
}

/// The smallest stack, in bytes, with which a thread can do this.
fn min_stack(what: &str) -> usize {
    let fits = |bytes: usize| {
        let this = std::env::current_exe().expect("this program");
        let output =
            Command::new(this).arg(STACK).arg(bytes.to_string()).arg(what).output().expect("this program runs");
        output.status.success()
    };
    let (mut too_small, mut enough) = (0, 1 << 20);
    while enough - too_small > 256 {
        let middle = usize::midpoint(too_small, enough);
        if fits(middle) { enough = middle } else { too_small = middle }
    }
    enough
}

fn run_within(stack: usize, what: &str) {
    let pairs = [1, 2, 3].map(Pair::new);
    let bytes = network::certificate(&network::document(300).encode(), &pairs);
    let what = what.to_owned();
    let (mut private, mut public) = ([0; 128], [0; 64]);
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    Sphincs.generate(&mut rng, &mut private, &mut public).expect("the right lengths");
    let mut signature = vec![0; Sphincs.signature_len()];
    if what == "sphincs-verify" {
        Sphincs.sign(&private, &[b"message"], &mut rng, &mut signature).expect("a key");
    }
    let gzipped = stored_gzip(&bytes);
    let mut inflated = vec![0; bytes.len()];
    // the thread itself uses some stack before and after; a frame of our own makes the rest the
    // same in each run
    let work = move || match &what[..] {
        "nothing" => {}
        "verify" => verify(&bytes, &[0, 1, 2].map(|n: usize| pairs[n].verifying())),
        "walk" => walk(&Document::parse(Certificate::parse(&bytes).expect("read").unverified_payload()).expect("read")),
        "inflate" => inflate(&gzipped, &mut inflated),
        "sphincs-verify" => Sphincs.verify(&public, &[b"message"], &signature).expect("good"),
        "sphincs-sign" => Sphincs.sign(&private, &[b"message"], &mut rng, &mut signature).expect("a key"),
        other => panic!("unknown work: {other}"),
    };
    let thread = std::thread::Builder::new().stack_size(stack + SPARE);
    thread.spawn(move || use_up::<SPARE>(work)).expect("a thread").join().expect("enough stack");
}

/// The smallest stack that the system gives a thread, used up before the work begins.
const SPARE: usize = 64 << 10;

#[inline(never)]
fn use_up<const N: usize>(work: impl FnOnce()) {
    let used = [1_u8; N];
    black_box(&used);
    work();
    black_box(&used);
}

#[inline(never)]
fn inflate(gzipped: &[u8], out: &mut [u8]) {
    let mut reader = mixwell_pki_types::ConsensusReader::new(out);
    mixwell_pki_types::Chunk::cut(gzipped, 3108).try_for_each(|chunk| reader.push(chunk)).expect("gzip");
    reader.finish().expect("gzip");
}

/// A gzip stream of stored blocks, without compression.
fn stored_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".to_vec();
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let len = u16::try_from(block.len()).expect("a block's length");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend([len.to_le_bytes(), (!len).to_le_bytes()].concat());
        out.extend(block);
    }
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).expect("short").to_le_bytes());
    out
}
