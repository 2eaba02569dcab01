//! Bytes from outside become [entries](crate::directory::entry): recorded or live, nobody downstream sees the difference.

mod ber;
#[cfg(test)]
#[path = "../../tests/support/chance.rs"]
mod chance;
pub mod coverage;
mod dns;
pub(crate) mod kerberos;
pub mod ldap;
pub mod ldif;
#[cfg(test)]
#[path = "../../tests/support/mutate.rs"]
mod mutate;
mod net;
pub mod recording;
pub mod referral;
mod secret;
pub(crate) mod selection;
pub mod witness;
