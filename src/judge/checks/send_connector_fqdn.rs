//! A send connector with Exchange Server authentication that gives a name its servers do not have.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::manual::Manual;
use crate::directory::connector::SendConnector;
use crate::directory::endpoint::Announces;
use crate::directory::server::Skipped;
use crate::directory::spn::Spn;
use crate::directory::text::{fold, listed, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::exchange::clear_fqdn;
use crate::judge::remedy::{Kind, Remedy, Step};
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "send-connector-fqdn",
    manual: Manual {
        title: "a send connector with Exchange Server authentication gives a name that not all of its servers have",
        checked: "An enabled send connector authenticates to its smart host as an Exchange server (SmartHostAuthMechanism ExchangeServer) and has an FQDN. It sends from more than one server, or the FQDN is neither the FQDN nor the NetBIOS name of its only server. Send connectors with other authentication, with DNS routing, or of an Edge subscription require no SPN.",
        impact: "With Exchange Server authentication, the receiver asks for a ticket for the name that the sender gives in EHLO. Every server that the connector sends from would need that SPN, but only one account can hold it. The receiver logs event 1035, which does not name the SPN.",
        fix: "Clear the FQDN of the connector (Set-SendConnector -Fqdn $null). Each server then gives its own name.",
        permissions: "Organization Management, to change a connector.",
        false_positives: "If the smart host is not an Exchange server of this forest, it probably does not ask for a ticket.",
        sources: &[
            "Microsoft Learn: Set-SendConnector, parameters Fqdn and SmartHostAuthMechanism",
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
        ],
    },
    run,
};

/// A connector, and the servers it sends from.
struct Sending<'b, 'a> {
    connector: &'a SendConnector,
    sources: Vec<&'b Judged<'a>>,
}

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut names: BTreeMap<String, Vec<Sending<'_, '_>>> = BTreeMap::new();
    for connector in &facts.directory.send_connectors {
        let sending = Sending { connector, sources: sources(facts, connector) };
        if let Some(name) = sending.foreign_name() {
            names.entry(fold(name)).or_default().push(sending);
        }
    }
    found.extend(names.values().filter_map(|sending| finding(facts, sending)));
}

/// The servers that a connector sends from. An Edge Transport server authenticates with certificates.
pub(super) fn sources<'b, 'a>(facts: &'b Facts<'a>, connector: &SendConnector) -> Vec<&'b Judged<'a>> {
    let places = connector.sources.iter().filter_map(|source| facts.directory.place_above(source));
    let places: BTreeSet<usize> = places.collect();
    let servers = places.into_iter().filter_map(|place| facts.servers.get(place));
    servers.filter(|judged| judged.server.skipped != Some(Skipped::Edge)).collect()
}

impl Sending<'_, '_> {
    /// The name it gives, if that is not the name of the only server it sends from.
    fn foreign_name(&self) -> Option<&str> {
        match (&self.connector.announces, self.sources.as_slice()) {
            (Announces::Own, _) | (_, []) => None,
            (Announces::Name(name), [only]) if only.is_called(name) => None,
            (Announces::Name(name), _) => Some(name.as_str()),
            (Announces::Invalid(text, _), _) => Some(text),
        }
    }

    fn is_within(&self, facts: &Facts<'_>) -> bool {
        self.connector.smart_hosts().any(|host| facts.owners.include(host))
    }
}

fn finding(facts: &Facts<'_>, sending: &[Sending<'_, '_>]) -> Option<Finding> {
    let first = sending.first()?;
    let name = first.foreign_name()?;
    let connectors = listed(sending.iter().map(|sending| sending.connector.name.as_str()), " and ");
    let (connectors, verb) = if sending.len() == 1 {
        (format!("send connector {connectors}"), "authenticates as an Exchange server and gives")
    } else {
        (format!("send connectors {connectors}"), "authenticate as Exchange servers and give")
    };
    let message = format!("{connectors} {verb} the name {}, which not all of the sending servers have", shown(name));
    let (severity, why) = if sending.iter().any(|sending| sending.is_within(facts)) {
        (
            Severity::Error,
            "A smart host is a server of this forest. It asks for a ticket for this name, no matter which server sends. If the sending server's account does not hold the SPN, or another account holds it too, mail queues with 454 4.7.0.",
        )
    } else {
        (
            Severity::Warning,
            "If the smart host is an Exchange server, it asks for a ticket for this name, no matter which server sends. Only one account can hold the SPN.",
        )
    };
    let servers = sending.iter().flat_map(|sending| sending.sources.iter().copied());
    let mut finding =
        Finding::new(CHECK.code, severity, message, why).evidence([connectors]).servers(servers).remedy(clear(sending));
    if let Announces::Name(name) = &first.connector.announces {
        finding = finding.spn(&Spn::smtpsvc(name), facts.directory.accounts.holders(&Spn::smtpsvc(name)));
    }
    Some(finding)
}

fn clear(sending: &[Sending<'_, '_>]) -> Remedy {
    let commands = sending.iter().filter_map(|sending| clear_fqdn(sending.connector));
    let mut remedy = Remedy::new(Kind::Exchange, "Clear the FQDN of the send connector")
        .confirm("Make sure that the smart host does not require the current name.".to_owned())
        .advice("Without an FQDN, the connector gives the name of the server that sends.");
    remedy.steps.extend(commands.map(|command| command.map(Step::Exchange)));
    remedy
}
