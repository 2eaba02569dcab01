//! Whom and which names a message is about.

use crate::directory::host::HostName;
use crate::directory::text::fold;
use crate::judge::facts::Facts;
use crate::judge::requirements::Judged;
use crate::symptoms::Fault;

use super::message::Message;

/// What a message is about.
pub(super) struct Subject<'a> {
    /// The names of which SMTPSVC names are made, each once.
    pub(super) names: Vec<HostName>,
    /// The servers that need one of the names, or that the message names itself.
    pub(super) servers: Vec<&'a Judged<'a>>,
    /// Whether the message leaves open which server sent, so that it may be any.
    pub(super) is_open: bool,
}

impl<'a> Subject<'a> {
    /// Finds in the directory what a message names. An SPN goes before a host name, of which an event has those of bystanders too; where
    /// both sides ask for a ticket, the other server is looked at as well.
    pub(super) fn of(message: &Message, facts: &'a Facts<'a>) -> Self {
        let is_open = message.symptoms.iter().any(|symptom| symptom.fault == Fault::Sender);
        let mut names = known_or_first(&message.smtpsvc, facts);
        // Somebody who asks about one host name alone means its SPN, whether it is known or not.
        if let (true, Some(only)) = (names.is_empty() && message.symptoms.is_empty(), only_host(message)) {
            names = known_or_first(&[only], facts);
        }
        let is_named = !names.is_empty();
        let mut servers: Vec<&Judged<'a>> = facts.servers.iter().filter(|judged| needs(judged, &names)).collect();
        if !is_named || is_open {
            for judged in &facts.servers {
                let announced: Vec<HostName> =
                    required(judged).filter(|name| message.words.contains(name.key())).collect();
                let is_meant = is_called(judged, message) || !announced.is_empty();
                if is_meant && !servers.iter().any(|known| known.is(judged)) {
                    servers.push(judged);
                    let own: Vec<HostName> = if announced.is_empty() { required(judged).collect() } else { announced };
                    names.extend(own.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
                }
            }
        }
        Self { names, servers, is_open: is_open && !is_named }
    }

    /// Whether the directory knows nothing of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.servers.is_empty() && self.names.is_empty()
    }
}

/// The one host name that a text consists of.
fn only_host(message: &Message) -> Option<HostName> {
    let mut words = message.words.iter();
    let only = words.next().filter(|_| words.next().is_none())?;
    HostName::parse(only).ok().filter(HostName::is_qualified)
}

/// Of the names of a text those that somebody needs or holds: a line break may have left others. Where nobody does, the first.
fn known_or_first(names: &[HostName], facts: &Facts<'_>) -> Vec<HostName> {
    let is_known = |name: &&HostName| {
        !facts.directory.holders(name).is_empty()
            || facts.servers.iter().any(|judged| needs(judged, std::slice::from_ref(name)))
    };
    let known: Vec<HostName> = names.iter().filter(is_known).cloned().collect();
    if known.is_empty() { names.first().cloned().into_iter().collect() } else { known }
}

fn needs(judged: &Judged<'_>, names: &[HostName]) -> bool {
    judged.requirements.iter().any(|requirement| names.contains(&requirement.name))
}

/// The names that a server requires, apart from its NetBIOS name.
fn required<'b>(judged: &'b Judged<'_>) -> impl Iterator<Item = HostName> + 'b {
    let needed = judged.requirements.iter().filter(|requirement| !requirement.needs.is_only_host_name());
    needed.map(|requirement| requirement.name.clone())
}

/// Whether a message has a name of the server or its account.
fn is_called(judged: &Judged<'_>, message: &Message) -> bool {
    let names = judged.host_names().map(HostName::key);
    let sam = judged.account().and_then(|account| account.sam_account_name.as_deref());
    let sam = sam.map(|sam| fold(sam.trim_end_matches('$')));
    names.chain(sam.as_deref()).any(|name| message.words.contains(name))
        || message.words.contains(&fold(&judged.server.names.name))
}
