//! Authorities in virtual time: they agree, whatever one of them does.

mod codes;
mod net;
mod rounds;
