//! An endpoint announces a name that belongs to another machine.

use super::Check;
use super::manual::{FAILED_AUTHENTICATION, Manual, ORGANIZATION_MANAGEMENT};
use super::shared_fqdn::{concerning, endpoints_of, severity};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::change::Change;
use crate::judge::remedy::{self, Remedy};
use crate::judge::requirements::{Judged, Requirement, Status};

pub(super) const CHECK: Check = Check {
    code: "foreign-fqdn",
    manual: Manual {
        title: "an endpoint announces another machine's name",
        checked: "An endpoint that offers Kerberos announces a name that is a host name of another Exchange server, or of another live machine: one that holds HOST/<name> or whose dNSHostName it is.",
        impact: "The SPN belongs to the machine that is really called so. Tickets for the name are encrypted for that machine, and this server cannot read them. Registering the SPN here would break the other machine.",
        fix: "Let the endpoint announce its own server's name (Set-ReceiveConnector -Fqdn; on Exchange 2003, in System Manager). If the server's account holds the SPN as well, delete it there.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "If the other machine is gone and its computer object was left behind, disable or delete that object and check again.",
        symptoms: FAILED_AUTHENTICATION,
        sources: &[
            "Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism and Fqdn",
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
        ],
    },
    run,
};

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.by_name(Status::Foreign).filter_map(|asked| finding(&asked)));
}

fn finding(asked: &[(&Judged<'_>, &Requirement<'_>)]) -> Option<Finding> {
    let (_, requirement) = *asked.first()?;
    let name = &requirement.name;
    let owner = requirement.owner?.in_words();
    let message = format!("{name} is announced here, but it is a host name of {owner}");
    let why =
        format!("Tickets for {name} are meant for {owner}. This server cannot read them, and authentication fails.");
    let mut finding = Finding::new(CHECK.code, severity(asked), message, why)
        .spn(&requirement.spn, requirement.holders.iter().copied())
        .remedy(remedy::announce_own_name(&endpoints_of(asked), name));
    let copies = asked.iter().filter_map(|(judged, requirement)| delete_copy(judged, requirement, &owner));
    finding.remedies.extend(copies);
    if finding.remedies.is_empty() {
        let advice = format!("Let the endpoint announce a name of its own server: {name} belongs to {owner}.");
        finding.remedies.push(Remedy::decide("Announce the server's own name", advice));
    }
    Some(concerning(finding, asked))
}

/// The server's account holds what belongs to the other machine.
fn delete_copy(judged: &Judged<'_>, requirement: &Requirement<'_>, owner: &str) -> Option<Remedy> {
    let account = judged.account()?;
    let change = Change::delete(&requirement.spn, account)?;
    let confirm = format!(
        "Make sure that {} no longer answers to {}, which belongs to {owner}.",
        shown(&judged.server.names.name),
        requirement.name
    );
    let remedy = Remedy::setspn("Delete the SPN from this server's account", [change]).confirm(confirm);
    Some(remedy.verify(&requirement.spn, None))
}
