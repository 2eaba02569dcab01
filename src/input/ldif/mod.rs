//! LDIF (RFC 2849) as `ldifde`, `ldapsearch` and `ldbsearch` write it.

mod conflict;
mod form;
mod lines;
mod names;
mod reader;
mod record;
mod utf16;
mod writer;

pub(crate) use lines::BYTE_ORDER_MARK;
pub use lines::LineWatch;
pub use reader::{Reader, Refusal};
pub use record::{Field, Record};
pub use writer::write_entry;
