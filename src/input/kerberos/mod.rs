//! Kerberos without the system's libraries: the ticket at hand (or a password, or a keytab), tickets for services, and the sealed
//! conversation with one (RFC 4120, RFC 4121, [MS-KILE]).
//!
//! Only AES. Nothing is written: no ticket is kept, and the user's credential cache stays as it is.

mod cache;
mod config;
mod crypto;
mod der;
#[cfg(test)]
mod fuzz;
mod gss;
#[cfg(test)]
mod gss_peer;
mod kdc;
mod keytab;
mod messages;
mod principal;
#[cfg(test)]
mod scripted;
mod tickets;

#[cfg(unix)]
pub(crate) use self::cache::realm;
pub(crate) use self::config::Config;
pub(crate) use self::der::seconds_of;
pub(crate) use self::gss::{Context, Pending, Problem, refusal};
pub(crate) use self::messages::{Credential, Unusable};
pub use self::tickets::Identity;
pub(crate) use self::tickets::{AES, Failure, Tickets};
