//! Agreement: how honest authorities end up with the same statements, whatever a faulty minority
//! sends to whom.
//!
//! # The problem
//!
//! The document of an epoch is a function of the votes, the reveals and the certificates that an
//! authority received ([`tally`](super::tally), [`shared_random`](super::shared_random)), of the
//! configuration, and of the previous consensus. Of `n` authorities `t = ⌊n/2⌋ + 1` signatures make
//! a document a consensus, and `f = n − t` of them may be faulty: they may send anything that they
//! can sign to anybody at any time. If two honest authorities counted different statements of a
//! faulty one, they would sign different documents: then either no document gets `t` signatures, or
//! two do, as the faulty authorities may sign both. So all honest authorities must end up with the
//! same statements of every author, including the faulty ones.
//!
//! # The protocol
//!
//! Each statement is broadcast by the protocol of Dolev and Strong (*Authenticated algorithms for
//! Byzantine agreement*, SIAM J. Comput. 12(4), 1983), one instance for each kind and author, all
//! side by side. A kind has its eighth of the epoch, from `D₀` to its end, with deadlines
//! `D₁ < … < D_{f+1}` ([`Schedule`](super::schedule::Schedule)): `D₁` in its middle, `D_{f+1}` its
//! end.
//!
//! 1. The author sends its statement to everybody at `D₀`.
//! 2. An authority *accepts* a statement with valid signatures of `k` different authorities, its
//!    author's among them, if its own clock has not reached `D_k`. The other `k − 1` signatures are
//!    *endorsements* ([`relay`](super::relay)). Whether a statement is valid depends on its bytes
//!    alone.
//! 3. At each of `D₁ … D_f` an authority adds its own endorsement to each statement that it has
//!    accepted since the previous deadline, and sends it to everybody. It accepts at most three
//!    different statements of a kind from one author: more would prove nothing further.
//! 4. At `D_{f+1}` it counts the statements that it has accepted from each author. One counts; with
//!    none the author is absent; an author of several has signed different statements and is
//!    excluded from the round.
//!
//! # Why that is enough
//!
//! *Assumptions.* At most `f` authorities are faulty in the round; one that crashes or restarts in
//! it counts as faulty. Signatures cannot be forged. What an honest authority sends at `D_{k−1}` by
//! its own clock has been processed by every other honest one before `D_k` by that one's clock: the
//! interval covers the difference of clocks, the connection, and a second exchange for statements
//! that the peer lacks. The first interval is a sixteenth of the epoch, each other one a sixteenth
//! divided by `f`: 75 s for three authorities and epochs of 20 minutes, 25 s for seven.
//!
//! *An honest author is never excluded.* An honest author signs one statement of each kind for a
//! round, even if it restarts: what it signed is on disk before it is sent. Kinds differ in form: a
//! vote has one commit and no reveal, a certificate has a reveal, a consensus has neither and a
//! shared random value. A commit and a reveal are both 40 bytes: an author's commit is no second
//! reveal of it (see [`Round::reveal_of`](super::round::Round)). What is compared is a digest of
//! what was signed, without the signature, so that nobody can make a second statement of it by
//! another encoding of the signature. So honest authors are not excluded, and everybody has their
//! statement after the first interval.
//!
//! *If an honest authority A accepts a statement, or has reached its limit, so does or has every
//! honest B.* Let A accept it with `k` signatures before `D_k`. If `k ≤ f`, A relays it at `D_k` at
//! the latest with `k + 1` signatures, and B accepts it before `D_{k+1}`, or has three statements
//! of the author already. If `k ≥ f + 1`, one of the signers is honest. If it is the author, B has
//! the statement from it. If it is an endorser C, then C relayed the statement at the first `D_j`
//! after it had accepted it, `j ≤ f`. As `D_{j−1}` had passed when C accepted it, it came with `j`
//! signatures or more, and B had it before `D_{j+1}` with at least `j + 1`.
//!
//! *So the outcome of step 4 is the same for all.* If A has exactly one statement, B has it too,
//! and no other: else A would have that as well. If A has several, B has at least two of them.
//! Hence all honest authorities compute the same document at the end of the certificates' eighth;
//! there are `t` of them, each signs that document and no other in this round, and each hears of
//! the others' signatures. Another document gets at most `f < t` signatures.
//!
//! *Why the assumption about time is necessary.* With `n ≤ 3f` no protocol that ends in bounded
//! time stays safe in a network that may delay messages without bound (Dwork, Lynch, Stockmeyer:
//! *Consensus in the presence of partial synchrony*, J. ACM 35(2), 1988): an authority that hears
//! nothing from another cannot tell whether that one is down or cut off. If honest authorities
//! cannot reach each other in time, there may be no consensus of the epoch. Two of them take more
//! than that: any two majorities have an authority in common, so somebody must sign two documents,
//! which no honest authority does.
//!
//! # With peers that do not relay
//!
//! Katzenpost's authorities send the same statements but no endorsements. A Mixwell authority asks
//! each peer for its own vote once an epoch (`get_vote`): a Mixwell authority answers, Katzenpost's
//! closes the connection and is then sent plain statements only. Among `m` honest Mixwell
//! authorities the argument above holds, whatever the others are: they agree on everything that any
//! of them accepted. If `m ≥ t`, there is exactly one document with `t` signatures. If not, a
//! consensus needs signatures of Katzenpost's authorities. These compute the same document if
//! nobody sends different statements to different authorities and all statements arrive in the
//! first half of their eighth.
//!
//! # After a restart
//!
//! An authority that starts after votes were due may have missed relays, and cannot know. It takes
//! part with the statements on its disk, and for the rest of the round accepts statements until the
//! end of their eighth, however few signatures they have. It counts as faulty in this round: the
//! only claim about it is that it signs no second document. If it did not take part, restarting two
//! of three authorities would cost the network an epoch.

use crate::{
    canonical::{Digest, with_one_signature},
    message::StatementKind,
    relay::Endorsements,
    tally::document_of,
};
use mixwell_pki_types::{Certificate, Commit, KeyHash};
use std::{collections::BTreeMap, sync::Arc};

/// The accepted statements of one kind in a round. Bounded by the number of authorities.
pub(super) struct Agreement {
    kind: StatementKind,
    accepted: BTreeMap<KeyHash, Vec<Accepted>>,
}

/// A statement that was accepted.
pub(super) struct Accepted {
    pub(super) digest: Digest,
    /// The statement with only its author's signature.
    pub(super) certificate: Arc<[u8]>,
    /// The commit in a vote: its certificate and its contents.
    pub(super) commit: Option<(Arc<[u8]>, Commit)>,
    /// The endorsements received with it, and our own once it is relayed.
    pub(super) endorsements: Endorsements,
    pub(super) is_relayed: bool,
}

impl Accepted {
    /// `certificate` must have been verified.
    pub(super) fn new(
        kind: StatementKind,
        author: KeyHash,
        certificate: Arc<[u8]>,
        endorsements: Endorsements,
    ) -> Option<Self> {
        let digest = Digest::of(author, &Certificate::parse(&certificate).ok()?);
        let commit = if kind == StatementKind::Vote { Some(commit_of(author, &certificate)?) } else { None };
        Some(Self { digest, certificate, commit, endorsements, is_relayed: false })
    }
}

/// The commit of a vote's author.
fn commit_of(author: KeyHash, vote: &[u8]) -> Option<(Arc<[u8]>, Commit)> {
    let (_, certificate) = document_of(vote)?.commits().find(|(of, _)| *of == author)?;
    let read = Certificate::parse(certificate).ok()?;
    let commit = Commit::parse(read.unverified_payload()).ok()?;
    Some((with_one_signature(&read, author)?.into(), commit))
}

/// The statement that counts for an author at the end of the kind's eighth.
pub(super) enum Outcome<'a> {
    Nothing,
    One(&'a Accepted),
    /// Different statements: the author is faulty.
    Several,
}

impl Agreement {
    pub(super) const fn new(kind: StatementKind) -> Self {
        Self { kind, accepted: BTreeMap::new() }
    }

    pub(super) const fn kind(&self) -> StatementKind {
        self.kind
    }

    /// Whether this statement is accepted already, or its author has [`MAX_DIFFERENT`].
    pub(super) fn is_settled(&self, author: KeyHash, digest: Digest) -> bool {
        let accepted = self.of(author);
        accepted.len() >= MAX_DIFFERENT || accepted.iter().any(|statement| statement.digest == digest)
    }

    /// Accepts a statement, unless it [is settled](Self::is_settled).
    pub(super) fn accept(&mut self, author: KeyHash, statement: Accepted) -> bool {
        let fresh = !self.is_settled(author, statement.digest);
        if fresh {
            self.accepted.entry(author).or_default().push(statement);
        }
        fresh
    }

    /// The accepted statements of an author.
    pub(super) fn of(&self, author: KeyHash) -> &[Accepted] {
        self.accepted.get(&author).map_or(&[], Vec::as_slice)
    }

    /// The outcome for an author, counting only some statements.
    pub(super) fn outcome(&self, author: KeyHash, counts: impl Fn(&Accepted) -> bool) -> Outcome<'_> {
        let mut counted = self.of(author).iter().filter(|statement| counts(statement));
        match (counted.next(), counted.next()) {
            (None, _) => Outcome::Nothing,
            (Some(statement), None) => Outcome::One(statement),
            (Some(_), Some(_)) => Outcome::Several,
        }
    }

    /// The statements that are not relayed yet.
    pub(super) fn unrelayed(&mut self) -> impl Iterator<Item = (KeyHash, &mut Accepted)> {
        let all = self.accepted.iter_mut();
        let each = all.flat_map(|(author, accepted)| accepted.iter_mut().map(|statement| (*author, statement)));
        each.filter(|(_, statement)| !statement.is_relayed)
    }

    /// The accepted statement of a digest, and its author.
    pub(super) fn by_digest(&self, digest: Digest) -> Option<(KeyHash, &Accepted)> {
        let all = self.accepted.iter();
        let mut each = all.flat_map(|(author, accepted)| accepted.iter().map(|statement| (*author, statement)));
        each.find(|(_, statement)| statement.digest == digest)
    }
}

/// Maximum number of statements of a kind per author. Two different ones prove an author faulty;
/// the third is for a commit, which cannot be told from a reveal by its form.
pub(super) const MAX_DIFFERENT: usize = 3;
