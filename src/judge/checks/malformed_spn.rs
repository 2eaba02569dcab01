//! An SMTPSVC value that is not an SPN.

use super::Check;
use super::manual::{Manual, WRITE_SPN};
use crate::directory::spn::Spn;
use crate::directory::text::quoted;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "malformed-spn",
    manual: Manual {
        title: "a server's account holds an SMTPSVC value that is not an SPN",
        checked: "A value of servicePrincipalName on a server's account begins with SMTPSVC but does not have the form class/host[:port][/name].",
        impact: "The value itself does no harm, because no client can ask for it. But the intended name is probably not registered.",
        fix: "Delete the value by hand (ADSI Edit, or Set-ADComputer -ServicePrincipalNames @{Remove=…}). If the report says that the intended name is missing, add it.",
        permissions: WRITE_SPN,
        false_positives: "None known. A client has no way to ask for such a value.",
        sources: &[
            "Microsoft Learn: Name Formats for Unique SPNs",
            "MS-KILE 3.1.5.11, MS-ADTS 2.2.21: service principal names",
        ],
    },
    run,
};

const WHY: &str = "No client can ask for this value. The intended name is probably missing.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    for judged in &facts.servers {
        let held = judged.account().into_iter().flat_map(|account| account.spns.iter());
        let malformed = held.filter(|spn| spn.is_smtpsvc() && spn.parts().is_none());
        found.extend(malformed.map(|spn| finding(facts, judged, spn)));
    }
}

fn finding(facts: &Facts<'_>, judged: &Judged<'_>, spn: &Spn) -> Finding {
    let message = format!(
        "the server's account holds {}, which does not have the form class/host[:port][/name]",
        quoted(spn.as_str())
    );
    let advice = "Delete the value by hand. No command is printed, because a command line could misread it. If the intended name is reported missing, add it.";
    Finding::new(CHECK.code, Severity::Warning, message, WHY)
        .server(judged)
        .spn(spn, facts.directory.accounts.holders(spn))
        .remedy(Remedy::decide("Delete the value", advice))
}
