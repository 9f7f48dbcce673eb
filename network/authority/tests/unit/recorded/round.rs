//! A recorded round of voting, whole: our authority makes the same statements as the recorded one,
//! in the same order, and answers those of the others with the same codes.

use super::kind_of;
use crate::{
    message::{Request, StatementKind},
    tests::net::{Net, Way},
};
use mixwell_pki_types::Epoch;
use mixwell_testnet::recorded::{Part, Played, RecordedNetwork, conversations, time_of_day};
use mixwell_vectors::{
    Hex,
    conversation::{Said, Side},
};
use mixwell_wire::{Link, PkiSizes};
use std::collections::BTreeMap;

/// A statement from one authority to another, and its answer.
struct Stated {
    from: Hex,
    to: Hex,
    kind: StatementKind,
    said: Said,
    answer: Said,
}

/// The recorded rounds: their epochs, and their statements in order.
fn rounds() -> BTreeMap<(String, u64), Vec<Stated>> {
    let mut all: Vec<Played> = conversations(Part::CalledAuthority);
    all.retain(|played| !played.talk.is_deliberate());
    all.sort_by_key(|played| time_of_day(&played.talk.began));
    let mut rounds: BTreeMap<_, Vec<Stated>> = BTreeMap::new();
    for Played { talk, .. } in all {
        let Some(said) = talk.commands.iter().find(|said| said.from == Side::Initiator) else { continue };
        let (Some(kind), Some(answer)) = (kind_of(said), talk.commands.last()) else { continue };
        let (Some(from), Some(to)) = (talk.initiator_ad.clone(), talk.responder_ad.clone()) else { continue };
        let epoch = u64::from_be_bytes(*said.front()[6..].first_chunk().unwrap());
        let stated = Stated { from, to, kind, said: said.clone(), answer: answer.clone() };
        rounds.entry((talk.kem.clone(), epoch)).or_default().push(stated);
        // the networks of the recordings have periods that their KEMs tell
        let _ = RecordedNetwork::of(&talk);
    }
    rounds
}

#[test]
fn a_recorded_round_of_voting_is_repeated_by_our_authorities() {
    let rounds = rounds();
    for ((_, epoch), recorded) in &rounds {
        repeat(Epoch(*epoch), recorded);
    }
    println!("{} rounds repeated", rounds.len());
    assert!(std::env::var_os(mixwell_vectors::FOLDER_VARIABLE).is_some() || !rounds.is_empty());
}

fn repeat(epoch: Epoch, recorded: &[Stated]) {
    let mut names: Vec<&Hex> = Vec::new();
    for id in recorded.iter().flat_map(|stated| [&stated.from, &stated.to]) {
        if !names.contains(&id) {
            names.push(id);
        }
    }
    let number = |id: &Hex| names.iter().position(|name| *name == id).unwrap();
    let mut net = Net::new(u8::try_from(names.len()).unwrap());
    net.now = net.policy.period.start(Epoch(epoch.0 - 1));
    (0..names.len()).for_each(|authority| net.start(authority));
    // none of them relays: a round of the reference has no such statements
    net.references = (0..names.len()).collect();
    let mut made: Vec<(usize, usize, StatementKind, Vec<u8>)> = Vec::new();
    let link = Link::authority_client(PkiSizes { public_key: 32, document: 1 << 20 });
    net.pass_epoch(|from, to, request| {
        if let Request::Statement { kind, .. } = request {
            let mut text = vec![0; 1 << 20];
            let length = request.command().encode(&link, &mut text).unwrap();
            text.truncate(length);
            made.push((from, to, *kind, text));
        }
        Way::Pass
    });
    assert_eq!(made.len(), net.answers.len());
    let mut last = 0;
    for stated in recorded {
        let (from, to) = (number(&stated.from), number(&stated.to));
        let at = made.iter().position(|(by, of, kind, _)| (*by, *of, *kind) == (from, to, stated.kind));
        let at = at.unwrap_or_else(|| panic!("no {} from {from} to {to}", stated.kind));
        let text = &made[at].3;
        assert_eq!(text[6..14], epoch.0.to_be_bytes(), "{}", stated.kind);
        let is_fixed = matches!(stated.kind, StatementKind::Reveal | StatementKind::Sig);
        assert!(!is_fixed || text.len() == stated.said.length(), "{}: {} bytes", stated.kind, text.len());
        // one kind after the other
        let first_of_kind = made.iter().position(|(_, _, kind, _)| *kind == stated.kind).unwrap();
        assert!(first_of_kind >= last, "{} too early", stated.kind);
        last = first_of_kind;
        let answer = net.answers[at].2.command().unwrap();
        let mut answered = vec![0; 100];
        let length =
            answer.encode(&Link::authority(PkiSizes { public_key: 32, document: 100 }), &mut answered).unwrap();
        assert_eq!(Hex(answered[..length].to_vec()), Hex(stated.answer.text().unwrap()), "{}", stated.kind);
    }
    let consensus = net.consensus(0, epoch).unwrap();
    assert_eq!(consensus.signers().len(), names.len());
}
