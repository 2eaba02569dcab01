//! Reading from scripted servers.

use std::time::Duration;

use spn_doctor::input::ldap::{self, Auth, Live, Security, Settings};

use super::organisation::{Object, root};
use super::server::{Server, Trick, own_address, serve};

/// A domain controller with a catalog, that holds these objects.
pub(crate) fn controller(objects: Vec<Object>, trick: Option<(&str, Trick)>) -> Server {
    serve((own_address(), 0), root("TRUE"), objects, trick)
}

pub(crate) fn settings(servers: &[&Server]) -> Settings {
    Settings {
        servers: servers.iter().map(|server| server.name()).collect(),
        auth: Auth::Anonymous,
        security: Security::InsecurePlaintext,
        page_size: 2,
        step_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(120),
        ..Settings::default()
    }
}

pub(crate) fn read(servers: &[&Server]) -> anyhow::Result<Live> {
    ldap::read(&settings(servers), &mut ())
}

/// What was not read, a line each.
pub(crate) fn gaps(live: &Live) -> String {
    live.reading.gaps.iter().map(|gap| [gap.place.as_str(), gap.what.as_str()].join(": ") + "\n").collect()
}

/// What gets what was not read, a command each.
pub(crate) fn fixes(live: &Live) -> Vec<String> {
    live.reading.gaps.iter().flat_map(|gap| gap.fix.clone()).collect()
}
