//! An SPN that the server's account holds, and others too.

use super::Check;
use super::manual::Manual;
use super::shared_fqdn;
use crate::finding::{Finding, Severity};
use crate::model::spn::Spn;
use crate::model::text::{listed, shown};
use crate::remedy::{Remedy, loopback_name};
use crate::requirements::{Judged, Requirement, Requirements, Status};

pub(super) const CHECK: Check = Check {
    code: "duplicate-spn",
    manual: Manual {
        title: "an SPN is held by more than one object",
        why: "A domain controller issues no ticket for a name that two objects hold: to clients it looks exactly like a missing SPN.",
        checked: "The server requires the SPN and its account holds it, but so does at least one other object of the forest. \
The finding is also made for a name that several servers announce and that is nobody's host name, when two or more objects already hold it.",
        breaks: "The KDC finds two objects for the name and answers KDC_ERR_S_PRINCIPAL_UNKNOWN, as if there were none.",
        cure: "Delete the SPN from every holder but the server's account. First make sure that the other does not serve the name; if it does, it is the rightful holder, and the endpoint's FQDN has to change. \
Where several servers announce the name, decide first which of them is to keep it.",
        right: "Write servicePrincipalName on the accounts that lose it: Domain Admins have it, and whoever it was delegated to.",
        doubt: "A duplicate left by replication may already be resolved on another domain controller. An object called CNF:… is the loser of a replication conflict and can usually go altogether.",
        symptoms: &[
            "KDC event 11 in the System log: there are multiple accounts with the same service principal name",
            "queue: 454 4.7.0 Temporary authentication failure",
            "event 7004 or 1706 (Exchange 2003), 1035, 2016 or 2017 (later) MSExchangeTransport",
            "event 2974, error 8647 (0x21C7) in the Directory Service log when one tries to add the name",
            "0x80090303 SEC_E_TARGET_UNKNOWN, KDC_ERR_S_PRINCIPAL_UNKNOWN (7)",
        ],
        sources: &[
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
            "Microsoft Learn: Event ID 11, Kerberos Key Distribution Center: duplicate service principal names",
        ],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let duplicate = |(_, requirement): &(_, &Requirement<'_>)| requirement.status == Status::Duplicate;
    let duplicates = requirements.iter().filter(duplicate);
    let of_servers = duplicates.map(|(judged, requirement)| of_a_server(judged, requirement));
    of_servers.chain(shared_fqdn::names(requirements).iter().filter_map(of_a_shared_name)).collect()
}

fn message(requirement: &Requirement<'_>) -> String {
    let spn = shown(requirement.spn.as_str());
    let holders = listed(requirement.holders.iter().map(|holder| holder.dn.as_str()), " and ");
    format!("{spn} is held by {} objects: {holders}", requirement.holders.len())
}

fn of_a_server(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let remedy = if requirement.is_held_through_host() {
        one_host(judged, requirement)
    } else {
        one_holder(judged, requirement)
    };
    Finding::new(CHECK.code, Severity::Error, message(requirement), remedy)
        .server(judged)
        .endpoints(requirement.needed_by.iter().copied())
        .spn(&requirement.spn, requirement.holders.iter().copied())
}

fn one_holder(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Remedy {
    let advice = format!(
        "Before another object loses the name, see whether it serves it: whether DNS resolves {} to a machine that runs as this account. \
If it does, it is the rightful holder, and the endpoint's FQDN has to change instead. \
The undo brings the duplicate back, which domain controllers refuse as long as the server holds the name.",
        shown(requirement.spn.target())
    );
    Remedy::only_holder(judged, requirement, advice)
}

/// Nobody holds the name itself, but several the `HOST` name that was made to stand for it. That name is needed for everything else.
fn one_host(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Remedy {
    let name = requirement.spn.target();
    let mut remedy = Remedy::decide(format!(
        "Nobody holds the SPN itself: sPNMappings in the directory makes HOST/{0} stand for it, and these objects hold that. \
Decide which machine is really called {0}. Delete HOST/{0} from what is not; where it is not this server, its endpoint's FQDN has to change.",
        shown(name)
    ));
    remedy.loopback = loopback_name(judged, requirement);
    remedy.verify = Some((Spn::host(name), judged.account.one().cloned()));
    remedy
}

fn of_a_shared_name(shared: &shared_fqdn::Shared<'_>) -> Option<Finding> {
    let (_, requirement) = *shared.asked.first()?;
    if !shared.owners.is_empty() || requirement.holders.len() < 2 {
        return None;
    }
    let mut remedy = Remedy::decide(
        "Several servers announce this name, so no holder is the right one. Decide which server is to keep it, delete the SPN from all other holders, and give the other servers' endpoints names of their own (see shared-fqdn).",
    );
    remedy.loopback = shared.loopback();
    remedy.verify = Some((requirement.spn.clone(), None));
    Some(
        Finding::new(CHECK.code, Severity::Error, message(requirement), remedy)
            .servers(shared.servers())
            .endpoints(shared.endpoints())
            .spn(&requirement.spn, requirement.holders.iter().copied()),
    )
}
