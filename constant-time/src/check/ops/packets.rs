//! Sphinx: the path, the payload, every key and the random bytes are secret. Data is public once it
//! is sent.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, public, secret, secrets};
use mixwell_pq_kem::{
    Adapter, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing, kem,
    nike::{self, PrivateKey},
};
use mixwell_sphinx::{
    Action, Geometry, Hop, Kem, Message, NodeId, Opened, Path, RecipientId, Scheme, Sphinx, SurbId, SurbKeys,
};

const HOPS: usize = 3;
const USER_LEN: usize = 200;

/// A scheme for which hops can be generated.
trait Hops: Scheme {
    const FORM: &'static str;
    fn hop(seed: u8) -> (Self::PublicKey, Self::PrivateKey);
}

/// A NIKE's hop: the owner of the public key is the sender's secret.
fn nike_hop<N: Nike>(seed: u8) -> (nike::PublicKey<N>, PrivateKey<N>) {
    let private = PrivateKey::<N>::generate(&mut SecretRng::new(seed));
    let mut key = private.public_key();
    secret(key.as_bytes_mut().as_mut());
    (key, private)
}

/// A KEM's hop. ML-KEM checks and hashes its public key in time that depends on it: see the README.
fn kem_hop<K: kem::Kem>(seed: u8) -> (kem::PublicKey<K>, K::Expanded) {
    let private = kem::PrivateKey::<K>::generate(&mut SecretRng::new(seed));
    let mut key = private.public_key().expect("a good key");
    public(key.as_bytes_mut());
    (key, private.expand().expect("a good key"))
}

macro_rules! hops {
    ($($form:literal, $hop:ident: $($scheme:ty),+;)+) => {$($(
        impl Hops for $scheme {
            const FORM: &'static str = $form;

            fn hop(seed: u8) -> (Self::PublicKey, Self::PrivateKey) {
                $hop(seed)
            }
        }
    )+)+};
}

hops! {
    "NIKE", nike_hop: X25519, X448;
    "KEM", kem_hop: Kem<Adapter<X25519>>, Kem<MlKem768>, Kem<XWing>, Kem<MlKem768X25519>, Kem<MlKem768X448>;
}

pub(super) fn all() -> Vec<Operation> {
    [
        of::<X25519>(),
        of::<X448>(),
        of::<Kem<Adapter<X25519>>>(),
        of::<Kem<MlKem768>>(),
        of::<Kem<XWing>>(),
        of::<Kem<MlKem768X25519>>(),
        of::<Kem<MlKem768X448>>(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of<S: Hops>() -> Vec<Operation> {
    let name = |what: &str| format!("Sphinx {} {}: {what}", S::FORM, S::INFO.name());
    vec![
        Operation::new(name("wrap, open, finish"), there::<S>),
        Operation::new(name("new_surb, wrap_reply, SurbKeys::open"), back::<S>),
        Operation::new(name("open_each, finish_each"), several::<S>),
        Operation::new(name("what is refused"), refused::<S>),
    ]
}

/// A network with a path through all of it.
struct Network<S: Hops> {
    sphinx: Sphinx<S>,
    keys: Vec<(S::PublicKey, S::PrivateKey)>,
    rng: SecretRng,
}

impl<S: Hops> Network<S> {
    fn new() -> Self {
        let geometry = Geometry::of::<S>(HOPS, USER_LEN, true).expect("a good geometry");
        let sphinx = Sphinx::new(geometry).expect("the scheme's geometry");
        Self { sphinx, keys: [1, 2, 3].map(S::hop).into(), rng: SecretRng::new(9) }
    }

    fn on_path<T>(&mut self, run: impl FnOnce(&Sphinx<S>, &Path<'_, S>, &mut SecretRng) -> T) -> T {
        let hop = |(public_key, _)| Hop {
            id: NodeId(secrets(4)),
            public_key,
            delay_millis: Some(u32::from_be_bytes(secrets(0))),
        };
        let hops: Vec<_> = self.keys.iter().map(|(public_key, private)| hop((public_key, private))).collect();
        run(&self.sphinx, &Path { hops: &hops, recipient: RecipientId(secrets(5)) }, &mut self.rng)
    }

    /// The last hop's action with a packet.
    fn carry<'p>(&self, packet: &'p mut [u8]) -> Action<'p> {
        let (last, others) = self.keys.split_last().expect("a path has hops");
        for (_, key) in others {
            let action = self.sphinx.open(packet, key).expect("the hop's packet").finish().expect("a good packet");
            assert!(matches!(action, Action::Forward { .. }));
            public(packet);
        }
        self.sphinx.open(packet, &last.1).expect("the hop's packet").finish().expect("a good packet")
    }

    fn packet(&self) -> Vec<u8> {
        vec![0; self.sphinx.geometry().packet_len()]
    }

    fn surb(&mut self) -> (Vec<u8>, SurbKeys) {
        let mut surb = vec![0; self.sphinx.geometry().surb_len()];
        let keys = self.on_path(|sphinx, path, rng| sphinx.new_surb(path, SurbId(secrets(6)), rng, &mut surb));
        assert_secret(&surb);
        (surb, keys.expect("a good path"))
    }

    fn wrapped(&mut self, surb: &[u8]) -> Vec<u8> {
        let mut packet = self.packet();
        let message = Message { surb: Some(surb), user_payload: &secrets::<USER_LEN>(7) };
        self.on_path(|sphinx, path, rng| sphinx.wrap_message(path, &message, rng, &mut packet)).expect("a good path");
        assert_secret(&packet);
        public(&mut packet[..]);
        packet
    }
}

fn there<S: Hops>() {
    let mut network = Network::<S>::new();
    let (surb, _) = network.surb();
    let mut packet = network.wrapped(&surb);
    let Action::Deliver { payload, .. } = network.carry(&mut packet) else { panic!("the last hop delivers") };
    assert_secret(payload);
}

fn several<S: Hops>() {
    let mut network = Network::<S>::new();
    let (surb, _) = network.surb();
    let mut packets = [network.wrapped(&surb), network.wrapped(&surb)];
    let [first, second] = &mut packets;
    let places = [Some(first.as_mut_slice()), None, Some(second.as_mut_slice())];
    let opened = network.sphinx.open_each(places, &network.keys[0].1);
    let finished = Opened::finish_each(opened.map(|opened| opened.map(|opened| opened.expect("the hop's packet"))));
    for action in finished.into_iter().flatten() {
        assert!(matches!(action.expect("a good packet"), Action::Forward { .. }));
    }
    assert_secret(&packets[1]);
}

fn back<S: Hops>() {
    let mut network = Network::<S>::new();
    let (surb, keys) = network.surb();
    let mut packet = network.packet();
    network.sphinx.wrap_reply(&surb, &secrets::<USER_LEN>(8), &mut packet).expect("a good SURB");
    assert_secret(&packet);
    public(&mut packet[..]);
    let Action::Reply { payload, .. } = network.carry(&mut packet) else { panic!("the last hop hands it out") };
    assert_secret(payload);
    assert_secret(keys.open(payload).expect("our answer"));
}

/// A wrong MAC, a changed payload and a changed reply: the position of the difference is secret
/// too.
fn refused<S: Hops>() {
    let mut network = Network::<S>::new();
    let (surb, keys) = network.surb();
    let good = network.wrapped(&surb);
    let header_len = network.sphinx.geometry().header_len();
    let mut packet = good.clone();
    packet[header_len - 1] ^= 1;
    assert!(network.sphinx.open(&mut packet, &network.keys[0].1).is_err());

    let mut packet = good;
    packet[header_len] ^= 1;
    for (_, key) in &network.keys[..HOPS - 1] {
        assert!(network.sphinx.open(&mut packet, key).expect("the header is good").finish().is_ok());
        public(&mut packet[..]);
    }
    assert!(network.sphinx.open(&mut packet, &network.keys[HOPS - 1].1).expect("a good header").finish().is_err());

    let mut answer = vec![7; network.sphinx.geometry().payload_len()];
    secret(&mut answer);
    assert!(keys.open(&mut answer).is_err());
}
