//! An endpoint announces a name that belongs to another machine.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT};
use super::shared_fqdn::{concerning, endpoints_of, severity};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::change::Change;
use crate::judge::remedy::{self, Remedy};
use crate::judge::requirements::{Judged, Requirement, Status};

pub(super) const CHECK: Check = Check {
    code: "foreign-fqdn",
    manual: Manual {
        title: "an endpoint announces the name of another computer",
        checked: "An endpoint that offers Kerberos announces a host name of another Exchange server, or of another active computer: one that holds HOST/<name>, or whose dNSHostName is the name.",
        impact: "The SPN belongs to the computer that really has the name. Tickets for the name are encrypted for that computer, and this server cannot decrypt them. Registering the SPN here would break the other computer.",
        fix: "Set the endpoint's FQDN to its own server's name (Set-ReceiveConnector -Fqdn; on Exchange 2003, in Exchange System Manager). If the server's account holds the SPN as well, delete it there.",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "If the other computer is gone and only its computer object is left, disable or delete that object and check again.",
        sources: &[
            "Microsoft Learn: Set-ReceiveConnector, parameters AuthMechanism and Fqdn",
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
        ],
    },
    run,
};

const WHY: &str = "Tickets for this name are encrypted for the computer that owns it. This server cannot decrypt them, so authentication fails.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.by_name(Status::Foreign).filter_map(|asked| finding(&asked)));
}

fn finding(asked: &[(&Judged<'_>, &Requirement<'_>)]) -> Option<Finding> {
    let (_, requirement) = *asked.first()?;
    let name = &requirement.name;
    let owner = requirement.owner?.in_words();
    let message = format!("the announced name {name} belongs to {owner}");
    let mut finding = Finding::new(CHECK.code, severity(asked), message, WHY)
        .evidence([format!("the name belongs to {owner}")])
        .spn(&requirement.spn, requirement.holders.iter().copied())
        .remedy(remedy::announce_own_name(&endpoints_of(asked)));
    let copies = asked.iter().filter_map(|(judged, requirement)| delete_copy(judged, requirement));
    finding.remedies.extend(copies);
    if finding.remedies.is_empty() {
        let advice =
            "Set the endpoint's FQDN to a name of its own server. The current name belongs to another computer.";
        finding.remedies.push(Remedy::decide("Announce the server's own name", advice));
    }
    Some(concerning(finding, asked))
}

/// The server's account holds what belongs to the other machine.
fn delete_copy(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<Remedy> {
    let account = judged.account()?;
    let change = Change::delete(&requirement.spn, account)?;
    let remedy = Remedy::setspn("Delete the SPN from this server's account", [change]).confirm(
        "Make sure that this server no longer answers to the name, which belongs to the other computer.".to_owned(),
    );
    Some(remedy.verify(&requirement.spn, None))
}
