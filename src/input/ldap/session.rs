//! A connection on which searches are made, one after the other: in pages, with ranges followed to their ends.
//!
//! A server is believed no further than it has to be: what it may send, how often and how much, is bounded.

use std::time::{Duration, Instant};

use ldap3::controls::{MakeCritical as _, PagedResults, RawControl};
use ldap3::{Ldap, LdapError, LdapResult, Scope};
use tokio::task::JoinHandle;

use super::address::Address;
use super::failure::{Failure, Trouble, within};
use super::kept::Kept;
use super::progress::{Progress, SearchReport};
use super::response::{Response, SearchEntry};
use super::search::{Refusal, SearchRequest, SearchResult, Seen};
use super::settings::{Auth, Settings};
use super::wire::layer::Layer;
use super::wire::pair;
use super::wire::relay::{self, Fault, Stream};
use crate::directory::dn::Dn;
use crate::input::ber::{self, Elements, INTEGER, Malformed, OCTETS, SEQUENCE};

/// More objects than any forest has Exchange servers, endpoints or holders.
const MOST_ENTRIES: usize = 250_000;
const TOO_MUCH: &str = "it sends more than any directory has";
/// Pages without an object: a server may have looked at many that do not match, but not for ever.
const MOST_EMPTY_PAGES: usize = 1000;
/// Parts of one attribute: 300,000 values where 1,500 come at a time, which is far beyond what an object can hold.
const MOST_RANGES: usize = 200;

/// A bound connection.
pub(super) struct Session {
    ldap: Ldap,
    driver: JoinHandle<Result<(), LdapError>>,
    relay: JoinHandle<()>,
    fault: Fault,
    /// The server, `dc1.contoso.com:389`.
    pub(super) server: String,
    /// The server's host name, as it was asked for.
    pub(super) host: String,
    /// Who asks, and so what must not be shown.
    auth: Auth,
    step: Duration,
    page_size: u32,
    kept: Kept,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
        self.relay.abort();
    }
}

#[derive(Default)]
struct Page {
    items: Vec<Response>,
    cookie: Vec<u8>,
    refusal: Option<Refusal>,
}

impl Session {
    /// Puts the client library on top of a bound connection.
    pub(super) async fn start(
        stream: impl Stream + 'static,
        layer: Layer,
        address: &Address,
        settings: &Settings,
        kept: Kept,
    ) -> Result<Self, Failure> {
        let connected = pair::connect().await;
        let (driver, ldap, outside) =
            connected.map_err(|error| Failure::server(format!("no local socket can be made: {error}")))?;
        let fault = Fault::default();
        Ok(Self {
            ldap,
            driver: tokio::spawn(driver.drive()),
            relay: tokio::spawn(relay::run(outside, stream, layer, fault.clone())),
            fault,
            server: address.to_string(),
            host: address.host.clone(),
            auth: settings.auth.clone(),
            step: settings.step_timeout,
            page_size: settings.page_size.clamp(1, 100_000),
            kept,
        })
    }

    /// Asks for one object, without pages.
    pub(super) async fn read(
        &mut self,
        request: &SearchRequest<'_>,
        progress: &mut dyn Progress,
    ) -> Result<SearchResult, Failure> {
        let started = Instant::now();
        let page = self.page(request, None).await?;
        let mut result = SearchResult { refusal: page.refusal, ..SearchResult::default() };
        self.keep(page.items, request, &mut result, &mut Seen::default())?;
        if result.entries.len() > 1 {
            return Err(self.misbehaved("it sent one object twice, each time with other contents"));
        }
        self.report(request, &result, 1, started, progress);
        Ok(result)
    }

    /// Asks for many objects.
    pub(super) async fn search(
        &mut self,
        request: &SearchRequest<'_>,
        progress: &mut dyn Progress,
    ) -> Result<SearchResult, Failure> {
        let started = Instant::now();
        let (mut result, mut seen) = (SearchResult::default(), Seen::default());
        let (mut pages, mut empty, mut cookie) = (0, 0, Vec::new());
        loop {
            let page = self.page(request, Some(cookie)).await?;
            pages += 1;
            let brings_objects = page.items.iter().any(|item| matches!(item, Response::Entry(_)));
            empty = if brings_objects { 0 } else { empty + 1 };
            let repeats = !self.keep(page.items, request, &mut result, &mut seen)?;
            result.refusal = page.refusal;
            cookie = page.cookie;
            if cookie.is_empty() || result.refusal.is_some() {
                break;
            }
            if repeats || empty > MOST_EMPTY_PAGES {
                return Err(self.misbehaved("it sends the same page, or an empty one, over and over"));
            }
        }
        self.report(request, &result, pages, started, progress);
        self.follow_ranges(&mut result, progress).await?;
        Ok(result)
    }

    fn report(
        &self,
        request: &SearchRequest<'_>,
        result: &SearchResult,
        pages: usize,
        since: Instant,
        progress: &mut dyn Progress,
    ) {
        progress.search(&SearchReport {
            server: self.server.clone(),
            base: request.base.to_owned(),
            filter: request.filter.to_owned(),
            entries: result.entries.len(),
            pages,
            millis: since.elapsed().as_millis(),
        });
    }

    /// Keeps what a page brought. False if it brought objects, but none that is new. An object that comes again is, where its
    /// contents differ: the judgement has to know both.
    fn keep(
        &mut self,
        items: Vec<Response>,
        request: &SearchRequest<'_>,
        result: &mut SearchResult,
        seen: &mut Seen,
    ) -> Result<bool, Failure> {
        let base =
            Dn::parse(request.base).map_err(|error| Failure::server(format!("its names cannot be read: {error}")))?;
        let (mut objects, mut new) = (0, 0);
        for item in items {
            match item {
                // Some servers say so again on every page.
                Response::Reference(urls) => {
                    let urls: Vec<String> = urls.into_iter().filter(|url| seen.is_new(url)).collect();
                    self.kept.add(Response::weight_of(&urls));
                    result.references.extend(urls);
                }
                Response::Entry(found) => {
                    objects += 1;
                    let dn = self.checked(&found, &base, request.scope)?;
                    if seen.is_new((dn.key(), &found.attributes)) {
                        new += 1;
                        self.kept.add(found.weight());
                        result.entries.push(found);
                    }
                }
            }
        }
        if result.entries.len() > MOST_ENTRIES || result.references.len() > MOST_ENTRIES || self.kept.left() == 0 {
            return Err(self.misbehaved(TOO_MUCH));
        }
        Ok(objects == 0 || new > 0)
    }

    /// The name of an object that answers the question, and in a way that can be read.
    fn checked(&self, found: &SearchEntry, base: &Dn, scope: Scope) -> Result<Dn, Failure> {
        let name = || self.auth.discreet(&found.dn);
        if let Some(description) = found.unreadable_range() {
            let description = self.auth.discreet(description);
            return Err(self.misbehaved(&format!(
                "of {:?} it sent {description:?}, an attribute, and it is not clear what is missing",
                name()
            )));
        }
        let dn = Dn::parse(&found.dn).ok().filter(|dn| lies_within(dn, base, scope));
        dn.ok_or_else(|| {
            self.misbehaved(&format!("it sent {:?}, which does not lie where it was asked to look", name()))
        })
    }

    /// One page, or with no cookie all of it.
    async fn page(&mut self, request: &SearchRequest<'_>, cookie: Option<Vec<u8>>) -> Result<Page, Failure> {
        let paged = cookie.is_some();
        let mut ldap = self.ldap.clone();
        if let Some(cookie) = cookie {
            let size = i32::try_from(self.page_size).unwrap_or(i32::MAX);
            ldap.with_controls(RawControl::from(PagedResults { size, cookie }.critical()));
        }
        let most = if paged { self.page_size as usize } else { MOST_ENTRIES };
        let left = self.kept.left();
        let step = format!("a search on {}", self.server);
        let collected = async {
            let collected = collect(&mut ldap, request, most, left).await;
            collected.map_err(|error| self.broken(&error))
        };
        let collected = within(self.step, &step, collected).await?;
        let (items, result) = collected.map_err(|what| self.misbehaved(what))?;
        let cookie = match (result.rc, paged) {
            (0, true) => self.cookie(&result)?,
            _ => Vec::new(),
        };
        Ok(Page { items, cookie, refusal: self.refusal(&result)? })
    }

    /// What the server says is left: nothing, or where to go on.
    fn cookie(&self, result: &LdapResult) -> Result<Vec<u8>, Failure> {
        const PAGED: &str = "1.2.840.113556.1.4.319";
        let mut controls = result.ctrls.iter().filter(|control| control.1.ctype == PAGED);
        let value = controls.next().and_then(|control| control.1.val.as_deref()).ok_or_else(|| {
            self.misbehaved("it left out the paging control, so it is not clear whether this was everything")
        })?;
        if controls.next().is_some() {
            return Err(self.misbehaved("it sent several paging controls, so it is not clear which one counts"));
        }
        let cookie = || -> Result<Vec<u8>, Malformed> {
            let mut parts = Elements::new(Elements::new(value).expect(SEQUENCE)?);
            ber::number(parts.expect(INTEGER)?)?;
            Ok(parts.expect(OCTETS)?.to_vec())
        };
        cookie().map_err(|_| self.misbehaved("its paging control cannot be read"))
    }

    fn refusal(&self, result: &LdapResult) -> Result<Option<Refusal>, Failure> {
        const HINT: &str = "use --auth kerberos, or --auth simple with --user";
        let text = self.auth.discreet(&result.text);
        let said = format!("{} ({text})", result.rc);
        let server = &self.server;
        match result.rc {
            0 => Ok(None),
            51 => Err(Failure::server(format!("{server} is busy: {said}"))),
            52 => Err(Failure::server(format!("{server} is unavailable: {said}"))),
            8 => Err(Failure::last(
                format!("{server} answers only over an encrypted connection: {said}"),
                "leave out --insecure-plaintext",
            )),
            1 if is_for_the_unknown(&result.text) => {
                Err(Failure::last(format!("{server} does not answer without authentication: {said}"), HINT))
            }
            code => Ok(Some(Refusal { code, text })),
        }
    }

    fn broken(&self, error: &LdapError) -> Failure {
        let cause = self.fault.cause().unwrap_or_else(|| error.to_string());
        Failure::server(format!("the connection to {} failed: {}", self.server, self.auth.discreet(&cause)))
    }

    fn misbehaved(&self, what: &str) -> Failure {
        let hint = "this is not how a domain controller behaves: check that it is one";
        Failure::Server(Trouble::new(format!("{} cannot be read: {what}", self.server)).hint(hint))
    }

    /// Reads the rest of attributes that came in part.
    async fn follow_ranges(&mut self, result: &mut SearchResult, progress: &mut dyn Progress) -> Result<(), Failure> {
        for found in &mut result.entries {
            for step in 0.. {
                let Some((name, next)) = found.unfinished().map(|(name, next)| (name.to_owned(), next)) else { break };
                if step > MOST_RANGES {
                    return Err(self.misbehaved("the values of an attribute never end"));
                }
                let description = format!("{name};range={next}-*");
                let base = found.dn.clone();
                let request = SearchRequest {
                    base: &base,
                    scope: Scope::Base,
                    filter: "(objectClass=*)",
                    attributes: &[&description],
                };
                let mut rest = self.read(&request, progress).await?;
                // `read` counted what it kept, so the limit on memory holds here too.
                let more = rest.entries.pop().filter(|_| rest.refusal.is_none());
                // What cannot be read to its end stays a range without one, and so a gap.
                if !more.is_some_and(|more| found.extend(&name, next, more)) {
                    result.refusal = result.refusal.take().or(rest.refusal);
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Active Directory and Samba tell the unauthenticated so, each in its own words.
fn is_for_the_unknown(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("successful bind must be completed") || text.contains("without authentication")
}

fn lies_within(dn: &Dn, base: &Dn, scope: Scope) -> bool {
    match scope {
        Scope::Base => dn == base,
        Scope::OneLevel => dn.lineage().nth(1) == Some(base.key()),
        Scope::Subtree => base.is_root() || dn.lineage().any(|above| above == base.key()),
    }
}

/// Collects a search's result, unless there is more of it than there may be: then says what is too much.
async fn collect(
    ldap: &mut Ldap,
    request: &SearchRequest<'_>,
    most: usize,
    mut left: usize,
) -> Result<Result<(Vec<Response>, LdapResult), &'static str>, LdapError> {
    let attributes: Vec<&str> = request.attributes.to_vec();
    let mut stream = ldap.streaming_search(request.base, request.scope, request.filter, attributes).await?;
    let mut items = Vec::new();
    let mut objects = 0;
    while let Some(entry) = stream.next().await? {
        let Some(item) = Response::read(entry.0) else { return Ok(Err("it sends what no search is answered with")) };
        objects += usize::from(matches!(item, Response::Entry(_)));
        if objects > most || items.len() >= most.saturating_add(MOST_ENTRIES) {
            return Ok(Err("it sends more objects than were asked for"));
        }
        // At once, and not only when the page is whole: a page of the largest messages would be gigabytes.
        match left.checked_sub(item.weight()) {
            Some(rest) => left = rest,
            None => return Ok(Err(TOO_MUCH)),
        }
        items.push(item);
    }
    Ok(Ok((items, stream.finish().await)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ldap::settings::Security;

    const QUERY: SearchRequest<'static> =
        SearchRequest { base: "DC=com", scope: Scope::Subtree, filter: "(cn=*)", attributes: &["cn"] };

    /// A session whose client library panics after so long, before a server that never answers.
    async fn panicking(after: Duration) -> Failure {
        let (driver, ldap, _outside) = pair::connect().await.unwrap();
        let driver = tokio::spawn(async move {
            let result = tokio::time::timeout(after, driver.drive()).await;
            panic!("as a library may: {result:?}")
        });
        let mut session = Session {
            ldap,
            driver,
            relay: tokio::spawn(std::future::pending()),
            fault: Fault::default(),
            server: Address::parse("dc1", Security::Sealed).unwrap().to_string(),
            host: "dc1".to_owned(),
            auth: Auth::Anonymous,
            step: Duration::from_secs(20),
            page_size: 10,
            kept: Kept::default(),
        };
        session.search(&QUERY, &mut ()).await.unwrap_err()
    }

    #[test]
    fn a_panic_of_the_client_library_is_an_error_of_the_server_like_any_other() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for after in [0, 50] {
            let started = Instant::now();
            let failure = runtime.block_on(panicking(Duration::from_millis(after)));
            assert!(started.elapsed() < Duration::from_secs(10));
            let Failure::Server(trouble) = failure else { panic!("another server is not tried: {failure:?}") };
            assert!(trouble.what().starts_with("the connection to dc1:389 failed: "), "{trouble}");
        }
    }
}
