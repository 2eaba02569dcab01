//! Physical lines become logical ones: line ends of all kinds, folding, numbering.
//!
//! A line is looked at where it was read to; only a folded one is copied.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use super::utf16::{self, END_OF_FILE};

/// Logical lines longer than this are cut; only what nobody needs may be that long.
const LONGEST: usize = 4 * 1024 * 1024;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// What UTF-8 begins with that was made on Windows.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Sees every physical line, without its end, before it is unfolded.
pub trait LineWatch {
    /// One physical line.
    fn line(&mut self, line: &[u8]);
    /// The last line was not ended, so there may have been more of it.
    fn ends_without_line_end(&mut self, _last: &[u8]) {}
}

/// One logical line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The number of its first physical line, from 1.
    pub(super) number: u64,
    pub(super) bytes: &'a [u8],
    /// Whether there was more than [`LONGEST`].
    pub(super) cut: bool,
}

/// The logical lines of a file.
pub(super) struct Lines<'a, W> {
    input: Box<dyn Read + 'a>,
    watch: &'a mut W,
    /// What was read but not looked at yet is `unread` of it.
    buffer: Vec<u8>,
    unread: Range<usize>,
    ended: bool,
    /// The number of the last physical line.
    last: u64,
    number: u64,
    /// The last physical line, in the buffer, and whether it or the logical one was cut.
    place: Range<usize>,
    cut: bool,
    /// Whether the current line was folded; then it is in `unfolded`.
    folded: bool,
    unfolded: Vec<u8>,
}

impl<'a, W: LineWatch> Lines<'a, W> {
    pub(super) fn new(input: impl BufRead + 'a, watch: &'a mut W) -> io::Result<Self> {
        Ok(Self {
            input: utf16::utf8(input)?,
            watch,
            buffer: vec![0; 2 * CHUNK],
            unread: 0..0,
            ended: false,
            last: 0,
            number: 0,
            place: 0..0,
            cut: false,
            folded: false,
            unfolded: Vec::new(),
        })
    }

    pub(super) fn watch(&self) -> &W {
        self.watch
    }

    /// The first bytes of the file, as UTF-8, before any line was gone on to.
    pub(super) fn head(&mut self, most: usize) -> io::Result<&[u8]> {
        while self.unread.len() < most && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.get(self.unread.start..self.unread.end.min(self.unread.start + most)).unwrap_or_default())
    }

    /// Goes on to the next logical line; false at the end of the file.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        if !self.physical()? {
            return Ok(false);
        }
        self.number = self.last;
        self.folded = !self.place.is_empty() && self.goes_on();
        if self.folded {
            self.unfold()?;
        }
        Ok(true)
    }

    /// The line that [`advance`](Self::advance) went to.
    #[inline]
    pub(super) fn line(&self) -> Line<'_> {
        let bytes = if self.folded { &self.unfolded } else { self.physical_line() };
        Line { number: self.number, bytes, cut: self.cut }
    }

    fn physical_line(&self) -> &[u8] {
        self.buffer.get(self.place.clone()).unwrap_or_default()
    }

    /// The number of the line behind the current one.
    pub(super) fn next_number(&self) -> u64 {
        self.last + 1
    }

    /// Whether the next physical line continues this one.
    fn goes_on(&self) -> bool {
        self.unread.start < self.unread.end && self.buffer.get(self.unread.start) == Some(&b' ')
    }

    fn unfold(&mut self) -> io::Result<()> {
        let mut cut = self.cut;
        self.unfolded.clear();
        self.unfolded.extend_from_slice(self.buffer.get(self.place.clone()).unwrap_or_default());
        while self.goes_on() && self.physical()? {
            let more = self.buffer.get(self.place.start + 1..self.place.end).unwrap_or_default();
            let room = LONGEST.saturating_sub(self.unfolded.len());
            cut |= self.cut || more.len() > room;
            self.unfolded.extend_from_slice(more.get(..room).unwrap_or(more));
        }
        self.cut = cut;
        Ok(())
    }

    /// Goes on to the next physical line; the byte behind its end, if there is one, is in the buffer too. False at the end of the file.
    #[inline]
    fn physical(&mut self) -> io::Result<bool> {
        let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
        match memchr::memchr(b'\n', unread) {
            Some(length) if length + 1 < unread.len() && length <= LONGEST => {
                self.take(length, false);
                Ok(true)
            }
            _ => self.physical_at_the_edge(),
        }
    }

    /// The same where the line may go on behind what was read, or is too long.
    #[cold]
    fn physical_at_the_edge(&mut self) -> io::Result<bool> {
        let mut searched = 0;
        let mut cut = false;
        loop {
            let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
            let end = memchr::memchr(b'\n', unread.get(searched..).unwrap_or_default()).map(|at| searched + at);
            match end {
                Some(length) if length + 1 < unread.len() || self.ended => {
                    self.take(length, cut);
                    return Ok(true);
                }
                None if self.ended => {
                    let length = if unread == [END_OF_FILE] { 0 } else { unread.len() };
                    if length > 0 {
                        self.take(length, cut);
                        let last = self.buffer.get(self.place.clone()).unwrap_or_default();
                        self.watch.ends_without_line_end(last);
                    }
                    return Ok(length > 0);
                }
                _ => searched = end.unwrap_or(unread.len()),
            }
            if searched > LONGEST && end.is_none() {
                cut = true;
                searched = LONGEST;
                self.unread.end = self.unread.start + LONGEST;
            }
            self.fill()?;
        }
    }

    /// Makes so many bytes the physical line, and passes over the line feed behind them.
    #[inline]
    fn take(&mut self, length: usize, cut: bool) {
        let start = self.unread.start;
        self.unread.start = (start + length + 1).min(self.unread.end);
        let bytes = self.buffer.get(start..start + length.min(LONGEST)).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        self.place = start..start + bytes.len();
        self.cut = cut || length > LONGEST;
        self.last += 1;
        self.watch.line(bytes);
    }

    /// Reads more behind what is unread.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.buffer.len() < self.unread.end + CHUNK {
            self.buffer.resize((self.unread.end + CHUNK).next_power_of_two().min(LONGEST + 2 * CHUNK), 0);
        }
        let count = loop {
            match self.input.read(self.buffer.get_mut(self.unread.end..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.unread.end += count;
        self.ended = count == 0;
        Ok(())
    }
}
