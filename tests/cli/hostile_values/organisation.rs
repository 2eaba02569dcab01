//! A small organisation with every attribute that is read and a finding of most kinds, into which hostile values are put.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use spn_doctor::directory::schema::Attribute;

use super::outputs::Printed;
use super::values::Shape;

const RECORDS: &str = include_str!("organisation.ldif");

/// Where a hostile value goes: an attribute's value, or the first part of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Value { record: usize, line: usize },
    Name { record: usize },
}

#[derive(Clone)]
struct Record {
    dn: Vec<u8>,
    lines: Vec<(String, Vec<u8>)>,
}

#[derive(Clone)]
pub(crate) struct Organisation(Vec<Record>);

impl Organisation {
    pub(crate) fn new() -> Self {
        let record = |text: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(": "));
            let (_, dn) = lines.next().unwrap();
            let lines = lines.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
            Record { dn: dn.as_bytes().to_vec(), lines: lines.collect() }
        };
        Self(RECORDS.trim().split("\n\n").map(record).collect())
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        let values = |(record, lines): (usize, usize)| (0..lines).map(move |line| Place::Value { record, line });
        let lines = self.0.iter().map(|record| record.lines.len());
        let mut places: Vec<Place> = lines.enumerate().flat_map(values).collect();
        places.extend((0..self.0.len()).map(|record| Place::Name { record }));
        places
    }

    /// Whether it is a place of the account by which one sees that a domain's accounts were seen.
    fn is_krbtgt(&self, place: Place) -> bool {
        let (Place::Value { record, .. } | Place::Name { record }) = place;
        self.0[record].lines.iter().any(|(_, value)| value == b"krbtgt")
    }

    pub(crate) fn attribute(&self, place: Place) -> Option<Attribute> {
        match place {
            Place::Value { record, line } => Attribute::named(&self.0[record].lines[line].0),
            Place::Name { .. } => None,
        }
    }

    /// The organisation with a hostile value at one place. One that may have several gets it beside the others.
    pub(crate) fn with(&self, place: Place, hostile: &[u8], shape: Shape) -> Self {
        let mut changed = self.clone();
        match place {
            Place::Value { record, line } => {
                let value = &mut changed.0[record].lines[line].1;
                *value = shape.join(std::str::from_utf8(value).unwrap(), hostile);
            }
            Place::Name { record } => changed.rename(record, hostile, shape),
        }
        changed
    }

    /// The first part of a name, there and in the names below it.
    fn rename(&mut self, record: usize, hostile: &[u8], shape: Shape) {
        let old = String::from_utf8(self.0[record].dn.clone()).unwrap();
        let (first, rest) = old.split_once(',').unwrap();
        let (kind, value) = first.split_once('=').unwrap();
        let new = [kind.as_bytes(), b"=", &escaped(&shape.join(value, hostile)), b",", rest.as_bytes()].concat();
        for record in &mut self.0 {
            if record.dn.ends_with(old.as_bytes()) {
                let below = record.dn.len() - old.len();
                record.dn.splice(below.., new.iter().copied());
            }
        }
    }

    /// The same value behind every name that people choose.
    pub(crate) fn with_all_names(&self, hostile: &[u8], shape: Shape) -> Self {
        let mut changed = self.clone();
        for place in self.places().into_iter().filter(|place| !self.is_krbtgt(*place)) {
            let shown = [
                Attribute::Cn,
                Attribute::AdminDisplayName,
                Attribute::VirtualServerFqdn,
                Attribute::ConnectorFqdn,
                Attribute::SendFqdn,
                Attribute::SmartHost,
                Attribute::SerialNumber,
                Attribute::NetbiosName,
                Attribute::DnsHostName,
                Attribute::ServicePrincipalName,
                Attribute::SamAccountName,
                Attribute::NetworkAddress,
            ];
            if let (Place::Name { .. }, Ok(_)) = (place, std::str::from_utf8(hostile)) {
                changed = changed.with(place, hostile, shape);
            }
            // Of several recorded values one is left as it is, so that accounts are still found.
            let is_shown = self.attribute(place).is_some_and(|attribute| shown.contains(&attribute));
            if let (true, Place::Value { record, line }) = (is_shown, place) {
                let (name, value) = self.0[record].lines[line].clone();
                let value = shape.join(std::str::from_utf8(&value).unwrap(), hostile);
                let kept = [Attribute::ServicePrincipalName, Attribute::NetworkAddress].map(Attribute::name);
                if kept.contains(&name.as_str()) {
                    changed.0[record].lines.push((name, value));
                } else {
                    changed.0[record].lines[line].1 = value;
                }
            }
        }
        changed
    }

    pub(crate) fn with_thousands_of_names(&self, hostile: &[Vec<u8>]) -> Self {
        let mut changed = self.clone();
        let account = changed.0.iter_mut().find(|record| record.dn.starts_with(b"CN=EX01,CN=Computers")).unwrap();
        let short = hostile.iter().filter(|value| value.len() < 1000);
        for (number, value) in short.cycle().take(5000).enumerate() {
            let value = [format!("SMTPSVC/{number}").as_bytes(), value].concat();
            account.lines.push(("servicePrincipalName".to_owned(), value));
        }
        changed
    }

    /// A user whose name begins with what looks like nothing, and that holds what the server's account lacks.
    pub(crate) fn add_look_alike_of_the_account(&mut self, spaces: &str) {
        let dn = format!("CN={spaces}EX01,CN=Computers,DC=contoso,DC=com").into_bytes();
        let lines =
            [("objectClass", "user"), ("sAMAccountName", "evil"), ("servicePrincipalName", "SMTPSVC/mail.contoso.com")];
        let lines = lines.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        self.0.push(Record { dn, lines: lines.to_vec() });
    }

    /// All in base64, so that every byte arrives.
    pub(crate) fn ldif(&self) -> Vec<u8> {
        let mut ldif = String::new();
        for record in &self.0 {
            ldif.extend(["dn:: ", &BASE64.encode(&record.dn), "\n"]);
            for (name, value) in &record.lines {
                ldif.extend([name, ":: ", &BASE64.encode(value), "\n"]);
            }
            ldif.push('\n');
        }
        ldif.into_bytes()
    }

    /// The JSON report holds the true value of a name that people look for.
    pub(crate) fn assert_shown(&self, place: Place, printed: &Printed) {
        let (record, line) = match place {
            Place::Value { record, line } => (record, line),
            Place::Name { record } => return self.assert_name_shown(record, printed),
        };
        let Record { dn, lines } = &self.0[record];
        let is_exchange = String::from_utf8_lossy(dn).contains("CN=Microsoft Exchange");
        let is_server =
            lines.iter().any(|(_, value)| value.starts_with(b"HOST/ex01") || value.starts_with(b"HOST/ex02"));
        // What stands within a sentence is written out there.
        let is_connector = lines.iter().any(|(_, value)| value.starts_with(b"msExchRouting"));
        let attribute = self.attribute(place).unwrap();
        let named = match attribute {
            Attribute::AdminDisplayName | Attribute::VirtualServerFqdn | Attribute::ConnectorFqdn => true,
            Attribute::SamAccountName => is_server,
            Attribute::Cn => is_exchange && !is_connector && !lines.iter().any(|(name, _)| name == "adminDisplayName"),
            _ => false,
        };
        let value = String::from_utf8_lossy(&lines[line].1).into_owned();
        if named && !value.is_empty() {
            assert!(printed.strings().contains(&value), "{value:?} is not in the report");
        }
    }
}

impl Organisation {
    /// The same of the name of an object that the report is about, if it is one that can be read.
    fn assert_name_shown(&self, record: usize, printed: &Printed) {
        let Record { dn, lines } = &self.0[record];
        // Servers, their endpoints, and accounts that hold a name for SMTP.
        let is_shown = |(_, value): &(String, Vec<u8>)| {
            value.starts_with(b"SMTPSVC/")
                || ["msExchExchangeServer", "msExchSmtpReceiveConnector", "protocolCfgSMTPServer"]
                    .iter()
                    .any(|class| value == class.as_bytes())
        };
        if let (Ok(dn), true) = (std::str::from_utf8(dn), lines.iter().any(is_shown)) {
            assert!(printed.strings().contains(dn), "{dn:?} is not in the report");
        }
    }

    /// Many servers that all give themselves the same name, and as many accounts that answer to it.
    pub(crate) fn add_a_crowd(&mut self, servers: usize) {
        let plain = |lines: &[(&str, &str)]| -> Vec<(String, Vec<u8>)> {
            lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
        };
        for number in 0..servers {
            let below = "CN=Servers,CN=contoso,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";
            let dn = format!("CN=CROWD{number},{below}").into_bytes();
            let server = [
                ("objectClass", "msExchExchangeServer"),
                ("networkAddress", "ncacn_ip_tcp:crowd.contoso.com"),
                ("versionNumber", "7638"),
            ];
            self.0.push(Record { dn, lines: plain(&server) });
            let dn = format!("CN=1,CN=SMTP,CN=Protocols,CN=CROWD{number},{below}").into_bytes();
            self.0.push(Record { dn, lines: plain(&[("objectClass", "protocolCfgSMTPServer")]) });
            let dn = format!("CN=CROWD{number},CN=Computers,DC=contoso,DC=com").into_bytes();
            let sam = format!("PC{number}$");
            let names = [
                ("objectClass", "computer"),
                ("sAMAccountName", sam.as_str()),
                ("userAccountControl", "4096"),
                ("servicePrincipalName", "HOST/crowd.contoso.com"),
            ];
            self.0.push(Record { dn, lines: plain(&names) });
        }
    }
}

/// RFC 4514: what has a meaning in a name is escaped, and everything outside printable ASCII too where it can be.
fn escaped(value: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for byte in value {
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' | b'=' | b'#' | b' ' => escaped.extend([b'\\', *byte]),
            0..0x20 | 0x7f => escaped.extend(format!("\\{byte:02x}").into_bytes()),
            other => escaped.push(*other),
        }
    }
    escaped
}
