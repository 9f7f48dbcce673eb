//! Passes the board's memory layout to the linker, and prepares the vectors for the client's image.

#[path = "build/vectors.rs"]
mod vectors;

fn main() {
    // not in `.cargo/config.toml`, which `RUSTFLAGS` would override
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    println!("cargo:rustc-link-search={folder}");
    println!("cargo:rustc-link-arg=-Tlink.x");
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-changed=build");
    if std::env::var_os("CARGO_FEATURE_CLIENT").is_some() {
        vectors::write();
    }
}
