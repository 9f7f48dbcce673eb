//! Which node of ours stands for which recorded one.

use mixwell_vectors::{
    conversation::{Conversation, Side},
    load,
};
use std::collections::HashMap;

/// The nodes of the recordings, as numbers of a [`Plan`](crate::Plan) of one gateway, three layers
/// of one mix and a service node: their networks have this shape.
#[derive(Debug)]
pub struct Places(HashMap<Vec<u8>, usize>);

const GATEWAY: usize = 0;
const FIRST_MIX: usize = 1;
const LAST_MIX: usize = 3;
const SERVICE: usize = 4;

impl Places {
    /// The places that follow from who speaks to whom in all conversations.
    pub fn of_all() -> Self {
        let mut places = HashMap::new();
        let talks: Vec<Conversation> = load("conversations").into_iter().map(|vector| vector.test).collect();
        // deliberate initiators may have no right to their names
        for talk in talks.iter().filter(|talk| talk.session == "mixnet" && !talk.is_deliberate()) {
            for side in [Side::Initiator, Side::Responder] {
                if let (Some(ad), Some(place)) = (ad_of(talk, side), usual(talk, side)) {
                    places.entry(ad.to_vec()).or_insert(place);
                }
            }
        }
        // of two mixes, one may be known by its other links
        for talk in talks.iter().filter(|talk| is_between_mixes(talk) && !talk.is_deliberate()) {
            let [from, to] = [Side::Initiator, Side::Responder].map(|side| ad_of(talk, side));
            let (Some(from), Some(to)) = (from, to) else { continue };
            let known = places.get(from).map(|place| *place + 1).or_else(|| places.get(to).copied());
            let to_place = known.unwrap_or(FIRST_MIX + 1);
            places.entry(to.to_vec()).or_insert(to_place);
            places.entry(from.to_vec()).or_insert(to_place - 1);
        }
        Self(places)
    }

    /// The node with this name.
    pub fn of(&self, ad: &[u8]) -> Option<usize> {
        self.0.get(ad).copied()
    }

    /// The place of a side of a conversation between nodes, even if its name was not recorded.
    pub fn of_side(&self, talk: &Conversation, side: Side) -> usize {
        let named = ad_of(talk, side).and_then(|ad| self.of(ad));
        named.or_else(|| usual(talk, side)).unwrap_or_else(|| {
            // a mix that talks to another, or is talked to
            let other = match side {
                Side::Initiator => ad_of(talk, Side::Responder).and_then(|ad| self.of(ad)).map(|place| place - 1),
                Side::Responder => ad_of(talk, Side::Initiator).and_then(|ad| self.of(ad)).map(|place| place + 1),
            };
            other.unwrap_or(if side == Side::Initiator { FIRST_MIX } else { FIRST_MIX + 1 })
        })
    }
}

/// The name that a side sent.
fn ad_of(talk: &Conversation, side: Side) -> Option<&[u8]> {
    let ad = match side {
        Side::Initiator => &talk.initiator_ad,
        Side::Responder => &talk.responder_ad,
    };
    ad.as_ref().map(|ad| &**ad)
}

fn is_between_mixes(talk: &Conversation) -> bool {
    talk.initiator == "mix" && talk.responder == "mix"
}

/// The place that follows from the roles alone.
fn usual(talk: &Conversation, side: Side) -> Option<usize> {
    let (own, other) = match side {
        Side::Initiator => (talk.initiator.as_str(), talk.responder.as_str()),
        Side::Responder => (talk.responder.as_str(), talk.initiator.as_str()),
    };
    match (own, other, side) {
        ("gateway", ..) => Some(GATEWAY),
        ("service", ..) => Some(SERVICE),
        ("mix", "gateway" | "service", Side::Responder) => Some(FIRST_MIX),
        ("mix", "gateway" | "service", Side::Initiator) => Some(LAST_MIX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_layer_to_layer() {
        let places = Places::of_all();
        let mut links = 0;
        for vector in load::<Conversation>("conversations") {
            let talk = &vector.test;
            let is_link = talk.session == "mixnet" && talk.initiator != "client" && talk.handshake_ms.is_some();
            if !is_link {
                continue;
            }
            links += 1;
            let [from, to] = [Side::Initiator, Side::Responder].map(|side| places.of_side(talk, side));
            let next: &[usize] = match from {
                GATEWAY | SERVICE => &[FIRST_MIX],
                LAST_MIX => &[GATEWAY, SERVICE],
                mix => &[mix + 1],
            };
            assert!(next.contains(&to), "{}: {from} to {to}", vector.name);
        }
        assert!(std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_some() || links > 10);
    }
}
