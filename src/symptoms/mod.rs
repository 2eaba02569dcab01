//! What people see when mail queues: event ids, SMTP replies, status words, and what setspn says.
//!
//! One table for all: `explain` looks a symptom up in it, the manuals of the findings list theirs from it, and `why` finds them in the
//! text of an event. To add one: an entry in the file of its kind.

pub mod causes;
mod events;
mod replies;
mod status;
mod tools;

use self::causes::Cause;
use crate::directory::text::{fold, most_alike};

/// Something that people see.
#[derive(Clone, Copy, Debug)]
pub struct Symptom {
    /// The number and source of an event.
    pub event: Option<Event>,
    /// What stands in texts; the first is its name. Several words stand in this order, whatever their case.
    pub words: &'static [&'static str],
    /// What happened, in a line.
    pub title: &'static str,
    /// Which machine and which program report it, and where.
    pub seen: &'static str,
    /// What it tells whoever sees it: what failed, and why that may be.
    pub means: &'static str,
    /// Whose SPN or setting is at fault.
    pub whose: &'static str,
    /// Whose names to look at where the text does not name them.
    pub fault: Fault,
    /// The codes of the findings that cause it, the likeliest first.
    pub findings: &'static [&'static str],
    /// What else does, the likeliest first.
    pub causes: &'static [Cause],
    /// Where this is written down.
    pub sources: &'static [&'static str],
}

/// Whose name is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The name that the text gives.
    Named,
    /// The name of the server that logs it, or of whichever Exchange server sent to it.
    Sender,
}

/// An event of Windows or Exchange.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The numbers that Event Viewer shows: of one, or of several that tell of the same.
    pub ids: &'static [u32],
    /// The same number means other things from other sources.
    pub source: Source,
}

/// Who logs an event, as the column Source of Event Viewer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The transport services of an Exchange server, front end and hub.
    Transport,
    /// The Key Distribution Center of a domain controller.
    Kdc,
    /// Kerberos on any computer.
    Kerberos,
    /// Active Directory on a domain controller.
    Directory,
    /// The service of any member that talks to domain controllers.
    Netlogon,
    /// The Local Security Authority.
    Lsa,
    /// The auditing of logons and tickets.
    Security,
}

impl Source {
    /// What the source is called, in Event Viewer and elsewhere; a part of each is enough.
    #[must_use]
    pub fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Transport => &["MSExchangeTransport", "MSExchangeFrontEndTransport", "MSExchange"],
            Self::Kdc => &["Key-Distribution-Center", "Key Distribution Center", "KDC", "Kdcsvc"],
            Self::Kerberos => &["Security-Kerberos", "Kerberos"],
            Self::Directory => &["ActiveDirectory_DomainService", "NTDS", "Directory Service"],
            Self::Netlogon => &["NETLOGON"],
            Self::Lsa => &["LSASRV", "LsaSrv"],
            Self::Security => &["Security-Auditing", "Security"],
        }
    }

    /// The name that Event Viewer shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Transport => "MSExchangeTransport",
            Self::Kdc => "Kerberos-Key-Distribution-Center",
            Self::Kerberos => "Security-Kerberos",
            Self::Directory => "ActiveDirectory_DomainService",
            Self::Netlogon => "NETLOGON",
            Self::Lsa => "LSA (LsaSrv)",
            Self::Security => "Security-Auditing",
        }
    }
}

impl Event {
    /// Whether this is one of its numbers, alone or beside words for the source: `11`, `event 11`, `KDC 11`.
    fn is_called(self, query: &str) -> bool {
        const EVENT: [&str; 7] = ["event", "id", "eventid", "ereignis", "événement", "microsoft", "windows"];
        let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(fold);
        let (numbers, words): (Vec<String>, Vec<String>) =
            words.partition(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        let is_source = |word: &str| self.source.marks().iter().any(|mark| fold(mark).contains(word));
        let is_its = |number: &String| self.ids.iter().any(|id| *number == id.to_string());
        numbers.len() == 1
            && numbers.iter().all(is_its)
            && words.iter().all(|word| EVENT.contains(&word.as_str()) || is_source(word))
    }

    fn numbers(self) -> String {
        self.ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Symptom {
    /// What it is listed under.
    #[must_use]
    pub fn name(&self) -> String {
        match (self.event, self.words.first()) {
            (Some(event), _) => event.numbers(),
            (None, Some(word)) => (*word).to_owned(),
            (None, None) => String::new(),
        }
    }

    /// What it is, for somebody who has it in front of them.
    #[must_use]
    pub(crate) fn headline(&self) -> String {
        match (self.event, self.words.first()) {
            (Some(event), _) => format!("event {} ({}): {}", event.numbers(), event.source.name(), self.title),
            (None, word) => format!("{}: {}", word.unwrap_or(&""), self.title),
        }
    }

    /// Event or words, source and title in one line, as manuals list it.
    #[must_use]
    pub fn line(&self) -> String {
        match self.event {
            Some(event) => format!("event {}, {}: {}", event.numbers(), event.source.name(), self.title),
            None => format!("{}: {}", self.words.join(", "), self.title),
        }
    }

    /// Whether people who write this mean it.
    fn is_called(&self, query: &str) -> bool {
        self.event.is_some_and(|event| event.is_called(query))
            || self.words.iter().any(|word| bare(word) == bare(query))
    }

    /// Whether one of its words stands in a text, which is folded and has one space between words.
    #[must_use]
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        self.words.iter().any(|word| {
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { has_error_number(text, word) } else { has_word(text, &fold(word)) }
        })
    }
}

/// Whether a text has this number where errors stand: there are many others.
fn has_error_number(text: &str, number: &str) -> bool {
    const BEFORE: [&str; 8] = ["error", "code", "fehler", "erreur", "win32", "status", "reply", "response"];
    BEFORE.iter().any(|word| {
        text.match_indices(word).any(|(at, word)| {
            let behind =
                text.get(at + word.len()..).unwrap_or_default().trim_start_matches(|c: char| " :=#('\"[".contains(c));
            behind.strip_prefix(number).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    })
}

/// Whether a text has this word, and not only as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !behind.is_some_and(is_part)
    })
}

/// A name as it is compared: `target unknown` is `TargetUnknown`, and `454-4.7.0` is `454 4.7.0`.
fn bare(name: &str) -> String {
    fold(name).replace([' ', '_', '-'], "")
}

/// All symptoms: events, replies, status words, what tools say.
pub fn all() -> impl Iterator<Item = &'static Symptom> {
    events::ALL.iter().chain(replies::ALL).chain(status::ALL).chain(tools::ALL)
}

/// The symptoms that a finding of this code causes.
pub fn of(code: &str) -> impl Iterator<Item = &'static Symptom> {
    all().filter(move |symptom| symptom.findings.contains(&code))
}

/// The symptoms that people mean who write this: `2017`, `event 2017`, `KDC 11`, `454 4.7.0 Temporary authentication failure`.
#[must_use]
pub fn called(query: &str) -> Vec<&'static Symptom> {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let query = status_number(&query).unwrap_or(query);
    let exact: Vec<&Symptom> = all().filter(|symptom| symptom.is_called(&query)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let folded = fold(&query);
    all().filter(|symptom| symptom.stands_in(&folded)).collect()
}

/// A status number in the form that the table has: `0x80090303` for `80090303`, `0x80090303L`, `-2146893053` and `2148074243`.
#[must_use]
pub(crate) fn status_number(token: &str) -> Option<String> {
    let bare = token.trim_end_matches(['l', 'L']);
    let hex = bare.strip_prefix("0x").unwrap_or(bare);
    let is_hex = hex.len() == 8 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && (hex.starts_with("8009") || fold(hex).starts_with("c000")) {
        return Some(format!("0x{}", fold(hex)));
    }
    let number: i64 = bare.parse().ok()?;
    let bits = u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))?;
    (bits >= 0x8000_0000).then(|| format!("0x{bits:08x}"))
}

/// The names that people may have meant who write this, the most alike first.
#[must_use]
pub fn nearest(query: &str) -> Vec<String> {
    /// As alike as `TargetUnkown` and `TargetUnknown`, or more.
    const ALIKE: f64 = 0.8;
    const MOST: usize = 3;
    // Of numbers, those that look alike mean something else.
    if !query.contains(char::is_alphabetic) {
        return Vec::new();
    }
    let numbers = |symptom: &Symptom| symptom.event.into_iter().flat_map(|event| event.ids).map(ToString::to_string);
    let words = |symptom: &Symptom| symptom.words.iter().map(ToString::to_string);
    let names = all().flat_map(|symptom| numbers(symptom).chain(words(symptom)));
    let mut nearest = most_alike(query.trim(), names, ALIKE);
    nearest.truncate(MOST);
    nearest
}

/// The findings by which no account, or more than one, answers to a name.
const NO_TICKET: &[&str] = &[
    "missing-spn",
    "duplicate-spn",
    "shared-fqdn",
    "exchange-auth-fqdn",
    "send-connector-fqdn",
    "malformed-spn",
    "invalid-fqdn",
    "no-computer-account",
    "ambiguous-computer-account",
    "host-name-mismatch",
    "kdc-disagrees",
    "not-replicated",
];

/// The same, and an account that is disabled: by these, a domain controller issues no ticket.
const REFUSED_BY_THE_KDC: &[&str] = &[
    "missing-spn",
    "duplicate-spn",
    "shared-fqdn",
    "exchange-auth-fqdn",
    "send-connector-fqdn",
    "stray-host-spn",
    "malformed-spn",
    "invalid-fqdn",
    "disabled-account",
    "no-computer-account",
    "ambiguous-computer-account",
    "host-name-mismatch",
    "kdc-disagrees",
    "not-replicated",
];

/// The findings by which the wrong account answers to a name.
const WRONG_KEY: &[&str] =
    &["misplaced-spn", "foreign-fqdn", "stray-host-spn", "shared-fqdn", "ambiguous-computer-account"];

/// Both, and an account that cannot log on: all by which authentication fails.
const FAILS: &[&str] = &[
    "missing-spn",
    "duplicate-spn",
    "misplaced-spn",
    "shared-fqdn",
    "foreign-fqdn",
    "exchange-auth-fqdn",
    "send-connector-fqdn",
    "stray-host-spn",
    "disabled-account",
    "no-computer-account",
    "ambiguous-computer-account",
    "host-name-mismatch",
    "malformed-spn",
    "invalid-fqdn",
    "kdc-disagrees",
    "not-replicated",
    "clock-skew",
];

/// What else makes it fail, as Microsoft KB 979174 lists it, and what people met.
const ELSE: &[Cause] = &[
    Cause::Clock,
    Cause::Replication,
    Cause::EncryptionTypes,
    Cause::Account,
    Cause::Ports,
    Cause::Connector,
    Cause::Interception,
];

/// What else keeps a domain controller from issuing a ticket.
const NO_TICKET_ELSE: &[Cause] =
    &[Cause::Clock, Cause::Replication, Cause::EncryptionTypes, Cause::Account, Cause::Ports];

const KB_979174: &str = "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange";
const KB_914137: &str =
    "Microsoft KB 914137: events 1706 and 7004 on an Exchange 2003 server with several SMTP virtual servers";
const KB_979175: &str = "Microsoft KB 979175: 451 5.7.3 Cannot achieve Exchange Server authentication";
const KB_843106: &str =
    "Microsoft KB 843106: 504 Need to authenticate first, with Integrated Windows Authentication off";
const CVE_2026_20833: &str =
    "Microsoft KB 5073381: Kerberos KDC usage of RC4 for service account ticket issuance (CVE-2026-20833)";
const SSPI: &str = "Microsoft Learn: SSPI status codes";
const KILE: &str = "MS-KILE, RFC 4120 7.5.9: Kerberos error codes";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::judge::checks;

    #[test]
    fn every_finding_has_symptoms_and_every_symptom_names_findings_that_exist() {
        for check in &checks::ALL {
            assert!(of(check.code).next().is_some(), "{}", check.code);
        }
        for symptom in all() {
            let unknown: Vec<_> = symptom.findings.iter().filter(|code| checks::named(code).is_none()).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", symptom.name());
            assert!(!symptom.causes.is_empty() || !symptom.findings.is_empty(), "{}", symptom.name());
        }
    }

    #[test]
    fn every_symptom_is_found_by_each_of_its_names() {
        let mut known = HashSet::new();
        for symptom in all() {
            for word in symptom.words {
                assert!(called(word).iter().any(|found| std::ptr::eq(*found, symptom)), "{word}");
                assert!(known.insert(fold(word)), "{word} is in the table twice");
            }
            for (id, source) in symptom.event.iter().flat_map(|event| event.ids.iter().map(|id| (id, event.source))) {
                for query in [
                    id.to_string(),
                    format!("event {id}"),
                    format!("Event ID: {id}"),
                    format!("{} {id}", source.marks()[0]),
                ] {
                    assert!(called(&query).iter().any(|found| std::ptr::eq(*found, symptom)), "{query}");
                }
            }
        }
    }

    #[test]
    fn a_symptom_is_found_in_the_middle_of_what_somebody_pasted() {
        let found = called("454 4.7.0  Temporary authentication failure");
        assert!(found.iter().any(|symptom| symptom.name() == "454 4.7.0"), "{found:?}");
        assert!(called("1454 4.7.01").is_empty());
        assert!(called("KDC 4").is_empty() && called("Kerberos 4").len() == 1);
    }

    #[test]
    fn a_word_with_a_slip_of_the_pen_has_its_nearest() {
        assert_eq!(nearest("TargetUnkown").first().map(String::as_str), Some("TargetUnknown"));
        assert!(nearest("zzzzzzzz").is_empty());
    }
}
