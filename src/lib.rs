//! Compares the SMTPSVC service principal names that Exchange servers need with those that Active Directory holds.
//!
//! Five stages, in order:
//!
//! 1. [`input`]: bytes from outside, recordings or a live directory, become entries.
//! 2. [`directory`]: entries become things with types: servers, endpoints, accounts, domains. What could not be read is a gap, never a default.
//! 3. [`judge`]: whose account is whose, which SPNs every server requires, who holds each, what is wrong with that, and what puts it right.
//! 4. [`report`]: the public shape of the judgement.
//! 5. [`render`]: the report becomes text.
//!
//! Beside them, [`symptoms`] is what people see when something is wrong: event ids, SMTP replies, status words. [`why`] goes from
//! there to the cause: it finds symptoms and names in a text, and holds them against the judgement.
//!
//! One FQDN on its way: [`input::ldif`] or [`input::ldap`] reads the bytes; [`directory::endpoint`] makes a
//! [host name](directory::host::HostName) of them, once; [`judge::requirements`] builds its SPN and asks who holds it, a check in
//! [`judge::checks`] finds that nobody does and adds it to the server's account; [`report`] writes that as one `setspn` command, and
//! [`render`] prints it.
pub mod directory;
pub mod input;
pub mod judge;
pub mod render;
pub mod report;
pub mod symptoms;
pub mod trouble;
pub mod why;
