//! What the oracle's generator asks of chance beyond a number.

use crate::support::chance::Chance;

impl Chance {
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
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
