//! Names become other names, the same for the same, wherever they stand.

use std::collections::HashMap;

use super::tree::Place;
use crate::directory::dn;
use crate::directory::dn::Dn;
use crate::directory::host::{HostName, NotAHostName};
use crate::directory::text::{fold, same};

/// What was replaced, folded, and by what number.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms(HashMap<String, usize>);

impl Pseudonyms {
    fn number(&mut self, text: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(fold(text)).or_insert(next)
    }

    pub(super) fn text(&mut self, text: &str) -> String {
        format!("n{}", self.number(text))
    }

    /// For a host name, label by label, so that domains stay domains. What is none stays none, for the same reason.
    pub(super) fn host(&mut self, text: &str) -> String {
        match HostName::announced(text) {
            Ok(_) => self.labels(text),
            Err(NotAHostName::Empty) => String::new(),
            Err(NotAHostName::Localhost) => "localhost".to_owned(),
            Err(NotAHostName::IpAddress) => {
                let number = self.number(text);
                format!("198.{}.{}.{}", 18 + (number >> 16) % 2, (number >> 8) % 256, number % 256)
            }
            Err(NotAHostName::TrailingDot) => {
                let host = text.trim_end_matches('.');
                let rest = if host.is_empty() || host == text { self.text(text) } else { self.host(host) };
                format!("{}.", rest.trim_end_matches('.'))
            }
            Err(NotAHostName::TooLong) => format!("{}.{}", self.text(text), "x.".repeat(126) + "xx"),
            Err(NotAHostName::Label) => format!("{}..x", self.text(text)),
            Err(NotAHostName::Character(_)) => format!("{}!", self.text(text)),
        }
    }

    /// For a single name, such as that of a server or a connector, which may be a host's too.
    pub(super) fn name(&mut self, text: &str) -> String {
        if HostName::parse(text).is_ok() { self.labels(text) } else { self.text(text) }
    }

    fn labels(&mut self, text: &str) -> String {
        text.split('.').map(|label| self.text(label)).collect::<Vec<_>>().join(".")
    }

    /// For a port, which no number of a protocol is told from.
    pub(super) fn port(&mut self, port: u16) -> usize {
        1 + self.number(&format!(":{port}")) % 65_535
    }

    /// For a logon name: what marks a computer, and the loser of a replication conflict, stays.
    pub(super) fn logon_name(&mut self, text: &str) -> String {
        const DUPLICATE: &str = "$DUPLICATE-";
        if same(text, crate::directory::schema::KRBTGT) {
            return fold(text);
        }
        if text.get(..DUPLICATE.len()).is_some_and(|start| same(start, DUPLICATE)) {
            return format!("{DUPLICATE}{}", self.text(text));
        }
        match text.strip_suffix('$') {
            Some(name) => format!("{}$", self.name(name)),
            None => self.name(text),
        }
    }

    /// For a distinguished name: containers that everyone has stay, each in its own place.
    pub(super) fn dn(&mut self, text: &str) -> String {
        let parts: Vec<&str> = dn::parts(text).collect();
        let mut place = Place::Domain;
        let mut redacted = Vec::with_capacity(parts.len());
        for part in parts.iter().rev() {
            let kind = part.split('=').next().unwrap_or_default().trim();
            let kind = ["DC", "CN", "OU"].into_iter().find(|known| same(known, kind)).unwrap_or("CN");
            let value = Dn::parse(part).map_or_else(|_| (*part).to_owned(), |part| part.name());
            let (is_known, next) = place.below(kind, &value);
            place = next;
            redacted.push(if is_known { format!("{kind}={value}") } else { format!("{kind}={}", self.part(&value)) });
        }
        redacted.reverse();
        redacted.join(",")
    }

    /// For the value of one part. What marks the loser of a replication conflict, or a deleted object, stays.
    fn part(&mut self, value: &str) -> String {
        if same(value, crate::directory::schema::KRBTGT) {
            return fold(value);
        }
        for mark in ["CNF:", "DEL:"] {
            if let Some((name, number)) = value.split_once(&format!("\n{mark}")) {
                return format!("{}\\0A{mark}{}", self.name(name), self.text(number));
            }
        }
        self.name(value)
    }
}
