//! An Exchange organisation as plain data, and where its objects lie in the directory.

pub(crate) struct Org {
    /// The first domain is the forest root, which holds the configuration partition.
    pub(crate) domains: Vec<Domain>,
    pub(crate) servers: Vec<Server>,
    pub(crate) orphans: Vec<Orphan>,
    pub(crate) objects: Vec<Object>,
    /// Values of `sPNMappings`; the object that carries them is absent when there are none.
    pub(crate) mappings: Vec<String>,
}

pub(crate) struct Domain {
    pub(crate) dns: String,
    pub(crate) cross_ref: bool,
    pub(crate) netbios: Option<String>,
}

pub(crate) struct Server {
    pub(crate) name: String,
    /// The addresses given for `ncacn_ip_tcp`.
    pub(crate) addresses: Vec<String>,
    pub(crate) roles: Option<u32>,
    pub(crate) serial: &'static str,
    pub(crate) admin_group: &'static str,
    pub(crate) endpoints: Vec<Endpoint>,
}

pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) rdn: String,
    pub(crate) fqdn: Option<String>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VirtualServer,
    Connector { enabled: Option<bool>, flags: Option<u32> },
}

/// An endpoint below a server object that nobody recorded.
pub(crate) struct Orphan {
    pub(crate) server_rdn: String,
    pub(crate) admin_group: &'static str,
    pub(crate) endpoint: Endpoint,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Computer,
    ManagedAccount,
    User,
    /// Something that is no account at all, yet carries an SPN.
    ConnectionPoint,
}

pub(crate) struct Object {
    pub(crate) rdn: String,
    pub(crate) folder: &'static str,
    pub(crate) domain: usize,
    pub(crate) class: Class,
    pub(crate) sam: Option<String>,
    pub(crate) dns_host: Option<String>,
    pub(crate) control: Option<u32>,
    pub(crate) spns: Vec<String>,
    /// The directory handed out the values in ranges and the last one was never fetched.
    pub(crate) open_range: bool,
}

impl Org {
    pub(crate) fn configuration(&self) -> String {
        format!("CN=Configuration,{}", self.domains[0].dn())
    }

    pub(crate) fn organisation(&self) -> String {
        format!("CN=First Organization,CN=Microsoft Exchange,CN=Services,{}", self.configuration())
    }

    pub(crate) fn server_dn(&self, server: &Server) -> String {
        self.server_dn_of(&server.name, server.admin_group)
    }

    pub(crate) fn orphan_server_dn(&self, orphan: &Orphan) -> String {
        self.server_dn_of(&orphan.server_rdn, orphan.admin_group)
    }

    fn server_dn_of(&self, rdn: &str, group: &str) -> String {
        let groups = format!("CN=Administrative Groups,{}", self.organisation());
        format!("CN={rdn},CN=Servers,CN={group},{groups}")
    }

    pub(crate) fn object_dn(&self, object: &Object) -> String {
        format!("CN={},{}{}", object.rdn, object.folder, self.domains[object.domain].dn())
    }
}

impl Domain {
    pub(crate) fn dn(&self) -> String {
        let parts: Vec<String> = self.dns.split('.').map(|label| format!("DC={label}")).collect();
        parts.join(",")
    }
}

impl Endpoint {
    pub(crate) fn dn(&self, server_dn: &str) -> String {
        let container = match self.kind {
            Kind::VirtualServer => "SMTP",
            Kind::Connector { .. } => "SMTP Receive Connectors",
        };
        format!("CN={},CN={container},CN=Protocols,{server_dn}", self.rdn)
    }
}

/// Names and SPNs compare without case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}
