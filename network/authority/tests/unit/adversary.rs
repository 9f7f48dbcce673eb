//! The power of a minority of faulty authorities: they send anything that their keys sign and
//! anything that they have seen, to anyone, at any time.

use crate::{
    canonical::{Digest, encode_signature},
    message::{Outgoing, Reply, Request, StatementKind, Verdict},
    relay::{Endorsements, Entry, Subject, encode_relay, encode_wanted, endorse, endorsement, parse_relay},
    round::Round,
    schedule::Schedule,
    signer::Signer,
    tally::{Context, Tallied, document_of, payload_of},
    tests::net::{FIRST, Net},
};
use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_pki_types::{Certificate, Document, Epoch, KeyHash, LIFETIME, build::DocumentBuilder};
use rand_core::Rng as _;
use std::{collections::BTreeMap, sync::Arc};

/// A random number below `bound`.
pub(super) fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    rng.next_u32() as usize % bound.max(1)
}

fn choose<'a, T>(rng: &mut ChaCha20Rng, items: &'a [T]) -> Option<&'a T> {
    items.get(below(rng, items.len()))
}

/// True with a probability of `chance` percent.
pub(super) fn percent(rng: &mut ChaCha20Rng, chance: usize) -> bool {
    below(rng, 100) < chance
}

/// A faulty authority's message in transit.
pub(super) struct Attack {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Arrival time since the start of the epoch, by the receiver's clock.
    pub(super) at: Duration,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// One of the authority's own statements, by the number of its variant.
    Say(StatementKind, usize),
    /// Several statements, endorsed by `endorsers` faulty authorities and by the honest ones whose
    /// endorsement was seen.
    Relay { kind: StatementKind, variants: Vec<(usize, usize)>, endorsers: usize, is_complete: bool },
    /// A request that was seen in this round or an earlier one.
    Replay,
    /// The query whether the peer relays.
    Probe,
    /// A signature over a document that an honest authority signed, or over that document's
    /// certificate.
    Sign,
}

/// The faulty authorities' knowledge and prepared statements.
#[derive(Default)]
pub(super) struct Adversary {
    pub(super) faulty: Vec<usize>,
    pub(super) honest: Vec<usize>,
    /// The statements that each faulty authority can make in this round.
    variants: BTreeMap<(usize, StatementKind), Vec<Arc<[u8]>>>,
    /// Requests seen in all rounds.
    seen: Vec<Request>,
    /// Endorsements seen, by digest.
    endorsements: BTreeMap<Digest, Endorsements>,
    /// Commits and reveals of this round, as certificates.
    shares: BTreeMap<KeyHash, (Vec<u8>, Option<Vec<u8>>)>,
    /// Documents that honest authorities signed or certified in this round.
    documents: Vec<Vec<u8>>,
}

impl Adversary {
    fn signer(net: &Net, index: usize) -> Signer<'_> {
        Signer { identity: &net.identities[index], policy: &net.policy }
    }

    /// Prepares the faulty authorities' votes and reveals of a round.
    pub(super) fn prepare(&mut self, net: &Net, epoch: Epoch, previous: Option<&[u8]>, rng: &mut ChaCha20Rng) {
        (self.variants, self.endorsements, self.shares) = Default::default();
        self.documents.clear();
        let uploads: Vec<Vec<u8>> = net.nodes.iter().map(|node| node.descriptor(epoch, 30000)).collect();
        let context =
            Context { policy: &net.policy, epoch, previous: previous.map(|bytes| Document::parse(bytes).unwrap()) };
        let nodes = uploads.iter().map(Vec::as_slice);
        let document = Tallied::new(&context, net.policy.rates, nodes, []).unwrap().without_value();
        for &index in &self.faulty {
            let signer = Self::signer(net, index);
            let mut certify = |document: &DocumentBuilder| -> Arc<[u8]> {
                signer.certify(&document.encode(), epoch.plus(LIFETIME), rng).unwrap().into()
            };
            let mut rng = net.randomness.rng();
            let mut made = |document: DocumentBuilder| {
                let mut round = Round::new(epoch);
                let vote = round.vote(signer, document, &mut rng).unwrap();
                (vote, round.reveal(signer).unwrap())
            };
            let (first, first_reveal) = made(document.clone());
            let (second, second_reveal) = made(document.clone());
            let commits = DocumentBuilder::from(&document_of(&first).unwrap()).commits;
            // the same commit, but without the last mix, with other rates, with a node listed
            // twice, with two descriptors of one node
            let mut fewer = DocumentBuilder { commits: commits.clone(), ..document.clone() };
            fewer.topology.as_mut().unwrap()[0].pop();
            let mut rates = DocumentBuilder { commits: commits.clone(), ..document.clone() };
            rates.rates.mu *= 2.0;
            let mut twice = DocumentBuilder { commits, ..document.clone() };
            let last = net.nodes.last().unwrap();
            twice.topology.as_mut().unwrap()[0].extend([last.descriptor(epoch, 30000), last.descriptor(epoch, 40000)]);
            let votes = vec![first.clone(), certify(&fewer), second, certify(&rates), certify(&twice)];
            let commit = document_of(&first).unwrap().commits().next().unwrap().1.to_vec();
            let mut bad = [0; 40];
            rng_fill(&mut bad, epoch, &mut net.randomness.rng());
            let bad = signer.certify(&bad, epoch, &mut net.randomness.rng()).unwrap();
            self.shares.insert(signer.id(), (commit.clone(), Some(first_reveal.to_vec())));
            let reveals = vec![first_reveal, second_reveal, bad.into(), commit.into()];
            self.variants.insert((index, StatementKind::Vote), votes);
            self.variants.insert((index, StatementKind::Reveal), reveals);
            self.variants.insert((index, StatementKind::Cert), Vec::new());
        }
    }

    /// Plans the messages of a round and their times.
    pub(super) fn plan(&self, schedule: &Schedule, rng: &mut ChaCha20Rng) -> Vec<Attack> {
        let mut plan = Vec::new();
        if self.faulty.is_empty() {
            return plan;
        }
        let kinds = [StatementKind::Vote, StatementKind::Reveal, StatementKind::Cert];
        // each faulty authority's own statements, on time: the same to all, one of two to each, one
        // to some, or none
        for &from in &self.faulty {
            for kind in kinds {
                let (mode, first, second) = (below(rng, 5), below(rng, 5), below(rng, 5));
                for &to in &self.honest {
                    let variant = match mode {
                        0 => first,
                        1..=3 if percent(rng, 50) => first,
                        1 | 2 => second,
                        _ => continue,
                    };
                    let at = schedule.opens(kind) + fraction(rng, schedule.deadline(kind, 1) - schedule.opens(kind));
                    plan.push(Attack { from, to, at, what: What::Say(kind, variant) });
                }
            }
        }
        // an authority that sends too much is detected at once
        let more = [0, 1, 3, 10, 40][below(rng, 5)];
        for _ in 0..more {
            let (from, to) = (*choose(rng, &self.faulty).unwrap(), *choose(rng, &self.honest).unwrap());
            let kind = *choose(rng, &kinds).unwrap();
            let endorsers = below(rng, self.faulty.len() + 1);
            // near the deadline for this number of signatures, on either side of it, or at any time
            let signers = u32::try_from(1 + endorsers).unwrap();
            let deadline = schedule.deadline(kind, signers.saturating_sub(u32::from(percent(rng, 30))).max(1));
            let step = (schedule.closes(kind) - schedule.opens(kind)) / 100;
            let at = match below(rng, 4) {
                0 => deadline.saturating_sub(fraction(rng, step)),
                1 => deadline + fraction(rng, step),
                2 => schedule.opens(kind) + fraction(rng, schedule.closes(kind) - schedule.opens(kind)),
                _ => fraction(rng, schedule.closes(StatementKind::Sig) + step),
            };
            let variants = |rng: &mut ChaCha20Rng| {
                let count = 1 + below(rng, 3);
                (0..count).map(|_| (*choose(rng, &self.faulty).unwrap(), below(rng, 5))).collect()
            };
            let what = match below(rng, 10) {
                0..=2 => What::Say(kind, below(rng, 5)),
                3..=6 => What::Relay { kind, variants: variants(rng), endorsers, is_complete: percent(rng, 80) },
                7 => What::Replay,
                8 => What::Probe,
                _ => What::Sign,
            };
            plan.push(Attack { from, to, at, what });
        }
        plan
    }

    /// Observes an honest authority's request, whoever receives it.
    pub(super) fn observe(&mut self, net: &Net, epoch: Epoch, author: KeyHash, request: &Request) {
        match request {
            Request::Statement { kind: StatementKind::Vote, payload, .. } => {
                let document = document_of(payload).unwrap();
                let commit = document.commits().next().unwrap().1.to_vec();
                self.shares.entry(author).or_insert((commit, None));
            }
            Request::Statement { kind: StatementKind::Reveal, payload, .. } => {
                if let Some((_, reveal)) = self.shares.get_mut(&author) {
                    *reveal = Some(payload.to_vec());
                }
            }
            Request::Statement { kind: StatementKind::Cert, payload, .. } => {
                self.documents.push(payload_of(payload).unwrap().to_vec());
            }
            Request::Relay { payload, .. } => {
                let any = Self::signer(net, 0);
                let relayed = parse_relay(payload, epoch, usize::MAX).unwrap_or_default();
                for statement in relayed {
                    let good = statement.endorsements(any, epoch);
                    self.endorsements.entry(statement.subject.digest).or_default().extend(good);
                }
            }
            _ => {}
        }
        self.seen.push(request.clone());
    }

    /// Observes a document that an honest authority signed.
    pub(super) fn observe_document(&mut self, document: &[u8]) {
        self.documents.push(document.to_vec());
    }

    /// Builds the request of an attack; `None` if there is nothing to send.
    pub(super) fn request(
        &mut self,
        net: &Net,
        epoch: Epoch,
        from: usize,
        what: &What,
        rng: &mut ChaCha20Rng,
    ) -> Option<Request> {
        let signer = Self::signer(net, from);
        let public_key: Arc<[u8]> = net.identities[from].public().into();
        let number = epoch.0;
        Some(match what {
            What::Say(kind, variant) => {
                let payload = self.variant(net, epoch, from, *kind, *variant, rng)?;
                Request::Statement { kind: *kind, epoch: number, public_key, payload }
            }
            What::Relay { kind, variants, endorsers, is_complete } => {
                let mut items = Vec::new();
                for (author, variant) in variants {
                    let Some(statement) = self.variant(net, epoch, *author, *kind, *variant, rng) else { continue };
                    let digest = Digest::of(net.id(*author), &Certificate::parse(&statement).unwrap());
                    let subject = Subject { kind: *kind, author: net.id(*author), digest };
                    let mut endorsed = self.endorsements.get(&digest).cloned().unwrap_or_default();
                    for endorser in self.faulty.iter().take(*endorsers) {
                        let by = Self::signer(net, *endorser);
                        endorsed.insert(by.id(), endorse(by, epoch, &subject, rng).unwrap());
                    }
                    // forged endorsements too
                    for honest in self.honest.iter().filter(|_| percent(rng, 20)) {
                        endorsed.entry(net.id(*honest)).or_insert_with(|| [7; 32].as_slice().into());
                    }
                    let statement = is_complete.then_some(statement);
                    items.push(Entry { endorsement: endorsement(signer, epoch, &subject, &endorsed), statement });
                }
                Request::Relay {
                    epoch: number,
                    public_key,
                    payload: encode_relay(&items).into(),
                    is_complete: *is_complete,
                }
            }
            What::Replay => {
                let mut again = choose(rng, &self.seen)?.clone();
                // under its own key or still under the author's
                if percent(rng, 70) {
                    match &mut again {
                        Request::Statement { public_key: key, epoch, .. }
                        | Request::Relay { public_key: key, epoch, .. }
                        | Request::Probe { public_key: key, epoch } => (*key, *epoch) = (public_key, number),
                    }
                }
                again
            }
            What::Probe => Request::Probe { epoch: number, public_key },
            What::Sign => {
                let document = choose(rng, &self.documents)?.clone();
                let signed = signer.certify(&document, epoch.plus(LIFETIME), rng).unwrap();
                let signature = Certificate::parse(&signed).unwrap().signature_by(signer.id()).unwrap().to_vec();
                let payload = signer.certify(&encode_signature(signer.id(), &signature), epoch, rng).unwrap().into();
                Request::Statement { kind: StatementKind::Sig, epoch: number, public_key, payload }
            }
        })
    }

    /// A faulty authority's statement. Certificates are made on demand, from the shares known at
    /// that time.
    fn variant(
        &mut self,
        net: &Net,
        epoch: Epoch,
        author: usize,
        kind: StatementKind,
        variant: usize,
        rng: &mut ChaCha20Rng,
    ) -> Option<Arc<[u8]>> {
        let known = self.variants.get(&(author, kind))?.len();
        if kind == StatementKind::Cert && variant >= known && known < 4 {
            let made = self.certificate(net, epoch, author, rng);
            self.variants.get_mut(&(author, kind))?.push(made);
        }
        let variants = self.variants.get(&(author, kind))?;
        variants.get(variant % variants.len().max(1)).cloned()
    }

    /// A certificate of some of the known commits and reveals, valid or not.
    fn certificate(&self, net: &Net, epoch: Epoch, author: usize, rng: &mut ChaCha20Rng) -> Arc<[u8]> {
        let signer = Self::signer(net, author);
        // the same document as an honest authority's
        if let Some(document) = choose(rng, &self.documents).cloned()
            && percent(rng, 50)
        {
            return signer.certify(&document, epoch.plus(LIFETIME), rng).unwrap().into();
        }
        let votes = &self.variants[&(author, StatementKind::Vote)];
        let mut document = DocumentBuilder::from(&document_of(choose(rng, votes).unwrap()).unwrap());
        let (mut commits, mut reveals) = (BTreeMap::new(), BTreeMap::new());
        for (of, (commit, reveal)) in &self.shares {
            let is_in = if *of == signer.id() { 90 } else { 80 };
            if let (true, Some(reveal)) = (percent(rng, is_in), reveal) {
                commits.insert(*of, commit.clone());
                reveals.insert(*of, reveal.clone());
            }
        }
        let own = |variant: usize| self.variants[&(author, StatementKind::Reveal)][variant].to_vec();
        match below(rng, 8) {
            // another commit and reveal of the faulty authority
            0 => {
                let second = document_of(&votes[2]).unwrap();
                commits.insert(signer.id(), second.commits().next().unwrap().1.to_vec());
                reveals.insert(signer.id(), own(1));
            }
            // a reveal that does not match its commit, or no reveal
            1 => {
                reveals.insert(signer.id(), own(2));
            }
            2 => {
                reveals.remove(&signer.id());
            }
            // an honest authority's commit in place of its reveal
            3 => {
                let of = net.id(*choose(rng, &self.honest).unwrap());
                if let Some((commit, _)) = self.shares.get(&of) {
                    reveals.insert(of, commit.clone());
                }
            }
            4 => {
                commits.insert(KeyHash([9; 32]), own(0));
                reveals.insert(KeyHash([9; 32]), own(0));
            }
            _ => {}
        }
        (document.commits, document.reveals) = (Some(commits), Some(reveals));
        signer.certify(&document.encode(), epoch.plus(LIFETIME), rng).unwrap().into()
    }

    /// A faulty authority's reply to an honest one; `None` if it closes the connection.
    pub(super) fn answer(net: &Net, to: usize, sent: &Outgoing, rng: &mut ChaCha20Rng) -> Option<Reply> {
        if percent(rng, 10) {
            return None;
        }
        let public_key = net.identities[to].public().into();
        Some(match (&sent.request, below(rng, 3)) {
            (Request::Relay { payload, epoch, .. }, 0) => {
                let relayed = parse_relay(payload, Epoch(*epoch), usize::MAX).unwrap_or_default();
                let digests: Vec<_> = relayed.iter().map(|statement| statement.subject.digest).collect();
                Reply::Vote { epoch: *epoch, public_key, payload: encode_wanted(&digests).into() }
            }
            (_, 1) => Reply::Vote { epoch: FIRST.0, public_key, payload: encode_wanted(&[]).into() },
            _ => Reply::Verdict(StatementKind::Vote, Verdict::Ok),
        })
    }
}

fn rng_fill(share: &mut [u8; 40], epoch: Epoch, rng: &mut ChaCha20Rng) {
    rng.fill_bytes(share);
    share[..8].copy_from_slice(&epoch.0.to_be_bytes());
}

/// A random fraction of a duration.
pub(super) fn fraction(rng: &mut ChaCha20Rng, of: Duration) -> Duration {
    of * u32::try_from(below(rng, 1000)).unwrap() / 1000
}
