//! What lies between the bytes of a connection and LDAP messages: nothing (clear text, or TLS below), or a SASL layer that seals.

use anyhow::{Context, Result, ensure};

use super::frames::{Frames, frame};

/// One side of a security context that seals what it sends.
pub(crate) trait Seal: Send {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>>;
    /// Opens what the other side sealed. Fails if it was changed, or is not what comes next.
    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>>;
}

/// What lies between LDAP and TCP.
pub(crate) enum Layer {
    /// Bytes pass as they are.
    None,
    /// Bytes pass in sealed frames.
    Sealed(Sealed),
}

/// A SASL layer.
pub(crate) struct Sealed {
    seal: Box<dyn Seal>,
    frames: Frames,
    /// The most plain text that may go into one frame.
    chunk: usize,
}

impl Sealed {
    /// What sealing adds to a message: a Kerberos token has 60 bytes at most (RFC 4121), SSPI's no more.
    const OVERHEAD: usize = 256;
    /// A frame need not be longer: requests are short.
    const ENOUGH: usize = 64 << 10;

    /// A layer towards a peer that takes frames up to this size.
    pub(crate) fn new(seal: Box<dyn Seal>, peer_limit: u32) -> Result<Self> {
        let limit = usize::try_from(peer_limit).unwrap_or(usize::MAX);
        ensure!(limit > Self::OVERHEAD, "it accepts frames of {limit} bytes only");
        Ok(Self { seal, frames: Frames::default(), chunk: (limit - Self::OVERHEAD).min(Self::ENOUGH) })
    }
}

impl Layer {
    /// What goes on the wire for these bytes.
    pub(crate) fn outgoing(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        let Self::Sealed(layer) = self else { return Ok(plain.to_vec()) };
        let mut wire = Vec::with_capacity(plain.len() + Sealed::OVERHEAD);
        for piece in plain.chunks(layer.chunk) {
            wire.extend(frame(&layer.seal.seal(piece).context("a request could not be sealed")?));
        }
        Ok(wire)
    }

    /// The plain bytes that became complete with what came off the wire.
    pub(crate) fn incoming(&mut self, wire: &[u8]) -> Result<Vec<u8>> {
        let Self::Sealed(layer) = self else { return Ok(wire.to_vec()) };
        layer.frames.push(wire);
        let mut plain = Vec::new();
        while let Some(token) = layer.frames.next()? {
            plain.extend(layer.seal.open(token).context("a sealed reply could not be opened")?);
        }
        Ok(plain)
    }

    /// Whether the connection may end here: not amid a frame.
    pub(crate) fn is_whole(&self) -> bool {
        match self {
            Self::None => true,
            Self::Sealed(layer) => layer.frames.is_empty(),
        }
    }
}
