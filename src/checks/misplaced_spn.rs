//! A required SPN that others hold, and the server's account does not.

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual, SMTP_KERBEROS};
use crate::finding::{Finding, Severity};
use crate::model::text::{listed, shown};
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirement, Requirements, Status};

pub(super) const CHECK: Check = Check {
    code: "misplaced-spn",
    manual: Manual {
        title: "a required SPN is held by the wrong account",
        why: "Tickets for this name are encrypted for another account, so the server cannot read them and authentication fails.",
        checked: "The server requires the SPN, for an endpoint or as one of its own names. Other objects hold it; the server's own account does not.",
        breaks: "The domain controller issues a ticket with the key of the account that holds the name. The server, running as another account, cannot decrypt it and answers with an authentication error.",
        cure: "Delete the SPN from whoever holds it, then add it to the server's account, in this order: domain controllers refuse to add a name that another object holds. \
First make sure that the present holder does not serve the name: look where DNS points it, and what runs under that account. If the holder is the rightful one, change the endpoint's FQDN instead.",
        right: "Write servicePrincipalName on both accounts: Domain Admins have it, and whoever it was delegated to.",
        doubt: "If the name is really served by the present holder (an appliance or another mail system under this account), the SPN is right and the endpoint's FQDN is wrong.",
        symptoms: FAILED_AUTHENTICATION,
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let misplaced = |(_, requirement): &(_, &Requirement<'_>)| requirement.status == Status::Misplaced;
    requirements.iter().filter(misplaced).map(|(judged, requirement)| finding(judged, requirement)).collect()
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let spn = shown(requirement.spn.as_str());
    let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
    let message = format!("{spn} is held by {holders}, not by the server's account");
    Finding::new(CHECK.code, Severity::Error, message, Remedy::only_holder(judged, requirement, advice(requirement)))
        .server(judged)
        .endpoints(requirement.needed_by.iter().copied())
        .spn(&requirement.spn, requirement.holders.iter().copied())
}

fn advice(requirement: &Requirement<'_>) -> String {
    if requirement.is_held_through_host() {
        return format!(
            "Nobody holds the SPN itself: sPNMappings in the directory makes HOST/{0} stand for it, and these objects hold that. \
Before the name goes to this server, see whether one of them serves it: whether DNS resolves {0} to it. If it does, the endpoint's FQDN has to change instead.",
            shown(requirement.spn.target())
        );
    }
    format!(
        "Before an account loses the name, see whether it serves it: whether DNS resolves {} to a machine that runs as this account. \
If it does, it is the rightful holder, and the endpoint's FQDN has to change instead.",
        shown(requirement.spn.target())
    )
}
