//! Whether the Exchange organization was seen, with all of its servers and endpoints and what they say.

use std::collections::{BTreeSet, HashSet};

use super::Survey;
use super::commands::EXCHANGE;
use crate::directory::connector::SendConnector;
use crate::directory::dn::{self, Dn};
use crate::directory::endpoint::Announces;
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::schema::{self, Attribute};
use crate::directory::server::{self, Server};
use crate::directory::{Directory, is_lost_and_found};
use crate::input::selection::is_unclassified;

pub(super) fn gaps(survey: &Survey, directory: &Directory) -> Vec<Gap> {
    let mut gaps = attributes(survey, directory);
    if let Some(gap) = unclassified(survey) {
        // Who has no class is no server and no endpoint either; to export them again would change nothing.
        gaps.push(gap);
        return gaps;
    }
    if directory.servers.is_empty() {
        gaps.push(no_server(survey));
    }
    let judged = directory.servers.iter().filter(|server| server.skipped.is_none());
    gaps.extend(judged.filter(|server| server.endpoints.is_empty()).map(|server| no_endpoint(survey, server)));
    gaps.extend(
        directory.send_connectors.iter().filter(|connector| has_unread_source(directory, connector)).map(no_source),
    );
    gaps.extend(unread_servers(survey).iter().map(|server| {
        let what = "SMTP endpoints of this server were read, but not the server itself";
        Gap::new(Prose::place(Kind::Dn, server), what).fixed_by(survey.commands.below(server))
    }));
    gaps
}

fn no_server(survey: &Survey) -> Gap {
    let fix = survey.commands.organization();
    let known = "no Exchange server was read: Exchange is not installed in this forest, its part of the configuration was not exported, \
                 or it may not be seen; members of the role group View-Only Organization Management may see it";
    if !fix.is_empty() {
        return Gap::new("directory", known).fixed_by(fix);
    }
    let example = survey.commands.example();
    Gap::new(
        "directory",
        "no Exchange server was read, and nothing that names the forest; put the name of yours in place of contoso.com",
    )
    .fixed_by(example)
}

/// Whether a send connector that gives a name of its own sends from a server that was not read.
fn has_unread_source(directory: &Directory, connector: &SendConnector) -> bool {
    connector.announces != Announces::Own
        && connector.sources.iter().any(|source| directory.server_above(source).is_none())
}

fn no_source(connector: &SendConnector) -> Gap {
    Gap::at(&connector.dn, "a server that this send connector sends from was not read")
}

fn no_endpoint(survey: &Survey, server: &Server) -> Gap {
    let what = "no SMTP endpoint of this server was read, neither virtual server nor receive connector, though it moves mail: \
                they were not exported, or may not be seen";
    Gap::at(&server.dn, what).fixed_by(survey.commands.below(server.dn.as_str()))
}

/// Objects that nobody can tell apart.
fn unclassified(survey: &Survey) -> Option<Gap> {
    let mut objects = survey.entries.iter().filter(|entry| is_unclassified(entry));
    let first = objects.next()?;
    let count = 1 + objects.count();
    let what = Prose::new("objectClass was not read of ")
        .count(count as u64)
        .say(if count == 1 { " object" } else { " objects" })
        .say(" below the Exchange container, as ")
        .name(Kind::Dn, first.dn.as_str())
        .say(", so nobody can say what they are: export all attributes, or objectClass too");
    Some(Gap::new("directory", what).fixed_by(survey.commands.in_configuration(EXCHANGE)))
}

/// The servers of endpoints that came without them, by name: they stand three levels above.
fn unread_servers(survey: &Survey) -> BTreeSet<String> {
    const LEVELS: usize = 3;
    /// Names of thousands of parts are made to keep us busy.
    const DEEPEST: usize = 200;
    let servers = survey.entries.iter().filter(|entry| server::is_server(entry));
    let servers: HashSet<&str> = servers.map(|entry| entry.dn.key()).collect();
    let is_alone =
        |dn: &Dn| !is_lost_and_found(dn) && !dn.lineage().skip(1).take(DEEPEST).any(|above| servers.contains(above));
    let endpoints = survey.entries.iter().filter(|entry| is_endpoint(entry) && is_alone(&entry.dn));
    let above = |dn: &Dn| dn::parts(dn.as_str()).skip(LEVELS).map(str::trim).collect::<Vec<_>>().join(",");
    endpoints
        .map(|entry| Some(above(&entry.dn)).filter(|dn| !dn.is_empty()).unwrap_or_else(|| entry.dn.as_str().to_owned()))
        .collect()
}

fn is_endpoint(entry: &Entry) -> bool {
    entry.is_a(schema::VIRTUAL_SERVER) || entry.is_a(schema::RECEIVE_CONNECTOR)
}

/// What nobody shows, though someone has to.
fn attributes(survey: &Survey, directory: &Directory) -> Vec<Gap> {
    let entries = &survey.entries;
    let judged: HashSet<&Dn> =
        directory.servers.iter().filter(|server| server.skipped.is_none()).map(|server| &server.dn).collect();
    let modern =
        directory.servers.iter().filter(|server| server.version.is_some_and(|version| !version.has_virtual_servers()));
    let modern: HashSet<&Dn> = modern.map(|server| &server.dn).collect();
    let of = |dns: &HashSet<&Dn>| -> Vec<&Entry> {
        entries.iter().copied().filter(|entry| dns.contains(&entry.dn)).collect()
    };
    let connectors: Vec<&Entry> =
        entries.iter().copied().filter(|entry| entry.is_a(schema::RECEIVE_CONNECTOR)).collect();
    let rules = [
        (&connectors, "receive connector", Attribute::ConnectorFqdn),
        (&connectors, "receive connector", Attribute::ConnectorSecurity),
        (&of(&modern), "server of Exchange 2007 or later", Attribute::CurrentServerRoles),
        (&of(&judged), "Exchange server", Attribute::NetworkAddress),
    ];
    let nobody = |(objects, kind, attribute): (&Vec<&Entry>, &'static str, Attribute)| {
        let is_missing = !objects.is_empty() && !objects.iter().any(|entry| entry.has(attribute));
        let what = Prose::new(attribute.name()).say(" was read of no ").say(kind);
        let what = what.say(": it was not exported, or may not be read");
        is_missing.then(|| Gap::new("directory", what).fixed_by(survey.commands.in_configuration(EXCHANGE)))
    };
    rules.into_iter().filter_map(nobody).collect()
}
