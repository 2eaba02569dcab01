//! The frames of a SASL security layer (RFC 4422, section 3.7): four bytes of length, then one sealed token.
//!
//! A frame knows nothing of LDAP messages: it may hold several, or part of one, and arrives in pieces.

use std::fmt;

/// The most that may come in one frame, as announced to the server. The largest that the negotiation can express, because
/// a server that cannot put a reply into one frame is not obliged to split it.
pub(crate) const LONGEST: u32 = 0x00ff_ffff;

/// A frame longer than announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong(pub(crate) usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it sent a sealed frame of {} bytes, the limit agreed on is {LONGEST}", self.0)
    }
}

impl std::error::Error for TooLong {}

/// Collects frames from a stream, wherever it was split.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    start: usize,
}

impl Frames {
    /// Takes in what was received.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The sealed token of the next whole frame; none until more was received.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > LONGEST as usize {
            return Err(TooLong(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.start + 4;
        self.start = start + length;
        Ok(self.buffer.get(start..self.start))
    }

    /// Whether the stream ended between two frames.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }
}

/// The frame of a sealed token.
pub(crate) fn frame(token: &[u8]) -> Vec<u8> {
    let length = u32::try_from(token.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), token].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(stream: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut frames = Frames::default();
        let mut tokens = Vec::new();
        for piece in stream.chunks(size) {
            frames.push(piece);
            while let Some(token) = frames.next().unwrap() {
                tokens.push(token.to_vec());
            }
        }
        assert!(frames.is_empty());
        tokens
    }

    #[test]
    fn frames_come_out_whole_wherever_the_stream_is_split() {
        let sent: Vec<Vec<u8>> = vec![vec![1; 5], Vec::new(), vec![2; 300], vec![3]];
        let stream: Vec<u8> = sent.iter().flat_map(|token| frame(token)).collect();
        for size in 1..=stream.len() {
            assert_eq!(tokens(&stream, size), sent, "pieces of {size}");
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_by_its_length_alone() {
        let mut frames = Frames::default();
        frames.push(&(LONGEST + 1).to_be_bytes());
        assert_eq!(frames.next(), Err(TooLong(LONGEST as usize + 1)));
        let mut frames = Frames::default();
        frames.push(b"HTTP");
        assert!(frames.next().is_err());
    }

    #[test]
    fn a_cut_frame_is_noticed() {
        let mut frames = Frames::default();
        frames.push(&frame(b"sealed")[..9]);
        assert_eq!(frames.next(), Ok(None));
        assert!(!frames.is_empty());
    }
}
