//! The few exchanges before the searches: one request, one reply, read to its last byte and not one further. What follows
//! a reply may belong to another layer, and what was sent in clear text before TLS must never count as sent within it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::input::ber::{self, Extent, INTEGER, SEQUENCE};
use crate::input::ldap::failure::Failure;
use crate::input::ldap::wire::messages::{Message, Outcome};
use crate::input::ldap::wire::relay::Stream;

/// No reply to a bind is longer.
const LONGEST: usize = 1 << 20;

/// A connection on which nothing was searched yet.
pub(crate) struct Handshake<S> {
    stream: S,
    asked: u32,
}

impl<S: Stream> Handshake<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, asked: 0 }
    }

    /// The connection, for what comes next.
    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    /// Makes a request and waits for its reply, which must have this tag.
    pub(crate) async fn ask(&mut self, request: &[u8], reply: u8) -> Result<Outcome, Failure> {
        self.asked += 1;
        let id = ber::element(INTEGER, &[&ber::digits(self.asked)]);
        let message = Zeroizing::new(ber::element(SEQUENCE, &[&id, request]));
        self.stream.write_all(&message).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)?;
        let bytes = self.read().await?;
        let unusable = |error: &dyn std::fmt::Display| Failure::server(error.to_string());
        let message = Message::parse(&bytes).map_err(|error| unusable(&error))?;
        message.check_id(self.asked).map_err(|error| unusable(&error))?;
        if message.operation != reply {
            return Err(unusable(&"it answered with something else than was asked for"));
        }
        Outcome::parse(message.content).map_err(|error| unusable(&error))
    }

    async fn read(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let extent = loop {
            bytes.push(self.stream.read_u8().await.map_err(broken)?);
            match Extent::of(&bytes) {
                Ok(Some(extent)) if extent.content <= LONGEST && bytes.first() == Some(&SEQUENCE) => break extent,
                Ok(None) => {}
                _ => return Err(Failure::server("it sent something that is no LDAP message")),
            }
        };
        bytes.resize(extent.header + extent.content, 0);
        let content = bytes.get_mut(extent.header..).unwrap_or_default();
        self.stream.read_exact(content).await.map_err(broken)?;
        Ok(bytes)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "called by map_err")]
fn broken(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Failure::server("it closed the connection before it answered"),
        _ => Failure::server(format!("the connection broke: {error}")),
    }
}
