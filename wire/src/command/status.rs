//! The codes of status commands (`docs/spec/wire.md#status-codes`). A code that is not in the list
//! is an error of decoding.

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
        /// Here it is.
        Ok = 0,
        /// There is none yet.
        NotFound = 1,
        /// There will be none.
        Gone = 2,
    }
}

codes! {
    /// The answer to a descriptor.
    DescriptorStatus {
        /// Accepted.
        Ok = 0,
        /// Malformed or badly signed.
        Invalid = 1,
        /// Another one was accepted before.
        Conflict = 2,
        /// The node is not one of the network's.
        Forbidden = 3,
    }
}

codes! {
    /// The answer to a vote or to a request for one.
    VoteStatus {
        /// Accepted.
        Ok = 0,
        /// After its time.
        TooLate = 1,
        /// Before its time.
        TooEarly = 2,
        /// Not from an authority.
        NotAuthorized = 3,
        /// Badly signed.
        NotSigned = 4,
        /// Not a vote.
        Malformed = 5,
        /// Received before.
        AlreadyReceived = 6,
        /// There is no such vote.
        NotFound = 7,
    }
}

codes! {
    /// The answer to a reveal of shared randomness.
    RevealStatus {
        /// Accepted.
        Ok = 8,
        /// Before its time.
        TooEarly = 9,
        /// Not from an authority.
        NotAuthorized = 10,
        /// Badly signed.
        NotSigned = 11,
        /// Received before.
        AlreadyReceived = 12,
        /// After its time.
        TooLate = 13,
    }
}

codes! {
    /// The answer to a certificate.
    CertStatus {
        /// Accepted.
        Ok = 14,
        /// Before its time.
        TooEarly = 15,
        /// Not from an authority.
        NotAuthorized = 16,
        /// Badly signed.
        NotSigned = 17,
        /// Received before.
        AlreadyReceived = 18,
        /// After its time.
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
        /// Badly signed.
        NotSigned = 22,
        /// Before its time.
        TooEarly = 23,
        /// After its time.
        TooLate = 24,
        /// Received before.
        AlreadyReceived = 25,
        /// Not a signature on this consensus.
        Invalid = 26,
    }
}
