//! A server whose account is disabled.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::remedy::Remedy;
use crate::requirements::{Judged, Requirements};

pub(super) const CHECK: Check = Check {
    code: "disabled-account",
    manual: Manual {
        title: "a server's computer account is disabled",
        why: "A domain controller issues no ticket to or for a disabled account, whatever SPNs it holds.",
        checked: "The account of a server that requires SPNs has bit 2 (ADS_UF_ACCOUNTDISABLE) in userAccountControl.",
        breaks: "The server can neither log on to the domain nor be authenticated to; SPNs on the account change nothing about that.",
        cure: "If the server is in use, enable the account (Enable-ADAccount, or the console Active Directory Users and Computers). If it is gone, remove it from the Exchange organisation.",
        right: "Write userAccountControl on the computer object: Domain Admins, Account Operators, or a delegated right.",
        doubt: "The network name of a cluster that is offline, or a server prepared for recovery, may be disabled on purpose.",
        symptoms: &[
            "KDC_ERR_CLIENT_REVOKED (18): the account is disabled",
            "event 5723 or 5805 NETLOGON on the domain controller",
            "events 1706 and 7004 MSExchangeTransport",
        ],
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(requirements: &Requirements<'_>) -> Vec<Finding> {
    requirements.servers.iter().filter_map(finding).collect()
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let account = judged.account.one().filter(|account| account.disabled && !judged.requirements.is_empty())?;
    let message = format!("the server's account {} is disabled", shown(account.dn.as_str()));
    let advice = "Decide whether the server is in use: then enable the account; if not, remove the server from the organisation.";
    Some(Finding::new(CHECK.code, Severity::Warning, message, Remedy::decide(advice)).server(judged))
}
