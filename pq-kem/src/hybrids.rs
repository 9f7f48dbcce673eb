//! The hybrids of Katzenpost networks: a curve and ML-KEM-768 under the [split-PRF
//! combiner](crate::split_prf).

#[macro_use]
mod combine;
mod padding;
mod parts;
#[cfg(all(test, feature = "mlkem768-x25519", feature = "mlkem768-x448"))]
mod tests;

#[cfg(feature = "mlkem768-x25519")]
combine! {
    /// X25519 (through [`Adapter`](crate::Adapter)), then ML-KEM-768.
    ///
    /// ```
    /// use mixwell_pq_kem::{MlKem768X25519, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
    ///
    /// let private = PrivateKey::<MlKem768X25519>::generate(&mut rand::rng());
    /// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    /// MlKem768X25519::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
    ///
    /// let mut same = SharedSecret::default();
    /// MlKem768X25519::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
    /// assert_eq!(secret.as_bytes(), same.as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct MlKem768X25519(MlKem768X25519Key) = "MLKEM768-X25519":
        x25519: crate::Adapter<crate::X25519>, ml_kem: crate::MlKem768
}

#[cfg(feature = "mlkem768-x448")]
combine! {
    /// X448 (through [`Adapter`](crate::Adapter)), then ML-KEM-768.
    ///
    /// ```
    /// use mixwell_pq_kem::{MlKem768X448, Kem, kem::{Ciphertext, PrivateKey, SharedSecret}};
    ///
    /// let private = PrivateKey::<MlKem768X448>::generate(&mut rand::rng());
    /// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
    /// MlKem768X448::encapsulate(&private.public_key()?, &mut rand::rng(), &mut ciphertext, &mut secret)?;
    ///
    /// let mut same = SharedSecret::default();
    /// MlKem768X448::decapsulate(&private.expand()?, &ciphertext, &mut same)?;
    /// assert_eq!(secret.as_bytes(), same.as_bytes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct MlKem768X448(MlKem768X448Key) = "MLKEM768-X448":
        x448: crate::Adapter<crate::X448>, ml_kem: crate::MlKem768
}
