//! Links to other nodes: dialling them, and the queues of packets for them.

mod backoff;
mod dial;
mod link_table;
mod send_queue;

pub(crate) use dial::Dialer;
pub(crate) use link_table::LinkTable;
pub(crate) use send_queue::SendQueue;
