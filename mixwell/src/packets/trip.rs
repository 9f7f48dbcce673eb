//! From the client to the service and back.

use super::{
    attacker::Attacker,
    client::Client,
    letters::Letters,
    network::{Network, random_below},
    node::Direction,
    service::Service,
    trace::{self, Trace},
    view::{self, Passing, Stage, View},
};
use crate::error::Error;
use chacha20::ChaCha20Rng;
use mixwell_sphinx::{Action, Scheme};

/// So many packets are under way at a time. The next to move is drawn from among them, so they overtake each other.
const POOL: usize = 64;

/// A packet on its way to a hop.
pub(super) struct Parcel {
    to: usize,
    packet: Vec<u8>,
    /// The hop on whose way the attacker changes the payload, if so.
    changed_before: Option<usize>,
    direction: Direction,
    /// Whether it is the one that is traced.
    is_traced: bool,
}

/// Everything that takes part, and afterwards has the figures.
pub(super) struct Trip<'t, S: Scheme> {
    pub(super) network: Network<S>,
    pub(super) client: Client<'t>,
    pub(super) service: Service,
    pub(super) attacker: Attacker,
    pub(super) trace: Trace,
    rng: ChaCha20Rng,
    view: View,
    pool: Vec<Parcel>,
}

/// Sends all letters and waits for all answers.
pub(super) fn run<S: Scheme>(
    network: Network<S>,
    letters: &Letters,
    mut rng: ChaCha20Rng,
) -> Result<Trip<'_, S>, Error> {
    let client = Client::new(&mut rng);
    let view = View::new(&network, letters.len());
    let mut trip = Trip {
        network,
        client,
        service: Service::default(),
        attacker: Attacker::default(),
        trace: Trace::default(),
        rng,
        view,
        pool: Vec::with_capacity(POOL),
    };
    let mut pieces = letters.pieces();
    loop {
        while trip.pool.len() < POOL
            && let Some(piece) = pieces.next()
        {
            trip.send(piece)?;
        }
        if trip.pool.is_empty() {
            break;
        }
        let next = random_below(&mut trip.rng, trip.pool.len());
        let parcel = trip.pool.swap_remove(next);
        trip.carry(parcel)?;
    }
    trip.view.finish();
    Ok(trip)
}

impl Parcel {
    /// A packet as its maker hands it to the first hop.
    pub(super) fn new(to: usize, packet: Vec<u8>, direction: Direction) -> Self {
        Self { to, packet, changed_before: None, direction, is_traced: false }
    }
}

impl<'t, S: Scheme> Trip<'t, S> {
    /// Whether the demonstration has shown what it is there to show.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        if self.client.returned != self.client.sent {
            return Err(Error::Demo("not every byte came back"));
        }
        if !self.attacker.has_failed() {
            return Err(Error::Demo("a packet was accepted that should have been refused"));
        }
        Ok(())
    }

    fn send(&mut self, text: &'t [u8]) -> Result<(), Error> {
        let mut parcel = self.client.send(&self.network, text, &mut self.rng)?;
        if self.client.sent.messages == 1 {
            parcel.is_traced = true;
            self.trace.sent = trace::quote(text);
        }
        self.view.step(Stage::Wrap, &Passing::Packet(&parcel.packet), &[&self.client.wrapping]);
        self.pool.push(parcel);
        if self.attacker.wants_message() {
            let mut parcel = Client::send_to_be_lost(&self.network, text, &mut self.rng)?;
            parcel.changed_before = Some(random_below(&mut self.rng, self.network.nodes.len()));
            self.pool.push(parcel);
        }
        Ok(())
    }

    /// Brings a packet to its next hop, and does what the hop says.
    fn carry(&mut self, mut parcel: Parcel) -> Result<(), Error> {
        if let Some(hop) = parcel.changed_before {
            return self.carry_changed(parcel, hop);
        }
        let Self { network, attacker, rng, .. } = self;
        let sphinx = network.sphinx;
        let node = network.nodes.get_mut(parcel.to).ok_or(Error::Demo("there is no such hop"))?;
        if parcel.is_traced {
            let links = match parcel.direction {
                Direction::Out => &mut self.trace.out,
                Direction::Back => &mut self.trace.back,
            };
            links.push(trace::look(sphinx.geometry(), &parcel.packet));
        }
        let arrived: Vec<u8> = parcel.packet.iter().take(view::SEEN).copied().collect();
        let mut copy = attacker.wants_packet().then(|| parcel.packet.clone());
        if let Some(copy) = &copy {
            attacker.change_header(&sphinx, node, copy, rng);
        }
        let action = node.timed_unwrap(&sphinx, &mut parcel.packet, parcel.direction)?;
        if let Some(copy) = &mut copy {
            attacker.replay(&sphinx, node, copy);
        }

        self.view.step(Stage::Hop(parcel.to), &Passing::Packet(&arrived), &[&node.out, &node.back]);
        match action {
            Action::Forward { next_hop, .. } => {
                parcel.to = network.find(next_hop)?;
                self.pool.push(parcel);
            }
            Action::Deliver { recipient, payload, .. } => {
                let mut answer = self.service.answer(network, recipient, payload)?;
                answer.is_traced = parcel.is_traced;
                self.view.step(Stage::Answer, &Passing::Packet(&answer.packet), &[&self.service.answering]);
                self.pool.push(answer);
            }
            Action::Reply { recipient, surb_id, payload, .. } => {
                let text = self.client.read(recipient, surb_id, payload)?;
                self.view.step(Stage::Read, &Passing::Text(text), &[&self.client.reading]);
                if parcel.is_traced {
                    self.trace.read = trace::quote(text);
                }
            }
            _ => return Err(Error::Demo("a hop asks for something unknown")),
        }
        Ok(())
    }

    /// The same for a packet that the attacker changes on its way to `hop`. Its times do not count.
    fn carry_changed(&mut self, mut parcel: Parcel, hop: usize) -> Result<(), Error> {
        if parcel.to == hop {
            Attacker::change_payload(&self.network.sphinx, &mut parcel.packet, &mut self.rng);
        }
        let Network { nodes, sphinx, .. } = &mut self.network;
        let node = nodes.get_mut(parcel.to).ok_or(Error::Demo("there is no such hop"))?;
        match node.unwrap(sphinx, &mut parcel.packet) {
            Ok(Action::Forward { next_hop, .. }) => {
                parcel.to = self.network.find(next_hop)?;
                self.pool.push(parcel);
            }
            Ok(_) => self.attacker.count_changed_payload(None),
            Err(refusal) => self.attacker.count_changed_payload(Some(&refusal)),
        }
        Ok(())
    }
}
