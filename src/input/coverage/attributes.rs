//! What nobody in the Exchange organization shows, though setup and the cmdlets always write it: it was not exported, or may not be read.

use std::collections::{BTreeMap, HashMap};

use super::Survey;
use super::commands::EXCHANGE;
use crate::directory::connector::bridgeheads;
use crate::directory::dn::Dn;
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::schema::{self, Attribute};
use crate::directory::server::Server;
use crate::directory::{Directory, is_lost_and_found, lineage};

/// What each receive connector is made with, so that each server shows it on one at least.
const OF_RECEIVE_CONNECTORS: [Attribute; 3] =
    [Attribute::ConnectorFqdn, Attribute::ConnectorSecurity, Attribute::ConnectorRestrictions];
/// What each virtual server of Exchange 2000 and 2003 is made with. One may lack it all the same.
const OF_VIRTUAL_SERVERS: [Attribute; 3] =
    [Attribute::VirtualServerFqdn, Attribute::AuthenticationFlags, Attribute::ServerAutoStart];

/// One problem an attribute, and where only some servers' connectors show it, one for each of the others.
pub(super) fn gaps(survey: &Survey, directory: &Directory) -> Vec<Gap> {
    let objects = Objects::of(survey, directory);
    let mut gaps: Vec<Gap> =
        OF_RECEIVE_CONNECTORS.iter().flat_map(|attribute| of_connectors(survey, &objects, *attribute)).collect();
    let virtual_servers = OF_VIRTUAL_SERVERS.map(|attribute| (&objects.virtual_servers, "virtual server", attribute));
    let others = [
        (&objects.send_connectors, "send connector", Attribute::SourceBridgeheads),
        (&objects.modern_send_connectors, "send connector of Exchange 2007 or later", Attribute::SendFlags),
        (&objects.modern_servers, "server of Exchange 2007 or later", Attribute::CurrentServerRoles),
        (&objects.judged_servers, "Exchange server", Attribute::NetworkAddress),
    ];
    let rules = virtual_servers.into_iter().chain(others);
    let unshown = rules.filter(|(objects, _, attribute)| nobody_shows(objects, *attribute));
    gaps.extend(unshown.map(|(_, kind, attribute)| of_nobody(survey, kind, attribute)));
    gaps
}

fn nobody_shows(objects: &[&Entry], attribute: Attribute) -> bool {
    !objects.is_empty() && !objects.iter().any(|entry| entry.has(attribute))
}

fn of_nobody(survey: &Survey, kind: &'static str, attribute: Attribute) -> Gap {
    let what = Prose::new(attribute.name()).say(" was read of no ").say(kind);
    let what = what.say(": it was not exported, or may not be read");
    Gap::new("directory", what).fixed_by(survey.commands.in_configuration(EXCHANGE))
}

fn of_connectors(survey: &Survey, objects: &Objects, attribute: Attribute) -> Vec<Gap> {
    if nobody_shows(&objects.receive_connectors, attribute) {
        return vec![of_nobody(survey, "receive connector", attribute)];
    }
    let silent = objects.of_one_server.values().filter(|(_, connectors)| nobody_shows(connectors, attribute));
    let gap = |(server, _): &(&Dn, Vec<&Entry>)| {
        let what = Prose::new(attribute.name()).say(" was read of no receive connector of this server");
        let what = what.say(": it was not exported, or may not be read");
        Gap::new(Prose::place(Kind::Dn, server.as_str()), what).fixed_by(survey.commands.below(server.as_str()))
    };
    silent.map(gap).collect()
}

/// The objects by what they have to show.
#[derive(Default)]
struct Objects<'a> {
    receive_connectors: Vec<&'a Entry>,
    /// Those of each server that is judged, by its [key](Dn::key).
    of_one_server: BTreeMap<&'a str, (&'a Dn, Vec<&'a Entry>)>,
    /// Those that count: later servers keep one for others to name.
    virtual_servers: Vec<&'a Entry>,
    send_connectors: Vec<&'a Entry>,
    /// Those that send from a server of 2007 or later. Exchange 2003 gives its own no flags.
    modern_send_connectors: Vec<&'a Entry>,
    modern_servers: Vec<&'a Entry>,
    judged_servers: Vec<&'a Entry>,
}

impl<'a> Objects<'a> {
    fn of(survey: &'a Survey, directory: &'a Directory) -> Self {
        let servers: HashMap<&str, &Server> =
            directory.servers.iter().map(|server| (server.dn.key(), server)).collect();
        let above = |dn: &Dn| lineage(dn).find_map(|above| servers.get(above).copied());
        let is_modern = |server: &Server| server.version.is_some_and(|version| !version.has_virtual_servers());
        let mut objects = Self::default();
        for entry in survey.entries.iter().copied().filter(|entry| !is_lost_and_found(&entry.dn)) {
            if entry.is_a(schema::RECEIVE_CONNECTOR) {
                objects.receive_connectors.push(entry);
                if let Some(server) = above(&entry.dn).filter(|server| server.skipped.is_none()) {
                    objects.of_one_server.entry(server.dn.key()).or_insert((&server.dn, Vec::new())).1.push(entry);
                }
            }
            if entry.is_a(schema::VIRTUAL_SERVER) && above(&entry.dn).is_some_and(Server::has_virtual_servers) {
                objects.virtual_servers.push(entry);
            }
            if entry.is_a(schema::SEND_CONNECTOR) {
                objects.send_connectors.push(entry);
                if bridgeheads(entry).filter_map(|source| above(&source)).any(is_modern) {
                    objects.modern_send_connectors.push(entry);
                }
            }
            if let Some(server) = servers.get(entry.dn.key()) {
                objects.modern_servers.extend(is_modern(server).then_some(entry));
                objects.judged_servers.extend(server.skipped.is_none().then_some(entry));
            }
        }
        objects
    }
}
