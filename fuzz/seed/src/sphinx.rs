//! Packets, geometries, KEMs, AEZ, the queue.

use crate::{Corpus, Test};
use mixwell_sphinx::{ReplayTag, SaveKey, SchemeInfo, SharedReplayFilter};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

pub(crate) fn seed(corpus: &mut Corpus) {
    for test in Test::all("sphinx") {
        packets(corpus, &test);
    }
    saved_filters(corpus);
    for test in Test::all("geometry") {
        geometry(corpus, &test);
    }
    for test in Test::all("aez") {
        let (Some(key), Some(iv)) = (test.bytes("/key"), test.bytes("/iv")) else { continue };
        let (key, iv): ([u8; 48], [u8; 16]) = (key.try_into().expect("48"), iv.try_into().expect("16"));
        corpus.add_with("aez", &(key, iv), &test.bytes("/plaintext").unwrap_or_default());
    }
    for test in Test::all("kem") {
        let schemes = ["x25519", "x448", "MLKEM768", "XWING", "MLKEM768-X25519", "MLKEM768-X448"];
        let Some(scheme) = schemes.iter().position(|scheme| *scheme == test.text("/scheme")) else { continue };
        // not made by changing a valid one: the bytes are the key or the ciphertext
        let front = (scheme as u8, 1_u64, true);
        for (target, field) in [
            ("kem_decapsulate", "/ciphertext"),
            ("kem_decapsulate", "/tampered_ciphertext"),
            ("kem_keys", "/private_key"),
            ("kem_keys", "/public_key"),
        ] {
            corpus.add_with(target, &front, &test.bytes(field).unwrap_or_default());
        }
    }
    // any bytes are a list of queue operations; these are random
    for test in Test::all("exponential").take(50) {
        corpus.add_bytes("queue", &test.bytes("/random").unwrap_or_default().repeat(20));
    }
}

/// Saved filters of some sizes, and their hash keys and records alone, to which the target adds the
/// rest.
fn saved_filters(corpus: &mut Corpus) {
    for tags in [0, 1, 30, 1000] {
        let filter = SharedReplayFilter::new(tags, &mut ChaCha20Rng::seed_from_u64(1));
        for number in 0..tags {
            let mut tag = [0; 32];
            tag[..8].copy_from_slice(&number.to_le_bytes());
            assert!(!filter.insert(&ReplayTag(tag)).expect("there is room").is_seen());
        }
        let mut file = Vec::new();
        filter.save(&SaveKey::of(&[7; 32]), &mut file).expect("memory");
        corpus.add_with("sphinx_filter", &(false, 1000_u16), &file);
        corpus.add_with("sphinx_filter", &(true, 1000_u16), &file[32..file.len() - 32]);
        corpus.add_with("sphinx_filter", &(true, 29_u16), &file[32..file.len() - 32]);
    }
}

fn packets(corpus: &mut Corpus, test: &Test) {
    let hops = test.number("/geometry/nr_hops") as u8;
    let user_payload = test.number("/geometry/user_forward_payload_length");
    for packet in test.list("/packets") {
        // any bytes are a list of batch slots
        corpus.add_bytes("sphinx_batch", &packet);
        if let Ok(user_payload) = u8::try_from(user_payload) {
            corpus.add_with("sphinx_open", &(hops, user_payload, false), &packet);
        }
    }
    commands(corpus, test, &test.bytes("/packets/0").expect("a first packet"));
    if let (Some(surb), Some(answer)) = (test.bytes("/surb"), test.bytes("/final_payload")) {
        corpus.add_with("sphinx_surb", &(true, surb.len() as u16), &[&surb[..], &answer].concat());
        let keys = test.bytes("/surb_keys").unwrap_or_default();
        corpus.add_with("sphinx_surb", &(false, keys.len() as u16), &[keys, answer].concat());
    }
}

/// The commands of each hop as a block, with the packet's first bytes as the group element.
fn commands(corpus: &mut Corpus, test: &Test, packet: &[u8]) {
    let element: [u8; 32] = *packet.get(2..).and_then(<[u8]>::first_chunk).expect("a packet has a group element");
    for hop in 0.. {
        let Some(id) = test.bytes(&format!("/path/{hop}/id")) else { break };
        let commands = test.list(&format!("/path/{hop}/commands")).concat();
        let next = [&[1][..], &id, &[0x33; 32]].concat();
        for block in [commands.clone(), [next, commands].concat()] {
            for target in ["sphinx_commands", "sphinx_kem"] {
                corpus.add_with(target, &(element, [0_u8; 32]), &block);
            }
        }
    }
}

fn geometry(corpus: &mut Corpus, test: &Test) {
    let scheme = SchemeInfo::by_names(test.text("/nike_name"), test.text("/kem_name"));
    let Some(scheme) = SchemeInfo::ALL.iter().position(|known| Some(*known) == scheme) else { return };
    let with_surb = test.0["with_surb"] == true;
    // the target shifts the number right by its own low six bits, which are 0 here
    let user_payload = test.number("/user_forward_payload_length") << 6;
    let change: Option<(u8, u64)> = Some((0, test.number("/packet_length")));
    corpus.add("geometry", &(scheme as u8, test.number("/nr_hops"), user_payload, with_surb, change));
}
