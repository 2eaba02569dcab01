//! Bytes from outside become [entries](crate::model::entry): recorded or live, nobody downstream sees the difference.

pub mod ldap;
pub mod ldif;
pub mod query;
pub mod recording;
