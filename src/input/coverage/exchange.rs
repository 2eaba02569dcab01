//! Whether the Exchange organization was seen, with all of its servers and endpoints.

use std::collections::HashSet;

use super::commands::EXCHANGE;
use super::{Survey, attributes};
use crate::directory::connector::bridgeheads;
use crate::directory::dn::{self, Dn};
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose, first_of_many};
use crate::directory::schema;
use crate::directory::server::{self, Server};
use crate::directory::text::{fold, same};
use crate::directory::{Directory, is_lost_and_found, lineage};
use crate::input::selection::{is_below_exchange, is_unclassified};

pub(super) fn gaps(survey: &Survey, directory: &Directory) -> Vec<Gap> {
    let mut gaps = attributes::gaps(survey, directory);
    gaps.extend(unclassified(survey, "CN=LostAndFoundConfig", "CN=LostAndFoundConfig,", is_lost_and_found));
    if let Some(gap) = unclassified(survey, "the Exchange container", EXCHANGE, is_below_exchange) {
        // Who has no class is no server and no endpoint either; to export them again would change nothing.
        gaps.push(gap);
        return gaps;
    }
    if directory.servers.is_empty() {
        gaps.push(no_server(survey));
    }
    let judged = directory.servers.iter().filter(|server| server.skipped.is_none());
    let without = judged.filter(|server| server.endpoints.is_empty());
    gaps.extend(first_of_many(without.map(|server| no_endpoint(survey, server))));
    gaps.extend(unread_servers(survey));
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

fn no_endpoint(survey: &Survey, server: &Server) -> Gap {
    let what = "no SMTP endpoint of this server was read, neither virtual server nor receive connector, though it moves mail: \
                they were not exported, or may not be seen";
    Gap::at(&server.dn, what).fixed_by(survey.commands.below(server.dn.as_str()))
}

/// Objects in one place that nobody can tell apart.
fn unclassified(survey: &Survey, place: &'static str, path: &str, lies_there: impl Fn(&Dn) -> bool) -> Option<Gap> {
    let mut objects = survey.entries.iter().filter(|entry| is_unclassified(entry) && lies_there(&entry.dn));
    let first = objects.next()?;
    let count = 1 + objects.count();
    let what = Prose::new("objectClass was not read of ")
        .count(count as u64)
        .say(if count == 1 { " object below " } else { " objects below " })
        .say(place)
        .say(", as ")
        .name(Kind::Dn, first.dn.as_str())
        .say(", so it is not clear what they are: export all attributes, or objectClass too");
    Some(Gap::new("directory", what).fixed_by(survey.commands.in_configuration(path)))
}

/// One problem for each server that was not read though something that was speaks of it: an endpoint below it, or a connector that sends from
/// or to it. What is left of deleted objects speaks of nobody, and nobody of them.
fn unread_servers(survey: &Survey) -> Vec<Gap> {
    let servers = survey.entries.iter().filter(|entry| server::is_server(entry));
    let servers: HashSet<&str> = servers.map(|entry| entry.dn.key()).collect();
    let is_unread = |dn: &Dn| !servers.contains(dn.key()) && !lineage(dn).any(|above| servers.contains(above));
    let exists = |entry: &&&Entry| !is_lost_and_found(&entry.dn);
    let endpoints = survey.entries.iter().filter(exists).filter(|entry| is_endpoint(entry) && is_unread(&entry.dn));
    let known_by_endpoints =
        endpoints.map(|entry| (server_above(&entry.dn), "SMTP endpoints of this server were read"));
    let ends = survey.entries.iter().filter(exists).flat_map(|entry| bridgeheads(entry));
    let ends = ends.filter(|end| !is_gone(end) && is_unread(end));
    let known_by_connectors =
        ends.map(|end| (server_above(&end), "a connector was read that sends from or to this server"));
    let mut unread: Vec<_> = known_by_endpoints.chain(known_by_connectors).collect();
    unread.sort_by_cached_key(|(server, known)| (fold(server), *known, server.clone()));
    unread.dedup_by(|later, earlier| same(&later.0, &earlier.0));
    let gap = |(server, known): (String, &'static str)| {
        let what = Prose::new(known).say(", but not the server itself");
        Gap::new(Prose::place(Kind::Dn, &server), what).fixed_by(survey.commands.below(&server))
    };
    first_of_many(unread.into_iter().map(gap))
}

/// Whether this is the name of what was deleted, or lies where objects go whose container was.
fn is_gone(dn: &Dn) -> bool {
    is_lost_and_found(dn) || dn.is_deleted() || dn.key().contains("\ndel:")
}

/// The server that an endpoint belongs to, by name: it stands three levels above.
fn server_above(endpoint: &Dn) -> String {
    const LEVELS: usize = 3;
    let above = dn::parts(endpoint.as_str()).skip(LEVELS).map(str::trim).collect::<Vec<_>>().join(",");
    if above.is_empty() { endpoint.as_str().to_owned() } else { above }
}

fn is_endpoint(entry: &Entry) -> bool {
    entry.is_a(schema::VIRTUAL_SERVER) || entry.is_a(schema::RECEIVE_CONNECTOR)
}
