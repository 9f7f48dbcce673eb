//! The identity key of a node or authority, with which it signs.

use super::super::{
    files::{self, KeyFileError},
    pem::{self, Kind},
};
use core::fmt;
use mixwell_pki_types::{KeyHash, SchemeError, SignatureScheme, SigningKey, Upload, UploadError, VerifyingKey};
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// An identity key pair. The private part is wiped on drop.
pub struct Identity {
    scheme: &'static dyn SignatureScheme,
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    id: KeyHash,
}

impl Identity {
    /// A fresh key pair, only in memory.
    ///
    /// # Errors
    /// [`SchemeError`].
    pub fn generate(scheme: &'static dyn SignatureScheme, rng: &mut dyn CryptoRng) -> Result<Self, SchemeError> {
        let mut private = Zeroizing::new(vec![0; scheme.private_len()]);
        let mut public = vec![0; scheme.public_len()];
        scheme.generate(rng, &mut private, &mut public)?;
        Ok(Self { scheme, id: KeyHash::of(&public), private, public })
    }

    /// The key pair in a data folder, generated there if there is none.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load_or_generate(
        folder: &Path,
        scheme: &'static dyn SignatureScheme,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, KeyFileError> {
        if let Some(loaded) = Self::load(folder, scheme)? {
            return Ok(loaded);
        }
        let made = Self::generate(scheme, rng)?;
        let text = pem::encode(scheme.name(), Kind::Private, &made.private);
        let (private_path, public_path) = paths(folder);
        files::write_pair((&private_path, text.as_bytes()), (&public_path, made.public_pem().as_bytes()))?;
        Ok(made)
    }

    /// The key pair in a data folder, if there is one.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(folder: &Path, scheme: &'static dyn SignatureScheme) -> Result<Option<Self>, KeyFileError> {
        let (private_path, public_path) = paths(folder);
        files::mend_pair(&private_path, &public_path)?;
        let Some(text) = files::read_private(&private_path)? else { return Ok(None) };
        let private = pem::decode(scheme.name(), Kind::Private, scheme.private_len(), &text)
            .map_err(|error| KeyFileError::Malformed(private_path.clone(), error.to_string()))?;
        let text = files::read_public(&public_path)?
            .ok_or_else(|| KeyFileError::Read(public_path.clone(), std::io::ErrorKind::NotFound.into()))?;
        let public = pem::decode(scheme.name(), Kind::Public, scheme.public_len(), &text)
            .map_err(|error| KeyFileError::Malformed(public_path, error.to_string()))?
            .to_vec();
        scheme
            .check_pair(&private, &public)
            .map_err(|error| KeyFileError::Malformed(private_path, error.to_string()))?;
        Ok(Some(Self { scheme, id: KeyHash::of(&public), private, public }))
    }

    /// The owner's id: the hash of the public key.
    #[must_use]
    pub const fn id(&self) -> KeyHash {
        self.id
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The public key in PEM form, as other configurations list it.
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem::encode(self.scheme.name(), Kind::Public, &self.public).to_string()
    }

    /// The key for signing.
    ///
    /// # Errors
    /// [`SchemeError`].
    pub fn signing(&self) -> Result<SigningKey<'_>, SchemeError> {
        SigningKey::new(&self.private, self.verifying()?)
    }

    /// Signs a descriptor and returns the upload.
    ///
    /// # Errors
    /// If the key can't sign.
    pub fn sign_upload(&self, descriptor: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SchemeError> {
        let key = self.signing()?;
        // signing into an empty buffer returns the length
        let len = match Upload::sign(descriptor, None, &key, rng, &mut []) {
            Err(UploadError::Buffer(error)) => error.need,
            Err(UploadError::Scheme(error)) => return Err(error),
            _ => 0,
        };
        let mut upload = vec![0; len];
        match Upload::sign(descriptor, None, &key, rng, &mut upload) {
            Err(UploadError::Scheme(error)) => Err(error),
            _ => Ok(upload),
        }
    }

    /// The key for verifying.
    ///
    /// # Errors
    /// [`SchemeError`].
    pub fn verifying(&self) -> Result<VerifyingKey<'_>, SchemeError> {
        VerifyingKey::new(self.scheme, &self.public)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, {}, ..)", self.scheme.name(), self.id)
    }
}

/// The paths of the private and the public file.
fn paths(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join(PRIVATE_FILE), folder.join(PUBLIC_FILE))
}

const PRIVATE_FILE: &str = "identity.private.pem";
const PUBLIC_FILE: &str = "identity.public.pem";
