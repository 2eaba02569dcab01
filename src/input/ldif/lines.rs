//! Physical lines become logical ones: line ends of all kinds, folding, numbering.

use std::io::{self, BufRead, BufReader};

/// Logical lines longer than this are cut; only what nobody needs may be that long.
const LONGEST: usize = 4 * 1024 * 1024;

/// Sees every physical line, without its end, before it is unfolded.
pub trait LineWatch {
    /// One physical line.
    fn line(&mut self, line: &[u8]);
}

/// One logical line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The number of its first physical line, from 1.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether there was more than [`LONGEST`].
    pub(super) cut: bool,
}

/// The logical lines of a file.
pub(super) struct Lines<'a> {
    input: BufReader<Box<dyn io::Read + 'a>>,
    watch: &'a mut dyn LineWatch,
    /// The physical line behind the current logical one, read to see whether it is folded onto it.
    next: Line,
    pending: bool,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: impl BufRead + 'a, watch: &'a mut dyn LineWatch) -> io::Result<Self> {
        let input = BufReader::with_capacity(128 * 1024, super::utf16::utf8(input)?);
        Ok(Self { input, watch, next: Line::default(), pending: false, number: 0 })
    }

    /// Reads the next logical line into `line`; false at the end of the file.
    pub(super) fn read(&mut self, line: &mut Line) -> io::Result<bool> {
        if !self.pending && !self.read_physical()? {
            return Ok(false);
        }
        std::mem::swap(line, &mut self.next);
        self.pending = false;
        while self.read_physical()? {
            if line.bytes.is_empty() || self.next.bytes.first() != Some(&b' ') {
                self.pending = true;
                break;
            }
            let room = LONGEST.saturating_sub(line.bytes.len());
            let more = self.next.bytes.get(1..).unwrap_or_default();
            line.cut |= self.next.cut || more.len() > room;
            line.bytes.extend_from_slice(more.get(..room).unwrap_or(more));
        }
        Ok(true)
    }

    /// Reads one physical line into `next`, without its end.
    fn read_physical(&mut self) -> io::Result<bool> {
        let line = &mut self.next;
        line.bytes.clear();
        line.cut = false;
        let mut any = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let piece = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or(buffer);
            let room = LONGEST.saturating_sub(line.bytes.len());
            line.cut |= piece.len() > room;
            line.bytes.extend_from_slice(piece.get(..room).unwrap_or(piece));
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if any {
            self.number += 1;
            line.number = self.number;
            if line.bytes.last() == Some(&b'\r') {
                line.bytes.pop();
            }
            self.watch.line(&line.bytes);
        }
        Ok(any)
    }
}
