//! An SMTPSVC name that nobody requires.

use std::collections::HashSet;

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::spn::{SMTPSVC, Spn};
use crate::model::text::{same, shown};
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "unused-spn",
    manual: Manual {
        title: "an Exchange account holds an SMTPSVC name that nothing needs",
        why: "It does no harm now, but it stands in the way when another server is to get the name.",
        checked: "A server's account holds a well-formed SMTPSVC name that no server of the organisation requires and that is no host name of the server itself: left from an endpoint that was renamed or removed, or written with a port or a trailing dot.",
        breaks: "Nothing, unless the name is given to another server one day: then the domain controller refuses it there, or there are two of it.",
        cure: "Leave it, unless you know that nothing uses it. Then delete it with setspn -D. No command is printed by default, as clients outside Exchange may connect by this name.",
        right: "Write servicePrincipalName on the account: Domain Admins have it, and whoever it was delegated to.",
        doubt: "Applications may connect to the server by an alias in DNS and ask for a ticket to that name: then the SPN is in use.",
        symptoms: &[
            "setspn -L shows the name",
            "error 8647 (0x21C7), event 2974: the name cannot be added to another account",
        ],
        sources: &["Microsoft Learn: setspn", "Microsoft Learn: SPN and UPN uniqueness"],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let required: HashSet<&str> = requirements.iter().map(|(_, requirement)| requirement.spn.key()).collect();
    requirements.servers.iter().flat_map(|judged| findings(requirements, judged, &required)).collect()
}

fn findings(requirements: &Requirements<'_>, judged: &Judged<'_>, required: &HashSet<&str>) -> Vec<Finding> {
    let Some(account) = judged.account.one() else { return Vec::new() };
    let unused = |spn: &&Spn| {
        spn.parts().is_some_and(|parts| same(parts.class, SMTPSVC))
            && !required.contains(spn.key())
            && !judged.server.names.include(spn.target())
    };
    let finding = |spn: &Spn| {
        let message = format!("the server's account holds {}, which no server requires", shown(spn.as_str()));
        let advice = "Leave it, unless you know that nothing connects to the server by this name.";
        Finding::new(CHECK.code, Severity::Info, message, Remedy::decide(advice))
            .server(judged)
            .spn(spn, requirements.directory.accounts.holders(spn))
    };
    account.spns.iter().filter(unused).map(finding).collect()
}
