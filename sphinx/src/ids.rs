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
    ///
    /// ```
    /// use mixwell_sphinx::NodeId;
    ///
    /// let id = NodeId([0xab; 32]); // a directory's document has it
    /// assert_eq!(id.to_string(), "ab".repeat(32));
    /// ```
    NodeId[32]
}

identifier! {
    /// The recipient at the last hop: a client's queue id or a service's endpoint name,
    /// zero-padded.
    ///
    /// ```
    /// use mixwell_sphinx::RecipientId;
    ///
    /// let mut id = [0; 32];
    /// id[..4].copy_from_slice(b"echo");
    /// let service = RecipientId(id);
    /// # assert_eq!(service.as_bytes()[4], 0);
    /// ```
    RecipientId[32]
}

identifier! {
    /// The id by which a SURB's creator recognises it.
    ///
    /// ```
    /// use mixwell_sphinx::SurbId;
    /// use rand::Rng;
    ///
    /// let mut id = SurbId([0; 16]);
    /// rand::rng().fill_bytes(&mut id.0);
    /// ```
    SurbId[16]
}

identifier! {
    /// A packet's tag in the replay filter: the SHA-512/256 hash of its group element
    /// (`docs/spec/sphinx.md#replay-detection`).
    ///
    /// ```
    /// use mixwell_sphinx::{ReplayFilter, ReplayTag};
    ///
    /// let mut filter = ReplayFilter::new([0; 64], &mut rand::rng());
    /// filter.insert(&ReplayTag([7; 32]))?;
    /// assert!(filter.insert(&ReplayTag([7; 32]))?.is_seen());
    /// # Ok::<(), mixwell_sphinx::ReplayFilterFull>(())
    /// ```
    ReplayTag[32]
}
