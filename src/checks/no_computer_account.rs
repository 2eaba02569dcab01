//! A server whose account is not in the directory.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::finding::{Finding, Severity};
use crate::model::account::Choice;
use crate::model::text::shown;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "no-computer-account",
    manual: Manual {
        title: "a server's computer account was not found",
        why: "Without the account it cannot be said who should hold the server's SPNs, and Kerberos to the server cannot work.",
        checked: "The account of a server is the computer object that holds HOST/<the server's FQDN>; failing that, the one whose sAMAccountName is <NetBIOS name>$. \
The server requires SPNs, and the directory has neither.",
        breaks: "A service without an account has no key that a ticket could be encrypted with.",
        cure: "If the server is gone for good, remove it from the Exchange organisation (uninstall, or setup /mode:recoverserver first and then uninstall). \
If it is alive, look for its computer object in the other domains of the forest; if that was deleted, restore it or join the machine again. \
A clustered virtual server of Exchange 2003 has a computer object only with Enable Kerberos Authentication on its network name.",
        right: "To join a computer or restore an object: Domain Admins or a delegated right.",
        doubt: "A recording may lack the domain that the account lies in. A cluster of Exchange 2000 cannot use Kerberos at all.",
        symptoms: &[
            "0x80090303 SEC_E_TARGET_UNKNOWN, KDC_ERR_S_PRINCIPAL_UNKNOWN (7)",
            "queue: 454 4.7.0 Temporary authentication failure",
            "event 1706 or 7004 MSExchangeTransport",
        ],
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().filter_map(finding).collect()
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    if !matches!(judged.account, Choice::None) || judged.requirements.is_empty() {
        return None;
    }
    let names = &judged.server.names;
    let hosts: Vec<_> = names.fqdns.iter().map(|fqdn| format!("HOST/{fqdn}")).collect();
    let message = format!("no computer object holds {} or is called {}$", hosts.join(" or "), shown(&names.netbios));
    let advice = "Decide whether the server still exists. If not, remove it from the organisation; if so, find its computer object (in another domain, or where this account may not look?), restore it, or join the machine again.";
    Some(Finding::new(CHECK.code, Severity::Error, message, Remedy::decide(advice)).server(judged))
}
