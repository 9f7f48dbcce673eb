//! Which part of ours takes which side of a conversation.

use mixwell_vectors::{
    conversation::{Conversation, Side},
    load,
};

/// A part of this project in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum Part {
    /// A gateway that a client has connected to.
    GatewayOfClients,
    /// A mix, gateway or service node that another peer has connected to.
    CalledNode,
    /// An authority that anybody has connected to.
    CalledAuthority,
    /// A client at a gateway.
    Client,
    /// A mix, gateway or service node that has connected to another node.
    DiallingNode,
    /// A node at an authority.
    NodeAtAuthority,
    /// An authority at another one.
    DiallingAuthority,
    /// A client at an authority.
    DirectoryClient,
}

/// A conversation, and the name of its vector.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "for tests")]
pub struct Played {
    /// File and number, for messages.
    pub name: String,
    /// The conversation.
    pub talk: Conversation,
}

/// The conversations in which a part of ours can take a side; prints those that it can't.
///
/// # Panics
/// If a conversation has a role that no part of ours has.
pub fn conversations(part: Part) -> Vec<Played> {
    let mut played = Vec::new();
    for vector in load::<Conversation>("conversations") {
        let (name, talk) = (vector.name, vector.test);
        let side = if part.is_responder() { Side::Responder } else { Side::Initiator };
        match part_of(&talk, side) {
            Ok(taken) if taken == part => played.push(Played { name, talk }),
            Err(reason) if could_be(&talk, part) => println!("{name} not played: {reason}: {}", talk.about),
            Ok(_) | Err(_) => {}
        }
    }
    played
}

impl Part {
    const fn is_responder(self) -> bool {
        matches!(self, Self::GatewayOfClients | Self::CalledNode | Self::CalledAuthority)
    }
}

/// The part of ours that can take a side, or the reason why none can.
fn part_of(talk: &Conversation, side: Side) -> Result<Part, &'static str> {
    let part = role_of(talk, side);
    if side == Side::Responder {
        Ok(part)
    } else if talk.is_deliberate() {
        Err("a test program was the initiator, which did what no part of ours does")
    } else if talk.about.contains("(changed on purpose)") {
        Err("the initiator was changed to do what no part of ours does")
    } else {
        Ok(part)
    }
}

/// The part whose role it is to be this side.
fn role_of(talk: &Conversation, side: Side) -> Part {
    const NODES: [&str; 4] = ["mix", "gateway", "service", "node"];
    let (initiator, responder) = (talk.initiator.as_str(), talk.responder.as_str());
    match (side, talk.session.as_str()) {
        (Side::Responder, "mixnet") if (initiator, responder) == ("client", "gateway") => Part::GatewayOfClients,
        (Side::Responder, "mixnet") if NODES.contains(&responder) => Part::CalledNode,
        (Side::Responder, "pki") if responder == "authority" => Part::CalledAuthority,
        (Side::Initiator, "mixnet") if initiator == "client" => Part::Client,
        (Side::Initiator, "mixnet") if NODES.contains(&initiator) => Part::DiallingNode,
        (Side::Initiator, "pki") if NODES.contains(&initiator) => Part::NodeAtAuthority,
        (Side::Initiator, "pki") if initiator == "authority" => Part::DiallingAuthority,
        (Side::Initiator, "pki") if matches!(initiator, "client" | "directory client") => Part::DirectoryClient,
        _ => panic!("no part of ours is the {side:?} of: {initiator} to {responder}, {}", talk.session),
    }
}

fn could_be(talk: &Conversation, part: Part) -> bool {
    role_of(talk, if part.is_responder() { Side::Responder } else { Side::Initiator }) == part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In every conversation at least the responder is a part of ours.
    #[test]
    fn every_conversation_is_played() {
        let all = load::<Conversation>("conversations").len();
        let played: usize = [Part::GatewayOfClients, Part::CalledNode, Part::CalledAuthority]
            .into_iter()
            .map(|part| conversations(part).len())
            .sum();
        assert_eq!(played, all);
    }
}
