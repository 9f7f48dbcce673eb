//! The four kinds of statement in a round: the single list that defines their numbers, commands and
//! status codes.

use core::fmt;
use mixwell_wire::{CertStatus, Command, RevealStatus, SigStatus, Statement, VoteStatus};

/// The answer to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Accepted.
    Ok,
    /// For an earlier epoch than the one voted on, or a certificate before its author's vote.
    TooEarly,
    /// For a later epoch, or after the deadline of its kind.
    TooLate,
    /// Not from the authority whose public key it has.
    NotAuthorized,
    /// Not signed by its author, or malformed.
    NotSigned,
    /// Accepted before, or a second statement of the same author.
    AlreadyReceived,
    /// The requested vote is not known.
    NotFound,
}

/// Defines the kinds. Each line has a kind's number on disk and in endorsements, its name in logs,
/// its status codes, the code for [`Verdict::NotFound`], and the meaning of codes that only this
/// kind has.
macro_rules! statement_kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident = $number:literal, $name:literal, $status:ident, NotFound => $not_found:ident
        $(, $code:ident => $verdict:ident)* ;
    )+) => {
        /// A statement's kind, in the order in which an authority makes them in a round.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(clippy::exhaustive_enums, reason = "a round of the protocol has these and no others")]
        pub enum StatementKind {
            $($(#[$doc])* $kind = $number,)+
        }

        impl StatementKind {
            /// All kinds, in order.
            pub const ALL: [Self; 4] = [$(Self::$kind),+];

            /// The number of the kind on disk and in endorsements.
            pub(crate) const fn number(self) -> u8 {
                self as u8
            }

            pub(crate) const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$kind),)+
                    _ => None,
                }
            }

            /// The statement in a command.
            pub(crate) const fn of<'c>(command: &'c Command<'c>) -> Option<(Self, &'c Statement<'c>)> {
                match command {
                    $(Command::$kind(statement) => Some((Self::$kind, statement)),)+
                    _ => None,
                }
            }

            /// The command that carries a statement.
            pub(crate) const fn command(self, statement: Statement<'_>) -> Command<'_> {
                match self {
                    $(Self::$kind => Command::$kind(statement),)+
                }
            }

            /// The answer to a statement of this kind.
            pub(crate) const fn status(self, verdict: Verdict) -> Command<'static> {
                match self {
                    $(Self::$kind => Command::$status(match verdict {
                        Verdict::Ok => $status::Ok,
                        Verdict::TooEarly => $status::TooEarly,
                        Verdict::TooLate => $status::TooLate,
                        Verdict::NotAuthorized => $status::NotAuthorized,
                        Verdict::NotSigned => $status::NotSigned,
                        Verdict::AlreadyReceived => $status::AlreadyReceived,
                        Verdict::NotFound => $status::$not_found,
                    }),)+
                }
            }

            /// The kind of the statement that an answer is to, and the verdict on it; `None` for
            /// other answers.
            pub(crate) const fn verdict_in(answer: &Command<'_>) -> Option<(Self, Verdict)> {
                Some(match answer {
                    $(Command::$status(status) => (Self::$kind, match status {
                        $status::Ok => Verdict::Ok,
                        $status::TooEarly => Verdict::TooEarly,
                        $status::TooLate => Verdict::TooLate,
                        $status::NotAuthorized => Verdict::NotAuthorized,
                        $status::NotSigned => Verdict::NotSigned,
                        $status::AlreadyReceived => Verdict::AlreadyReceived,
                        $($status::$code => Verdict::$verdict,)*
                        _ => return None,
                    }),)+
                    _ => return None,
                })
            }
        }

        impl fmt::Display for StatementKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$kind => $name,)+
                })
            }
        }
    };
}

statement_kinds! {
    /// A proposed document, with a commit to a random number.
    Vote = 0, "vote", VoteStatus, NotFound => NotFound, NotFound => NotFound, Malformed => NotSigned;
    /// The random number to which the vote's commit commits.
    Reveal = 1, "reveal", RevealStatus, NotFound => NotSigned;
    /// The document as its author tallied it, with the commits and reveals that the author
    /// received.
    Cert = 2, "certificate", CertStatus, NotFound => NotSigned;
    /// A signature over the consensus.
    Sig = 3, "signature", SigStatus, NotFound => NotSigned, Invalid => NotSigned;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_statuses_round_trip() {
        for kind in StatementKind::ALL {
            assert_eq!(StatementKind::from_number(kind.number()), Some(kind));
            for verdict in [
                Verdict::Ok,
                Verdict::TooEarly,
                Verdict::TooLate,
                Verdict::NotAuthorized,
                Verdict::NotSigned,
                Verdict::AlreadyReceived,
            ] {
                assert_eq!(StatementKind::verdict_in(&kind.status(verdict)), Some((kind, verdict)));
            }
        }
        assert_eq!(StatementKind::from_number(4), None);
        assert_eq!(StatementKind::verdict_in(&Command::NoOp), None);
        let vote = StatementKind::Vote;
        assert_eq!(StatementKind::verdict_in(&vote.status(Verdict::NotFound)), Some((vote, Verdict::NotFound)));
        let malformed = Command::VoteStatus(VoteStatus::Malformed);
        assert_eq!(StatementKind::verdict_in(&malformed), Some((vote, Verdict::NotSigned)));
    }
}
