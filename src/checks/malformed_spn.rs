//! An SMTPSVC value that is no SPN.

use super::Check;
use super::manual::Manual;
use crate::finding::{Finding, Severity};
use crate::model::text::quoted;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "malformed-spn",
    manual: Manual {
        title: "an Exchange account holds an SMTPSVC value that is no SPN",
        why: "Nobody can ever ask for this value; whoever wrote it probably meant a name that is now missing.",
        checked: "A value of servicePrincipalName on a server's account begins with SMTPSVC but is not class/host[:port][/name].",
        breaks: "The value itself does no harm; the name that was meant is not registered.",
        cure: "Delete the value by hand (ADSI Edit, or Set-ADComputer -ServicePrincipalNames @{Remove=…}), and add the name that was meant if the report says it is missing.",
        right: "Write servicePrincipalName on the account: Domain Admins have it, and whoever it was delegated to.",
        doubt: "None known: a client has no way to ask for such a value.",
        symptoms: &[
            "setspn -L shows the value",
            "the events of missing-spn (1706, 7004, 1035, 2017) for the name that was meant",
        ],
        sources: &[
            "Microsoft Learn: Name Formats for Unique SPNs",
            "MS-KILE 3.1.5.11, MS-ADTS 2.2.21: service principal names",
        ],
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().flat_map(|judged| findings(requirements, judged)).collect()
}

fn findings(requirements: &Requirements<'_>, judged: &Judged<'_>) -> Vec<Finding> {
    let Some(account) = judged.account.one() else { return Vec::new() };
    let malformed = account.spns.iter().filter(|spn| spn.is_smtpsvc() && spn.parts().is_none());
    let finding = |spn: &crate::model::spn::Spn| {
        let message =
            format!("the server's account holds {}, which is not class/host[:port][/name]", quoted(spn.as_str()));
        let advice = "Delete the value by hand; no command is printed, since a command line could misread it. If a name was meant that is reported missing, add that one.";
        Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice))
            .server(judged)
            .spn(spn, requirements.directory.accounts.holders(spn))
    };
    malformed.map(finding).collect()
}
