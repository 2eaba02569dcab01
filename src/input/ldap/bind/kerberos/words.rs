//! Why there is no ticket. The libraries only offer prose: GSSAPI in English, SSPI in the language of Windows, with or without a number.

use super::RENEW;
use crate::input::ldap::failure::{Failure, Trouble};

#[cfg(not(windows))]
const GET: &str = "run kinit, or use --auth simple with --user";
#[cfg(windows)]
const GET: &str =
    "run this as a user of the domain (runas /netonly helps on a machine outside), or use --auth simple with --user";

#[cfg(not(windows))]
const CLOCK: &str = "set this machine's clock, then try again";
#[cfg(windows)]
const CLOCK: &str = "set this machine's clock (w32tm /resync), then try again";

#[cfg(not(windows))]
const KDC: &str = "check the realm's KDC in krb5.conf or DNS, and port 88";
#[cfg(windows)]
const KDC: &str =
    "check the DNS server of this machine, and port 88 of the domain controllers; or use --auth simple with --user";

#[cfg(not(windows))]
const CHECK: &str = "check the ticket with klist, and krb5.conf; or use --auth simple with --user";
#[cfg(windows)]
const CHECK: &str = "check with klist that the user who runs this is one of the domain, and give --server the domain controller's full DNS name; \
                     or use --auth simple with --user";

const EXPIRED: [&str; 1] = ["expired"];
const NONE: [&str; 4] = ["no kerberos credentials available", "no credentials cache", "no credentials", "0x8009030e"];
const UNKNOWN_SERVICE: [&str; 4] =
    ["server not found in kerberos database", "target_unknown", "target is unknown", "0x80090303"];
const SKEW: [&str; 2] = ["skew", "0x80090324"];
const NO_KDC: [&str; 5] = [
    "cannot contact any kdc",
    "cannot find kdc",
    "unable to reach any kdc",
    "no authority could be contacted",
    "0x80090311",
];

/// Tells the ways apart in which there is no ticket.
pub(super) fn no_ticket(said: &str, host: &str) -> Failure {
    let lower = said.to_ascii_lowercase();
    let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
    if has(&EXPIRED) {
        return Failure::last(format!("the Kerberos ticket has expired: {said}"), format!("{RENEW}, then try again"));
    }
    if has(&NONE) {
        return Failure::last(format!("there is no Kerberos ticket: {said}"), GET);
    }
    if has(&UNKNOWN_SERVICE) {
        let hint = "give the domain controller's full DNS name, not an alias or an address, as --server";
        return Failure::Server(Trouble::new(format!("the KDC knows no service ldap/{host}: {said}")).hint(hint));
    }
    if has(&SKEW) {
        return Failure::last(format!("the clocks are too far apart: {said}"), CLOCK);
    }
    if has(&NO_KDC) {
        return Failure::last(format!("no KDC can be reached: {said}"), KDC);
    }
    Failure::last(format!("Kerberos gives no ticket for ldap/{host}: {said}"), CHECK)
}

#[cfg(test)]
mod tests {
    use super::no_ticket;

    #[test]
    fn both_libraries_words_are_understood() {
        let cases = [
            ("acquiring credentials: 0x8009030E", "there is no Kerberos ticket"),
            ("No credentials cache found (filename: /tmp/krb5cc_0)", "there is no Kerberos ticket"),
            ("ClientCtx::step failed The specified target is unknown or unreachable", "the KDC knows no service"),
            ("ClientCtx::step failed The clocks on the client and server machines are skewed.", "the clocks"),
            ("No authority could be contacted for authentication. (0x80090311)", "no KDC"),
            ("Ticket expired", "the Kerberos ticket has expired"),
            ("Der angegebene Sicherheitskontext fehlt", "Kerberos gives no ticket for ldap/dc1"),
        ];
        for (said, what) in cases {
            let trouble = no_ticket(said, "dc1").trouble();
            assert!(trouble.what().starts_with(what), "{said}: {}", trouble.what());
            assert!(trouble.advice().is_some());
        }
    }
}
