//! The gzip form of a certificate (RFC 1952), as gateways send it.

use miniz_oxide::deflate::compress_to_vec;

/// Deflate's usual level.
const LEVEL: u8 = 6;

/// Magic number, method deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// One gzip member.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    out.extend_from_slice(&compress_to_vec(bytes, LEVEL));
    out.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "the format has the length modulo 2^32")]
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::gzip;
    use mixwell_pki_types::{Chunk, ConsensusReader};

    #[test]
    fn a_client_reads_what_a_gateway_writes() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| i.to_be_bytes().iter().fold(7, |a, b| a ^ b)).collect();
        for bytes in [&bytes[..], &bytes[..1]] {
            let zipped = gzip(bytes);
            let mut out = vec![0; bytes.len()];
            let mut reader = ConsensusReader::new(&mut out);
            for chunk in Chunk::cut(&zipped, 1000) {
                reader.push(chunk).unwrap();
            }
            assert_eq!(reader.finish().unwrap(), bytes);
        }
    }
}
