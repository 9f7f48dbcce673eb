//! Words that can be read aloud: 16 bits as consonant, vowel, consonant, vowel, consonant (D. S.
//! Wilkerson, "A Proposal for Proquints", arXiv:0901.4016).

use alloc::string::String;
use zeroize::Zeroizing;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

/// The shape of a word: which letters, and how many bits each stands for.
const SHAPE: [(&[u8], u32); 5] = [(CONSONANTS, 4), (VOWELS, 2), (CONSONANTS, 4), (VOWELS, 2), (CONSONANTS, 4)];

/// Words of 16 bits each, with `-` between.
pub(crate) fn write(words: impl IntoIterator<Item = u16>) -> Zeroizing<String> {
    // as long as the longest that is written here, so that it never moves
    let mut text = Zeroizing::new(String::with_capacity(64));
    for (place, word) in words.into_iter().enumerate() {
        if place > 0 {
            text.push('-');
        }
        let mut shift = u16::BITS;
        for (letters, bits) in SHAPE {
            shift = shift.saturating_sub(bits);
            text.push(letter(letters, word.unbounded_shr(shift)));
        }
    }
    text
}

/// The letter for a number. All letters are read, so that memory accesses do not depend on the
/// number.
fn letter(letters: &[u8], number: u16) -> char {
    let mask = u16::try_from(letters.len().saturating_sub(1)).unwrap_or(0);
    let number = number & mask;
    let chosen = letters.iter().zip(0_u16..).fold(0, |chosen, (letter, place)| {
        // all ones where the place is the number
        let differs = (place ^ number).wrapping_neg() >> 15;
        let is_it = u8::try_from(differs & 1).unwrap_or(1).wrapping_sub(1);
        chosen | (letter & is_it)
    });
    char::from(chosen)
}

/// The bits of one word, ignoring case.
pub(crate) fn read(word: &str) -> Option<u16> {
    let letters = word.as_bytes();
    if letters.len() != SHAPE.len() {
        return None;
    }
    letters.iter().zip(SHAPE).try_fold(0_u16, |bits, (letter, (alphabet, width))| {
        let place = alphabet.iter().position(|known| *known == letter.to_ascii_lowercase())?;
        Some(bits.unbounded_shl(width) | u16::try_from(place).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_examples() {
        // 127.0.0.1 and others
        for (address, text) in [
            ([127, 0, 0, 1], "lusab-babad"),
            ([63, 84, 220, 193], "gutih-tugad"),
            ([140, 98, 193, 141], "mudof-sakat"),
            ([147, 67, 119, 2], "natag-lisaf"),
        ] {
            let words = [u16::from_be_bytes([address[0], address[1]]), u16::from_be_bytes([address[2], address[3]])];
            assert_eq!(*write(words), *text);
            let read: Option<alloc::vec::Vec<_>> = text.split('-').map(read).collect();
            assert_eq!(read.unwrap(), words);
        }
    }

    #[test]
    fn every_word_comes_back() {
        for word in 0..=u16::MAX {
            assert_eq!(read(&write([word])), Some(word));
        }
        for wrong in ["", "lusa", "lusabb", "lusac", "lasé", "uusab"] {
            assert_eq!(read(wrong), None);
        }
    }
}
