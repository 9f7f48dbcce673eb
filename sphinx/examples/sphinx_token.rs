//! A hardware token: `no_std`, no allocator, and buffers whose lengths are known when the firmware
//! is built, from a constant geometry. `main` plays the nodes; `firmware/` in the repository runs
//! such a client on an emulated Cortex-M4.
//!
//! ```sh
//! cargo run -p mixwell-sphinx --example sphinx_token --features x25519
//! ```
#![no_std]

extern crate std;

use mixwell_sphinx::{
    Action, Geometry, Hop, Message, NodeId, Path, RecipientId, ReplyError, SchemeKeys as _, Sphinx, SurbId, SurbKeys,
    WrapError, X25519,
    pq_kem::nike::{PrivateKey, PublicKey},
    rand_core::CryptoRng,
};

/// The network that this firmware is for. A geometry that is not one does not compile.
const GEOMETRY: Geometry = match Geometry::of::<X25519>(5, 500, true) {
    Ok(geometry) => geometry,
    Err(_) => panic!("the network's geometry"),
};

const HOPS: usize = 3;

/// All memory that the token needs for a message and its reply.
struct Buffers {
    surb: [u8; GEOMETRY.surb_len()],
    packet: [u8; GEOMETRY.packet_len()],
}

struct Token {
    sphinx: Sphinx<X25519>,
    buffers: Buffers,
    /// The keys of the reply that is awaited.
    awaited: Option<SurbKeys>,
}

impl Token {
    /// Makes the packet of a message along a path that the host has drawn.
    fn send(
        &mut self,
        path: [(NodeId, PublicKey<X25519>); HOPS],
        text: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<&[u8], WrapError> {
        let Buffers { surb, packet } = &mut self.buffers;
        let hops = path.each_ref().map(|(id, public_key)| Hop { id: *id, public_key, delay_millis: Some(100) });
        let mut back = hops;
        back.reverse();
        let own = Path { hops: &back, recipient: RecipientId([8; 32]) };
        self.awaited = Some(self.sphinx.new_surb(&own, SurbId([7; 16]), rng, surb)?);
        let there = Path { hops: &hops, recipient: RecipientId([9; 32]) };
        self.sphinx.wrap_message(&there, &Message { surb: Some(surb), user_payload: text }, rng, packet)?;
        Ok(packet)
    }

    /// Reads the reply, in place. `None` if none is awaited.
    fn receive<'r>(&mut self, reply: &'r mut [u8]) -> Option<Result<&'r mut [u8], ReplyError>> {
        self.awaited.take().map(|keys| keys.open(reply))
    }
}

fn main() -> Result<(), std::boxed::Box<dyn core::error::Error>> {
    let mut rng = rand::rng();
    let sphinx = Sphinx::new(GEOMETRY)?;
    let buffers = Buffers { surb: [0; GEOMETRY.surb_len()], packet: [0; GEOMETRY.packet_len()] };
    let mut token = Token { sphinx, buffers, awaited: None };
    std::println!("{} bytes of buffers for packets of {}", size_of::<Buffers>(), GEOMETRY.packet_len());

    let keys = [(); HOPS].map(|()| X25519::generate(&mut rng));
    let path = [0, 1, 2].map(|node: usize| {
        let id = NodeId([u8::try_from(node).unwrap_or_default(); 32]);
        (id, keys.get(node).map_or(PublicKey::from_bytes([0; 32]), PrivateKey::public_key))
    });
    let mut packet = token.send(path, b"hello from a token", &mut rng)?.to_vec();
    let mut surb = [0; GEOMETRY.surb_len()];
    for key in &keys {
        if let Action::Deliver { payload, .. } = sphinx.open(&mut packet, key)?.finish()? {
            let message = Message::parse(&GEOMETRY, payload)?;
            surb.copy_from_slice(message.surb.ok_or("no SURB")?);
        }
    }
    sphinx.wrap_reply(&surb, b"hello, token", &mut packet)?;
    for key in keys.iter().rev() {
        if let Action::Reply { payload, .. } = sphinx.open(&mut packet, key)?.finish()? {
            let text = token.receive(payload).ok_or("no reply was awaited")??;
            std::println!("{}", str::from_utf8(text)?.trim_end_matches('\0'));
            return Ok(());
        }
    }
    Err("no reply".into())
}
