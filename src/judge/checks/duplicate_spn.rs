//! An SPN that the server's account holds, and others too.

use super::Check;
use super::manual::{Manual, WRITE_SPN};
use super::misplaced_spn::severity;
use crate::directory::spn::Spn;
use crate::directory::text::listed;
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::{self, Remedy};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "duplicate-spn",
    manual: Manual {
        title: "more than one object holds a required SPN",
        checked: "The server's account holds the required SPN, but at least one other object in the forest holds it too. This is a warning for a NetBIOS name that no endpoint announces. The finding also covers a shared name (see shared-fqdn) that several objects hold.",
        impact: "The domain controller finds two objects for the name and answers KDC_ERR_S_PRINCIPAL_UNKNOWN, exactly as if there were none. No client gets a ticket.",
        fix: "Delete the SPN from every holder except the server's account. First make sure that the other holder does not answer to the name. If it does, it is the rightful holder: change the FQDN of the endpoint instead. If several servers announce the name, see shared-fqdn first. The undo restores the duplicate, which domain controllers refuse while the server's account holds the SPN.",
        permissions: WRITE_SPN,
        false_positives: "A duplicate left by replication may already be gone on another domain controller. An object named CNF:… is a replication conflict object and can usually be deleted.",
        sources: &[
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
            "Microsoft Learn: Event ID 11, Kerberos Key Distribution Center: duplicate service principal names",
        ],
    },
    run,
};

const WHY: &str = "A domain controller issues no ticket for an SPN that two objects hold. To clients, this looks exactly like a missing SPN.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let duplicates = facts.requirements().filter(|(_, requirement)| requirement.status == Status::Duplicate);
    let of_servers = duplicates.map(|(judged, requirement)| of_a_server(facts, judged, requirement));
    found.extend(of_servers.chain(facts.by_name(Status::Shared).filter_map(|asked| of_a_shared_name(&asked))));
}

fn message(requirement: &Requirement<'_>) -> String {
    let spn = shown(requirement.spn.as_str());
    let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
    let how = if requirement.is_held_through_host() { "hold it through their HOST SPNs" } else { "hold it" };
    format!("{spn} is not unique: {} objects {how}, {holders}", requirement.holders.len())
}

/// Who else holds it.
fn others(requirement: &Requirement<'_>, judged: Option<&Judged<'_>>) -> String {
    let own = judged.and_then(Judged::account);
    let others = requirement.holders.iter().filter(|holder| own.is_none_or(|own| own.dn != holder.dn));
    let others = listed(others.map(|holder| holder.dn.as_str()), " and ");
    let how = if requirement.is_held_through_host() { " through a HOST SPN" } else { "" };
    let also = if own.is_some() { "also held" } else { "held" };
    format!("{also}{how} by {others}")
}

fn of_a_server(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let remedy = if requirement.is_held_through_host() {
        Some(one_host(judged, requirement))
    } else {
        remedy::only_holder(facts, judged, requirement)
    };
    Finding::new(CHECK.code, severity(requirement), message(requirement), WHY)
        .about(judged, requirement)
        .evidence([others(requirement, Some(judged))])
        .remedy(remedy)
}

/// Nobody holds the name itself, but several the `HOST` name that was made to stand for it. That name is needed for everything else.
fn one_host(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Remedy {
    let advice = "No account holds the SPN itself, but sPNMappings in the directory makes HOST/<name> stand for it, and these objects hold that. \
Decide which computer really has the name, and delete HOST/<name> from the others. If it is not this server, change the FQDN of its endpoint.";
    Remedy::decide("Decide which computer has the name", advice).verify(&Spn::host(&requirement.name), judged.account())
}

fn of_a_shared_name(asked: &[(&Judged<'_>, &Requirement<'_>)]) -> Option<Finding> {
    let (_, requirement) = *asked.first()?;
    if requirement.holders.len() < 2 {
        return None;
    }
    let advice = "Several servers announce this name, so no holder is the right one. Fix shared-fqdn first. After that, the SPN can be deleted wherever it is still held.";
    let finding = Finding::new(CHECK.code, Severity::Error, message(requirement), WHY)
        .evidence([others(requirement, None)])
        .spn(&requirement.spn, requirement.holders.iter().copied())
        .remedy(Remedy::decide("Decide which server keeps the name", advice).verify(&requirement.spn, None));
    Some(super::shared_fqdn::concerning(finding, asked))
}
