//! The schemes that a geometry can name.

use core::fmt;

/// The NIKE or KEM of a geometry: its name and the length of its group element.
///
/// ```
/// use mixwell_sphinx::SchemeInfo;
///
/// // as the `SphinxGeometry` of a configuration names it
/// let scheme = SchemeInfo::by_names("", "XWING").expect("a known scheme");
/// assert!(scheme.is_kem());
/// assert_eq!(scheme.element_len(), 1120);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemeInfo {
    name: &'static str,
    is_kem: bool,
    element_len: usize,
}

impl SchemeInfo {
    /// Every scheme that networks use.
    pub const ALL: &'static [Self] = &[
        Self::nike("x25519", 32),
        Self::nike("x448", 56),
        Self::kem("x25519", 32),
        Self::kem("x448", 56),
        Self::kem("MLKEM768", 1088),
        Self::kem("XWING", 1120),
        Self::kem("MLKEM768-X25519", 1120),
        Self::kem("MLKEM768-X448", 1144),
    ];

    /// A NIKE with public keys of `element_len` bytes.
    #[must_use]
    pub const fn nike(name: &'static str, element_len: usize) -> Self {
        Self { name, is_kem: false, element_len }
    }

    /// A KEM with ciphertexts of `element_len` bytes.
    #[must_use]
    pub const fn kem(name: &'static str, element_len: usize) -> Self {
        Self { name, is_kem: true, element_len }
    }

    /// The scheme of [`SchemeInfo::ALL`] with these names, in any case, of which one must be empty.
    #[must_use]
    pub fn by_names(nike: &str, kem: &str) -> Option<Self> {
        let (name, is_kem) = match (nike, kem) {
            (nike, "") => (nike, false),
            ("", kem) => (kem, true),
            _ => return None,
        };
        Self::ALL.iter().find(|scheme| scheme.is_kem == is_kem && scheme.name.eq_ignore_ascii_case(name)).copied()
    }

    /// The scheme's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is a KEM, not a NIKE.
    #[must_use]
    pub const fn is_kem(&self) -> bool {
        self.is_kem
    }

    /// Length in bytes of a group element: a public key, or a KEM's ciphertext.
    #[must_use]
    pub const fn element_len(&self) -> usize {
        self.element_len
    }

    /// Length in bytes of the next group element inside a hop's block, which only KEMs have.
    pub(crate) const fn in_block_len(&self) -> usize {
        if self.is_kem { self.element_len } else { 0 }
    }

    /// The name if this is a NIKE, else nothing.
    #[must_use]
    pub const fn nike_name(&self) -> &'static str {
        if self.is_kem { "" } else { self.name }
    }

    /// The name if this is a KEM, else nothing.
    #[must_use]
    pub const fn kem_name(&self) -> &'static str {
        if self.is_kem { self.name } else { "" }
    }
}

impl fmt::Display for SchemeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, if self.is_kem { "KEM" } else { "NIKE" })
    }
}
