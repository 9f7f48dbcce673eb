//! Packets on a hardware token, in memory of fixed size: no heap, no operating system.
//!
//! The tutorial "Packets on a token" of the book walks through this program:
//! `cargo run -p mixwell-docs --example token`.

use mixwell_pq_kem::{
    X25519,
    nike::{PrivateKey, PublicKey},
};
use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx, SurbId, SurbKeys, WrapError};
use rand_chacha::rand_core::UnwrapErr;
use rand_core::CryptoRng;
use std::error::Error;

// ANCHOR: lengths
/// The network's geometry: hops, and bytes for the user.
const HOPS: usize = 4;
const USER: usize = 200;

// lengths that follow from it (docs/spec/sphinx.md#geometry), as constants, so that buffers can be
// arrays
const HEADER: usize = 2 + 32 + HOPS * 82 + 32;
const SURB: usize = HEADER + 32 + 64;
const PAYLOAD: usize = 32 + 2 + SURB + USER;
const PACKET: usize = HEADER + PAYLOAD;
// ANCHOR_END: lengths

// ANCHOR: memory
/// The token's whole memory for packets. Put it into a `static`, or at the bottom of the stack.
struct Memory {
    sphinx: Sphinx<X25519>,
    packet: [u8; PACKET],
    surb: [u8; SURB],
    /// The keys that open the awaited answer, and its id.
    awaited: Option<(SurbId, SurbKeys)>,
}

/// A hop as the token stores it once the consensus is gone: 68 bytes.
#[derive(Clone, Copy)]
struct RememberedHop {
    id: NodeId,
    mix_key: [u8; 32],
    delay_millis: Option<u32>,
}
// ANCHOR_END: memory

impl Memory {
    // ANCHOR: new
    fn new() -> Option<Self> {
        let geometry = Geometry::of::<X25519>(HOPS, USER, true).ok()?;
        // the constants above must be this geometry's lengths, or the token does not start
        if geometry.packet_len() != PACKET || geometry.surb_len() != SURB {
            return None;
        }
        let sphinx = Sphinx::new(geometry).ok()?;
        Some(Self { sphinx, packet: [0; PACKET], surb: [0; SURB], awaited: None })
    }
    // ANCHOR_END: new

    // ANCHOR: ask
    /// Builds the packet of a question, whose answer can then be read once.
    fn ask(
        &mut self,
        there: &[RememberedHop; HOPS],
        back: &[RememberedHop; HOPS],
        service: RecipientId,
        queue_id: RecipientId,
        text: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<&[u8; PACKET], WrapError> {
        let mut id = SurbId([0; SurbId::LEN]);
        rng.fill_bytes(&mut id.0);
        let keys = on_path(back, queue_id, |path| self.sphinx.new_surb(path, id, rng, &mut self.surb))?;
        let message = Message { surb: Some(&self.surb), user_payload: text };
        on_path(there, service, |path| self.sphinx.wrap_message(path, &message, rng, &mut self.packet))?;
        // an older question is abandoned and its keys are wiped
        self.awaited = Some((id, keys));
        Ok(&self.packet)
    }
    // ANCHOR_END: ask

    // ANCHOR: read
    /// Opens an answer in place. Its keys are wiped, whether the answer is valid or not.
    fn read<'a>(&mut self, surb_id: SurbId, payload: &'a mut [u8]) -> Option<&'a [u8]> {
        let (_, keys) = self.awaited.take_if(|(id, _)| *id == surb_id)?;
        keys.open(payload).ok().map(|text| &*text)
    }
    // ANCHOR_END: read
}

// ANCHOR: path
/// Calls `operation` with a path of these hops. The keys are parsed into arrays that live for the
/// duration of the call.
fn on_path<T>(
    hops: &[RememberedHop; HOPS],
    recipient: RecipientId,
    operation: impl FnOnce(&Path<'_, X25519>) -> T,
) -> T {
    let keys = hops.map(|hop| PublicKey::<X25519>::from_bytes(hop.mix_key));
    let mut of_hop = keys.iter();
    let hops = hops.map(|RememberedHop { id, delay_millis, .. }| Hop {
        id,
        public_key: of_hop.next().unwrap_or(&keys[0]),
        delay_millis,
    });
    operation(&Path { hops: &hops, recipient })
}
// ANCHOR_END: path

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let mut rng = UnwrapErr(getrandom::SysRng);
    let mut memory = Memory::new().ok_or("the lengths do not agree")?;
    println!("packets of {PACKET} bytes; the token keeps {} bytes", size_of::<Memory>());

    let mix_keys = [(); HOPS].map(|()| PrivateKey::<X25519>::generate(&mut rng));
    let hops = mix_keys.each_ref().map(|key| RememberedHop {
        id: NodeId([1; 32]),
        mix_key: *key.public_key().as_bytes(),
        delay_millis: Some(20),
    });
    let (service, queue_id) = (RecipientId([2; 32]), RecipientId([3; 32]));
    let mut packet = *memory.ask(&hops, &hops, service, queue_id, b"unlock?", &mut rng)?;

    // the network, and a service that answers
    let sphinx = memory.sphinx;
    let mut reply = [0; PACKET];
    for key in &mix_keys {
        if let Action::Deliver { payload, .. } = sphinx.open(&mut packet, key)?.finish()? {
            let message = Message::parse(sphinx.geometry(), payload)?;
            sphinx.wrap_reply(message.surb.ok_or("no SURB")?, b"yes", &mut reply)?;
        }
    }
    for key in &mix_keys {
        if let Action::Reply { surb_id, payload, .. } = sphinx.open(&mut reply, key)?.finish()? {
            let text = memory.read(surb_id, payload).ok_or("not our answer")?;
            println!("the service says {}", String::from_utf8_lossy(text).trim_end_matches('\0'));
            return Ok(());
        }
    }
    Err("the last hop handed out no answer".into())
}
// ANCHOR_END: main

#[test]
fn runs() -> Result<(), Box<dyn Error>> {
    main()
}

#[test]
fn nothing_is_allocated() {
    use rand_chacha::rand_core::SeedableRng;
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
    let mut memory = Memory::new().expect("the lengths agree");
    let key = PrivateKey::<X25519>::generate(&mut rng).public_key();
    let hop = RememberedHop { id: NodeId([1; 32]), mix_key: *key.as_bytes(), delay_millis: Some(20) };
    let counted = allocation_counter::measure(|| {
        memory
            .ask(&[hop; HOPS], &[hop; HOPS], RecipientId([2; 32]), RecipientId([3; 32]), b"?", &mut rng)
            .expect("good");
        assert!(memory.read(SurbId([0; 16]), &mut [0; PAYLOAD]).is_none());
    });
    assert_eq!(counted.count_total, 0);
}
