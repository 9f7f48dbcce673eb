//! The rendezvous service: two people leave boxes for each other under ids that only they can link.
//!
//! A client sends one request at each tick of its clock, always of the same size and shape, and each does two things: it
//! stores a box under an id, and it asks for another box by a token whose hash is the id that the other one has used.
//!
//! | request | bytes |
//! |---|---|
//! | token of the box to read | 32 |
//! | id of the box to store | 32 |
//! | box | what is left of the user's bytes of a packet |
//!
//! | reply | bytes |
//! |---|---|
//! | 1 if the box is there, else 0 | 1 |
//! | the box, or random bytes | as long as a box |
//!
//! The id is the BLAKE2b-256 hash of the token: who has seen the id alone, as the service has, can't ask for the box. What a
//! client has nothing to say or read in is made of random bytes, and looks the same.
//!
//! **Once.** The first box under an id stays; another one changes nothing, so that a request may be sent again whose reply was
//! lost. A box can be read until it expires, since a reply that was lost may have to be sent again: it is read only by its
//! holder because nobody else knows the token.
//!
//! **Bounds.** A store holds a fixed number of boxes, each for a fixed time. When it is full the oldest gives way. Then a
//! box stays for at least (boxes of the store) / (requests a second, of all clients) whoever else is writing, and to push it out
//! sooner takes as many requests as there are boxes between its writing and its reading, at rates that gateways limit. Had the
//! lot to decide, an attacker would be sure to hit some young boxes with few requests; were new boxes refused, who fills
//! the store once has closed it to all others for as long as boxes live.
//!
//! **Restarts.** Boxes are in memory alone. After a restart they are gone, and clients store again what nobody has confirmed.
//!
//! **Decoys.** A request of zeros is a client's loop decoy. Its reply is of zeros, and nothing is stored.

mod counts;
mod shape;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use counts::{BoxEvent, Counts};
pub(crate) use shape::{Id, Request, Shape};
pub(crate) use store::{Limits, Store};
