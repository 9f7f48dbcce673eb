//! Uploads: a node's descriptor, signed with its identity key, on its way to the authorities.

mod error;
mod loop_stats;

pub use error::UploadError;
pub use loop_stats::LoopStats;

use crate::{
    Descriptor, KeyHash, Replica, SchemeError, SignatureScheme, SigningKey, VerifyingKey,
    cbor::{Item, Kind, Writer},
    certificate::Signature,
    decode::{DecodeError, Field, fields},
};
use rand_core::CryptoRng;

/// A mix descriptor's upload as received: readable, but not verified. Borrows the bytes.
///
/// ```
/// # use mixwell_pki_types::{Ed25519, SignatureScheme, SigningKey, VerifyingKey};
/// # let mut rng = rand::rng();
/// # let (mut private, mut public) = ([0; 64], [0; 32]);
/// # Ed25519.generate(&mut rng, &mut private, &mut public)?;
/// # let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
/// # let descriptor = mixwell_pki_types::build::DescriptorBuilder {
/// #     name: "mix1".into(),
/// #     identity_key: public.to_vec(),
/// #     ..Default::default()
/// # }.encode();
/// use mixwell_pki_types::Upload;
///
/// // a node signs its descriptor
/// let mut out = vec![0; descriptor.len() + 300];
/// let len = Upload::sign(&descriptor, None, &key, &mut rng, &mut out)?;
/// // an authority verifies that the node that is named signed it
/// let verified = Upload::parse(&out[..len])?.verify(&Ed25519)?;
/// assert_eq!(verified.name(), "mix1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    signature: Option<Signature<'a>>,
    descriptor: Descriptor<'a>,
    loop_stats: Option<LoopStats<'a>>,
    /// The descriptor as received; the signature covers these bytes.
    encoded_descriptor: &'a [u8],
    encoded_loop_stats: &'a [u8],
}

impl<'a> Upload<'a> {
    /// Reads an upload.
    ///
    /// # Errors
    /// If it, or the descriptor in it, cannot be decoded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (mut signature, mut descriptor, mut loop_stats) = (NULL, NULL, NULL);
        for (name, item) in fields("SignedUpload", Item::parse(bytes)?)? {
            match name {
                "Signature" => signature = item,
                "MixDescriptor" => descriptor = item,
                "LoopStats" => loop_stats = item,
                _ => {}
            }
        }
        Ok(Self {
            signature: read_signature(signature)?,
            descriptor: Descriptor::parse(Field::new("MixDescriptor", descriptor).bytes()?)?,
            loop_stats: LoopStats::read(Field::new("LoopStats", loop_stats))?,
            encoded_descriptor: descriptor.encoded(),
            encoded_loop_stats: loop_stats.encoded(),
        })
    }

    /// Signs an encoded descriptor, and the output of [`LoopStats::write`] if there are statistics,
    /// and writes the upload into `out`. Returns its length; an empty buffer can be used to
    /// measure.
    ///
    /// # Errors
    /// [`UploadError::Scheme`] or [`UploadError::Buffer`].
    pub fn sign(
        descriptor: &[u8],
        loop_stats: Option<Item<'_>>,
        key: &SigningKey<'_>,
        rng: &mut dyn CryptoRng,
        out: &mut [u8],
    ) -> Result<usize, UploadError> {
        let before = |writer: &mut Writer<'_>| {
            writer.map(3).text("LoopStats").canonical(loop_stats.unwrap_or(NULL));
        };
        sign(before, key, rng, out, |writer| {
            writer.text("MixDescriptor").bytes(descriptor);
        })
    }

    /// The descriptor, if the upload is signed by the node that it names.
    ///
    /// The signature covers the canonical form, and is checked against the fields as received: an
    /// upload that is not in canonical form does not verify.
    ///
    /// # Errors
    /// If the upload is not signed, or not by the descriptor's identity key.
    pub fn verify(&self, scheme: &dyn SignatureScheme) -> Result<Descriptor<'a>, UploadError> {
        let parts = [
            b"\xa3\x69LoopStats".as_slice(),
            self.encoded_loop_stats,
            b"\x69Signature\xf6\x6dMixDescriptor",
            self.encoded_descriptor,
        ];
        verify(scheme, self.descriptor.identity_key(), self.signature, &parts)?;
        Ok(self.descriptor)
    }

    /// The descriptor, without verifying the signature.
    #[must_use]
    pub const fn unverified_descriptor(&self) -> Descriptor<'a> {
        self.descriptor
    }

    /// The hash of the key that the upload claims to be signed with.
    #[must_use]
    pub fn signer(&self) -> Option<KeyHash> {
        self.signature.map(|signature| signature.signer)
    }

    /// The node's measurements with its loop decoys.
    #[must_use]
    pub const fn loop_stats(&self) -> Option<LoopStats<'a>> {
        self.loop_stats
    }
}

/// A storage replica's upload as received: readable, but not verified. Borrows the bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaUpload<'a> {
    signature: Option<Signature<'a>>,
    descriptor: Replica<'a>,
}

impl<'a> ReplicaUpload<'a> {
    /// Reads an upload.
    ///
    /// # Errors
    /// If it, or the descriptor in it, cannot be decoded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (mut signature, mut descriptor) = (NULL, NULL);
        for (name, item) in fields("SignedReplicaUpload", Item::parse(bytes)?)? {
            match name {
                "Signature" => signature = item,
                "ReplicaDescriptor" => descriptor = item,
                _ => {}
            }
        }
        Ok(Self { signature: read_signature(signature)?, descriptor: Replica::read(descriptor)? })
    }

    /// Signs a replica's encoded descriptor, and writes the upload into `out`. Returns its length;
    /// an empty buffer can be used to measure.
    ///
    /// # Errors
    /// [`UploadError::Decode`] if the descriptor is malformed; [`UploadError::Scheme`] or
    /// [`UploadError::Buffer`].
    pub fn sign(
        descriptor: &[u8],
        key: &SigningKey<'_>,
        rng: &mut dyn CryptoRng,
        out: &mut [u8],
    ) -> Result<usize, UploadError> {
        let descriptor = Replica::parse(descriptor).map_err(UploadError::Decode)?;
        let before = |writer: &mut Writer<'_>| {
            writer.map(2);
        };
        sign(before, key, rng, out, |writer| {
            writer.text("ReplicaDescriptor").canonical(Item::checked(descriptor.encoded()));
        })
    }

    /// The descriptor, if the upload is signed by the replica that it names. The signature is
    /// checked as by [`Upload::verify`].
    ///
    /// # Errors
    /// If the upload is not signed, or not by the descriptor's identity key.
    pub fn verify(&self, scheme: &dyn SignatureScheme) -> Result<Replica<'a>, UploadError> {
        let parts = [b"\xa2\x69Signature\xf6\x71ReplicaDescriptor".as_slice(), self.descriptor.encoded()];
        verify(scheme, self.descriptor.identity_key(), self.signature, &parts)?;
        Ok(self.descriptor)
    }

    /// The descriptor, without verifying the signature.
    #[must_use]
    pub const fn unverified_descriptor(&self) -> Replica<'a> {
        self.descriptor
    }
}

/// A missing field.
const NULL: Item<'_> = Item::checked(&[0xf6]);

fn read_signature(item: Item<'_>) -> Result<Option<Signature<'_>>, DecodeError> {
    match item.kind() {
        Kind::Null => Ok(None),
        _ => Signature::read(Field::new("Signature", item)).map(Some),
    }
}

fn verify(
    scheme: &dyn SignatureScheme,
    identity_key: &[u8],
    signature: Option<Signature<'_>>,
    message: &[&[u8]],
) -> Result<(), UploadError> {
    let signature = signature.ok_or(UploadError::NotSigned)?;
    let key = VerifyingKey::new(scheme, identity_key)?;
    if signature.signer != key.hash() {
        return Err(UploadError::Signer { signer: signature.signer, node: key.hash() });
    }
    Ok(key.verify(message, signature.payload)?)
}

/// Writes an upload: the fields before the signature, the signature, and the fields after it. The
/// signature covers the same encoding with null in its place.
fn sign(
    before: impl FnOnce(&mut Writer<'_>),
    key: &SigningKey<'_>,
    rng: &mut dyn CryptoRng,
    out: &mut [u8],
    after: impl FnOnce(&mut Writer<'_>),
) -> Result<usize, UploadError> {
    let public = key.verifying_key();
    let signature_len = public.scheme().signature_len();
    let mut writer = Writer::new(out);
    before(&mut writer);
    writer.text("Signature");
    let null = writer.written();
    writer.map(2).text("Payload").bytes_head(signature_len);
    let start = writer.written();
    writer.skip(signature_len).text("PublicKeySum256").bytes(&public.hash().0);
    let end = writer.written();
    after(&mut writer);
    let total = writer.finish()?;

    let (head, signature_on) = out.split_at_mut_checked(start).ok_or(UploadError::Scheme(SchemeError::Key))?;
    let (signature, tail) = signature_on.split_at_mut_checked(signature_len).unwrap_or_default();
    let first = head.get(..null).unwrap_or_default();
    let tail_start = end.saturating_sub(start).saturating_sub(signature_len);
    let tail_end = total.saturating_sub(start).saturating_sub(signature_len);
    let last = tail.get(tail_start..tail_end).unwrap_or_default();
    key.sign(&[first, NULL.encoded(), last], rng, signature)?;
    Ok(total)
}
