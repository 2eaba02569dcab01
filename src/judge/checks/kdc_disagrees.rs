//! A KDC that answers otherwise than the directory makes one expect.

use super::Check;
use super::manual::Manual;
use crate::directory::account::Account;
use crate::directory::kerberos_error;
use crate::directory::testimony::Answer;
use crate::directory::text::{listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::proof::{OfKdc, Proof};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::{Judged, Requirement};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "kdc-disagrees",
    manual: Manual {
        title: "a KDC does not answer as the directory says it must",
        checked: "With --prove, the KDC of each domain controller in the account's domain was asked for a ticket to the SPN. It either refuses a ticket although exactly one account holds the SPN, or issues one although no account or several hold it. If the domain controller's own copy of the directory explains the answer, the finding is not-replicated instead.",
        impact: "If the KDC refuses, every server that happens to ask this domain controller fails to authenticate, and mail queues with 454 4.7.0. If the KDC issues a ticket that it must not issue, the ticket may be for another account, which Exchange cannot decrypt.",
        fix: "Error 14: the account has no key of an encryption type that the KDC allows. Set msDS-SupportedEncryptionTypes on the account to 24 (AES), and reset the computer's password so that it gets AES keys (Reset-ComputerMachinePassword on the server). Since the updates of 2026, accounts without that attribute get AES tickets only.\n\
Error 7: restart the Key Distribution Center service of that domain controller, and look for replication errors with repadmin /showrepl.\n\
If a ticket is issued although no account holds the SPN, look for an account whose userPrincipalName looks like the SPN.",
        permissions: "Write msDS-SupportedEncryptionTypes on the account: Domain Admins, or a delegated right. To restart a service on a domain controller: Domain Admins.",
        false_positives: "The SPN may have been changed between the reading and the question. Run the check again.",
        sources: SOURCES,
    },
    run,
};

const SOURCES: &[&str] = &[
    "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
    "RFC 4120, section 7.5.9: error codes",
    "[MS-KILE] 3.3.5: how a KDC finds the account of a service",
    "Microsoft KB 5073381: RC4 and the default encryption types of accounts",
];

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let disagreements = facts.requirements().filter_map(|(judged, requirement)| {
        let proof = Proof::of(facts.directory, judged, requirement)?;
        let kdcs: Vec<OfKdc<'_>> =
            proof.kdcs.into_iter().filter(|kdc| kdc.agrees == Some(false) && !kdc.is_explained).collect();
        (!kdcs.is_empty()).then(|| finding(judged, requirement, &kdcs))
    });
    found.extend(disagreements);
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>, kdcs: &[OfKdc<'_>]) -> Finding {
    let spn = shown(requirement.spn.as_str());
    let servers = listed(kdcs.iter().map(|kdc| kdc.server), ", ");
    let refusals: Vec<i32> = kdcs.iter().filter_map(refusal).collect();
    let message = match refusals.first() {
        Some(code) => format!("the directory shows one holder of {spn}, but {servers} refuses a ticket (error {code})"),
        None => format!("{servers} issues a ticket for {spn}, although {}", nobody(requirement)),
    };
    let evidence = kdcs.iter().filter_map(|kdc| Some(format!("{} {}", shown(kdc.server), said(kdc.answer.ok()?))));
    let keys = requirement.holders.first().filter(|_| !refusals.is_empty()).map(|account| keys(account));
    Finding::new(CHECK.code, Severity::Error, message, why(!refusals.is_empty()))
        .about(judged, requirement)
        .evidence(evidence.chain(keys.flatten()))
        .remedy(Remedy::decide("Find out why the KDC answers differently", advice(refusals.first().copied())))
}

fn refusal(kdc: &OfKdc<'_>) -> Option<i32> {
    match kdc.answer {
        Ok(Answer::Refused { code, .. }) => Some(*code),
        Ok(Answer::Referred { .. }) => Some(7),
        _ => None,
    }
}

fn nobody(requirement: &Requirement<'_>) -> &'static str {
    if requirement.holders.is_empty() { "no account holds it" } else { "several accounts hold it" }
}

fn said(answer: &Answer) -> String {
    match answer {
        Answer::Issued { etype, kvno, .. } => {
            let kvno = kvno.map_or_else(String::new, |kvno| format!(", key version {kvno}"));
            format!("issues a ticket ({}{kvno})", kerberos_error::etype(*etype))
        }
        Answer::Referred { realm } => format!("refers to the realm {}", shown(realm)),
        Answer::Refused { code, .. } => format!("refuses a ticket: {} (error {code})", kerberos_error::meaning(*code)),
    }
}

/// What of the account may be the reason.
fn keys(account: &Account) -> Option<String> {
    let clues = &account.clues;
    let set = humantime::format_rfc3339_seconds(clues.password_set?).to_string();
    let types = clues.encryption_types.map_or_else(|| "not set".to_owned(), |types| types.to_string());
    let day = set.get(..10).unwrap_or_default().to_owned();
    Some(format!("msDS-SupportedEncryptionTypes of the account is {types}, its password was last set on {day}"))
}

fn why(refuses: bool) -> &'static str {
    if refuses {
        "Servers that ask this domain controller get no ticket, so they cannot authenticate, and mail queues with 454 4.7.0."
    } else {
        "The ticket may be for another account, and Exchange cannot decrypt it."
    }
}

fn advice(code: Option<i32>) -> &'static str {
    match code {
        Some(14) => {
            "The account has no key of an encryption type that the KDC allows. Set msDS-SupportedEncryptionTypes on it to 24, then reset the computer's password on the server with Reset-ComputerMachinePassword."
        }
        Some(_) => {
            "Run the check again. If the KDC still refuses, look for replication errors with repadmin /showrepl, and restart the Key Distribution Center service of that domain controller."
        }
        None => {
            "Look for an account whose userPrincipalName looks like the SPN, and for replication errors with repadmin /showrepl."
        }
    }
}
