//! A small mutator with a fixed seed: the same cases in every run of the same length.

use std::time::{Duration, Instant};

/// How long a harness tries mutated cases; `SPN_DOCTOR_FUZZ_SECONDS` makes it longer.
pub(crate) fn time() -> Duration {
    let seconds = std::env::var("SPN_DOCTOR_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// xorshift64*.
pub(crate) struct Mutator {
    state: u64,
    words: &'static [&'static str],
}

impl Mutator {
    pub(crate) fn new(words: &'static [&'static str]) -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15, words }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % limit.max(1)
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(20)).min(bytes.len());
        match self.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, u8::try_from(self.below(256)).unwrap_or(0)),
            3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            5 => drop(bytes.splice(at.., other[self.below(other.len() + 1)..].iter().copied())),
            _ => {
                let word = self.words[self.below(self.words.len())];
                drop(bytes.splice(at..end.min(at + self.below(4)), word.bytes()));
            }
        }
    }

    /// Calls `property` with each case as it is, then with changed ones until the time is over; how many those were.
    pub(crate) fn run(&mut self, corpus: &[Vec<u8>], mut property: impl FnMut(&[u8])) -> usize {
        for case in corpus {
            property(case);
        }
        let end = Instant::now() + time();
        let mut tried = 0;
        while Instant::now() < end {
            let mut bytes = corpus[self.below(corpus.len())].clone();
            let other = &corpus[self.below(corpus.len())];
            for _ in 0..=self.below(6) {
                self.change(&mut bytes, other);
            }
            bytes.truncate(1 << 16);
            property(&bytes);
            tried += 1;
        }
        tried
    }
}
