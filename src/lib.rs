//! Compares the SMTPSVC service principal names that Exchange servers need with those that Active Directory holds.
//!
//! The stages, in order:
//!
//! 1. [`input`]: bytes from outside, recordings or a live directory, become entries.
//! 2. [`model`]: entries become a directory that can be asked: servers, endpoints, accounts, domains. What could not be read is a gap, never a default.
//! 3. [`requirements`]: which SPNs every server requires, who holds each, and how it stands.
//! 4. [`checks`]: what is wrong with that: [findings](finding), each with its [`remedy`].
//! 5. [`report`]: the public shape of the result.
//! 6. [`output`]: the report becomes text.
//!
//! One FQDN on its way: [`input::ldif`] reads the bytes, [`model::exchange`] makes an endpoint of them and [`model::host`] a
//! host name, [`requirements`] asks who holds its SPN, [`checks`] finds that nobody does, [`remedy`] adds it to the server's
//! account, [`remedy::setspn`] prints the one command.
pub mod checks;
pub mod finding;
pub mod input;
pub mod model;
pub mod output;
pub mod redact;
pub mod remedy;
pub mod report;
pub mod requirements;
pub mod trouble;
