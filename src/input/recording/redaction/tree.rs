//! Where the containers of every Active Directory and Exchange stand. A word is well known only in its own place: an
//! organization may be called Services, and a server Users.

use self::Place::{
    AdminGroup, AdminGroups, Configuration, Domain, Elsewhere, Exchange, Leaf, Organization, Protocols, RoutingGroup,
    RoutingGroups, Schema, Server, Servers, Services, Smtp, Transport, WindowsNt,
};
use crate::directory::schema;
use crate::directory::text::same;

/// Where in the directory a part of a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing but `DC=` parts above.
    Domain,
    Configuration,
    Schema,
    Services,
    WindowsNt,
    Exchange,
    Organization,
    AdminGroups,
    AdminGroup,
    Servers,
    Server,
    Protocols,
    Smtp,
    Transport,
    RoutingGroups,
    RoutingGroup,
    /// Behind a container whose objects are all names.
    Leaf,
    /// Anywhere else.
    Elsewhere,
}

/// Who stands below whom. What is not here is a name.
const TREE: &[(Place, &str, Place)] = &[
    (Domain, "Configuration", Configuration),
    (Domain, "Computers", Leaf),
    (Domain, "Users", Leaf),
    (Domain, "Domain Controllers", Leaf),
    (Domain, "Managed Service Accounts", Leaf),
    (Domain, "Program Data", Leaf),
    (Domain, "LostAndFound", Leaf),
    (Domain, "Deleted Objects", Leaf),
    (Configuration, "Partitions", Leaf),
    (Configuration, "LostAndFoundConfig", Leaf),
    (Configuration, "Deleted Objects", Leaf),
    (Configuration, "Schema", Schema),
    (Configuration, "Services", Services),
    (Schema, schema::EXCHANGE_SERVER_CATEGORY, Leaf),
    (Schema, "Computer", Leaf),
    (Schema, "Person", Leaf),
    (Services, "Windows NT", WindowsNt),
    (WindowsNt, "Directory Service", Leaf),
    (Services, "Microsoft Exchange", Exchange),
    (Organization, "Administrative Groups", AdminGroups),
    (AdminGroups, "Exchange Administrative Group (FYDIBOHF23SPDLT)", AdminGroup),
    (AdminGroups, "First Administrative Group", AdminGroup),
    (AdminGroup, "Servers", Servers),
    (AdminGroup, "Routing Groups", RoutingGroups),
    (AdminGroup, "Arrays", Leaf),
    (AdminGroup, "System Policies", Leaf),
    (AdminGroup, "Database Availability Groups", Leaf),
    (Server, "Protocols", Protocols),
    (Server, "Transport Configuration", Transport),
    (Protocols, "SMTP", Smtp),
    (Protocols, "SMTP Receive Connectors", Leaf),
    (Transport, "Frontend", Leaf),
    (Transport, "Mailbox", Leaf),
    (RoutingGroups, "Exchange Routing Group (DWBGZMFD01QNBJR)", RoutingGroup),
    (RoutingGroups, "First Routing Group", RoutingGroup),
    (RoutingGroup, "Connections", Leaf),
];

impl Place {
    /// Whether a part of this value below this place is well known, and the place of what is below that.
    pub(super) fn below(self, kind: &str, value: &str) -> (bool, Self) {
        if same(kind, "DC") && self == Domain {
            return (false, Domain);
        }
        let known = TREE.iter().find(|(place, name, _)| *place == self && same(name, value));
        if let Some((_, _, next)) = known {
            return (true, *next);
        }
        // The number of a virtual server.
        let is_number = value.len() <= 2 && value.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Smtp if is_number => (true, Elsewhere),
            Exchange => (false, Organization),
            AdminGroups => (false, AdminGroup),
            Servers => (false, Server),
            RoutingGroups => (false, RoutingGroup),
            _ => (false, Elsewhere),
        }
    }
}
