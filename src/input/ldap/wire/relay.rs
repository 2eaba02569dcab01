//! Carries messages between the client library and a server, through the connection's layer. What comes in is checked first.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context, Error, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::layer::Layer;
use super::messages::{DONE, Message, Messages, Unusable};

/// A connection to a server, TLS or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

const BUFFER: usize = 64 << 10;

/// Why a connection broke; the client library only knows that it did.
#[derive(Clone, Default)]
pub(crate) struct Fault(Arc<OnceLock<Error>>);

impl Fault {
    /// Why the connection ended, if that is known.
    pub(crate) fn cause(&self) -> Option<String> {
        self.0.get().map(|cause| format!("{cause:#}"))
    }

    fn set(&self, cause: Error) {
        // The first cause counts; what follows follows from it.
        let _ = self.0.set(cause);
    }
}

/// What both directions share.
struct Shared {
    layer: Mutex<Layer>,
    /// The number of the request that was not answered to its end yet, or 0: searches are made one after the other.
    open: AtomicU32,
}

impl Shared {
    fn layer(&self) -> MutexGuard<'_, Layer> {
        self.layer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until either side ends, then closes both.
pub(crate) async fn run(inside: impl Stream, outside: impl Stream, layer: Layer, fault: Fault) {
    let shared = Shared { layer: Mutex::new(layer), open: AtomicU32::new(0) };
    let (inside_reader, inside_writer) = tokio::io::split(inside);
    let (outside_reader, outside_writer) = tokio::io::split(outside);
    let ended = tokio::select! {
        ended = requests(inside_reader, outside_writer, &shared) => ended,
        ended = replies(outside_reader, inside_writer, &shared) => ended,
    };
    if let Err(cause) = ended {
        fault.set(cause);
    }
}

/// Carries requests out, and notes their numbers.
async fn requests<I: Stream, O: Stream>(mut from: ReadHalf<I>, mut to: WriteHalf<O>, shared: &Shared) -> Result<()> {
    let mut messages = Messages::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let plain = buffer.get(..count).unwrap_or_default();
        messages.push(plain);
        while let Some(message) = messages.next()? {
            shared.open.store(Message::parse(message)?.id, Ordering::Relaxed);
        }
        let wire = shared.layer().outgoing(plain)?;
        to.write_all(&wire).await.context("the connection broke")?;
        to.flush().await.context("the connection broke")?;
    }
}

/// Carries checked replies in.
async fn replies<O: Stream, I: Stream>(mut from: ReadHalf<O>, mut to: WriteHalf<I>, shared: &Shared) -> Result<()> {
    let mut messages = Messages::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await.context("the connection broke")?;
        if count == 0 {
            let whole = messages.is_empty() && shared.layer().is_whole();
            bail!(if whole { "it closed the connection" } else { "it closed the connection in the middle of a reply" });
        }
        let wire = buffer.get(..count).unwrap_or_default();
        messages.push(&shared.layer().incoming(wire)?);
        to.write_all(&checked(&mut messages, &shared.open)?).await?;
    }
}

/// The messages that are whole by now. They pass together or not at all: what comes behind the end of an answer belongs to
/// nothing, and shows that this was not its end.
fn checked(messages: &mut Messages, open: &AtomicU32) -> Result<Vec<u8>, Unusable> {
    let mut checked = Vec::new();
    while let Some(bytes) = messages.next()? {
        let message = Message::parse(bytes)?;
        message.check_search_reply(open.load(Ordering::Relaxed))?;
        if message.operation == DONE {
            open.store(0, Ordering::Relaxed);
        }
        checked.extend_from_slice(bytes);
    }
    let is_due = messages.is_empty() || open.load(Ordering::Relaxed) != 0;
    if is_due { Ok(checked) } else { Err(Unusable::Unasked) }
}

#[cfg(test)]
mod tests {
    use super::super::messages::ENTRY;
    use super::*;
    use crate::input::ber::{ENUMERATED, INTEGER, OCTETS, SEQUENCE, element};

    fn message(operation: u8, parts: &[&[u8]]) -> Vec<u8> {
        element(SEQUENCE, &[&element(INTEGER, &[&[7]]), &element(operation, parts)])
    }

    #[test]
    fn nothing_passes_that_comes_with_something_behind_the_end_of_its_answer() {
        let octets = element(OCTETS, &[]);
        let entry = message(ENTRY, &[&octets, &element(SEQUENCE, &[])]);
        let done = message(DONE, &[&element(ENUMERATED, &[&[0]]), &octets, &octets]);
        let pass = |bytes: &[u8], open: u32| {
            let mut messages = Messages::default();
            messages.push(bytes);
            checked(&mut messages, &AtomicU32::new(open))
        };
        let answer = [&entry[..], &done].concat();
        assert_eq!(pass(&answer, 7).as_ref(), Ok(&answer));
        assert_eq!(pass(&answer[..answer.len() - 1], 7).as_ref(), Ok(&entry));
        for late in [&entry[..], &entry[..1], &done] {
            assert_eq!(pass(&[&answer[..], late].concat(), 7), Err(Unusable::Unasked));
        }
        for bytes in [&entry[..], &entry[..1], &done] {
            assert_eq!(pass(bytes, 0), Err(Unusable::Unasked));
        }
    }
}
