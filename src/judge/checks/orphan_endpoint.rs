//! Endpoints without a server.

use super::Check;
use super::manual::Manual;
use crate::directory::text::listed;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "orphan-endpoint",
    manual: Manual {
        title: "an endpoint was left behind by a deleted server",
        checked: "A virtual server or receive connector is in CN=LostAndFoundConfig: its server was deleted on one domain controller while the endpoint was created or changed on another.",
        impact: "Exchange does not use it, but it may cause errors in Exchange's management tools.",
        fix: "Make sure that the server is gone, then remove the leftover object with ADSI Edit.",
        permissions: "Enterprise Admins.",
        false_positives: "None known.",
        sources: &["Microsoft Learn: How replication handles objects whose parent was deleted (LostAndFoundConfig)"],
    },
    run,
};

const WHY: &str =
    "The endpoint no longer belongs to a server. If its server is still in use, the server's objects are damaged.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let orphans = &facts.directory.orphans;
    if orphans.is_empty() {
        return;
    }
    let names = listed(orphans.iter().map(|endpoint| endpoint.dn.as_str()), " and ");
    let message = format!("the server of {names} was deleted");
    let advice = "Make sure that the server is gone, then remove the leftover object with ADSI Edit.";
    let finding = Finding::new(CHECK.code, Severity::Warning, &message, WHY).evidence([message]).orphans(orphans);
    found.extend([finding.remedy(Remedy::decide("Remove the leftover object", advice))]);
}
