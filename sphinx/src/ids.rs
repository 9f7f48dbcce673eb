//! The identifiers that routing commands carry (`docs/spec/sphinx.md#routing-commands`).

use core::fmt;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

identifier! {
    /// A node: the BLAKE2b-256 hash of its identity public key.
    NodeId[32]
}

identifier! {
    /// The recipient at the last hop: a client's queue id or a service's endpoint name,
    /// zero-padded.
    RecipientId[32]
}

identifier! {
    /// Identifies a SURB to its creator.
    SurbId[16]
}

identifier! {
    /// Identifies a packet in the replay filter: the SHA-512/256 hash of its group element
    ///  (`docs/spec/sphinx.md#replay-detection`).
    ReplayTag[32]
}
