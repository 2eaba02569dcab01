//! How much of all servers' answers is kept by now, whichever connection it came on: the memory is the same.

use std::cell::Cell;
use std::rc::Rc;

/// Of the 512 MiB that the whole program may take, as [`weight_of`](crate::directory::entry::weight_of) counts: what is made of it takes
/// memory too.
const MOST_BYTES: usize = 256 << 20;

/// One count that all connections of a reading share.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept(Rc<Cell<usize>>);

impl Kept {
    /// More is kept.
    pub(super) fn add(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes));
    }

    /// How much more may be.
    pub(super) fn left(&self) -> usize {
        MOST_BYTES.saturating_sub(self.0.get())
    }

    /// How much there is, for [`drop_all_since`](Self::drop_all_since).
    pub(super) fn now(&self) -> usize {
        self.0.get()
    }

    /// What came since then was dropped.
    pub(super) fn drop_all_since(&self, then: usize) {
        self.0.set(then);
    }
}
