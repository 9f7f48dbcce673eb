//! When a command of ours counts as the recorded one.

use mixwell_vectors::conversation::Said;

/// The id of a command, `None` of an empty plaintext.
pub fn command_id(text: &[u8]) -> Option<u8> {
    text.first().copied()
}

/// Whether a plaintext is a `no_op`.
pub(super) fn is_no_op(text: &[u8]) -> bool {
    command_id(text) == Some(NO_OP)
}

/// Whether a command of ours is the recorded one: the same command, as long as the recorded one
/// unless its length depends on names and addresses, with the same status, sequence number or
/// answer. Epochs and what depends on keys may differ.
///
/// # Errors
/// A description of the difference.
pub fn is_same(recorded: &Said, ours: &[u8]) -> Result<(), String> {
    let front = recorded.front();
    let (Some(want), Some(got)) = (command_id(front), command_id(ours)) else {
        return Err(format!("{} bytes instead of {}", ours.len(), recorded.length()));
    };
    if want != got {
        return Err(format!("command {got} instead of {want}"));
    }
    let (has_payload, fixed) = match want {
        // a status, or a sequence number
        MESSAGE_DELIVERED
        | POST_REPLICA_DESCRIPTOR_STATUS
        | POST_DESCRIPTOR_STATUS
        | VOTE_STATUS
        | REVEAL_STATUS
        | SIG_STATUS
        | CERT_STATUS => (false, recorded.length()),
        SEND_RETRIEVE_PACKET_REPLY => (false, HEADER_LEN + 16),
        MESSAGE => (false, HEADER_LEN + 4),
        // the status, the number and the total, of a consensus that is missing
        CONSENSUS => (front.get(HEADER_LEN) == Some(&0), HEADER_LEN + 1),
        CONSENSUS2 => (front.get(HEADER_LEN) == Some(&0), HEADER_LEN + 1 + 8),
        // signed statements of fields whose length is known are as long as the recorded ones
        POST_DESCRIPTOR | POST_REPLICA_DESCRIPTOR | VOTE | CERT => (true, 1),
        _ => (false, 1),
    };
    if !has_payload && ours.len() != recorded.length() {
        return Err(format!("{} bytes instead of {}", ours.len(), recorded.length()));
    }
    // the length in the header is that of the payload
    let fixed = if has_payload { 1 } else { fixed.min(front.len()) };
    if ours.get(..fixed) != front.get(..fixed) {
        return Err(format!("{:02x?} instead of {:02x?}", ours.get(..fixed), front.get(..fixed)));
    }
    Ok(())
}

/// The epoch of a command that is about one.
pub(super) fn epoch_of(text: &[u8]) -> Option<u64> {
    let is_about_one = matches!(
        command_id(text)?,
        GET_CONSENSUS
            | GET_CONSENSUS2
            | POST_DESCRIPTOR
            | POST_REPLICA_DESCRIPTOR
            | VOTE
            | GET_VOTE
            | REVEAL
            | SIG
            | CERT
    );
    let bytes = text.get(HEADER_LEN..)?.first_chunk()?;
    is_about_one.then(|| u64::from_be_bytes(*bytes))
}

/// The same command about another epoch.
///
/// # Panics
/// If the command is about no epoch.
pub fn with_epoch(mut text: Vec<u8>, epoch: u64) -> Vec<u8> {
    assert!(epoch_of(&text).is_some(), "a command without an epoch");
    text[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&epoch.to_be_bytes());
    text
}

/// Whether a command asks for a consensus.
pub(super) fn asks_for_consensus(text: &[u8]) -> bool {
    matches!(command_id(text), Some(GET_CONSENSUS | GET_CONSENSUS2))
}

/// Whether a command is a chunk of a consensus that exists.
pub(super) fn is_chunk(text: &[u8]) -> bool {
    command_id(text) == Some(CONSENSUS2) && text.get(HEADER_LEN) == Some(&0)
}

pub(super) const HEADER_LEN: usize = 6;
const NO_OP: u8 = 0;
const SEND_RETRIEVE_PACKET_REPLY: u8 = 4;
const MESSAGE_DELIVERED: u8 = 5;
const POST_REPLICA_DESCRIPTOR_STATUS: u8 = 10;
const POST_REPLICA_DESCRIPTOR: u8 = 11;
const MESSAGE: u8 = 17;
const GET_CONSENSUS: u8 = 18;
const CONSENSUS: u8 = 19;
const POST_DESCRIPTOR: u8 = 20;
const POST_DESCRIPTOR_STATUS: u8 = 21;
const VOTE: u8 = 22;
const VOTE_STATUS: u8 = 23;
const GET_VOTE: u8 = 24;
const REVEAL: u8 = 25;
const REVEAL_STATUS: u8 = 26;
const SIG: u8 = 27;
const SIG_STATUS: u8 = 28;
const CERT: u8 = 29;
const CERT_STATUS: u8 = 30;
const CONSENSUS2: u8 = 31;
const GET_CONSENSUS2: u8 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_vectors::{Hex, conversation::Side};

    fn said(bytes: &[u8], zeros: usize) -> Said {
        let bytes = Some(Hex(bytes.to_vec()));
        Said { ms: 0.0, from: Side::Responder, bytes, zeros, sha256: None, length: None, prefix: None }
    }

    #[test]
    fn what_differs_is_told() {
        let status = said(&[VOTE_STATUS, 0, 0, 0, 0, 1, 3], 0);
        assert_eq!(is_same(&status, &[VOTE_STATUS, 0, 0, 0, 0, 1, 3]), Ok(()));
        is_same(&status, &[VOTE_STATUS, 0, 0, 0, 0, 1, 4]).unwrap_err();
        is_same(&status, &[VOTE_STATUS, 0, 0, 0, 0, 1, 3, 0]).unwrap_err();
        is_same(&status, &[REVEAL_STATUS, 0, 0, 0, 0, 1, 3]).unwrap_err();
        is_same(&status, &[]).unwrap_err();
        let delivered = said(&[MESSAGE_DELIVERED, 0, 0, 0, 0, 4, 0, 0, 0, 7], 10);
        let mut ours = delivered.text().unwrap();
        assert_eq!(is_same(&delivered, &ours), Ok(()));
        ours[9] = 8;
        is_same(&delivered, &ours).unwrap_err();
        // a consensus may be longer, a missing one may not
        let consensus = said(&[CONSENSUS, 0, 0, 0, 0, 3, 0, 1, 2], 0);
        assert_eq!(is_same(&consensus, &[CONSENSUS, 0, 0, 0, 0, 4, 0, 9, 9, 9]), Ok(()));
        let missing = said(&[CONSENSUS, 0, 0, 0, 0, 1, 1], 0);
        is_same(&missing, &[CONSENSUS, 0, 0, 0, 0, 1, 2]).unwrap_err();
        is_same(&missing, &[CONSENSUS, 0, 0, 0, 0, 2, 1, 0]).unwrap_err();
    }
}
