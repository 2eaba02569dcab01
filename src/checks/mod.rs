//! The directory is judged: one file a check, with its rule, its manual, its wording and its remedy. No I/O.
//!
//! To add a check: a file here, two lines below, a recording in `fixtures/` that fires it, and a row in the README.

mod ambiguous_computer_account;
mod disabled_account;
mod duplicate_spn;
mod exchange_auth_fqdn;
mod host_name_mismatch;
mod invalid_fqdn;
mod malformed_spn;
pub mod manual;
mod misplaced_spn;
mod missing_host_spn;
mod missing_spn;
mod no_computer_account;
mod orphan_endpoint;
mod shared_fqdn;
mod unused_spn;

use self::manual::Manual;
use crate::finding::Finding;
use crate::model::text::fold;
use crate::requirements::Requirements;

/// A check: its code, its manual, and the function from what is required to what is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The code of its findings.
    pub code: &'static str,
    /// What `explain` prints.
    pub manual: Manual,
    /// Finds what is wrong.
    pub run: fn(&Requirements<'_>) -> Vec<Finding>,
}

/// All checks, in the order of the manual.
pub const ALL: [Check; 14] = [
    missing_spn::CHECK,
    missing_host_spn::CHECK,
    misplaced_spn::CHECK,
    duplicate_spn::CHECK,
    shared_fqdn::CHECK,
    no_computer_account::CHECK,
    ambiguous_computer_account::CHECK,
    disabled_account::CHECK,
    invalid_fqdn::CHECK,
    exchange_auth_fqdn::CHECK,
    host_name_mismatch::CHECK,
    malformed_spn::CHECK,
    unused_spn::CHECK,
    orphan_endpoint::CHECK,
];

/// The check of a code, whatever its case.
#[must_use]
pub fn named(code: &str) -> Option<&'static Check> {
    const { &ALL }.iter().find(|check| check.code.eq_ignore_ascii_case(code))
}

/// Everything that is wrong, in the fixed order: severity, code, servers, SPN.
#[must_use]
pub fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|check| (check.run)(requirements)).collect();
    findings.sort_by_cached_key(|finding| {
        let servers: Vec<String> = finding.servers.iter().map(|server| fold(server)).collect();
        let spn = finding.spn.as_ref().map(|spn| spn.key().to_owned());
        (finding.severity, finding.code, servers, spn, finding.endpoints.clone(), finding.message.clone())
    });
    findings
}
