//! The authority's own key, and the keys of the others.

use crate::{canonical::into_vec, policy::Policy};
use chacha20::ChaCha20Rng;
use mixwell_net::keys::Identity;
use mixwell_pki_types::{Epoch, KeyHash, SchemeError, SignError, VerifyingKey, certify};

/// Signs on behalf of an authority, and knows the keys of the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signer<'a> {
    pub(super) identity: &'a Identity,
    pub(super) policy: &'a Policy,
}

impl<'a> Signer<'a> {
    pub(super) const fn id(&self) -> KeyHash {
        self.identity.id()
    }

    /// The key of an authority.
    pub(super) fn key_of(&self, id: KeyHash) -> Option<VerifyingKey<'a>> {
        let authority = self.policy.authorities.by_id(id)?;
        VerifyingKey::new(self.policy.scheme(), &authority.identity).ok()
    }

    /// A certificate of our own.
    pub(super) fn certify(
        &self,
        payload: &[u8],
        expiration: Epoch,
        rng: &mut ChaCha20Rng,
    ) -> Result<Vec<u8>, SchemeError> {
        let key = self.identity.signing()?;
        let signed = into_vec(|out| certify(payload, expiration, &key, rng, out));
        signed.map_err(|error| if let SignError::Scheme(error) = error { error } else { SchemeError::Key })
    }
}
