//! A required SPN that others hold, and the server's account does not.

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual, SMTP_KERBEROS, WRITE_SPN};
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
        checked: "Other objects hold an SPN that the server requires; the server's own account does not. It is a warning for a NetBIOS name that no endpoint announces.",
        impact: "The domain controller encrypts the ticket for the account that holds the name. The server runs under another account and cannot read it, so authentication fails. NTLM is not tried, since there is a ticket.",
        fix: "Delete the SPN from whoever holds it, then add it to the server's account, in this order: domain controllers refuse to add a name that another object holds. \
First make sure that the holder does not answer to the name. If it does, it is the rightful holder, and it is the FQDN of the endpoint that has to change. \
Nothing has to be made sure of where the holder is disabled or the loser of a replication conflict.",
        permissions: WRITE_SPN,
        false_positives: "If the present holder really answers to the name (an appliance or another mail system under this account), the SPN is right and the endpoint's FQDN is wrong. On a cluster, the SPN belongs on the computer object of the network name.",
        symptoms: FAILED_AUTHENTICATION,
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str =
    "Tickets for this name are encrypted for another account. The server cannot read them, and authentication fails.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let misplaced = facts.requirements().filter(|(judged, requirement)| {
        requirement.status == Status::Misplaced && !super::exchange_auth_fqdn::speaks_for(judged, requirement)
    });
    found.extend(misplaced.map(|(judged, requirement)| finding(facts, judged, requirement)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let spn = shown(requirement.spn.as_str());
    let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
    let how = if requirement.is_held_through_host() { "held, through its HOST name, by" } else { "held by" };
    let message = format!("{spn} is {how} {holders}, not by the server's account");
    Finding::new(CHECK.code, severity(requirement), message, WHY)
        .about(judged, requirement)
        .remedy(remedy::only_holder(facts, judged, requirement))
}

/// Nobody in Exchange asks for a NetBIOS name that no endpoint announces.
pub(super) fn severity(requirement: &Requirement<'_>) -> Severity {
    if requirement.needs.is_only_host_name() { Severity::Warning } else { Severity::Error }
}
