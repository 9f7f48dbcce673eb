//! A block of fewer than 16 bytes, as a number.
//!
//! Reads and writes use two overlapping halves: after stores of single bytes, a load of the whole
//! block would wait until all of them have left the store buffer.

/// Fewer than 16 bytes, little-endian.
#[inline(always)]
pub(super) fn read(bytes: &[u8]) -> u128 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << bits_before(bytes, 8);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << bits_before(bytes, 4);
    }
    bytes.iter().rfold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Writes the first bytes of a little-endian number, fewer than 16.
#[inline(always)]
pub(super) fn write(bytes: &mut [u8], number: u128) {
    match bytes.len() {
        8.. => put::<8>(bytes, number),
        4.. => put::<4>(bytes, number),
        _ => bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, part)| *byte = part),
    }
}

/// Writes the first bytes, then the last ones.
#[inline(always)]
fn put<const N: usize>(bytes: &mut [u8], number: u128) {
    let last = number >> bits_before(bytes, N);
    if let (Some(place), Some(part)) = (bytes.first_chunk_mut::<N>(), number.to_le_bytes().first_chunk()) {
        *place = *part;
    }
    if let (Some(place), Some(part)) = (bytes.last_chunk_mut::<N>(), last.to_le_bytes().first_chunk()) {
        *place = *part;
    }
}

/// The number of bits before the last `piece` bytes.
#[inline(always)]
fn bits_before(bytes: &[u8], piece: usize) -> u32 {
    bits(bytes).saturating_sub(bits_of(piece))
}

/// The number of bits.
#[inline(always)]
pub(super) fn bits(bytes: &[u8]) -> u32 {
    bits_of(bytes.len())
}

#[expect(clippy::cast_possible_truncation, reason = "fewer than 16 bytes")]
const fn bits_of(bytes: usize) -> u32 {
    (bytes as u32).saturating_mul(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length() {
        let number = 0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100_u128;
        for len in 0..16 {
            let whole = number.to_le_bytes();
            let bytes = &whole[..len];
            let mask = 1_u128.checked_shl(bits(bytes)).map_or(u128::MAX, |bit| bit - 1);
            assert_eq!(read(bytes), number & mask, "{len}");
            let mut written = [0xaa; 16];
            write(&mut written[..len], number);
            assert_eq!(written[..len], *bytes);
            assert!(written[len..].iter().all(|byte| *byte == 0xaa), "{len}");
        }
    }
}
