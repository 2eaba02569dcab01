//! One file a check, with its rule, its manual, its wording and its remedies.
//!
//! To add a check: a file here, two lines below, its code in `schema.json` and a recording in `fixtures/codes` that fires it: `.github/CONTRIBUTING.md` walks through it.

mod ambiguous_computer_account;
mod clock_skew;
mod disabled_account;
mod duplicate_spn;
mod endpoint_disagrees;
mod exchange_auth_fqdn;
mod foreign_fqdn;
mod host_name_mismatch;
mod invalid_fqdn;
mod kdc_disagrees;
mod malformed_spn;
pub mod manual;
mod misplaced_spn;
mod missing_host_spn;
mod missing_spn;
mod no_computer_account;
mod no_exchange_auth;
mod not_replicated;
mod orphan_endpoint;
mod send_connector_fqdn;
mod shared_fqdn;
mod stray_host_spn;
mod unused_spn;

use self::manual::Manual;
use super::facts::Facts;
use super::finding::{Finding, Findings};
use crate::directory::text::{fold, most_alike};

/// A check: its code, its manual, and the function from the facts to what is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What its findings are called in reports, `missing-spn`; never changed, as scripts know it.
    pub code: &'static str,
    /// What `explain` prints.
    pub manual: Manual,
    /// Finds what is wrong.
    pub run: fn(&Facts<'_>, &mut Findings),
}

/// All checks, in the order of the manual.
pub const ALL: [Check; 22] = [
    missing_spn::CHECK,
    missing_host_spn::CHECK,
    misplaced_spn::CHECK,
    duplicate_spn::CHECK,
    foreign_fqdn::CHECK,
    shared_fqdn::CHECK,
    exchange_auth_fqdn::CHECK,
    send_connector_fqdn::CHECK,
    stray_host_spn::CHECK,
    no_computer_account::CHECK,
    ambiguous_computer_account::CHECK,
    host_name_mismatch::CHECK,
    disabled_account::CHECK,
    no_exchange_auth::CHECK,
    invalid_fqdn::CHECK,
    malformed_spn::CHECK,
    unused_spn::CHECK,
    orphan_endpoint::CHECK,
    kdc_disagrees::CHECK,
    not_replicated::CHECK,
    clock_skew::CHECK,
    endpoint_disagrees::CHECK,
];

/// Those that find where witnesses disagree.
pub fn of_witnesses() -> impl Iterator<Item = &'static Check> {
    const { &[kdc_disagrees::CHECK, not_replicated::CHECK, clock_skew::CHECK, endpoint_disagrees::CHECK] }.iter()
}

/// The check of a code, whatever its case.
#[must_use]
pub fn named(code: &str) -> Option<&'static Check> {
    const { &ALL }.iter().find(|check| check.code.eq_ignore_ascii_case(code))
}

/// The code that somebody may have meant who wrote this.
#[must_use]
pub fn nearest(code: &str) -> Option<&'static str> {
    /// As alike as `mising-spn` and `missing-spn`, or more.
    const ALIKE: f64 = 0.85;
    let nearest = most_alike(code, ALL.iter().map(|check| check.code.to_owned()), ALIKE);
    named(nearest.first()?).map(|check| check.code)
}

/// Everything that is wrong, in the fixed order: severity, code, servers, SPN. None if that is more than a report can tell.
pub(super) fn run(facts: &Facts<'_>) -> Option<Vec<Finding>> {
    let mut found = Findings::default();
    for check in &ALL {
        (check.run)(facts, &mut found);
    }
    let mut findings = found.all()?;
    findings.sort_by_cached_key(|finding| {
        let servers: Vec<String> = finding.servers.iter().map(|server| fold(server)).collect();
        let spn = finding.spn.as_ref().map(|spn| spn.key().to_owned());
        (finding.severity, finding.code, servers, spn, finding.endpoints.clone(), finding.message.clone())
    });
    Some(findings)
}
