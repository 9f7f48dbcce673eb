//! Both sides of a handshake over a stream.

use super::{Sink, Source, StreamError, halves::write_all};
use crate::{
    CallerError, Command, FRAME_HEADER_LEN, Link, Messages, Peer, Session,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
};
use mixwell_pq_kem::Kem;
use rand_core::CryptoRng;

type Outcome<T, S> = Result<T, StreamError<<S as Source>::Error>>;

/// Runs the initiator's side up to and including the responder's `no_op`, and on mixnet sessions
/// its own `no_op`, which proves its identity to the responder.
pub(super) async fn initiate<K, S, R>(
    stream: &mut S,
    initiator: Initiator<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    wanted: impl FnOnce(&Peer<K>) -> bool,
) -> Outcome<Session, S>
where
    K: Kem,
    S: Source + Sink<Error = <S as Source>::Error>,
    R: CryptoRng + ?Sized,
{
    let (state, message) = initiator.write(rng, buffer)?;
    write_all(stream, message).await?;
    let state = state.read(read_message(stream, buffer, Messages::<K>::LEN_2).await?)?;
    if !wanted(state.peer()) {
        state.refuse();
        return Err(StreamError::Refused);
    }
    let (state, message) = state.accept().write(rng, buffer)?;
    write_all(stream, message).await?;
    let state = state.read(read_message(stream, buffer, Messages::<K>::LEN_4).await?)?;

    let mut header = [0; FRAME_HEADER_LEN];
    read_exact(stream, &mut header).await?;
    let state = state.open_length(&mut header)?;
    let (want, got) = (state.body_len(), buffer.len());
    let body = buffer.get_mut(..want).ok_or(CallerError::Buffer { want, got })?;
    read_exact(stream, body).await?;
    let mut session = state.open(body)?;
    if session.sender.link().proves_by_no_op() {
        let frame = session.sender.seal(&Command::NoOp, buffer)?;
        write_all(stream, frame).await?;
    }
    Ok(session)
}

/// Runs the responder's side up to and including its `no_op`.
pub(super) async fn respond<K, S, R>(
    stream: &mut S,
    responder: Responder<'_, K>,
    rng: &mut R,
    buffer: &mut [u8],
    unix_time: u32,
    link_for: impl FnOnce(&Peer<K>) -> Option<Link>,
) -> Outcome<UnprovenSession, S>
where
    K: Kem,
    S: Source + Sink<Error = <S as Source>::Error>,
    R: CryptoRng + ?Sized,
{
    // reject another protocol by its first byte, without waiting for the rest
    let mut version = [0];
    read_exact(stream, &mut version).await?;
    Responder::<K>::check_version(version)?;
    let (want, got) = (Messages::<K>::LEN_1, buffer.len());
    let message = buffer.get_mut(..want).ok_or(CallerError::Buffer { want, got })?;
    if let Some((first, rest)) = message.split_first_mut() {
        [*first] = version;
        read_exact(stream, rest).await?;
    }
    let (state, message) = responder.read(message)?.write(rng, unix_time, buffer)?;
    write_all(stream, message).await?;
    let state = state.read(read_message(stream, buffer, Messages::<K>::LEN_3).await?)?;
    let Some(link) = link_for(state.peer()) else {
        state.refuse();
        return Err(StreamError::Refused);
    };
    let (state, message) = state.accept(link).write(rng, buffer)?;
    write_all(stream, message).await?;
    let (session, frame) = state.write(buffer)?;
    write_all(stream, frame).await?;
    Ok(session)
}

/// Reads exactly the length of the initiator's first command: the rest is left to the session's
/// reader.
pub(super) async fn await_proof<S: Source>(stream: &mut S, session: UnprovenSession) -> Outcome<Session, S> {
    let mut header = [0; FRAME_HEADER_LEN];
    read_exact(stream, &mut header).await?;
    Ok(session.open_length(&mut header)?)
}

async fn read_message<'b, S: Source>(stream: &mut S, buffer: &'b mut [u8], want: usize) -> Outcome<&'b mut [u8], S> {
    let got = buffer.len();
    let message = buffer.get_mut(..want).ok_or(CallerError::Buffer { want, got })?;
    read_exact(stream, message).await?;
    Ok(message)
}

async fn read_exact<S: Source>(stream: &mut S, mut buffer: &mut [u8]) -> Outcome<(), S> {
    while !buffer.is_empty() {
        let count = stream.read(buffer).await?;
        // the stream has ended, or claims to have read more than the buffer's length
        buffer = if count == 0 { None } else { buffer.get_mut(count..) }.ok_or(StreamError::Closed)?;
    }
    Ok(())
}
