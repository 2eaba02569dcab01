//! A small mutator with a fixed seed: the same cases in every run of the same length.

use std::time::{Duration, Instant};

use super::chance::Chance;

/// How long a harness tries mutated cases; `SPN_DOCTOR_FUZZ_SECONDS` makes it longer.
pub(crate) fn time() -> Duration {
    let seconds = std::env::var("SPN_DOCTOR_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Changes stored cases.
pub(crate) struct Mutator {
    chance: Chance,
    words: &'static [&'static str],
}

impl Mutator {
    pub(crate) fn new(words: &'static [&'static str]) -> Self {
        Self { chance: Chance::new(1), words }
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.chance.below(bytes.len() + 1);
        let end = (at + self.chance.below(20)).min(bytes.len());
        match self.chance.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, u8::try_from(self.chance.below(256)).unwrap_or(0)),
            3 if at < bytes.len() => bytes[at] ^= 1 << self.chance.below(8),
            4 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            5 => drop(bytes.splice(at.., other[self.chance.below(other.len() + 1)..].iter().copied())),
            _ => {
                let word = self.chance.pick(self.words);
                drop(bytes.splice(at..end.min(at + self.chance.below(4)), word.bytes()));
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
            let mut bytes = corpus[self.chance.below(corpus.len())].clone();
            let other = &corpus[self.chance.below(corpus.len())];
            for _ in 0..=self.chance.below(6) {
                self.change(&mut bytes, other);
            }
            bytes.truncate(1 << 16);
            property(&bytes);
            tried += 1;
        }
        tried
    }
}
