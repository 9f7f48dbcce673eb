//! Certificates: a payload, and signatures over it by any number of keys of one scheme.

mod error;
mod sign;
mod signers;
mod verify;

pub use error::{CertificateError, SignError, VerifyError};
pub use sign::certify;
pub use signers::KeySet;
pub use verify::{MAX_KEYS, Verified};

use crate::{
    Epoch, KeyHash,
    cbor::{Item, Map},
    decode::{DecodeError, Field, fields},
};

/// A certificate as received: parsed, but not verified. Borrows the bytes.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// # let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// use mixwell_pki_types::{Certificate, Epoch, VerifyError, certify};
///
/// let mut out = [0; 300];
/// let len = certify(b"anything", Epoch(1005), &key, &mut rng, &mut out)?;
/// let certificate = Certificate::parse(&out[..len])?;
/// assert_eq!(certificate.verify(key.verifying_key(), Epoch(1000))?.payload(), b"anything");
/// // not valid any more
/// let late = certificate.verify(key.verifying_key(), Epoch(1005));
/// assert!(matches!(late, Err(VerifyError::Expired { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    expiration: Epoch,
    key_type: &'a str,
    certified: &'a [u8],
    signatures: Map<'a>,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate.
    ///
    /// # Errors
    /// If it cannot be decoded, is of another version, or names no scheme or no payload.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CertificateError> {
        let mut version = 0;
        let mut certificate = Self { expiration: Epoch(0), key_type: "", certified: &[], signatures: Map::default() };
        for (name, item) in fields("Certificate", Item::parse(bytes).map_err(DecodeError::Cbor)?)? {
            match name {
                "Version" => version = Field::new("Version", item).u32()?,
                "Expiration" => certificate.expiration = Field::new("Expiration", item).epoch()?,
                "KeyType" => certificate.key_type = Field::new("KeyType", item).text()?,
                "Certified" => certificate.certified = Field::new("Certified", item).bytes()?,
                "Signatures" => {
                    let signatures = Field::new("Signatures", item).map_of(Field::hash, Signature::read)?;
                    certificate.signatures = signatures.unwrap_or_default();
                }
                _ => {}
            }
        }
        if version != VERSION {
            return Err(CertificateError::Version { got: version });
        }
        if certificate.key_type.is_empty() {
            return Err(CertificateError::NoKeyType);
        }
        if certificate.certified.is_empty() {
            return Err(CertificateError::NoPayload);
        }
        Ok(certificate)
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

    /// The payload, without verifying any signature.
    #[must_use]
    pub const fn unverified_payload(&self) -> &'a [u8] {
        self.certified
    }

    /// The hashes of the keys that allegedly signed, in the order of the encoding.
    pub fn signers(&self) -> impl Iterator<Item = KeyHash> + use<'a> {
        self.signatures().map(|(signer, _)| signer)
    }

    fn signatures(&self) -> impl Iterator<Item = (KeyHash, Signature<'a>)> + use<'a> {
        self.signatures.filter_map(|(key, value)| {
            // `parse` has checked every entry
            let signer = Field::new("Signatures", key).hash().ok()?;
            Some((signer, Signature::read(Field::new("Signatures", value)).ok()?))
        })
    }
}

/// A signature and the hash of the key that made it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature<'a> {
    pub(crate) signer: KeyHash,
    pub(crate) payload: &'a [u8],
}

impl<'a> Signature<'a> {
    pub(crate) fn read(field: Field<'a>) -> Result<Self, DecodeError> {
        let mut signature = Self { signer: KeyHash::default(), payload: &[] };
        for (name, item) in fields(field.name, field.item)? {
            match name {
                "PublicKeySum256" => signature.signer = Field::new("PublicKeySum256", item).hash()?,
                "Payload" => signature.payload = Field::new("Payload", item).bytes()?,
                _ => {}
            }
        }
        Ok(signature)
    }
}

/// The only version.
const VERSION: u32 = 0;

/// The head of the signed bytes, which the scheme's name and the payload follow.
fn signed_head(expiration: Epoch) -> [u8; 12] {
    let mut head = [0; 12];
    let (version, rest) = head.split_at_mut(4);
    version.copy_from_slice(&VERSION.to_le_bytes());
    rest.copy_from_slice(&expiration.0.to_le_bytes());
    head
}
