//! Routing commands: a hop's instructions (`docs/spec/sphinx.md#routing-commands`).

use crate::{
    geometry::MAC_LEN,
    ids::{NodeId, RecipientId, SurbId},
};
use core::fmt;

/// Length in bytes of a `next_node_hop` command.
pub(crate) const NEXT_NODE_HOP_LEN: usize = 1 + NodeId::LEN + MAC_LEN;
/// Length in bytes of the commands of one hop.
pub(crate) const AREA_LEN: usize = NEXT_NODE_HOP_LEN + 1 + SurbId::LEN;

const NULL: u8 = 0x00;
const NEXT_NODE_HOP: u8 = 0x01;
const RECIPIENT: u8 = 0x02;
const SURB_REPLY: u8 = 0x03;
const NODE_DELAY: u8 = 0x80;

/// The commands of one hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commands {
    pub(crate) delay_millis: Option<u32>,
    pub(crate) destination: Destination,
}

/// The destination of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    NextHop(NextHop),
    Recipient(RecipientId),
    Reply(RecipientId, SurbId),
}

/// The next hop of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextHop {
    pub(crate) id: NodeId,
    pub(crate) mac: [u8; MAC_LEN],
}

/// The reason why the routing commands of a packet with a valid MAC are malformed. Its sender is at
/// fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// Unknown command id.
    Unknown {
        /// The command's id.
        id: u8,
    },
    /// The commands end within this one.
    Truncated {
        /// The command's id.
        id: u8,
    },
    /// A command occurs twice.
    Repeated {
        /// The command's id.
        id: u8,
    },
    /// A byte after the last command is not zero.
    Padding,
    /// A command that is not allowed beside `next_node_hop`.
    OutOfPlace {
        /// The command's id.
        id: u8,
    },
    /// Neither `next_node_hop` nor `recipient`.
    NoDestination,
}

impl Commands {
    /// Reads the commands of one hop from its decrypted block, of which only the first [`AREA_LEN`]
    /// bytes may hold commands if the packet is forwarded.
    pub(crate) fn parse(block: &[u8]) -> Result<Self, CommandError> {
        let (area, in_block) = block.split_at_checked(AREA_LEN).unwrap_or((block, &[]));
        let found = Found::parse(area)?;
        if found.next_hop.is_none() {
            zeros(in_block)?;
        }
        Ok(Self { delay_millis: found.delay_millis, destination: found.destination()? })
    }

    /// Writes the commands to a hop's area, in the order that senders use. They always fit.
    pub(crate) fn write(&self, area: &mut [u8]) {
        let mut rest = area;
        if let Some(millis) = self.delay_millis {
            rest = put(rest, &[NODE_DELAY]);
            rest = put(rest, &millis.to_be_bytes());
        }
        match &self.destination {
            Destination::NextHop(NextHop { id, mac }) => {
                rest = put(rest, &[NEXT_NODE_HOP]);
                rest = put(rest, id.as_bytes());
                rest = put(rest, mac);
            }
            Destination::Recipient(recipient) | Destination::Reply(recipient, _) => {
                rest = put(rest, &[RECIPIENT]);
                rest = put(rest, recipient.as_bytes());
            }
        }
        if let Destination::Reply(_, surb_id) = &self.destination {
            rest = put(rest, &[SURB_REPLY]);
            rest = put(rest, surb_id.as_bytes());
        }
        rest.fill(NULL);
    }
}

/// The commands found in a block, each at most once.
#[derive(Default)]
struct Found {
    delay_millis: Option<u32>,
    next_hop: Option<NextHop>,
    recipient: Option<RecipientId>,
    surb_id: Option<SurbId>,
}

impl Found {
    fn parse(mut rest: &[u8]) -> Result<Self, CommandError> {
        let mut found = Self::default();
        while let Some((&id, body)) = rest.split_first() {
            rest = match id {
                NULL => {
                    zeros(body)?;
                    &[]
                }
                NEXT_NODE_HOP => {
                    let (node, rest) = take(id, body)?;
                    let (mac, rest) = take(id, rest)?;
                    set(id, &mut found.next_hop, NextHop { id: NodeId(node), mac })?;
                    rest
                }
                RECIPIENT => {
                    let (bytes, rest) = take(id, body)?;
                    set(id, &mut found.recipient, RecipientId(bytes))?;
                    rest
                }
                SURB_REPLY => {
                    let (bytes, rest) = take(id, body)?;
                    set(id, &mut found.surb_id, SurbId(bytes))?;
                    rest
                }
                NODE_DELAY => {
                    let (bytes, rest) = take(id, body)?;
                    set(id, &mut found.delay_millis, u32::from_be_bytes(bytes))?;
                    rest
                }
                id => return Err(CommandError::Unknown { id }),
            };
        }
        Ok(found)
    }

    /// Rejects combinations that no hop could execute.
    const fn destination(&self) -> Result<Destination, CommandError> {
        match (self.next_hop, self.recipient, self.surb_id) {
            (Some(next), None, None) => Ok(Destination::NextHop(next)),
            (None, Some(recipient), None) => Ok(Destination::Recipient(recipient)),
            (None, Some(recipient), Some(surb_id)) => Ok(Destination::Reply(recipient, surb_id)),
            (Some(_), Some(_), _) => Err(CommandError::OutOfPlace { id: RECIPIENT }),
            (Some(_), None, Some(_)) => Err(CommandError::OutOfPlace { id: SURB_REPLY }),
            (None, None, _) => Err(CommandError::NoDestination),
        }
    }
}

fn take<const N: usize>(id: u8, bytes: &[u8]) -> Result<([u8; N], &[u8]), CommandError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(CommandError::Truncated { id })?;
    Ok((*taken, rest))
}

fn set<T>(id: u8, slot: &mut Option<T>, value: T) -> Result<(), CommandError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(CommandError::Repeated { id }),
    }
}

fn zeros(padding: &[u8]) -> Result<(), CommandError> {
    // read every byte, so that the time does not reveal the position of the sender's mistake
    let any = padding.iter().fold(0, |any, byte| any | byte);
    if any == 0 { Ok(()) } else { Err(CommandError::Padding) }
}

/// Writes to the front of `area` and returns the rest.
fn put<'a>(area: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let (front, rest) = area.split_at_mut(bytes.len());
    front.copy_from_slice(bytes);
    rest
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { id } => write!(f, "unknown routing command {id:#04x}"),
            Self::Truncated { id } => write!(f, "routing command {id:#04x} is cut short"),
            Self::Repeated { id } => write!(f, "a second routing command {id:#04x}"),
            Self::Padding => f.write_str("a byte behind the routing commands is not zero"),
            Self::OutOfPlace { id } => write!(f, "routing command {id:#04x} in a packet that goes on"),
            Self::NoDestination => f.write_str("the routing commands name no destination"),
        }
    }
}

impl core::error::Error for CommandError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_blocks_fit() {
        let forward = Destination::NextHop(NextHop { id: NodeId([1; 32]), mac: [2; 32] });
        let reply = Destination::Reply(RecipientId([3; 32]), SurbId([4; 16]));
        for destination in [forward, reply] {
            let commands = Commands { delay_millis: Some(1), destination };
            let mut area = [0xff; AREA_LEN];
            commands.write(&mut area);
            assert_eq!(Commands::parse(&area), Ok(commands));
        }
    }
}
