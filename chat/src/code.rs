//! The pairing code, and the safety string.

use crate::{
    bytes::{Reader, Writer},
    codec::Codec,
    kdf::{self, Key},
    proquint,
};
use alloc::string::String;
use core::fmt;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A pairing code: 128 random bits and 16 check bits, as nine words that can be read aloud.
///
/// Anyone who knows it can pair in the friend's place. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; SECRET_LEN]);

const SECRET_LEN: usize = 16;
const WORDS: usize = 9;

impl Code {
    /// A fresh code.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut code = Self([0; SECRET_LEN]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// Parses words, ignoring case. Anything but letters separates them.
    ///
    /// # Errors
    /// [`CodeError`] says which word is malformed, that there are too few or too many, or that some
    /// word is wrong.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut words = Zeroizing::new([0_u16; WORDS]);
        let mut got = 0_usize;
        for word in text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()) {
            got = got.saturating_add(1);
            let bits = proquint::read(word).ok_or(CodeError::Word { number: got })?;
            if let Some(place) = words.get_mut(got.saturating_sub(1)) {
                *place = bits;
            }
        }
        if got != WORDS {
            return Err(CodeError::Count { got });
        }
        let (&check, secret) = words.split_last().ok_or(CodeError::Count { got })?;
        let mut code = Self([0; SECRET_LEN]);
        for (bytes, word) in code.0.chunks_exact_mut(2).zip(secret) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        if code.check() == check { Ok(code) } else { Err(CodeError::Check) }
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        let words =
            self.0.chunks_exact(2).map(|bytes| bytes.iter().fold(0, |word: u16, byte| word << 8 | u16::from(*byte)));
        proquint::write(words.chain([self.check()]))
    }

    /// The key from which all others of a pairing are derived.
    pub(crate) fn key(&self) -> Key {
        let mut padded = Zeroizing::new([0; kdf::KEY_LEN]);
        padded.iter_mut().zip(self.0).for_each(|(byte, secret)| *byte = secret);
        Key::new(*padded).derive("code", &[])
    }

    /// The check bits, which miss one error in 65,536.
    fn check(&self) -> u16 {
        u16::from_be_bytes(self.key().public("check", &[]))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

/// The reason why a text is not a pairing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// A word is malformed: each is five letters, such as `lusab`.
    Word {
        /// The word's number, from 1.
        number: usize,
    },
    /// There are too few words or too many.
    Count {
        /// The number of words.
        got: usize,
    },
    /// Each word is well-formed, but the check bits do not match.
    Check,
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { number } => write!(f, "word {number} of the code is not one; words are like lusab"),
            Self::Count { got } => write!(f, "the code has {got} words, want {WORDS}"),
            Self::Check => f.write_str("a word of the code is wrong, or two are swapped"),
        }
    }
}

impl core::error::Error for CodeError {}

/// Three words that are the same on both sides unless there is a man in the middle. Not secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafetyString([u8; SAFETY_LEN]);

pub(crate) const SAFETY_LEN: usize = 6;

impl SafetyString {
    pub(crate) const fn new(bytes: [u8; SAFETY_LEN]) -> Self {
        Self(bytes)
    }

    /// A string of these 48 bits, for tests of programs that show it.
    #[doc(hidden)]
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }
}

impl Codec for SafetyString {
    fn encode(&self, to: &mut Writer) {
        self.0.encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Codec::decode(from).map(Self)
    }
}

impl fmt::Display for SafetyString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words =
            self.0.chunks_exact(2).map(|bytes| bytes.iter().fold(0, |word: u16, byte| word << 8 | u16::from(*byte)));
        f.write_str(&proquint::write(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed in Python, as those of `kdf`.
    #[test]
    fn known_answer() {
        let secret = core::array::from_fn(|place| u8::try_from(place).unwrap());
        let code = Code(secret);
        assert_eq!(*code.words(), "babad-bamag-bibaj-bimal-boban-bomar-bubat-bumaz-fahad");
        assert_eq!(Code::parse(&code.words()).unwrap().0, secret);
        assert_eq!(alloc::format!("{}", SafetyString::new([127, 0, 0, 1, 63, 84])), "lusab-babad-gutih");
    }
}
