//! The text of an event, or of a line of a log, as people paste it: which symptoms, names and addresses stand in it.
//!
//! Nothing depends on the language or the layout: labels differ, but numbers, SPNs and host names are the same everywhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use super::numbers::{Numbers, is_reply, last_word, sources};
use super::reading::readings;
use crate::directory::host::HostName;
use crate::directory::text::fold;
use crate::symptoms::{self, Source, Symptom};

/// The symptoms, names and addresses of a text that somebody pasted.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// What people look up in manuals: replies and status words, and behind them the events, which are less exact.
    pub symptoms: Vec<&'static Symptom>,
    /// The host names of the SMTPSVC names, as written.
    pub smtpsvc: Vec<HostName>,
    /// The SPNs of other services, as written.
    pub others: Vec<String>,
    /// What looks like the name of a server or host, folded; of each, how it stands there.
    pub words: BTreeMap<String, Place>,
    /// The host names among them that stand there as they are, and not only once a line break is undone.
    pub hosts: BTreeSet<String>,
    /// The addresses that somebody may have connected from.
    pub senders: Vec<IpAddr>,
    /// The addresses that somebody connected to.
    pub targets: Vec<IpAddr>,
    /// Whether passwords or NTLM were tried, which need no SPN.
    pub is_without_kerberos: bool,
}

/// How sure it is that a word is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Any word.
    Anywhere,
    /// A word that stands where names do: `EX01\12`, `CONTOSO\EX01$`, `CN=EX01`, or alone.
    Named,
    /// A host name with its domain.
    Qualified,
}

/// The classes of other SPNs that people meet in such texts.
const OTHER_CLASSES: [&str; 12] = [
    "http",
    "https",
    "cifs",
    "ldap",
    "gc",
    "termsrv",
    "wsman",
    "exchangemdb",
    "exchangerfr",
    "exchangeab",
    "mssqlsvc",
    "krbtgt",
];
/// A message names one or two; of a whole log nobody wants to hear of more.
const MOST: usize = 200;
/// No name of a symptom is longer.
const LONGEST_NAME: usize = 100;

impl Message {
    /// Finds them in any text: an event, a bounce, a log, JSON, a screen that was copied. Nothing in it is believed, and no text is
    /// refused.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut message = Self::default();
        let readings = readings(text);
        // Whoever asks about a symptom alone writes it as for `explain`.
        if let Some(short) = readings.first().filter(|text| text.len() < LONGEST_NAME) {
            message.say(symptoms::called(short));
        }
        for text in &readings {
            let spaced = fold(&text.split_whitespace().collect::<Vec<_>>().join(" "));
            message.find_symptoms(&spaced, &fold(text));
            message.is_without_kerberos |= tells_of_passwords(&spaced);
            message.names(text);
            if message.hosts.is_empty() {
                let hosts = message.words.iter().filter(|(_, place)| **place == Place::Qualified);
                message.hosts = hosts.map(|(host, _)| host.clone()).collect();
            }
        }
        message.forget_words_of_symptoms();
        message.symptoms.sort_by_key(|symptom| symptom.event.is_some());
        message
    }

    /// Takes in symptoms, each once.
    fn say(&mut self, symptoms: impl IntoIterator<Item = &'static Symptom>) {
        for symptom in symptoms {
            if !self.symptoms.iter().any(|known| std::ptr::eq(*known, symptom)) {
                self.symptoms.push(symptom);
            }
        }
    }

    /// Whether there is nothing that anything could be said about.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symptoms.is_empty()
            && self.smtpsvc.is_empty()
            && self.others.is_empty()
            && self.words.is_empty()
            && self.senders.is_empty()
            && self.targets.is_empty()
    }

    /// `lines` is the same text, in its lines.
    fn find_symptoms(&mut self, text: &str, lines: &str) {
        let numbers = Numbers::of(text);
        let logged_by = sources(lines);
        let text = format!("{text} {}", numbers.canonical.join(" "));
        self.say(symptoms::all().filter(|symptom| {
            symptom.stands_in(&text) || symptom.event.is_some_and(|event| numbers.tell_of(event, &text, &logged_by))
        }));
        self.failure_codes(&text);
    }

    /// The failure codes of the events that show those of Kerberos as bare numbers.
    fn failure_codes(&mut self, text: &str) {
        const CODES: [(&str, &str); 6] = [
            ("0x7", "KDC_ERR_S_PRINCIPAL_UNKNOWN"),
            ("0x8", "KDC_ERR_S_PRINCIPAL_UNKNOWN"),
            ("0xe", "KDC_ERR_ETYPE_NOTSUPP"),
            ("0x12", "KDC_ERR_CLIENT_REVOKED"),
            ("0x25", "KRB_AP_ERR_SKEW"),
            ("0x29", "KRB_AP_ERR_MODIFIED"),
        ];
        let shows_codes = |symptom: &&Symptom| {
            symptom
                .event
                .is_some_and(|event| event.ids == [4769] || event.ids == [3] && event.source == Source::Kerberos)
        };
        if !self.symptoms.iter().any(shows_codes) {
            return;
        }
        let tokens: HashSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let words = CODES.iter().filter(|(code, _)| tokens.contains(code)).map(|(_, word)| *word);
        self.say(words.flat_map(symptoms::called).filter(|symptom| symptom.event.is_none()));
    }

    fn names(&mut self, text: &str) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/\\@:$%".contains(c);
        let mut behind = 0;
        let mut tokens = Vec::new();
        for token in text.split(|c: char| !is_part(c)) {
            let start = token.as_ptr() as usize - text.as_ptr() as usize;
            tokens.push((text.get(behind..start).unwrap_or_default(), token));
            behind = start + token.len();
        }
        let words = tokens.iter().filter(|(_, token)| !token.is_empty()).count();
        let mut context = String::new();
        for (between, token) in tokens {
            let end = |c: char| ".:!?-%".contains(c);
            let whole = token.trim_end_matches(end).trim_start_matches(['.', '!', '?', '-']);
            self.token(whole, between, words <= 3, &context);
            context.push_str(&fold(token));
            context.push(' ');
            let far = context.len().saturating_sub(40);
            if far > 0 {
                context = (far..context.len()).find_map(|at| context.get(at..)).unwrap_or_default().to_owned();
            }
        }
    }

    fn token(&mut self, token: &str, between: &str, is_short: bool, context: &str) {
        const LABELS: [&str; 5] = ["computer", "computername", "machinename", "ordinateur", "server"];
        if let Some((class, rest)) = token.split_once('/')
            && self.spn(token, &fold(class), rest)
        {
            return;
        }
        if let Some(address) = address(token) {
            let is_target = ["attempted", "attempted was", "target ip address", "ip"]
                .iter()
                .any(|mark| context.trim_end().ends_with(mark));
            let addresses = if is_target { &mut self.targets } else { &mut self.senders };
            if addresses.len() < MOST && !addresses.contains(&address) {
                addresses.push(address);
            }
            return;
        }
        // `250-ex02.contoso.com Hello` in a protocol log.
        let token = token.get(4..).filter(|_| is_reply(token)).unwrap_or(token);
        let is_distinguished = between.ends_with('=') && context.trim_end().ends_with("cn");
        let has_label = between.contains([':', '=', '>']) && LABELS.contains(&last_word(context));
        let has_domain = token.contains('\\') || token.ends_with('$') || has_label;
        for part in token.split(['\\', '/', '@', ':']).map(|part| part.trim_end_matches(['$', '.', '%'])) {
            if HostName::parse(part).is_err() {
                continue;
            }
            let place = match part {
                _ if part.contains('.') => Place::Qualified,
                _ if has_domain || is_distinguished || is_short => Place::Named,
                _ => Place::Anywhere,
            };
            // Names of servers are written in capitals; `Exchange` is no server called EXCHANGE.
            let is_shouted = !part.bytes().any(|byte| byte.is_ascii_lowercase());
            if place > Place::Anywhere || is_shouted {
                let known = self.words.entry(fold(part)).or_insert(place);
                *known = place.max(*known);
            }
        }
    }

    fn spn(&mut self, token: &str, class: &str, rest: &str) -> bool {
        let host = rest.split(['/', ':', '@', '\\']).next().unwrap_or_default().trim_end_matches('.');
        let Ok(host) = HostName::parse(host) else { return false };
        if class == "smtpsvc" {
            if self.smtpsvc.len() < MOST && !self.smtpsvc.contains(&host) {
                self.smtpsvc.push(host);
            }
            return true;
        }
        let is_other = OTHER_CLASSES.contains(&class);
        if is_other && self.others.len() < MOST && !self.others.iter().any(|known| known == token) {
            self.others.push(token.to_owned());
        }
        if class == "host" || class == "smtp" {
            let place = if host.is_qualified() { Place::Qualified } else { Place::Named };
            self.words.insert(host.key().to_owned(), place);
            return true;
        }
        is_other
    }

    /// What belongs to the words of a symptom is no name.
    fn forget_words_of_symptoms(&mut self) {
        let of_symptoms: BTreeSet<String> = self
            .symptoms
            .iter()
            .flat_map(|symptom| symptom.words.iter())
            .flat_map(|words| words.split(' '))
            .map(fold)
            .collect();
        self.words.retain(|word, place| *place == Place::Qualified || !of_symptoms.contains(word));
    }
}

/// An address, maybe with a port behind it; one of IPv4 that is written as IPv6 is one of IPv4.
fn address(token: &str) -> Option<IpAddr> {
    let alone = token.split('%').next().unwrap_or(token);
    let with_port = || token.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let address: IpAddr = alone.parse().ok().or_else(|| with_port()?.0.parse::<Ipv4Addr>().ok().map(IpAddr::from))?;
    Some(address.to_canonical())
}

/// Whether event 1035 is about a password or NTLM, in whatever language: the mechanism is `Login`, `Ntlm` or `Basic`.
fn tells_of_passwords(text: &str) -> bool {
    let has = |word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|token| token == word);
    has("1035")
        && ["login", "ntlm", "basic"].iter().any(|word| has(word))
        && !["exchangeauth", "gssapi", "kerberos"].iter().any(|word| text.contains(word))
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
            "Event 2017",
            "InstanceId : 3221489633\nSource : MSExchangeTransport\nEventID : 2017",
            "InstanceId : 3221489633\nSource : MSExchangeTransport",
            "SourceName=MSExchangeTransport EventCode=2017",
            "{\"Provider\":\"MSExchangeTransport\",\"EventID\":{\"#text\":2017}}",
            "24.11.2026 09:14,MSExchangeTransport,2017,SmtpSend",
            "MSExchangeTransport Код события: 2017",
        ] {
            assert_eq!(events(text), ["2017"], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_events() {
        for text in [
            "MSExchangeTransport and 11/26/2017 7:04:11 PM",
            "Exchange Server 2016 with MSExchangeTransport",
            "MSExchangeTransport at 2017-05-01T10:35:00",
            "10.4.11.27 is a KDC, and that is all there is to it, so to say, and then some more of it to make it long",
            "Security-Kerberos <Execution ProcessID='4' ThreadID='3'/>",
            "MSExchangeTransport MessageCount : 1035",
            "Event ID: 4\nSource: Service Control Manager\nThe Kerberos service stopped",
        ] {
            assert_eq!(events(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn status_numbers_and_replies_are_the_same_in_each_spelling() {
        for (text, name) in [
            ("80090303", "TargetUnknown"),
            ("error 2148074243 here", "TargetUnknown"),
            ("0x80090303L", "TargetUnknown"),
            ("it said -2146893053.", "TargetUnknown"),
            ("454-4.7.0", "454 4.7.0"),
        ] {
            let found = Message::read(text).symptoms;
            assert!(found.iter().any(|symptom| symptom.name() == name), "{text}: {found:?}");
        }
    }

    #[test]
    fn names_and_addresses_are_found_between_whatever_stands_around_them() {
        let message = Message::read(
            "target <SMTPSVC/ex02.contoso.com>。 CONTOSO\\EX01$ at [192.168.10.11:25], SmtpSvc/EX02.contoso.com@CONTOSO.COM; http://x/y cifs/fs01 ::ffff:10.1.2.3",
        );
        assert_eq!(message.smtpsvc.iter().map(HostName::as_str).collect::<Vec<_>>(), ["ex02.contoso.com"]);
        let addresses = ["192.168.10.11", "10.1.2.3"].map(|address| address.parse::<IpAddr>().unwrap());
        assert_eq!(message.senders, addresses);
        assert_eq!(message.others, ["cifs/fs01"]);
        assert_eq!(message.words.get("ex01"), Some(&Place::Named));
        assert!(!message.words.contains_key("target"));
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
