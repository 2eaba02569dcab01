//! A small deterministic generator (splitmix64): a seed names an organisation for ever.

pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).expect("a bound fits");
        usize::try_from(self.next() % bound).expect("it is below a usize")
    }

    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// `text` as it is, in lower case, in upper case or in a mixture.
    pub(crate) fn recase(&mut self, text: &str) -> String {
        match self.below(4) {
            0 => text.to_ascii_lowercase(),
            1 => text.to_ascii_uppercase(),
            2 => text.chars().map(|c| self.recase_char(c)).collect(),
            _ => text.to_owned(),
        }
    }

    fn recase_char(&mut self, c: char) -> char {
        if self.percent(50) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    }
}
