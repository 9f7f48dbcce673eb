//! A network: its nodes, clients and authorities, over real sockets.

mod counters;
mod mix;
mod packet;
mod packets;
