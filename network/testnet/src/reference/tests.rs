//! Tests of the state machines, without sockets.

mod authorities;
mod config;
mod gateway;
mod links;
mod node;
mod rounds;
