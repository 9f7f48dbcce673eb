//! How a recorded conversation ended.

use mixwell_vectors::conversation::{Conversation, Side};

/// The end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum Ending {
    /// There was no session.
    Refused(Refusal),
    /// This side closed the connection.
    ClosedBy(Side),
    /// The recording's words don't tell.
    Unclear,
}

/// Why there was no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum Refusal {
    /// The responder had no consensus and reset the connection before message 2.
    NotReady,
    /// The initiator sent nothing, or too little.
    Silence,
    /// The initiator's first byte is not that of the protocol.
    Version,
    /// The responder did not accept this initiator, after message 3.
    Peer,
}

impl Ending {
    /// The end of a conversation, as its `ends` tells in words.
    pub fn of(talk: &Conversation) -> Self {
        let words = talk.ends.to_lowercase();
        if talk.handshake_ms.is_none() {
            let refusals = [
                ("authentication failed", Refusal::Peer),
                ("version mismatch", Refusal::Version),
                ("timeout", Refusal::Silence),
                ("before message 2", Refusal::NotReady),
            ];
            let found = refusals.into_iter().find(|(word, _)| words.contains(word));
            return found.map_or(Self::Unclear, |(_, refusal)| Self::Refused(refusal));
        }
        // the initiator asks, and the responder answers
        if words.contains("closed without an answer") {
            return Self::ClosedBy(Side::Responder);
        }
        let mut names = vec![("initiator", Side::Initiator), ("responder", Side::Responder)];
        if talk.initiator != talk.responder {
            names.push((&talk.initiator, Side::Initiator));
            names.push((&talk.responder, Side::Responder));
        }
        let position = |name: &str| {
            let subjects = [
                format!("{name} closed"),
                format!("closed by the {name}"),
                format!("sigterm at the {name}"),
                format!("the {name} was stopped"),
            ];
            subjects.iter().filter_map(|subject| words.find(subject)).min()
        };
        let first =
            names.into_iter().filter_map(|(name, side)| Some((position(name)?, side))).min_by_key(|(at, _)| *at);
        first.map_or(Self::Unclear, |(_, side)| Self::ClosedBy(side))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_vectors::load;

    #[test]
    fn every_end_is_understood() {
        let mut count = 0;
        for vector in load::<Conversation>("conversations") {
            let ending = Ending::of(&vector.test);
            let talk = &vector.test;
            if ending == Ending::Unclear {
                println!("{}: the end is not checked: {}", vector.name, talk.ends);
                count += 1;
            }
            // a session has a responder's no_op
            assert_eq!(matches!(ending, Ending::Refused(_)), talk.commands.is_empty(), "{}: {ending:?}", vector.name);
        }
        assert!(std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_some() || count == 0);
    }
}
