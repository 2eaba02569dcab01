//! What setspn and the cmdlets of Exchange say.

use super::causes::Cause;
use super::{Fault, Symptom};

const SETSPN: &str = "Microsoft Learn: setspn";

pub(super) const ALL: &[Symptom] = &[
    Symptom {
        event: None,
        words: &[
            "aborting operation",
            "Duplicate SPN found",
            "Doppelter SPN gefunden",
            "Existing SPN found",
            "duplicate SPNs",
        ],
        title: "setspn finds that another object holds the name",
        seen: "setspn -S, -Q and -X say it, and show who holds the name.",
        means: "-S refuses to add a name that another object holds, and changes nothing. The name has to be deleted there first.",
        whose: "The name that was to be added. Where its holder is a live computer, the FQDN of the endpoint is wrong, not the SPN.",
        fault: Fault::Named,
        findings: &["misplaced-spn", "duplicate-spn", "foreign-fqdn", "shared-fqdn", "unused-spn", "stray-host-spn"],
        causes: &[Cause::Replication, Cause::Uniqueness],
        sources: &[SETSPN, "Microsoft Learn: SPN and UPN uniqueness"],
    },
    Symptom {
        event: None,
        words: &["No such SPN found"],
        title: "setspn -Q finds nobody who holds the name",
        seen: "setspn -Q says it. Without -F, it looks in one domain only.",
        means: "No account holds the name.",
        whose: "The name that was looked for.",
        fault: Fault::Named,
        findings: &["missing-spn", "missing-host-spn", "exchange-auth-fqdn"],
        causes: &[Cause::Replication],
        sources: &[SETSPN],
    },
    Symptom {
        event: None,
        words: &["Insufficient access rights", "0x2098", "8344"],
        title: "setspn may not write to the account",
        seen: "setspn says it.",
        means: "Nothing was changed. Writing a custom SPN takes Write servicePrincipalName on the account, and an elevated prompt.",
        whose: "No SPN is at fault; the command is still to be run, by somebody who may.",
        fault: Fault::Named,
        findings: &["missing-spn", "misplaced-spn", "duplicate-spn"],
        causes: &[Cause::Permission],
        sources: &[SETSPN],
    },
    Symptom {
        event: None,
        words: &["has been corrupted, and it's in an inconsistent state"],
        title: "Get-ReceiveConnector or Get-SendConnector warns of a damaged object",
        seen: "The Exchange Management Shell says it.",
        means: "The object cannot be read as Exchange expects it: it lost its server, or holds a value that makes no sense.",
        whose: "The connector in the message.",
        fault: Fault::Named,
        findings: &["orphan-endpoint", "invalid-fqdn"],
        causes: &[Cause::Replication],
        sources: &["Microsoft Learn: How replication handles objects whose parent was deleted (LostAndFoundConfig)"],
    },
];
