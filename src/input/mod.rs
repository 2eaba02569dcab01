//! Bytes from outside become [entries](crate::directory::entry): recorded or live, nobody downstream sees the difference.

pub mod coverage;
pub mod ldap;
pub mod ldif;
pub mod recording;
pub mod referral;
pub mod selection;
