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
        title: "an endpoint was left over from a server that was deleted",
        checked: "A virtual server or receive connector lies in CN=LostAndFoundConfig: its server was deleted on one domain controller while the endpoint was made or changed on another.",
        impact: "Exchange does not use it. It is a leftover that Exchange's consoles may stumble over.",
        fix: "Make sure that the server is gone, then remove the leftover object with ADSI Edit.",
        permissions: "Enterprise Admins.",
        false_positives: "None known.",
        symptoms: &["Get-ReceiveConnector warns of a corrupted object"],
        sources: &["Microsoft Learn: How replication handles objects whose parent was deleted (LostAndFoundConfig)"],
    },
    run,
};

const WHY: &str = "It belongs to no server any more. If its server is still in use, the server's objects are damaged.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let orphans = &facts.directory.orphans;
    if orphans.is_empty() {
        return;
    }
    let names = listed(orphans.iter().map(|endpoint| endpoint.dn.as_str()), " and ");
    let message = format!("the server of {names} was deleted");
    let advice = "Make sure that the server is gone, then remove the leftover object with ADSI Edit.";
    let finding = Finding::new(CHECK.code, Severity::Warning, message, WHY).orphans(orphans);
    found.extend([finding.remedy(Remedy::decide("Remove the leftover object", advice))]);
}
