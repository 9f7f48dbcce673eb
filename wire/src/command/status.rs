//! The codes of status commands (`docs/spec/wire.md#status-codes`). Other codes fail to decode.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$code_doc:meta])* $code:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name {
            $($(#[$code_doc])* $code = $value,)+
        }

        impl $name {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The status with this code.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($value => Some(Self::$code),)+
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The answer to a request for a consensus.
    ConsensusStatus {
        /// The answer contains the consensus.
        Ok = 0,
        /// There is no consensus yet.
        NotFound = 1,
        /// There is no consensus of this epoch, and there will be none.
        Gone = 2,
    }
}

codes! {
    /// The answer to a descriptor.
    DescriptorStatus {
        /// Accepted.
        Ok = 0,
        /// Malformed, or the signature is wrong.
        Invalid = 1,
        /// Another descriptor of the node was accepted before.
        Conflict = 2,
        /// The network's configuration does not list the node.
        Forbidden = 3,
    }
}

codes! {
    /// The answer to a vote or to a request for one.
    VoteStatus {
        /// Accepted.
        Ok = 0,
        /// Received after its deadline.
        TooLate = 1,
        /// Received too early.
        TooEarly = 2,
        /// Not from an authority.
        NotAuthorized = 3,
        /// The signature is wrong.
        NotSigned = 4,
        /// Not a vote.
        Malformed = 5,
        /// Received before.
        AlreadyReceived = 6,
        /// The vote is not known.
        NotFound = 7,
    }
}

codes! {
    /// The answer to a reveal of shared randomness.
    RevealStatus {
        /// Accepted.
        Ok = 8,
        /// Received too early.
        TooEarly = 9,
        /// Not from an authority.
        NotAuthorized = 10,
        /// The signature is wrong.
        NotSigned = 11,
        /// Received before.
        AlreadyReceived = 12,
        /// Received after its deadline.
        TooLate = 13,
    }
}

codes! {
    /// The answer to a certificate.
    CertStatus {
        /// Accepted.
        Ok = 14,
        /// Received too early.
        TooEarly = 15,
        /// Not from an authority.
        NotAuthorized = 16,
        /// The signature is wrong.
        NotSigned = 17,
        /// Received before.
        AlreadyReceived = 18,
        /// Received after its deadline.
        TooLate = 19,
    }
}

codes! {
    /// The answer to a signature on a consensus.
    SigStatus {
        /// Accepted.
        Ok = 20,
        /// Not from an authority.
        NotAuthorized = 21,
        /// The signature is wrong.
        NotSigned = 22,
        /// Received too early.
        TooEarly = 23,
        /// Received after its deadline.
        TooLate = 24,
        /// Received before.
        AlreadyReceived = 25,
        /// Not a signature on this consensus.
        Invalid = 26,
    }
}
