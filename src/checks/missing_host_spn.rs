//! A host name of a server that no account holds, and that no endpoint announces.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::remedy::Remedy;
use crate::requirements::{Requirement, Requirements, Status};

pub(super) const CHECK: Check = Check {
    code: "missing-host-spn",
    manual: Manual {
        title: "the SPN of a server's own name is held by nobody",
        why: "Whoever connects to the server by this name gets no Kerberos ticket and falls back to NTLM, or fails.",
        checked: "A server with at least one endpoint that can use Kerberos should hold SMTPSVC/<its FQDN> and SMTPSVC/<its NetBIOS name>, whatever its endpoints announce: \
Exchange registers both when transport starts. The finding says that nobody holds one of them, and that no endpoint announces it (else it would be missing-spn).",
        breaks: "Clients such as .NET's SmtpClient ask for SMTPSVC/<the host they dialled>, not for the name announced. That Exchange did not register its own names also shows that it cannot write to its account.",
        cure: "Restart the Exchange transport service (SMTP service on Exchange 2003), which registers the machine's own names; if it logs event 12011 it may not write to its account, and the printed command does it in its place.",
        right: "None for the restart: a computer may write its own names. For the command: Write servicePrincipalName on the account, by default Domain Admins.",
        doubt: "Right after setup, or when the account was created anew, the names appear once transport has started and the directory has replicated.",
        symptoms: &[
            "event 12011 MSExchangeTransport: the service principal name could not be registered",
            "clients that connect by this name authenticate with NTLM instead of Kerberos",
        ],
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    let missing = |(_, requirement): &(_, &Requirement<'_>)| {
        requirement.status == Status::Missing && requirement.needed_by.is_empty()
    };
    let finding = |(judged, requirement)| {
        let requirement: &Requirement<'_> = requirement;
        let message = format!(
            "no account holds {}, a name of the server itself that Exchange registers when transport starts",
            shown(requirement.spn.as_str())
        );
        let advice = "Restarting the Exchange transport service registers it too, if the computer may write its own names; event 12011 says when it may not.";
        Finding::new(CHECK.code, Severity::Warning, message, Remedy::only_holder(judged, requirement, advice))
            .server(judged)
            .spn(&requirement.spn, [])
    };
    requirements.iter().filter(missing).map(finding).collect()
}
