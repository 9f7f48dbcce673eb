//! A client, its network's scheme chosen at run time: a message to a service by three hops, with a
//! single-use reply block (SURB), and the reply. `main` plays the nodes and the service.
//!
//! ```sh
//! cargo run -p mixwell-sphinx --example sphinx_client --features x25519,xwing
//! ```

use core::error::Error;
use mixwell_sphinx::{
    Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Scheme, SchemeInfo, Sphinx, SurbId, SurbKeys,
    WithScheme, pq_kem::KeyLength, with_scheme,
};

type Failure = Box<dyn Error>;

/// The part of a network's configuration that packets depend on.
struct Network {
    geometry: Geometry,
}

fn main() -> Result<(), Failure> {
    // NIKEName and KEMName of the configuration
    for (nike, kem) in [("x25519", ""), ("", "xwing")] {
        let scheme = SchemeInfo::by_names(nike, kem).ok_or("no network has this scheme")?;
        let network = Network { geometry: Geometry::new(scheme, 5, 2000, true)? };
        // the one place at which a program knows the scheme; the rest is generic
        with_scheme(scheme, network).ok_or("this build does not have the scheme")??;
    }
    Ok(())
}

impl WithScheme for Network {
    type Output = Result<(), Failure>;

    fn with<S: Scheme>(self) -> Result<(), Failure> {
        let sphinx = Sphinx::<S>::new(self.geometry)?;
        let nodes = [Node::<S>::new(1)?, Node::new(2)?, Node::new(3)?];
        let mut client = Client { sphinx, surb: vec![0; self.geometry.surb_len()] };

        let question = "Who talks to whom?";
        let (mut packet, surb_keys) = client.ask(&nodes, question)?;
        println!("{}: a packet of {} bytes", self.geometry.scheme(), packet.len());
        let answer = nodes.iter().try_fold(None, |_, node| node.process(&sphinx, &mut packet))?;
        let Some(Arrived::Question { surb, text }) = answer else { return Err("no question arrived".into()) };
        assert_eq!(text.trim_end_matches('\0'), question);

        // the service does not know who asks
        let mut packet = vec![0; self.geometry.packet_len()];
        sphinx.wrap_reply(&surb, b"Nobody can tell.", &mut packet)?;
        let reply = nodes.iter().rev().try_fold(None, |_, node| node.process(&sphinx, &mut packet))?;
        let Some(Arrived::Reply { mut payload }) = reply else { return Err("no reply arrived".into()) };
        let text = surb_keys.open(&mut payload)?;
        println!("the reply: {}", String::from_utf8_lossy(text).trim_end_matches('\0'));
        Ok(())
    }
}

struct Client<S: Scheme> {
    sphinx: Sphinx<S>,
    surb: Vec<u8>,
}

impl<S: Scheme> Client<S> {
    /// A packet with a question, and the keys of the reply. The nodes and their keys are those of
    /// the consensus: with `mixwell-pki-types`, a route's hops become these by `try_from`.
    fn ask(&mut self, nodes: &[Node<S>], question: &str) -> Result<(Vec<u8>, SurbKeys), Failure> {
        let mut rng = rand::rng();
        let there = nodes.iter().map(Node::hop).collect::<Result<Vec<_>, _>>()?;
        let back = nodes.iter().rev().map(Node::hop).collect::<Result<Vec<_>, _>>()?;

        let own_queue = RecipientId([8; 32]);
        let path = Path { hops: &back, recipient: own_queue };
        let keys = self.sphinx.new_surb(&path, SurbId([7; 16]), &mut rng, &mut self.surb)?;
        let mut packet = vec![0; self.sphinx.geometry().packet_len()];
        let message = Message { surb: Some(&self.surb), user_payload: question.as_bytes() };
        let service = RecipientId(*b"+echo\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        self.sphinx.wrap_message(&Path { hops: &there, recipient: service }, &message, &mut rng, &mut packet)?;
        Ok((packet, keys))
    }
}

struct Node<S: Scheme> {
    id: NodeId,
    private: S::PrivateKey,
    /// As the node's descriptor has it.
    published: Vec<u8>,
}

enum Arrived {
    Question { surb: Vec<u8>, text: String },
    Reply { payload: Vec<u8> },
}

impl<S: Scheme> Node<S> {
    fn new(number: u8) -> Result<Self, Failure> {
        let (private, public) = S::expand(&S::generate(&mut rand::rng()))?;
        Ok(Self { id: NodeId([number; 32]), private, published: public.as_ref().to_vec() })
    }

    /// The node as a hop. Its key is not copied: KEMs have keys of more than a thousand bytes.
    fn hop(&self) -> Result<Hop<'_, S>, KeyLength> {
        Ok(Hop { id: self.id, public_key: S::public_key_ref(&self.published)?, delay_millis: Some(20) })
    }

    fn process(&self, sphinx: &Sphinx<S>, packet: &mut [u8]) -> Result<Option<Arrived>, Failure> {
        match sphinx.open(packet, &self.private)?.finish()? {
            Action::Forward { .. } => Ok(None),
            Action::Deliver { payload, .. } => {
                let message = Message::parse(sphinx.geometry(), payload)?;
                let text = String::from_utf8(message.user_payload.to_vec())?;
                Ok(Some(Arrived::Question { surb: message.surb.ok_or("no SURB")?.to_vec(), text }))
            }
            Action::Reply { payload, .. } => Ok(Some(Arrived::Reply { payload: payload.to_vec() })),
            action => Err(format!("{action:?}").into()),
        }
    }
}
