//! Packets from the client to the service and back, in random order.

use super::{
    attacker::Attacker,
    client::Client,
    error::{SelfTestError, Violation},
    hop::{Direction, HopNode, KeyPair},
    network::{Network, random_below},
    report::{HopReport, Report, Trace},
    service::Service,
    times::Times,
};
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{Action, Scheme, Sphinx};

/// Maximum number of packets in flight. The next one to move is drawn at random, so packets
/// overtake each other.
const MAX_IN_FLIGHT: usize = 64;

/// The packets that a self-test sends.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "arguments with names")]
pub struct Input<'t> {
    /// The text to send.
    pub text: &'t [u8],
    /// User payload bytes of each message but the last; at most the geometry's.
    pub payload_len: usize,
}

/// A stage of a packet's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The client has wrapped a message.
    Wrapped,
    /// A packet has passed the hop of this index.
    Hop(usize),
    /// The service has answered.
    Answered,
    /// The client has read a reply.
    Read,
}

/// An observer of a running self-test.
pub trait Observer {
    /// A packet has passed a stage: the packet, or for [`Stage::Read`] the text, and the times of
    /// this stage so far.
    fn passed(&mut self, stage: Stage, bytes: &[u8], times: &[&Times]);
}

impl Observer for () {
    fn passed(&mut self, _: Stage, _: &[u8], _: &[&Times]) {}
}

/// A packet in transit to a hop.
pub(super) struct InFlightPacket {
    to: usize,
    packet: Vec<u8>,
    /// The hop before which the attacker changes the payload, if any.
    changed_before: Option<usize>,
    direction: Direction,
    is_traced: bool,
}

/// All parties of a self-test.
struct SelfTest<'t, S: Scheme> {
    network: Network<S>,
    client: Client<'t>,
    service: Service,
    attacker: Attacker,
    trace: Trace,
    rng: ChaCha20Rng,
    observer: &'t mut dyn Observer,
    in_flight: Vec<InFlightPacket>,
}

/// Sends the text through a path of the geometry's length, and waits for all replies.
///
/// `generate` makes a hop's key pair: a NIKE's, or a KEM's with its private key expanded.
///
/// # Errors
/// [`SelfTestError`] if a good packet can't be made or is refused.
pub fn run<S: Scheme>(
    sphinx: Sphinx<S>,
    input: Input<'_>,
    mut rng: ChaCha20Rng,
    generate: impl Fn(&mut ChaCha20Rng) -> Result<(S::PublicKey, S::PrivateKey), SelfTestError>,
    observer: &mut dyn Observer,
) -> Result<Report, SelfTestError> {
    let mut messages = input.text.chunks(input.payload_len.max(1));
    let generate = |rng: &mut ChaCha20Rng| generate(rng).map(|(public, private)| KeyPair { public, private });
    let network = Network::new(sphinx, messages.len(), &mut rng, generate)?;
    let client = Client::new(&mut rng);
    let mut test = SelfTest {
        network,
        client,
        service: Service::default(),
        attacker: Attacker::default(),
        trace: Trace::default(),
        rng,
        observer,
        in_flight: Vec::with_capacity(MAX_IN_FLIGHT),
    };
    loop {
        while test.in_flight.len() < MAX_IN_FLIGHT
            && let Some(message) = messages.next()
        {
            test.send(message)?;
        }
        if test.in_flight.is_empty() {
            return Ok(test.report());
        }
        let next = random_below(&mut test.rng, test.in_flight.len());
        let packet = test.in_flight.swap_remove(next);
        test.carry(packet)?;
    }
}

impl InFlightPacket {
    /// A packet as sent by its maker.
    pub(super) const fn new(to: usize, packet: Vec<u8>, direction: Direction) -> Self {
        Self { to, packet, changed_before: None, direction, is_traced: false }
    }
}

impl<'t, S: Scheme> SelfTest<'t, S> {
    fn send(&mut self, message: &'t [u8]) -> Result<(), SelfTestError> {
        let mut packet = self.client.send(&self.network, message, &mut self.rng)?;
        if self.client.sent.messages == 1 {
            packet.is_traced = true;
            self.trace.sent = message.to_vec();
        }
        self.observer.passed(Stage::Wrapped, &packet.packet, &[&self.client.wrapping]);
        self.in_flight.push(packet);
        if self.attacker.wants_message() {
            let mut packet = Client::wrap_for_attacker(&self.network, message, &mut self.rng)?;
            packet.changed_before = Some(random_below(&mut self.rng, self.network.nodes.len()));
            self.in_flight.push(packet);
        }
        Ok(())
    }

    /// Carries a packet to its next hop, and performs the action that the hop returns.
    fn carry(&mut self, mut packet: InFlightPacket) -> Result<(), SelfTestError> {
        if let Some(hop) = packet.changed_before {
            return self.carry_changed(packet, hop);
        }
        let Self { network, attacker, rng, .. } = self;
        let sphinx = network.sphinx;
        let node = network.nodes.get_mut(packet.to).ok_or(Violation::NextHop)?;
        if packet.is_traced {
            let links = match packet.direction {
                Direction::Out => &mut self.trace.out,
                Direction::Back => &mut self.trace.back,
            };
            links.push(packet.packet.clone());
        }
        let arrived = packet.packet.clone();
        let mut copy = attacker.wants_packet().then(|| packet.packet.clone());
        if let Some(copy) = &copy {
            attacker.change_header(&sphinx, node, copy, rng);
        }
        let action = node.timed_unwrap(&sphinx, &mut packet.packet, packet.direction)?;
        if let Some(copy) = &mut copy {
            attacker.replay(&sphinx, node, copy);
        }

        self.observer.passed(Stage::Hop(packet.to), &arrived, &[&node.out, &node.back]);
        match action {
            Action::Forward { next_hop, .. } => {
                packet.to = network.find(next_hop)?;
                self.in_flight.push(packet);
            }
            Action::Deliver { recipient, payload, .. } => {
                let mut reply = self.service.answer(network, recipient, payload)?;
                reply.is_traced = packet.is_traced;
                self.observer.passed(Stage::Answered, &reply.packet, &[&self.service.answering]);
                self.in_flight.push(reply);
            }
            Action::Reply { recipient, surb_id, payload, .. } => {
                let text = self.client.read(recipient, surb_id, payload)?;
                self.observer.passed(Stage::Read, text, &[&self.client.reading]);
                if packet.is_traced {
                    self.trace.read = text.to_vec();
                }
            }
            _ => return Err(Violation::Action.into()),
        }
        Ok(())
    }

    /// Carries a packet one hop further, with a payload that the attacker changes before `hop`. Not
    /// timed.
    fn carry_changed(&mut self, mut packet: InFlightPacket, hop: usize) -> Result<(), SelfTestError> {
        if packet.to == hop {
            Attacker::change_payload(&self.network.sphinx, &mut packet.packet, &mut self.rng);
        }
        let Network { nodes, sphinx, .. } = &mut self.network;
        let node = nodes.get_mut(packet.to).ok_or(Violation::NextHop)?;
        match node.unwrap(sphinx, &mut packet.packet) {
            Ok(Action::Forward { next_hop, .. }) => {
                packet.to = self.network.find(next_hop)?;
                self.in_flight.push(packet);
            }
            Ok(_) => self.attacker.count_changed_payload(None),
            Err(refusal) => self.attacker.count_changed_payload(Some(&refusal)),
        }
        Ok(())
    }

    fn report(self) -> Report {
        let Self { network, client, service, attacker, trace, .. } = self;
        let hops = network.nodes.into_iter().map(|HopNode { name, out, back, .. }| HopReport { name, out, back });
        Report {
            sent: client.sent,
            returned: client.returned,
            replayed: attacker.replayed,
            changed_header: attacker.changed_header,
            changed_payload: attacker.changed_payload,
            making_surbs: client.making_surbs,
            wrapping: client.wrapping,
            hops: hops.collect(),
            answering: service.answering,
            reading: client.reading,
            trace,
        }
    }
}
