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
        title: "setspn found an object that already holds the name",
        seen: "setspn -S, -Q and -X report it, and show which object holds the name.",
        means: "setspn -S does not add a name that an object already holds, and changes nothing. Delete the name from the other object first.",
        whose: "The name that you tried to add. If the object that holds it is an active computer, the FQDN of the endpoint is wrong, not the SPN.",
        fault: Fault::Named,
        findings: &["misplaced-spn", "duplicate-spn", "foreign-fqdn", "shared-fqdn", "unused-spn", "stray-host-spn"],
        causes: &[Cause::Replication, Cause::Uniqueness],
        sources: &[SETSPN, "Microsoft Learn: SPN and UPN uniqueness"],
    },
    Symptom {
        event: None,
        words: &["No such SPN found"],
        title: "setspn -Q found no object that holds the name",
        seen: "setspn -Q reports it. Without -F, it searches one domain only.",
        means: "No account in the domain (with -F, in the forest) holds the name.",
        whose: "The name that you searched for.",
        fault: Fault::Named,
        findings: &["missing-spn", "missing-host-spn", "exchange-auth-fqdn"],
        causes: &[Cause::Replication],
        sources: &[SETSPN],
    },
    Symptom {
        event: None,
        words: &["Insufficient access rights", "0x2098", "8344"],
        title: "setspn does not have permission to write to the account",
        seen: "setspn reports it.",
        means: "Nothing was changed. To write a custom SPN, you need Write servicePrincipalName on the account and an elevated prompt.",
        whose: "No SPN is at fault. Run the command again as a user who has the permission.",
        fault: Fault::Named,
        findings: &["missing-spn", "misplaced-spn", "duplicate-spn"],
        causes: &[Cause::Permission],
        sources: &[SETSPN],
    },
    Symptom {
        event: None,
        words: &["has been corrupted, and it's in an inconsistent state"],
        title: "Get-ReceiveConnector or Get-SendConnector warns about a damaged object",
        seen: "The Exchange Management Shell shows it.",
        means: "The object is not valid for Exchange: its server was deleted, or one of its values is not valid.",
        whose: "The connector in the message.",
        fault: Fault::Named,
        findings: &["orphan-endpoint", "invalid-fqdn"],
        causes: &[Cause::Replication],
        sources: &["Microsoft Learn: How replication handles objects whose parent was deleted (LostAndFoundConfig)"],
    },
];
