//! Entries become a directory that can be asked. No I/O, no clock; nothing in a directory can make it panic.

pub mod account;
pub mod directory;
pub mod dn;
pub mod entry;
pub mod exchange;
pub mod host;
pub mod schema;
pub mod spn;
pub mod text;
