//! From what somebody saw to its cause: the [text](message) of an event, or a name, is held against the judgement of the whole directory.
//!
//! What it names is looked up (`subject`), what is wrong with that is taken from the report, and what else it may be comes with what
//! the directory shows of it ([`clues`]). The [`answer`] is the public shape of that.

pub mod answer;
pub mod clues;
pub mod message;
mod numbers;
mod ranges;
mod reading;
mod subject;
