//! Which objects the judgement needs, said once: `Selection::matters` looks at one value of one attribute. The quick look at raw
//! records and the predicate on entries apply it to each value they have; the LDAP filters are the same in the directory's language.

mod names;
mod values;

use ldap3::ldap_escape;

use self::names::Names;
pub(crate) use self::names::Seen;
use self::values::{HOST, after_host, is_like, is_server_category, is_smtpsvc};
use crate::directory::LOST_AND_FOUND;
use crate::directory::account::is_domain_controller;
use crate::directory::connector::SendConnector;
use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Reading};
use crate::directory::host::HostName;
use crate::directory::schema::{self, Attribute};
use crate::directory::server::{self, Names as ServerNames};
use crate::directory::spn::SMTPSVC;
use crate::directory::text::{fold, same};
use crate::input::ldif::{Field, Record};

/// The classes of the Exchange organization. In Active Directory a filter finds those that derive from them too; in recordings
/// `objectClass` names all that an object's class derives from.
const EXCHANGE_CLASSES: [&str; 5] = [
    schema::EXCHANGE_SERVER,
    schema::VIRTUAL_SERVER,
    schema::RECEIVE_CONNECTOR,
    schema::SEND_CONNECTOR,
    schema::ROUTING_GROUP_CONNECTOR,
];

/// What stands in the [key](Dn::key) of everything below the Exchange container.
const BELOW_EXCHANGE: &str = ",cn=microsoft exchange,cn=services,cn=configuration";

/// Everyone who answers for SMTP, as a filter.
pub(crate) const HOLDERS: &str = "(servicePrincipalName=SMTPSVC/*)";
/// The domain controllers, as a filter: this is their primary group everywhere, and unlike `userAccountControl`, bit by bit, it is indexed.
const DOMAIN_CONTROLLERS: &str = "(primaryGroupID=516)";
/// The naming contexts, as a filter. Who may not read the classes of an object finds it by its category, and sees that something is hidden.
pub(crate) const PARTITIONS: &str = "(|(objectClass=crossRef)(objectCategory=crossRef))";

/// The objects of the Exchange organization, as a filter, each by its class and by its category. That is named by its DN in the schema, or
/// by the class that it is the category of.
#[must_use]
pub(crate) fn exchange_filter(configuration: &Dn) -> String {
    let classes = EXCHANGE_CLASSES.map(|class| format!("(objectClass={class})(objectCategory={class})")).concat();
    let category = format!("CN={},CN=Schema,{configuration}", schema::EXCHANGE_SERVER_CATEGORY);
    format!("(|{classes}(objectCategory={}))", ldap_escape(category))
}

/// Which objects matter. It grows while reading: a server tells what its account may be called, an endpoint whom its name may
/// belong to, a holder who else might be meant by its logon name; and once an object matters, so does all that is said of it elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The [keys](HostName::key) of host names: matters who holds `HOST/x` or calls itself x (`dNSHostName`).
    hosts: Names,
    /// Logon names, folded: matters who is called so.
    logons: Names,
    /// Of those, the names of machines whose own FQDN stands in for the one that Exchange's configuration lacks.
    stand_ins: Names,
    /// The [keys](Dn::key) of objects that matter.
    objects: Names,
    /// The [keys](schema::guid_key) of the numbers of objects that matter: one may have been read under two names.
    guids: Names,
}

impl Default for Selection {
    fn default() -> Self {
        let none = Names::default;
        let mut logons = none();
        logons.insert(schema::KRBTGT);
        Self { hosts: none(), logons, stand_ins: none(), objects: none(), guids: none() }
    }
}

impl Selection {
    /// Whether an object matters because it has this value. The names in it by which it may come to matter are `seen`.
    fn matters(&self, attribute: Attribute, value: &[u8], seen: &mut Seen) -> bool {
        match attribute {
            Attribute::ObjectClass => {
                is_like(value, schema::CROSS_REF) || EXCHANGE_CLASSES.iter().any(|class| is_like(value, class))
            }
            Attribute::ObjectCategory => is_server_category(value),
            Attribute::SpnMappings => true,
            Attribute::ServicePrincipalName => {
                after_host(value).is_some_and(|name| self.hosts.contains(seen.name(name))) || is_smtpsvc(value)
            }
            Attribute::SamAccountName => self.logons.contains(seen.name(value)),
            Attribute::DnsHostName => self.hosts.contains(seen.name(value)),
            // Nobody needs its names, but a domain of which none was read was not read whole.
            Attribute::UserAccountControl => std::str::from_utf8(value).is_ok_and(is_domain_controller),
            _ => false,
        }
    }

    /// Whether the judgement needs this object, as far as is known by now.
    #[must_use]
    pub(crate) fn includes(&self, entry: &Entry) -> bool {
        self.objects.contains(entry.dn.key())
            || entry.values(Attribute::ObjectGuid).any(|guid| self.guids.contains(schema::guid_key(guid.as_bytes())))
            || self.asks_for(entry)
    }

    /// Whether the judgement needs this object for what it is.
    #[must_use]
    pub(crate) fn asks_for(&self, entry: &Entry) -> bool {
        let mut seen = Seen::default();
        entry.attributes().any(|(attribute, value)| self.matters(attribute, value.as_bytes(), &mut seen))
            || entry.cut_off() == Some(Attribute::ServicePrincipalName)
            || is_unclassified(entry)
    }

    /// Whether [`includes`](Self::includes) may hold of a record's entry. Tells it from the bytes, so that what nobody needs
    /// is passed over quickly; where those are unusual, it says yes. `key` is the record's [`plain_key`](Dn::plain_key), if it has one.
    /// `seen` are then the names by which the record may come to matter, but for its own.
    #[must_use]
    pub(crate) fn may_include(&self, record: &Record, key: Option<&[u8]>, seen: &mut Seen) -> bool {
        seen.clear();
        let mut may = key.is_none_or(|key| self.objects.contains(key));
        let mut has_class = false;
        for Field { attribute, options, value } in record.fields() {
            may |= match attribute {
                Attribute::ObjectGuid => self.guids.contains(seen.number(value)),
                _ => self.matters(attribute, value, seen),
            };
            has_class |= attribute == Attribute::ObjectClass;
            may |= attribute == Attribute::ServicePrincipalName && !options.is_empty();
        }
        may || !has_class && key.is_some_and(|key| may_be_of_exchange(&String::from_utf8_lossy(key)))
    }

    /// Whether something is known to matter that was not known `before`, by a name of which `passed_over` is true.
    pub(crate) fn grew_by(&self, before: &Self, passed_over: impl Fn(&[u8]) -> bool) -> bool {
        self.hosts.not_in(&before.hosts).any(&passed_over)
            || self.logons.not_in(&before.logons).any(|name| passed_over(names::bare(name)))
            || self.guids.not_in(&before.guids).any(&passed_over)
            || self.objects.not_in(&before.objects).any(&passed_over)
    }

    /// Whether an object of this [key](Dn::key) is kept.
    #[must_use]
    pub(crate) fn knows(&self, key: &[u8]) -> bool {
        self.objects.contains(key)
    }

    /// Learns from an object that is kept: that it matters, and who else.
    pub(crate) fn learn(&mut self, entry: &Entry) {
        self.learn_names(entry);
        self.objects.insert(entry.dn.key());
        // Not of those that only came because of their number: each could name the next, for ever.
        if self.asks_for(entry) {
            let keys = entry.values(Attribute::ObjectGuid).map(|guid| schema::guid_key(guid.as_bytes()));
            keys.for_each(|key| self.guids.insert(key));
        }
    }

    /// Learns which names matter because of an object.
    pub(crate) fn learn_names(&mut self, entry: &Entry) {
        if server::is_server(entry) {
            let names = ServerNames::of(entry);
            names.all().chain(&names.short).for_each(|name| self.learn_host(name));
            self.logons.insert(names.sam_account_name());
            if names.fqdns.is_empty() {
                self.stand_ins.insert(names.sam_account_name());
            }
        }
        if self.is_stand_in(entry) {
            let own = entry.values(Attribute::DnsHostName).filter_map(|name| HostName::parse(name).ok());
            own.for_each(|name| self.learn_host(&name));
        }
        for fqdn in [Attribute::VirtualServerFqdn, Attribute::ConnectorFqdn] {
            entry
                .values(fqdn)
                .filter_map(|name| HostName::announced(name).ok())
                .for_each(|name| self.learn_host(&name));
        }
        if let Some(connector) = SendConnector::read(entry) {
            connector
                .smart_hosts()
                .filter_map(|name| HostName::parse(name).ok())
                .for_each(|name| self.learn_host(&name));
        }
        if self.is_holder(entry) {
            for name in entry.values(Attribute::SamAccountName) {
                self.logons.insert(fold(name));
                self.logons.insert(computer_called(name));
            }
        }
    }

    fn is_stand_in(&self, entry: &Entry) -> bool {
        !self.stand_ins.is_empty()
            && entry.values(Attribute::SamAccountName).any(|name| self.stand_ins.contains(fold(name)))
    }

    fn learn_host(&mut self, name: &HostName) {
        if !self.hosts.contains(name.key()) {
            if !name.is_qualified() {
                self.logons.insert(format!("{}$", name.key()));
            }
            self.hosts.insert(name.key());
        }
    }

    /// Whether the object holds a name that somebody needs, so that a command may have to name it.
    fn is_holder(&self, entry: &Entry) -> bool {
        let is_needed = |spn: &str| {
            let (class, host) = spn.split_once('/').unwrap_or_default();
            (same(class, SMTPSVC) || same(class, "HOST")) && self.hosts.contains(fold(host))
        };
        entry.values(Attribute::ServicePrincipalName).any(is_needed)
    }

    /// The filters, of one term each, that find who matters by name, and the domain controllers. In Active Directory `dNSHostName` is not indexed, so it is
    /// never searched by.
    pub(crate) fn terms(&self) -> impl Iterator<Item = String> {
        let hosts = self.hosts.texts().map(|host| term(Attribute::ServicePrincipalName, &format!("{HOST}{host}")));
        let logons = self.logons.texts().map(|name| term(Attribute::SamAccountName, name));
        hosts.chain(logons).chain([DOMAIN_CONTROLLERS.to_owned()])
    }

    /// Learns all names that matter because of these objects: first those that servers and connectors bring, then their holders'.
    pub(crate) fn learn_all<'a>(&mut self, entries: impl Iterator<Item = &'a Entry> + Clone) {
        entries.clone().for_each(|entry| self.learn_names(entry));
        entries.for_each(|entry| self.learn_names(entry));
    }
}

/// Drops the objects that matter to nobody once all are known: so a directory is judged alike however it was read. Names those that do
/// not show why they were found; what a category brought shows its classes.
pub(crate) fn keep_selected(reading: &mut Reading) -> Vec<Dn> {
    let mut selection = Selection::default();
    selection.learn_all(reading.entries());
    let mut dropped = Vec::new();
    reading.retain(|entry| {
        let keep = selection.asks_for(entry);
        dropped.extend((!keep && !is_below_exchange(&entry.dn)).then(|| entry.dn.clone()));
        keep
    });
    dropped
}

/// Whether an object that may belong to Exchange came without its classes, so that nobody can say what it is.
#[must_use]
pub(crate) fn is_unclassified(entry: &Entry) -> bool {
    !entry.has(Attribute::ObjectClass) && may_be_of_exchange(entry.dn.key())
}

/// Whether an object lies below the Exchange container.
#[must_use]
pub(crate) fn is_below_exchange(dn: &Dn) -> bool {
    dn.key().contains(BELOW_EXCHANGE)
}

/// Whether the object of this [key](Dn::key) lies below the Exchange container, or where that is found which lost its own.
fn may_be_of_exchange(key: &str) -> bool {
    key.contains(BELOW_EXCHANGE) || key.contains(LOST_AND_FOUND)
}

/// The logon name, folded, of the computer that is meant where an account is called by this one without its domain.
#[must_use]
pub(crate) fn computer_called(sam_account_name: &str) -> String {
    let name = fold(sam_account_name);
    format!("{}$", name.strip_suffix('$').unwrap_or(&name))
}

/// `(attribute=value)`, escaped (RFC 4515): the value can be anything.
#[must_use]
pub(crate) fn term(attribute: Attribute, value: &str) -> String {
    format!("({}={})", attribute.name(), ldap_escape(value))
}
