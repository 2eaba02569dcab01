//! A name or an account that the domain controllers do not agree on.

use std::collections::BTreeMap;

use super::Check;
use super::manual::Manual;
use crate::directory::account::unix_time;
use crate::directory::testimony::Copy;
use crate::directory::text::{fold, listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::proof::{OfController, Proof, Seen};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::{Judged, Requirement};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "not-replicated",
    manual: Manual {
        title: "domain controllers do not show the same",
        checked: "With --prove, each domain controller was asked who holds the SPN, and for the server's account. One of them shows other holders than the domain controller that was read, has no copy of the account, or shows it disabled where the other does not.",
        impact: "Whether mail flows depends on which domain controller a server happens to ask. A change of an SPN does not help until it has replicated.",
        fix: "Wait until replication is through: up to 15 minutes within a site, and as long as the schedule of the site links says between sites. If it takes longer, find the cause with repadmin /showrepl and repadmin /replsummary. repadmin /syncall /AdeP on the domain controller that has the change pushes it to the others.",
        permissions: "To start replication: Domain Admins, or the Replication Synchronization permission.",
        false_positives: "A change that was made minutes ago. Run the check again, or use --wait to repeat it until all domain controllers agree.",
        sources: &[
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
            "Microsoft: repadmin, Active Directory replication",
        ],
    },
    run,
};

const WHY: &str =
    "Servers that ask a domain controller with the old state get no ticket, or one for the wrong account.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let differing = facts.requirements().filter_map(|(judged, requirement)| {
        let proof = Proof::of(facts.directory, judged, requirement)?;
        let differs = proof.controllers.iter().any(|controller| seen(controller).is_some_and(|seen| !seen.is_same));
        differs.then(|| finding(judged, requirement, &proof.controllers))
    });
    found.extend(differing);
}

fn seen<'a, 'b>(controller: &'b OfController<'a>) -> Option<&'b Seen<'a>> {
    controller.seen.as_ref().ok()
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>, controllers: &[OfController<'_>]) -> Finding {
    let spn = shown(requirement.spn.as_str());
    let behind: Vec<&str> = behind(controllers);
    let message = if behind.is_empty() {
        let others = controllers.iter().filter(|controller| seen(controller).is_some_and(|seen| !seen.is_same));
        let others = listed(others.map(|controller| controller.server), ", ");
        format!("domain controllers do not agree on {spn} or its account: {others} differs from the one that was read")
    } else {
        format!("{} has not received the last change of {spn} or its account", listed(behind.iter().copied(), ", "))
    };
    let since = newest(controllers).and_then(|copy| unix_time(copy.changed?));
    let since = since.map(|time| format!("the last change was made at {}", humantime::format_rfc3339_seconds(time)));
    let evidence = controllers.iter().filter_map(|controller| {
        let seen = seen(controller)?;
        let holders = listed(seen.holders.iter().map(String::as_str), "; ");
        let holders = if holders.is_empty() { "nobody".to_owned() } else { holders };
        let disabled = if seen.account.is_some_and(|copy| !copy.enabled) { ", the account is disabled" } else { "" };
        Some(format!("{}: held by {holders}{disabled}", shown(controller.server)))
    });
    let stale = behind.first().copied().map_or_else(|| "DC".to_owned(), shown);
    let late = behind.iter().map(|server| format!("{} has not received the last change", shown(server)));
    let advice = format!(
        "Wait until replication is through, and check again (--wait repeats the check until all agree). If it takes longer than the schedule of the site links, `repadmin /showrepl {stale}` shows why."
    );
    Finding::new(CHECK.code, Severity::Error, message, WHY)
        .about(judged, requirement)
        .evidence(late.chain(since).chain(evidence))
        .remedy(Remedy::decide("Let the change replicate", advice))
}

/// The copies on a domain controller of the accounts that matter: the server's, and those that hold the name there.
fn copies<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = &'a Copy> {
    seen.accounts
        .iter()
        .filter(|copy| seen.holders.contains(&copy.dn) || seen.account.is_some_and(|own| own.dn == copy.dn))
}

/// The newest copy that any of them has.
fn newest<'a>(controllers: &'a [OfController<'_>]) -> Option<&'a Copy> {
    controllers.iter().filter_map(seen).flat_map(copies).max_by_key(|copy| copy.changed)
}

/// The domain controllers whose copy of an account is older than that of others; none where it may not be read how old they are. One that has
/// no copy may be the only one that knows of its deletion.
fn behind<'a>(controllers: &[OfController<'a>]) -> Vec<&'a str> {
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for copy in controllers.iter().filter_map(seen).flat_map(copies) {
        let newest = versions.entry(fold(&copy.dn)).or_default();
        *newest = copy.version.unwrap_or_default().max(*newest);
    }
    let is_older = |copy: &Copy| {
        copy.version.is_some_and(|version| versions.get(&fold(&copy.dn)).is_some_and(|newest| version < *newest))
    };
    // Also of accounts that hold the name elsewhere, but here no more, or not yet.
    let is_behind = |seen: &Seen<'_>| seen.accounts.iter().any(is_older);
    let older = controllers.iter().filter(|controller| seen(controller).is_some_and(is_behind));
    older.map(|controller| controller.server).collect()
}
