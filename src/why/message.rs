//! The text of an event, or of a line of a log, as people paste it: which symptoms, names and addresses stand in it.
//!
//! Nothing depends on the language or the layout: labels differ, but numbers, SPNs and host names are the same everywhere. What a terminal
//! broke at its edge is read both ways, with the line break and without it; what makes no sense is in no directory either.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::directory::host::HostName;
use crate::directory::text::fold;
use crate::symptoms::{self, Event, Symptom};

/// What a text says.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// What people look up in manuals: events, replies, status words.
    pub symptoms: Vec<&'static Symptom>,
    /// The host names of the SMTPSVC names, as written.
    pub smtpsvc: Vec<HostName>,
    /// The SPNs of other services, as written.
    pub others: Vec<String>,
    /// Everything that could be the name of a server or host, folded.
    pub words: BTreeSet<String>,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

/// The classes of other SPNs that people meet in such texts.
const OTHER_CLASSES: [&str; 12] = [
    "host",
    "http",
    "cifs",
    "ldap",
    "gc",
    "smtp",
    "termsrv",
    "wsman",
    "exchangemdb",
    "exchangerfr",
    "exchangeab",
    "mssqlsvc",
];

/// What stands in front of the number of an event, folded, in the languages that we have seen.
const LABELS: [&str; 8] = ["id", "eventid", "event", "kennung", "ereignis", "événement", "evento", "gebeurtenis"];

/// A message names one or two; of a whole log nobody wants to hear of more.
const MOST: usize = 200;

/// No name of a symptom is longer.
const LONGEST_NAME: usize = 100;

/// A number of these may be a year, or the version of a product.
const YEARS: std::ops::Range<u32> = 1990..2040;

impl Message {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut message = Self::default();
        let text = without_escapes(text);
        // Whoever asks about a symptom alone writes it as for `explain`.
        if text.len() < LONGEST_NAME {
            message.symptoms.extend(symptoms::called(&text));
        }
        for text in [&text, &joined(&text)] {
            message.names(text);
            message.symptoms(text);
        }
        message
    }

    /// Whether there is nothing that anything could be said about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symptoms.is_empty()
            && self.smtpsvc.is_empty()
            && self.others.is_empty()
            && self.words.is_empty()
            && self.addresses.is_empty()
    }

    fn symptoms(&mut self, text: &str) {
        let spaced = fold(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        for symptom in symptoms::all() {
            let is_there = symptom.stands_in(&spaced) || symptom.event.is_some_and(|event| is_told(event, &spaced));
            if is_there && !self.symptoms.iter().any(|known| std::ptr::eq(*known, symptom)) {
                self.symptoms.push(symptom);
            }
        }
    }

    fn names(&mut self, text: &str) {
        let ends = |c: char| c.is_whitespace() || "\"'“”‘’«»<>()[]{},;=|&".contains(c);
        for token in text.split(ends).map(|token| token.trim_matches(|c: char| ".:!?-".contains(c))) {
            if let Some((class, rest)) = token.split_once('/') {
                self.spn(token, class, rest);
            }
            if let Some(address) = address(token) {
                if self.addresses.len() < MOST && !self.addresses.contains(&address) {
                    self.addresses.push(address);
                }
            } else {
                // `250-ex02.contoso.com Hello` in a protocol log.
                let token = token.get(4..).filter(|_| is_reply(token)).unwrap_or(token);
                let parts = token.split(['\\', '/', '@', ':']).map(|part| part.trim_end_matches(['$', '.']));
                self.words.extend(parts.filter(|part| HostName::parse(part).is_ok()).map(fold));
            }
        }
    }

    fn spn(&mut self, token: &str, class: &str, rest: &str) {
        let host = rest.split(['/', ':', '@']).next().unwrap_or_default().trim_end_matches('.');
        let Ok(host) = HostName::parse(host) else { return };
        if fold(class) == "smtpsvc" {
            if self.smtpsvc.len() < MOST && !self.smtpsvc.contains(&host) {
                self.smtpsvc.push(host);
            }
        } else if self.others.len() < MOST
            && OTHER_CLASSES.contains(&fold(class).as_str())
            && !self.others.iter().any(|known| known == token)
        {
            self.others.push(token.to_owned());
        }
    }
}

/// Whether a token begins like the line of a reply of SMTP that goes on.
fn is_reply(token: &str) -> bool {
    token.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit())) && token.get(3..4) == Some("-")
}

/// An address, maybe with a port behind it.
fn address(token: &str) -> Option<IpAddr> {
    let alone = || token.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    token.parse().ok().or_else(|| alone()?.0.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::from))
}

/// Whether a folded text tells of this event: one of its numbers stands behind a label, or the source stands beside a number that can
/// mean nothing else.
fn is_told(event: Event, text: &str) -> bool {
    let has_source = event.source.marks().iter().any(|mark| text.contains(&fold(mark)));
    event.ids.iter().any(|id| {
        let number = id.to_string();
        let places = text.match_indices(&number).filter(|(at, _)| is_alone(text, *at, number.len()));
        places.into_iter().any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            has_source && (is_labelled(before) || *id >= 1000 && !YEARS.contains(id))
        }) || has_source && has_instance(text, *id)
    })
}

/// Whether a number is no part of a longer one, of a date, a time, an address or a version.
fn is_alone(text: &str, at: usize, length: usize) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "-/.:_".contains(c);
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let behind: Vec<char> = text.get(at + length..).unwrap_or_default().chars().take(2).collect();
    let goes_on = match behind.as_slice() {
        // The end of a sentence is none of a number.
        ['.' | ':' | '-' | '/', next, ..] => next.is_alphanumeric(),
        [next, ..] => next.is_alphanumeric() || *next == '_',
        [] => false,
    };
    !goes_on && !before.is_some_and(|c| is_part(c) && c != ':')
}

fn is_labelled(before: &str) -> bool {
    /// No label is longer, with what may stand between it and its number.
    const LONGEST: usize = 80;
    let start = before.len().saturating_sub(LONGEST);
    let before = (start..=before.len()).find_map(|start| before.get(start..)).unwrap_or_default();
    // `<EventID Qualifiers='49156'>2017`
    let before = match before.rfind("<eventid") {
        Some(at) if before.get(at..).is_some_and(|tag| tag.matches('>').count() == 1 && tag.ends_with('>')) => {
            "eventid"
        }
        _ => before.trim_end_matches(|c: char| !c.is_alphanumeric()),
    };
    LABELS.iter().any(|label| before.ends_with(label))
}

/// `Get-EventLog` shows the whole number of an event, of which the lower half is the one that people know.
fn has_instance(text: &str, id: u32) -> bool {
    const LABEL: &str = "instanceid";
    text.match_indices(LABEL).any(|(at, _)| {
        let behind = text.get(at + LABEL.len()..).unwrap_or_default();
        let digits: String =
            behind.trim_start_matches([' ', ':']).chars().take_while(char::is_ascii_digit).take(20).collect();
        digits.parse::<u64>().is_ok_and(|number| number & 0xffff == u64::from(id))
    })
}

/// The text without the sequences by which terminals change colours.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    plain.extend(parts.next());
    for part in parts {
        let sequence = part
            .strip_prefix('[')
            .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || ";?".contains(c)));
        plain.push_str(sequence.map_or(part, |rest| rest.get(1..).unwrap_or_default()));
    }
    plain.replace('\r', "").replace(|c: char| c.is_control() && c != '\n', " ")
}

/// The text as it was before something broke it into lines: each break goes, with the spaces and marks of a quotation behind it.
fn joined(text: &str) -> String {
    text.split('\n').map(|line| line.trim_start_matches(|c: char| c.is_whitespace() || c == '>')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<String> {
        Message::read(text)
            .symptoms
            .iter()
            .filter(|symptom| symptom.event.is_some())
            .map(|symptom| symptom.name())
            .collect()
    }

    #[test]
    fn the_number_of_an_event_is_found_in_whatever_form_and_language() {
        for text in [
            "Source: MSExchangeTransport\nEvent ID: 2017",
            "Quelle: MSExchangeTransport\r\nEreignis-ID: 2017\r\n",
            "Source : MSExchangeTransport\nID de l’événement :2017",
            "<Provider Name='MSExchangeTransport' /><EventID Qualifiers='49156'>2017</EventID>",
            "ProviderName : MSExchangeTransport\nId           : 2017",
            "Event 2017, MSExchangeTransport",
            "InstanceId : 3221489633\nSource : MSExchangeTransport\nEventID : 2017",
            "InstanceId : 3221489633\nSource : MSExchangeTransport",
        ] {
            assert_eq!(events(text), ["2017"], "{text}");
        }
    }

    #[test]
    fn a_year_and_a_version_are_no_events() {
        for text in [
            "MSExchangeTransport 11/26/2017 7:04:11 PM",
            "Exchange Server 2016 MSExchangeTransport",
            "MSExchangeTransport 2017-05-01T10:35:00",
            "Event ID: 2017",
            "10.4.11.27 KDC",
        ] {
            assert_eq!(events(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn names_and_addresses_are_found_between_whatever_stands_around_them() {
        let message = Message::read(
            "target <SMTPSVC/ex02.contoso.com>. CONTOSO\\EX01$ at [192.168.10.11:25], SmtpSvc/EX02.contoso.com@CONTOSO.COM; http://x/y cifs/fs01",
        );
        assert_eq!(message.smtpsvc.iter().map(HostName::as_str).collect::<Vec<_>>(), ["ex02.contoso.com"]);
        assert_eq!(message.addresses, ["192.168.10.11".parse::<IpAddr>().unwrap()]);
        assert_eq!(message.others, ["cifs/fs01"]);
        assert!(message.words.contains("ex01") && message.words.contains("contoso"));
    }

    #[test]
    fn a_name_that_a_terminal_broke_is_whole_again() {
        let message = Message::read(
            "Outbound authentication failed with error TargetUnkn\n    own for SMTPSVC/ex02.cont\n    oso.com today",
        );
        assert!(message.smtpsvc.iter().any(|name| name.is("ex02.contoso.com")), "{message:?}");
        assert!(message.symptoms.iter().any(|symptom| symptom.name() == "TargetUnknown"));
    }

    #[test]
    fn colours_of_a_terminal_are_passed_over() {
        let message = Message::read("\u{1b}[31mSMTPSVC/ex02.contoso.com\u{1b}[0m");
        assert_eq!(message.smtpsvc.len(), 1);
        assert!(Message::read("\u{1b}[2J\u{7} !").is_empty());
    }
}
