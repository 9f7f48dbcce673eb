//! A consensus in chunks, as ours sends it.

use super::similar::{HEADER_LEN, is_chunk, is_no_op};
use mixwell_pki_types::{Chunk, ConsensusReader};

/// The chunks received so far.
#[derive(Default)]
pub(super) struct Chunks(Vec<Vec<u8>>);

impl Chunks {
    /// Takes the next command of ours; returns the certificate once it is whole. All chunks but the
    /// last have `full` bytes of plaintext, and the last is padded to `padded` at least.
    pub(super) fn push(&mut self, text: Vec<u8>, (full, padded): (usize, usize)) -> Option<Vec<u8>> {
        // a keep-alive may come between two of them
        if is_no_op(&text) {
            return None;
        }
        assert!(is_chunk(&text), "another command between the chunks of a consensus: {:02x?}", &text[..HEADER_LEN]);
        self.0.push(text);
        let total = number(&self.0[0], 5);
        let last = usize::try_from(total).unwrap() - 1;
        if self.0.len() <= last {
            return None;
        }
        let mut out = vec![0; 1 << 20];
        let mut reader = ConsensusReader::new(&mut out);
        for (index, text) in self.0.iter().enumerate() {
            let body = usize::try_from(u32::from_be_bytes(*text[2..].first_chunk().unwrap())).unwrap();
            let bytes = &text[HEADER_LEN + 9..HEADER_LEN + body];
            let want = if index < last { full } else { padded.max(HEADER_LEN + body) };
            assert_eq!(text.len(), want, "chunk {index} of {total}");
            reader.push(Chunk { number: number(text, 1), total: number(text, 5), bytes }).unwrap();
        }
        Some(reader.finish().unwrap().to_vec())
    }
}

fn number(text: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(*text[HEADER_LEN + at..].first_chunk().unwrap())
}
