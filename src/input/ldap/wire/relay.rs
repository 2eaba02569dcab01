//! Carries messages between the client library and a server, through the connection's layer. What comes in is checked first.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Error, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::layer::Layer;
use super::messages::{Message, Messages};

/// A connection to a server, TLS or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

const BUFFER: usize = 64 << 10;

/// Why a connection broke; the client library only knows that it did.
#[derive(Clone, Default)]
pub(crate) struct Fault(Arc<OnceLock<Error>>);

impl Fault {
    /// The cause, if one is known.
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
    /// The number of the last request: searches are made one after the other.
    asked: AtomicU32,
}

/// Runs until either side ends, then closes both.
pub(crate) async fn run(inside: impl Stream, outside: impl Stream, layer: Layer, fault: Fault) {
    let shared = Shared { layer: Mutex::new(layer), asked: AtomicU32::new(0) };
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
            shared.asked.store(Message::parse(message)?.id, Ordering::Relaxed);
        }
        let wire = shared.layer.lock().unwrap_or_else(PoisonError::into_inner).outgoing(plain)?;
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
            let whole = messages.is_empty() && shared.layer.lock().unwrap_or_else(PoisonError::into_inner).is_whole();
            bail!(if whole { "it closed the connection" } else { "it closed the connection amid a reply" });
        }
        let wire = buffer.get(..count).unwrap_or_default();
        messages.push(&shared.layer.lock().unwrap_or_else(PoisonError::into_inner).incoming(wire)?);
        while let Some(message) = messages.next()? {
            Message::parse(message)?.check_search_reply(shared.asked.load(Ordering::Relaxed))?;
            to.write_all(message).await?;
        }
    }
}
