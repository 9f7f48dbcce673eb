//! Verifying with one key, with all of several keys, or with a threshold.

use super::{Certificate, KeySet, Signature, VerifyError, signed_head};
use crate::{Epoch, KeyHash, VerifyingKey};

/// Maximum number of keys with which a certificate can be verified at once.
pub const MAX_KEYS: usize = 128;

impl<'a> Certificate<'a> {
    /// The payload, if `key` signed it and `now` is before the expiration.
    ///
    /// # Errors
    /// The reason why the certificate does not verify.
    pub fn verify(&self, key: &VerifyingKey<'_>, now: Epoch) -> Result<Verified<'a>, VerifyError> {
        self.verify_all(core::slice::from_ref(key), now)
    }

    /// The payload, if each of the keys signed it and `now` is before the expiration.
    ///
    /// # Errors
    /// The reason why the certificate does not verify; of several bad or missing signatures, that
    /// of the first key in the list.
    pub fn verify_all(&self, keys: &[VerifyingKey<'_>], now: Epoch) -> Result<Verified<'a>, VerifyError> {
        let verified = self.verify_each(keys, now)?;
        if let Some(index) = verified.bad.iter().chain(verified.missing().iter()).min() {
            let signer = keys.get(index).map(VerifyingKey::hash).unwrap_or_default();
            return Err(if verified.bad.contains(index) {
                VerifyError::BadSignature { signer }
            } else {
                VerifyError::NotSigned { signer }
            });
        }
        if keys.is_empty() {
            return Err(VerifyError::ThresholdRange { threshold: 0, keys: 0 });
        }
        Ok(verified)
    }

    /// The payload, if `threshold` or more of the keys signed it and `now` is before the
    /// expiration.
    ///
    /// A key that is in the list twice counts once. At most one signature per key is verified,
    /// whatever the certificate contains; signatures of other keys are skipped.
    ///
    /// # Errors
    /// The reason why the certificate does not verify.
    pub fn verify_threshold(
        &self,
        keys: &[VerifyingKey<'_>],
        threshold: usize,
        now: Epoch,
    ) -> Result<Verified<'a>, VerifyError> {
        let distinct = distinct(keys)?.len();
        if threshold == 0 || threshold > distinct {
            return Err(VerifyError::ThresholdRange { threshold, keys: distinct });
        }
        let verified = self.verify_each(keys, now)?;
        if verified.good.len() < threshold {
            let (good, bad, missing) = (verified.good.len(), verified.bad.len(), verified.missing().len());
            return Err(VerifyError::ThresholdNotMet { good, bad, missing, threshold });
        }
        Ok(verified)
    }

    /// Verifies the signature of each distinct key that has one, in a single pass over the
    /// signatures.
    fn verify_each(&self, keys: &[VerifyingKey<'_>], now: Epoch) -> Result<Verified<'a>, VerifyError> {
        if now >= self.expiration {
            return Err(VerifyError::Expired { expiration: self.expiration, now });
        }
        let distinct = distinct(keys)?;
        if let Some(key) = keys.iter().position(|key| key.scheme().name() != self.key_type) {
            return Err(VerifyError::KeyType { key });
        }
        let head = signed_head(self.expiration);
        let message = [&head[..], self.key_type.as_bytes(), self.certified];
        let (mut good, mut bad) = (KeySet::default(), KeySet::default());
        for (signer, signature) in self.signatures() {
            let found = keys.iter().enumerate().find(|(_, key)| key.hash() == signer);
            let Some((index, key)) = found else { continue };
            if is_good(key, signer, signature, &message) { good.insert(index) } else { bad.insert(index) }
        }
        let Self { expiration, key_type, certified, .. } = *self;
        Ok(Verified { payload: certified, expiration, key_type, keys: distinct, good, bad })
    }
}

fn is_good(key: &VerifyingKey<'_>, signer: KeyHash, signature: Signature<'_>, message: &[&[u8]]) -> bool {
    signature.signer == signer && key.verify(message, signature.payload).is_ok()
}

/// The first position of each key.
fn distinct(keys: &[VerifyingKey<'_>]) -> Result<KeySet, VerifyError> {
    if keys.len() > MAX_KEYS {
        return Err(VerifyError::TooManyKeys { keys: keys.len() });
    }
    let mut set = KeySet::default();
    for (index, key) in keys.iter().enumerate() {
        if keys.iter().position(|other| other.hash() == key.hash()) == Some(index) {
            set.insert(index);
        }
    }
    Ok(set)
}

/// The payload of a certificate that enough keys signed, and the sets of those keys.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// # let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// use mixwell_pki_types::{Certificate, Epoch, certify};
///
/// # let mut out = [0; 300];
/// # let len = certify(b"anything", Epoch(1005), &key, &mut rng, &mut out)?;
/// let authorities = [*key.verifying_key()];
/// let verified = Certificate::parse(&out[..len])?.verify_threshold(&authorities, 1, Epoch(1000))?;
/// assert_eq!((verified.good().len(), verified.payload()), (1, &b"anything"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    payload: &'a [u8],
    expiration: Epoch,
    key_type: &'a str,
    keys: KeySet,
    good: KeySet,
    bad: KeySet,
}

impl<'a> Verified<'a> {
    /// The signed payload.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The first epoch in which the certificate is no longer valid.
    #[must_use]
    pub const fn expiration(&self) -> Epoch {
        self.expiration
    }

    /// The name of the signature scheme.
    #[must_use]
    pub const fn key_type(&self) -> &'a str {
        self.key_type
    }

    /// The keys with a valid signature. A key that was in the list twice is represented by its
    /// first position.
    #[must_use]
    pub const fn good(&self) -> KeySet {
        self.good
    }

    /// The keys with an invalid signature.
    #[must_use]
    pub const fn bad(&self) -> KeySet {
        self.bad
    }

    /// The keys without a signature.
    #[must_use]
    pub const fn missing(&self) -> KeySet {
        self.keys.minus(self.good).minus(self.bad)
    }
}
