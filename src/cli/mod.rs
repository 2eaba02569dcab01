//! All that only the program knows: arguments, passwords, where output goes, interrupts, progress.

pub(crate) mod arguments;
mod completions;
mod destination;
pub(crate) mod error;
mod explain;
pub(crate) mod interrupt;
mod man;
mod progress;
mod reading;
pub(crate) mod run;
mod wait;
mod why;
