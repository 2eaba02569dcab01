//! LDIF (RFC 2849) as `ldifde`, `ldapsearch` and `ldbsearch` write it.

mod lines;
mod reader;
mod utf16;
mod writer;

pub use lines::LineWatch;
pub use reader::{Reader, Record, Refusal};
pub use writer::write_entry;
