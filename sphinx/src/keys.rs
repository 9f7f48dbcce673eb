//! The keys of one hop's layer, and their use (`docs/spec/sphinx.md#key-schedule`).

use crate::geometry::{MAC_LEN, SPRP_KEY_MATERIAL_LEN};
use aes::Aes256;
use core::fmt;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};
use mixwell_aez::Aez;
use mixwell_sha256::{hkdf_expand, hkdf_expand_each, hmac, hmac_each};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The info string of HKDF-Expand.
const KDF_INFO: &[u8] = b"katzenpost-kdf-v0-hkdf-sha256";

/// Number of hash outputs needed for the keys of a hop.
const KDF_BLOCKS: usize = 5;

/// The keys of one hop. Wiped on drop.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct HopKeys {
    header_mac: [u8; 32],
    header_encryption: [u8; 32],
    pub(crate) payload: PayloadKey,
    pub(crate) blinding_seed: [u8; 32],
}

/// Key and nonce of one layer of the payload; the nonce serves the header's stream cipher too.
/// Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct PayloadKey {
    pub(crate) key: [u8; 48],
    pub(crate) iv: [u8; 16],
}

impl HopKeys {
    /// `KDF(secret)`: HKDF-Expand with SHA-256 (RFC 5869, section 2.3), the shared secret being the
    /// pseudo-random key.
    #[inline(never)]
    pub(crate) fn derive(secret: &[u8]) -> Self {
        let mut expanded = Zeroizing::new([[0; 32]; KDF_BLOCKS]);
        hkdf_expand(secret, KDF_INFO, &mut expanded);
        Self::split(&expanded)
    }

    /// [`HopKeys::derive`] for each secret.
    pub(crate) fn derive_each<const N: usize>(secrets: [Option<&[u8]>; N]) -> [Option<Self>; N] {
        let (present, count) = compact(secrets, &[][..]);
        let mut expanded = Zeroizing::new([[[0; 32]; KDF_BLOCKS]; N]);
        hkdf_expand_each(present.split_at(count).0, KDF_INFO, &mut *expanded);
        let mut keys = expanded.iter();
        secrets.map(|secret| secret.and_then(|_| keys.next()).map(Self::split))
    }

    fn split(expanded: &[[u8; 32]; KDF_BLOCKS]) -> Self {
        let mut keys = Self::default();
        let fields: [&mut [u8]; 5] = [
            &mut keys.header_mac,
            &mut keys.header_encryption,
            &mut keys.payload.iv,
            &mut keys.payload.key,
            &mut keys.blinding_seed,
        ];
        let mut rest = expanded.as_flattened();
        for field in fields {
            let (bytes, tail) = rest.split_at(field.len());
            field.copy_from_slice(bytes);
            rest = tail;
        }
        keys
    }

    /// The MAC over a header, given in parts.
    #[inline(never)]
    pub(crate) fn header_mac(&self, parts: [&[u8]; 3]) -> [u8; MAC_LEN] {
        let mut mac = [0; MAC_LEN];
        hmac(&self.header_mac, parts, &mut mac);
        mac
    }

    /// Whether `mac` is the MAC over a header; in constant time.
    pub(crate) fn header_mac_is(&self, parts: [&[u8]; 3], mac: &[u8; MAC_LEN]) -> bool {
        // The correct MAC of a rejected packet is a secret.
        let mut own = Zeroizing::new([0; MAC_LEN]);
        hmac(&self.header_mac, parts, &mut own);
        own.ct_eq(mac).into()
    }

    /// [`HopKeys::header_mac_is`] for each header; false for `None`.
    #[expect(clippy::type_complexity, reason = "its three arguments")]
    pub(crate) fn header_mac_is_each<const N: usize>(
        headers: [Option<(&Self, [&[u8]; 3], &[u8; MAC_LEN])>; N],
    ) -> [bool; N] {
        let (keys, count) = compact(headers.map(|header| Some(&header?.0.header_mac[..])), &[][..]);
        let (parts, _) = compact(headers.map(|header| Some(header?.1)), [&[][..]; 3]);
        let mut macs = Zeroizing::new([[0; MAC_LEN]; N]);
        hmac_each(keys.split_at(count).0, parts.split_at(count).0, &mut *macs);
        let mut macs = macs.iter();
        headers.map(|header| {
            let own = header.and_then(|(_, _, mac)| Some((macs.next()?, mac)));
            own.is_some_and(|(own, mac)| own.ct_eq(mac).into())
        })
    }

    /// The stream that encrypts the routing info.
    pub(crate) fn header_stream(&self) -> HeaderStream {
        HeaderStream(Ctr128BE::new((&self.header_encryption).into(), (&self.payload.iv).into()))
    }
}

impl PayloadKey {
    /// Adds a layer to a payload, in place.
    #[inline(never)]
    pub(crate) fn encrypt(&self, payload: &mut [u8]) {
        Aez::new(&self.key).encrypt(&self.iv, payload);
    }

    /// Removes a layer from a payload, in place.
    #[inline(never)]
    pub(crate) fn decrypt(&self, payload: &mut [u8]) {
        Aez::new(&self.key).decrypt(&self.iv, payload);
    }

    /// Parses `key | iv`, the encoding in SURBs and their keys.
    pub(crate) fn from_bytes(bytes: &[u8; SPRP_KEY_MATERIAL_LEN]) -> Self {
        let mut key = Self::default();
        let (front, back) = bytes.split_at(key.key.len());
        key.key.copy_from_slice(front);
        key.iv.copy_from_slice(back);
        key
    }

    /// Writes `key | iv`.
    pub(crate) fn write(&self, out: &mut [u8; SPRP_KEY_MATERIAL_LEN]) {
        let (front, back) = out.split_at_mut(self.key.len());
        front.copy_from_slice(&self.key);
        back.copy_from_slice(&self.iv);
    }
}

impl Default for PayloadKey {
    fn default() -> Self {
        Self { key: [0; 48], iv: [0; 16] }
    }
}

impl fmt::Debug for HopKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HopKeys(..)")
    }
}

/// The keystream of AES-256 in counter mode, continued from call to call. Wiped on drop.
pub(crate) struct HeaderStream(Ctr128BE<Aes256>);

impl HeaderStream {
    /// Skips `bytes` bytes of the keystream.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.0.seek(bytes);
    }

    /// XORs the next part of the keystream onto `bytes`.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }
}

/// Moves the items that are present to the front, fills up with `nothing`, and returns the number
/// of items.
fn compact<T: Copy, const N: usize>(items: [Option<T>; N], nothing: T) -> ([T; N], usize) {
    let mut compacted = [nothing; N];
    let mut count = 0_usize;
    for (place, item) in compacted.iter_mut().zip(items.into_iter().flatten()) {
        *place = item;
        count = count.saturating_add(1);
    }
    (compacted, count)
}

#[cfg(test)]
mod tests {
    use super::{HopKeys, PayloadKey};
    use crate::scheme::nike::blinding_key;
    use mixwell_pq_kem::{X448, X25519};
    use mixwell_vectors::Hex;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct KdfVector {
        ikm: Hex,
        header_mac: Hex,
        header_encryption: Hex,
        header_encryption_iv: Hex,
        payload_encryption: Hex,
        blinding_x25519: Hex,
        blinding_x448: Hex,
    }

    #[test]
    fn vectors() {
        for vector in mixwell_vectors::load::<KdfVector>("sphinx_kdf") {
            let (name, test) = (vector.name, vector.test);
            let keys = HopKeys::derive(&test.ikm);
            assert_eq!(keys.header_mac, *test.header_mac, "{name}");
            assert_eq!(keys.header_encryption, *test.header_encryption, "{name}");
            assert_eq!(keys.payload.iv, *test.header_encryption_iv, "{name}");
            assert_eq!(keys.payload.key, *test.payload_encryption, "{name}");
            assert_eq!(*blinding_key::<X25519>(&keys).as_bytes(), *test.blinding_x25519, "{name}");
            assert_eq!(*blinding_key::<X448>(&keys).as_bytes(), *test.blinding_x448, "{name}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn nothing_survives() {
        use mixwell_vectors::memory::survivors;
        let keys = || HopKeys::derive(&[3; 32]);
        assert_eq!(survivors(keys(), &[]), 0);
        assert_eq!(survivors(keys().header_stream(), &[]), 0);
        assert_eq!(survivors(PayloadKey { key: keys().payload.key, iv: keys().payload.iv }, &[]), 0);
    }
}
