//! Branches and indices in dependencies, with the reason why they reveal nothing.

use crate::report::Frame;

/// A place in a dependency.
pub(super) struct Upstream {
    /// The beginning of the crate's folder name.
    package: &'static str,
    /// The function, without its path and types.
    function: &'static str,
    pub(super) with_calls: bool,
    reason: &'static str,
}

impl Upstream {
    pub(super) fn is_at(&self, frame: &Frame) -> bool {
        let mut folders = frame.file.components().map(|component| component.as_os_str().to_string_lossy());
        bare_name(&frame.function) == self.function && folders.any(|folder| folder.starts_with(self.package))
    }

    pub(super) fn describe(&self) -> String {
        let calls = if self.with_calls { " and what it calls" } else { "" };
        format!("{} {}{calls}: {}", self.package, self.function, self.reason)
    }
}

/// `<a::B as c::D<e::F>>::g<h::I>` is `g`.
fn bare_name(function: &str) -> String {
    let (mut name, mut depth) = (String::new(), 0_usize);
    for character in function.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => name.push(character),
            _ => {}
        }
    }
    name.rsplit("::").next().unwrap_or_default().to_owned()
}

pub(super) const UPSTREAM: &[Upstream] = &[
    Upstream {
        package: "argon2-",
        function: "fill_blocks",
        with_calls: true,
        reason: "from the second half of its first pass on, Argon2id reads memory at addresses that depend on the passphrase, by design",
    },
    Upstream {
        package: "base64ct-",
        function: "decode_padding",
        with_calls: false,
        reason: "whether a line ends in `=`, which follows from the key's length",
    },
    Upstream {
        package: "base64ct-",
        function: "decode",
        with_calls: false,
        reason: "how many characters a line has before its `=`; at the end, whether all were good",
    },
    Upstream {
        package: "base64ct-",
        function: "validate_last_block",
        with_calls: true,
        reason: "how many characters the last block has; at the end, whether its spare bits are zeros",
    },
    Upstream {
        package: "chacha20poly1305-",
        function: "decrypt_inout_detached",
        with_calls: false,
        reason: "whether the tag is right",
    },
    Upstream {
        package: "ed25519-dalek-",
        function: "from_keypair_bytes",
        with_calls: false,
        reason: "whether the public half of a private key is that of its seed",
    },
    Upstream {
        package: "libcrux-ml-kem-",
        function: "sample_from_xof",
        with_calls: true,
        reason: "the matrix A is sampled from the public seed, which every public key holds",
    },
    Upstream { package: "ml-kem-", function: "sample_ntt", with_calls: true, reason: "the same in the other ML-KEM" },
];
