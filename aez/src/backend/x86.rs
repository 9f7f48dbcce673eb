//! Processors of x86-64: detection of the instructions, and the entry points that enable them.

mod detect;
mod xmm;
mod ymm;
mod zmm;

use self::{xmm::HasAesNi, ymm::HasVaes, zmm::HasVaes512};
use super::{
    Backend,
    aesenc::{Four, One, Two},
    simd::Lanes,
};
use crate::{direction::Direction, encipher::encipher, offsets::Key};

/// The back ends of this target besides the portable one, the fastest first.
pub(super) const BACKENDS: &[Backend] = &[Backend::Vaes512, Backend::Vaes, Backend::AesNi];

/// The instructions detected on this processor.
#[derive(Clone, Copy)]
pub(crate) enum Native {
    AesNi(HasAesNi<false>),
    /// AES-NI with AVX, whose instructions need no copies of their operands.
    AesNiAvx(HasAesNi<true>),
    Vaes(HasVaes),
    Vaes512(HasVaes512),
}

impl Native {
    #[inline]
    pub(super) fn best() -> Option<Self> {
        BACKENDS.iter().find_map(|backend| Self::find(*backend))
    }

    #[inline]
    pub(super) fn find(backend: Backend) -> Option<Self> {
        match backend {
            Backend::AesNi => {
                HasAesNi::<true>::find().map(Self::AesNiAvx).or_else(|| HasAesNi::<false>::find().map(Self::AesNi))
            }
            Backend::Vaes => HasVaes::find().map(Self::Vaes),
            Backend::Vaes512 => HasVaes512::find().map(Self::Vaes512),
            _ => None,
        }
    }

    pub(super) fn backend(self) -> Backend {
        match self {
            Self::AesNi(_) | Self::AesNiAvx(_) => Backend::AesNi,
            Self::Vaes(_) => Backend::Vaes,
            Self::Vaes512(_) => Backend::Vaes512,
        }
    }

    #[inline]
    pub(super) fn encipher(self, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
        #[target_feature(enable = "aes")]
        fn aes_ni(has: HasAesNi<false>, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Lanes::<_, 8>::new(One(has), key), nonce, direction, message);
        }
        #[target_feature(enable = "aes,avx")]
        fn aes_ni_avx(has: HasAesNi<true>, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Lanes::<_, 8>::new(One(has), key), nonce, direction, message);
        }
        #[target_feature(enable = "aes,avx2,vaes")]
        fn vaes(has: HasVaes, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Lanes::<_, 4>::new(Two(has), key), nonce, direction, message);
        }
        #[target_feature(enable = "aes,avx2,avx512f,vaes")]
        fn vaes512(has: HasVaes512, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
            encipher(&Lanes::<_, 2>::new(Four(has), key), nonce, direction, message);
        }
        // SAFETY: each `has` proves that the processor has what its function enables
        unsafe {
            match self {
                Self::AesNi(has) => aes_ni(has, key, nonce, direction, message),
                Self::AesNiAvx(has) => aes_ni_avx(has, key, nonce, direction, message),
                Self::Vaes(has) => vaes(has, key, nonce, direction, message),
                Self::Vaes512(has) => vaes512(has, key, nonce, direction, message),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::model::{enciphers_as_portable, same_aes_ni, same_vaes, same_vaes512};

    /// AES-NI without AVX as well, which is never chosen on a processor with AVX.
    #[test]
    fn each_is_as_the_portable_back_end() {
        let without_avx = HasAesNi::find().map(Native::AesNi);
        for native in BACKENDS.iter().filter_map(|backend| Native::find(*backend)).chain(without_avx) {
            let same = enciphers_as_portable(&|key: &Key, nonce: &[u8; 16], direction, message: &mut [u8]| {
                native.encipher(key, nonce, direction, message);
            });
            assert!(same, "{:?}", native.backend());
        }
    }

    #[test]
    fn the_models_are_the_instructions() {
        HasAesNi::<false>::find().into_iter().for_each(same_aes_ni);
        HasAesNi::<true>::find().into_iter().for_each(same_aes_ni);
        HasVaes::find().into_iter().for_each(same_vaes);
        HasVaes512::find().into_iter().for_each(same_vaes512);
    }
}
