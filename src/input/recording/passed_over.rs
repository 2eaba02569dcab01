//! What did not matter when it was read, kept in short in case it does later.
//!
//! Entries come in any order: which accounts matter is known only when all Exchange servers are. So that a file is read only
//! once, what is passed over is put away in a temporary file, with only what the judgement might need of it; and a filter
//! of its names tells whether that has to be read again. Mostly it has not.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek, Write};

use foldhash::quality::RandomState;
use tempfile::SpooledTempFile;

use crate::input::ldif::Record;

/// Up to this, no file is made.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Records of which nothing matters so far, put away: by the name of a later one they may come to matter.
pub(super) struct PassedOver {
    records: BufWriter<SpooledTempFile>,
    names: Filter,
    /// The numbers, in the order they were put away, of those that mattered after all.
    taken: HashSet<u64>,
}

impl PassedOver {
    pub(super) fn new() -> Self {
        let file = tempfile::spooled_tempfile(IN_MEMORY);
        Self { records: BufWriter::with_capacity(128 * 1024, file), names: Filter::new(), taken: HashSet::new() }
    }

    /// Puts a record away, and the number of its file and line.
    pub(super) fn add(&mut self, record: &Record, position: u64) -> io::Result<()> {
        self.records.write_all(&position.to_le_bytes())?;
        record.store(&mut self.records)
    }

    /// Takes note of a name by which the last record may come to matter.
    pub(super) fn note(&mut self, name: &[u8]) {
        self.names.insert(name);
    }

    /// Whether a record of this name may be among them: never wrong if it says no.
    pub(super) fn may_hold(&self, name: &[u8]) -> bool {
        self.names.may_hold(name)
    }

    /// Shows each record that was not taken yet, with its position; `take` says whether it is now, or else notes its names.
    pub(super) fn again<E: From<io::Error>>(
        &mut self,
        mut take: impl FnMut(&Record, u64, &mut dyn FnMut(&[u8])) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.records.flush()?;
        self.names = Filter::new();
        let file = self.records.get_mut();
        file.rewind()?;
        let mut input = BufReader::with_capacity(128 * 1024, file);
        let mut record = Record::default();
        let mut number = 0;
        let mut position = [0; 8];
        while !input.fill_buf()?.is_empty() {
            input.read_exact(&mut position)?;
            record.restore(&mut input)?;
            number += 1;
            let position = u64::from_le_bytes(position);
            if !self.taken.contains(&number) && take(&record, position, &mut |name| self.names.insert(name))? {
                self.taken.insert(number);
            }
        }
        Ok(())
    }
}

/// A Bloom filter of fixed size, one cache line a name: a million records leave it wrong about a few names in a million.
struct Filter {
    bits: Vec<[u64; 8]>,
    /// Not in `bits` yet: many at once do not wait for memory one by one.
    pending: Vec<u64>,
    hasher: RandomState,
}

impl Filter {
    /// 2 to this power blocks of 64 bytes, 8 MiB; memory that is not used is not taken.
    const POWER: u32 = 17;
    const PENDING: usize = 256;

    fn new() -> Self {
        let pending = Vec::with_capacity(Self::PENDING);
        Self { bits: Vec::new(), pending, hasher: RandomState::default() }
    }

    fn insert(&mut self, name: &[u8]) {
        self.pending.push(self.hasher.hash_one(name));
        if self.pending.len() == Self::PENDING {
            self.settle();
        }
    }

    fn settle(&mut self) {
        // A small recording never comes here: clearing so much memory would take longer than reading it.
        if self.bits.is_empty() {
            self.bits = vec![[0; 8]; 1 << Self::POWER];
        }
        for hash in self.pending.drain(..) {
            let Some(block) = self.bits.get_mut(block(hash)) else { continue };
            for (word, bit) in block.iter_mut().zip(bits(hash)) {
                *word |= bit;
            }
        }
    }

    fn may_hold(&self, name: &[u8]) -> bool {
        let hash = self.hasher.hash_one(name);
        let block = self.bits.get(block(hash)).into_iter().flatten();
        self.pending.contains(&hash)
            || !self.bits.is_empty() && block.zip(bits(hash)).all(|(word, bit)| word & bit != 0)
    }
}

/// The block of a name is the upper end of its hash.
fn block(hash: u64) -> usize {
    (hash >> (u64::BITS - Filter::POWER)) as usize
}

/// One bit for each word of a block, from the lower end of the hash.
fn bits(hash: u64) -> impl Iterator<Item = u64> {
    (0..8).map(move |word| 1 << (hash >> (6 * word) & 63))
}
