//! A required SPN that others hold, and the server's account does not.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS, WRITE_SPN};
use crate::directory::text::{listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy;
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "misplaced-spn",
    manual: Manual {
        title: "the wrong account holds a required SPN",
        checked: "Other objects hold an SPN that the server requires, but the server's own account does not. This is a warning for a NetBIOS name that no endpoint announces.",
        impact: "The domain controller encrypts the ticket for the account that holds the SPN. The server runs under another account and cannot decrypt it, so authentication fails. NTLM is not tried, because there is a ticket.",
        fix: "Delete the SPN from its current holder, then add it to the server's account. Keep this order: domain controllers refuse to add an SPN that another object holds. First make sure that the current holder does not answer to the name. If it does, it is the rightful holder: change the FQDN of the endpoint instead. A holder that is disabled or a replication conflict object needs no such check.",
        permissions: WRITE_SPN,
        false_positives: "If the current holder really answers to the name (an appliance or another mail system that uses this account), the SPN is right and the endpoint's FQDN is wrong. On a cluster, the SPN belongs on the computer object of the network name.",
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str =
    "Tickets for this name are encrypted for another account. The server cannot decrypt them, so authentication fails.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let misplaced = facts.requirements().filter(|(judged, requirement)| {
        requirement.status == Status::Misplaced && !super::exchange_auth_fqdn::speaks_for(judged, requirement)
    });
    found.extend(misplaced.map(|(judged, requirement)| finding(facts, judged, requirement)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let spn = shown(requirement.spn.as_str());
    let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
    let how = if requirement.is_held_through_host() { "held through a HOST SPN by" } else { "held by" };
    let held = format!("{how} {holders}");
    let message = format!("{spn} is {held}, not by the server's account");
    Finding::new(CHECK.code, severity(requirement), message, WHY)
        .about(judged, requirement)
        .evidence([held])
        .remedy(remedy::only_holder(facts, judged, requirement))
}

/// Nobody in Exchange asks for a NetBIOS name that no endpoint announces.
pub(super) fn severity(requirement: &Requirement<'_>) -> Severity {
    if requirement.needs.is_only_host_name() { Severity::Warning } else { Severity::Error }
}
