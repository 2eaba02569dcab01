//! The SPN of a server's NetBIOS name, which no account holds and no endpoint announces.

use super::Check;
use super::manual::{Manual, WRITE_SPN};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "missing-host-spn",
    manual: Manual {
        title: "no account holds the SPN of a server's NetBIOS name",
        checked: "No object in the forest holds SMTPSVC/<NetBIOS name> of a server that requires SPNs, and no endpoint announces that name (otherwise the finding is missing-spn).",
        impact: "Exchange itself does not ask for this name. But the transport service of Exchange 2007 and later registers it together with SMTPSVC/<FQDN> when it starts, so a registration has probably failed. Clients that connect by the short name get no Kerberos ticket.",
        fix: "On Exchange 2007 and later, restart the transport service, unless the server is a cluster. Event 12011 is logged if the service cannot write its names. Otherwise run the printed command.",
        permissions: WRITE_SPN,
        false_positives: "Shortly after setup, the name appears once the transport service has started and the directory has replicated.",
        sources: &["Microsoft Exchange Best Practices Analyzer: SMTPSVC service principal names"],
    },
    run,
};

const WHY: &str = "Exchange itself does not ask for this name. Its absence probably means that the server could not register its names.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let missing = |(_, requirement): &(_, &Requirement<'_>)| {
        requirement.status == Status::Missing && requirement.needs.is_only_host_name()
    };
    let missing = facts.requirements().filter(missing);
    found.extend(missing.map(|(judged, requirement)| finding(facts, judged, requirement)));
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Finding {
    let message = format!("no account holds {}, the server's NetBIOS name", shown(requirement.spn.as_str()));
    Finding::new(CHECK.code, Severity::Info, message, WHY).about(judged, requirement).remedy(super::missing_spn::add(
        facts,
        judged,
        requirement,
    ))
}
