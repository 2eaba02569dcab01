//! A server whose account nobody can log on as.

use super::Check;
use super::manual::{Manual, SMTP_KERBEROS};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "disabled-account",
    manual: Manual {
        title: "a server's computer account is disabled",
        checked: "The only computer account that could belong to the server has bit 2 (ADS_UF_ACCOUNTDISABLE) set in userAccountControl, or is a replication conflict object (CNF:… in its name, $DUPLICATE-… as its logon name).",
        impact: "A computer with a disabled account cannot log on to the domain or get tickets to authenticate with, and Exchange skips the account when it looks for a server's computer. SPNs on the account do not change that.",
        fix: "If the server is in use, enable the account (Enable-ADAccount, or Active Directory Users and Computers). If the account is a replication conflict object, join the computer to the domain again to replace it. If the server is gone, remove it from the organization.",
        permissions: "Write userAccountControl on the computer object: Domain Admins, Account Operators, or a delegated right.",
        false_positives: "The account of a cluster network name that is offline, or of a server prepared for recovery, may be disabled on purpose.",
        sources: SMTP_KERBEROS,
    },
    run,
};

const WHY: &str =
    "The server cannot log on to the domain, so it cannot authenticate, no matter which SPNs the account holds.";

fn run(facts: &Facts<'_>, found: &mut Findings) {
    found.extend(facts.servers.iter().filter_map(finding));
}

fn finding(judged: &Judged<'_>) -> Option<Finding> {
    let account = judged.account().filter(|account| account.is_dead())?;
    let what = if account.disabled { "is disabled" } else { "is a replication conflict object" };
    let message = format!("the server's account {} {what}", shown(account.dn.as_str()));
    let advice = "Find out whether the server is in use. If it is, enable or replace the account. If not, remove the server from the organization.";
    Some(
        Finding::new(CHECK.code, Severity::Error, message, WHY)
            .evidence([format!("{} {what}", shown(account.dn.as_str()))])
            .server(judged)
            .remedy(Remedy::decide("Enable the account, or remove the server", advice)),
    )
}
