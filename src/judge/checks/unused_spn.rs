//! An SMTPSVC name that nobody requires.

use std::collections::HashSet;

use super::Check;
use super::manual::{Manual, WRITE_SPN};
use super::send_connector_fqdn::sources;
use crate::directory::spn::{SMTPSVC, Spn};
use crate::directory::text::{same, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "unused-spn",
    manual: Manual {
        title: "a server's account holds an SMTPSVC SPN that no server requires",
        checked: "A server's account holds a well-formed SMTPSVC SPN that no server in the organization requires. It is neither a host name of the server nor the dNSHostName of its account. It was left by an endpoint that was renamed or removed, or was written with a port or a trailing dot.",
        impact: "None, until another server gets the name. Then domain controllers refuse to add the SPN there, or two accounts hold it.",
        fix: "Leave it, unless you know that nothing uses it. In that case, delete it with setspn -D. No command is printed, because clients outside Exchange may connect by this name.",
        permissions: WRITE_SPN,
        false_positives: "Applications may connect to the server by a DNS alias and ask for a ticket for that name. Then the SPN is in use.",
        sources: &["Microsoft Learn: setspn", "Microsoft Learn: SPN and UPN uniqueness"],
    },
    run,
};

const WHY: &str = "It does no harm now, but it would cause a conflict if another server gets the name.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let required = facts.requirements().map(|(_, requirement)| requirement.spn.key().to_owned());
    let sending = facts.directory.send_connectors.iter().filter(|connector| !sources(facts, connector).is_empty());
    let given = sending.filter_map(|connector| connector.announces.name());
    let required: HashSet<String> = required.chain(given.map(|name| Spn::smtpsvc(name).key().to_owned())).collect();
    facts.servers.iter().for_each(|judged| find(facts, judged, &required, found));
}

fn find(facts: &Facts<'_>, judged: &Judged<'_>, required: &HashSet<String>, found: &mut Findings) {
    let Some(account) = judged.account() else { return };
    let own = judged.host_names().map(|name| Spn::smtpsvc(name).key().to_owned());
    let registered =
        account.dns_host_name.as_deref().map(|name| Spn::held(&format!("{SMTPSVC}/{name}")).key().to_owned());
    let own: Vec<String> = own.chain(registered).collect();
    let is_unused = |spn: &&Spn| {
        spn.parts().is_some_and(|parts| same(parts.class, SMTPSVC))
            && !required.contains(spn.key())
            && !own.iter().any(|own| own == spn.key())
    };
    found.extend(account.spns.iter().filter(is_unused).map(|spn| finding(facts, judged, spn)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, spn: &Spn) -> Finding {
    let message = format!("the server's account holds {}, which no server requires", shown(spn.as_str()));
    let advice = "Leave it, unless you know that nothing connects to the server by this name.";
    Finding::new(CHECK.code, Severity::Info, message, WHY)
        .server(judged)
        .spn(spn, facts.directory.accounts.holders(spn))
        .remedy(Remedy::decide("Leave it, or delete it if nothing uses it", advice))
}
