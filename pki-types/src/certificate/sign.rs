//! Signing, and adding signatures, into the caller's buffer.

use super::{Certificate, SignError, Signature, VERSION, signed_head};
use crate::{
    Epoch, KeyHash, SigningKey, VerifyingKey,
    cbor::{Map, Writer},
    decode::Field,
};
use rand_core::CryptoRng;

/// Writes a certificate of `payload` with one signature into `out`, and returns its length.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// # let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// use mixwell_pki_types::{Certificate, Epoch, certify};
///
/// let mut out = [0; 300];
/// let len = certify(b"anything", Epoch(1005), &key, &mut rng, &mut out)?;
/// assert_eq!(Certificate::parse(&out[..len])?.verify(key.verifying_key(), Epoch(1000))?.payload(), b"anything");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SignError::NoPayload`], [`SignError::Scheme`] or [`SignError::Buffer`]; an empty buffer can be
/// used to measure, as nothing is signed unless everything fits.
pub fn certify(
    payload: &[u8],
    expiration: Epoch,
    key: &SigningKey<'_>,
    rng: &mut dyn CryptoRng,
    out: &mut [u8],
) -> Result<usize, SignError> {
    if payload.is_empty() {
        return Err(SignError::NoPayload);
    }
    let key_type = key.verifying_key().scheme().name();
    Certificate { expiration, key_type, certified: payload, signatures: Map::default() }.write_signed(key, rng, out)
}

impl Certificate<'_> {
    /// Writes the certificate with an additional signature made with `key` into `out`, and returns
    /// its length. The existing signatures are not verified.
    ///
    /// # Errors
    /// If the certificate has expired, is of another scheme or has a signature of this key; or as
    /// [`certify`].
    pub fn add_own_signature(
        &self,
        key: &SigningKey<'_>,
        now: Epoch,
        rng: &mut dyn CryptoRng,
        out: &mut [u8],
    ) -> Result<usize, SignError> {
        self.check_addable(key.verifying_key(), now)?;
        self.write_signed(key, rng, out)
    }

    /// Writes the certificate with an additional signature made elsewhere into `out`, and returns
    /// its length. The additional signature is verified first; the existing ones are not.
    ///
    /// # Errors
    /// If the certificate has expired, is of another scheme or has a signature of this key; if the
    /// signature is invalid; if the buffer is too small.
    pub fn add_signature(
        &self,
        key: &VerifyingKey<'_>,
        signature: &[u8],
        now: Epoch,
        out: &mut [u8],
    ) -> Result<usize, SignError> {
        self.check_addable(key, now)?;
        let head = signed_head(self.expiration);
        key.verify(&[&head, self.key_type.as_bytes(), self.certified], signature)?;
        let place = self.write(key.hash(), signature.len(), out)?;
        out.get_mut(place.start..place.end).unwrap_or_default().copy_from_slice(signature);
        Ok(place.total)
    }

    /// The signature by a key, if there is one, in the form that
    /// [`add_signature`](Self::add_signature) expects.
    #[must_use]
    pub fn signature_by(&self, signer: KeyHash) -> Option<&[u8]> {
        self.signatures().find(|(hash, _)| *hash == signer).map(|(_, signature)| signature.payload)
    }

    fn check_addable(&self, key: &VerifyingKey<'_>, now: Epoch) -> Result<(), SignError> {
        if now >= self.expiration {
            return Err(SignError::Expired { expiration: self.expiration, now });
        }
        if key.scheme().name() != self.key_type {
            return Err(SignError::KeyType);
        }
        let signer = key.hash();
        if self.signers().any(|hash| hash == signer) {
            return Err(SignError::DuplicateSignature { signer });
        }
        Ok(())
    }

    fn write_signed(&self, key: &SigningKey<'_>, rng: &mut dyn CryptoRng, out: &mut [u8]) -> Result<usize, SignError> {
        let public = key.verifying_key();
        let place = self.write(public.hash(), public.scheme().signature_len(), out)?;
        let head = signed_head(self.expiration);
        let signature = out.get_mut(place.start..place.end).unwrap_or_default();
        key.sign(&[&head, self.key_type.as_bytes(), self.certified], rng, signature)?;
        Ok(place.total)
    }

    /// Writes the certificate with room for one more signature.
    fn write(&self, signer: KeyHash, signature_len: usize, out: &mut [u8]) -> Result<Place, SignError> {
        let mut writer = Writer::new(out);
        writer.map(5).text("KeyType").text(self.key_type).text("Version").unsigned(VERSION.into());
        writer.text("Certified").bytes(self.certified).text("Expiration").unsigned(self.expiration.0);
        writer.text("Signatures").map(self.signatures.len().saturating_add(1));
        let mut start = None;
        for (key, value) in self.signatures.sorted() {
            // `parse` has checked every entry
            let hash = Field::new("Signatures", key).hash().unwrap_or_default();
            if start.is_none() && signer < hash {
                start = Some(write_room(&mut writer, signer, signature_len));
            }
            if let Ok(signature) = Signature::read(Field::new("Signatures", value)) {
                write_signature(&mut writer, hash, signature);
            }
        }
        let start = start.unwrap_or_else(|| write_room(&mut writer, signer, signature_len));
        let total = writer.finish()?;
        Ok(Place { start, end: start.saturating_add(signature_len), total })
    }
}

/// The position of the signature in the buffer, and the end of the certificate.
struct Place {
    start: usize,
    end: usize,
    total: usize,
}

fn write_signature(writer: &mut Writer<'_>, hash: KeyHash, signature: Signature<'_>) {
    writer.bytes(&hash.0).map(2).text("Payload").bytes(signature.payload);
    writer.text("PublicKeySum256").bytes(&signature.signer.0);
}

fn write_room(writer: &mut Writer<'_>, signer: KeyHash, len: usize) -> usize {
    writer.bytes(&signer.0).map(2).text("Payload").bytes_head(len);
    let start = writer.written();
    writer.skip(len).text("PublicKeySum256").bytes(&signer.0);
    start
}
