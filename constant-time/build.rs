//! Compiles the shim around the macros of valgrind's header.

fn main() {
    println!("cargo::rerun-if-changed=src/check/memcheck.c");
    cc::Build::new().file("src/check/memcheck.c").compile("memcheck_shim");
}
