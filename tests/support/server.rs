//! A scripted LDAP server: holds objects, answers searches in pages, and misbehaves on request.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindResponse, LdapFilter, LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode, LdapSearchRequest,
    LdapSearchResultEntry, LdapSearchResultReference, LdapSearchScope,
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_util::codec::{Decoder, Encoder};

use super::organisation::{Object, object};

/// Where the number of an object of a crowd stands.
pub(crate) const NUMBER: &str = "#######";

/// What the server does instead of answering properly, to the searches that the trick is for.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "some of it needs the memory of a process to be measured")
)]
#[derive(Clone, Debug)]
pub(crate) enum Trick {
    /// Another result than success, after as many objects.
    Result(LdapResultCode, usize),
    /// Closes the connection after as many objects.
    Die(usize),
    /// Refuses, and says why.
    Say(LdapResultCode, String),
    /// Says nothing any more.
    Stall,
    /// Says that there is nothing, as to one who may not see it.
    Hide,
    /// Leaves out the paging control.
    NoPagingControl,
    /// Sends the first page for ever.
    SamePage,
    /// Sends new objects for ever.
    NewPages,
    /// Fills all places up to this one with objects like this, in each of which its number stands in place of [`NUMBER`], and then this result.
    Crowd(usize, Object, LdapResultCode),
    /// Sends pages without objects for ever.
    EmptyPages,
    /// Sends more objects than a page may have.
    Flood,
    /// Sends this object and no other.
    Instead(Object),
    Refer(Vec<String>),
    /// Answers under another message's number.
    OtherId,
    /// Sends these bytes.
    Raw(Vec<u8>),
    /// Never comes to the end of an attribute with ranges.
    EndlessRange,
    /// Repeats the first range.
    SameRange,
    /// Sends whole pages of objects with values of this size, and so many of them.
    Heavy(usize, usize),
    /// Sends whole pages of objects with so many attributes that have no value.
    Hollow(usize),
    /// Sends pages without objects for ever, and on each a referral, of this length: a new one, unless that is 0.
    ReferPages(usize),
    /// Says that this was all after as many objects, and sends the others behind that, all at once.
    Late(usize),
    /// Sends pages of objects with one name and ever new contents for ever.
    NewContents,
    /// Sends one object and two paging controls, of which only the second one says that there is more.
    TwoCookies,
    /// Describes the values of servicePrincipalName as this range of them.
    Range(&'static str),
    /// Sends this operation, with what follows it in its message, before the answer.
    Before(Vec<u8>),
    /// Sends one byte at a time of a message that never ends.
    Drip,
}

/// Runs until the tests end, and remembers what it was asked.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    /// Base and filter of every search, in the order asked.
    pub(crate) searches: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    pub(crate) fn name(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn filters(&self) -> Vec<String> {
        self.searches.lock().unwrap().iter().map(|(_, filter)| filter.clone()).collect()
    }
}

#[derive(Clone)]
struct Script {
    root: Object,
    objects: Arc<Vec<Object>>,
    /// A part of the searches that the trick is for, of their base, filter or attributes, and the trick.
    trick: Option<(String, Trick)>,
    /// How many values of an attribute are sent at a time.
    range: usize,
    searches: Arc<Mutex<Vec<(String, String)>>>,
}

/// An address of the loopback network that no other test of this program has.
pub(crate) fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let [.., process] = std::process::id().to_be_bytes();
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Ipv4Addr::new(127, 1 + (process & 0x7f), high, low)
}

/// Starts a server that holds these objects.
pub(crate) fn serve(
    address: (Ipv4Addr, u16),
    root: Object,
    objects: Vec<Object>,
    trick: Option<(&str, Trick)>,
) -> Server {
    serve_with(address, root, objects, trick, None)
}

/// The same within TLS, where this is given.
pub(crate) fn serve_with(
    address: (Ipv4Addr, u16),
    root: Object,
    objects: Vec<Object>,
    trick: Option<(&str, Trick)>,
    tls: Option<Arc<ServerConfig>>,
) -> Server {
    let listener = TcpListener::bind(address).unwrap();
    let searches = Arc::new(Mutex::new(Vec::new()));
    let trick = trick.map(|(part, trick)| (part.to_owned(), trick));
    let script = Script { root, objects: Arc::new(objects), trick, range: 1500, searches: searches.clone() };
    let connections = Arc::new(AtomicUsize::new(0));
    let server = Server { address: listener.local_addr().unwrap(), connections: connections.clone(), searches };
    thread::spawn(move || {
        for stream in listener.incoming() {
            connections.fetch_add(1, Ordering::Relaxed);
            let (script, tls) = (script.clone(), tls.clone());
            let _ = stream.as_ref().map(|stream| stream.set_nodelay(true));
            thread::spawn(move || {
                Conversation { stream: wire(stream.unwrap(), tls), script, found: Default::default() }.run();
            });
        }
    });
    server
}

fn wire(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Box<dyn Wire> {
    match tls {
        Some(config) => Box::new(StreamOwned::new(ServerConnection::new(config).unwrap(), stream)),
        None => Box::new(stream),
    }
}

/// A connection, TLS or not.
trait Wire: Read + Write + Send {}
impl<S: Read + Write + Send> Wire for S {}

struct Conversation {
    stream: Box<dyn Wire>,
    script: Script,
    /// What the last search asked for, and all that was found: the next page of it is not searched for again.
    found: (String, Arc<Vec<Object>>),
}

impl Conversation {
    fn run(mut self) {
        let (mut buffer, mut piece) = (BytesMut::new(), [0; 4096]);
        loop {
            loop {
                match LdapCodec::default().decode(&mut buffer) {
                    Ok(Some(message)) => {
                        if self.answer(message).is_none() {
                            return;
                        }
                    }
                    Ok(None) => break,
                    // Whatever this is, it is no request: as from a client behind a bad line.
                    Err(_) => return,
                }
            }
            match self.stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(count) => buffer.extend_from_slice(&piece[..count]),
            }
        }
    }

    fn send(&mut self, id: i32, op: LdapOp, ctrl: Vec<LdapControl>) -> Option<()> {
        self.send_all(vec![LdapMsg { msgid: id, op, ctrl }])
    }

    /// Sends these messages at once.
    fn send_all(&mut self, messages: Vec<LdapMsg>) -> Option<()> {
        let mut bytes = BytesMut::new();
        for message in messages {
            LdapCodec::default().encode(message, &mut bytes).unwrap();
        }
        self.stream.write_all(&bytes).ok()
    }

    /// Sends these messages, one by one unless they are to come at once.
    fn send_each(&mut self, messages: &[LdapMsg], at_once: bool) -> Option<()> {
        let size = if at_once { usize::MAX } else { 1 };
        messages.chunks(size).try_for_each(|messages| self.send_all(messages.to_vec()))
    }

    fn answer(&mut self, message: LdapMsg) -> Option<()> {
        match message.op {
            LdapOp::BindRequest(_) => {
                let res = result(LdapResultCode::Success);
                self.send(message.msgid, LdapOp::BindResponse(LdapBindResponse { res, saslcreds: None }), Vec::new())
            }
            LdapOp::SearchRequest(search) => {
                let page = message.ctrl.iter().find_map(|control| match control {
                    LdapControl::SimplePagedResults { size, cookie } => {
                        Some((usize::try_from(*size).unwrap_or(0), cookie.clone()))
                    }
                    _ => None,
                });
                self.search(message.msgid, &search, page.as_ref())
            }
            _ => None,
        }
    }

    #[allow(clippy::too_many_lines, reason = "a few lines for each trick")]
    fn search(&mut self, id: i32, search: &LdapSearchRequest, page: Option<&(usize, Vec<u8>)>) -> Option<()> {
        let filter = format!("{:?}", search.filter);
        self.script.searches.lock().unwrap().push((search.base.clone(), filter.clone()));
        let asked = format!("<{}> {filter} {:?}", search.base, search.attrs);
        let trick = self.script.trick.clone().filter(|(part, _)| asked.contains(part.as_str())).map(|(_, trick)| trick);
        let all = if self.found.0 == asked { self.found.1.clone() } else { Arc::new(self.all(search)) };
        self.found = (asked, all.clone());
        let (size, cookie) = page.cloned().unwrap_or((usize::MAX, Vec::new()));
        let start: usize = String::from_utf8_lossy(&cookie).parse().unwrap_or(0);
        let mut objects: Vec<Object> = all.iter().skip(start).take(size).cloned().collect();
        let mut next =
            if start + objects.len() < all.len() { (start + objects.len()).to_string() } else { String::new() };
        let (mut code, mut reply_id, mut control, mut die) = (LdapResultCode::Success, id, page.is_some(), false);
        let (mut late, mut cookies) = (usize::MAX, Vec::new());
        match trick {
            None | Some(Trick::EndlessRange | Trick::SameRange | Trick::Range(_)) => {}
            Some(Trick::Result(other, count)) => {
                objects.truncate(count);
                code = other;
            }
            Some(Trick::Die(count)) => {
                objects.truncate(count);
                die = true;
            }
            Some(Trick::Say(code, message)) => {
                let op = LdapOp::SearchResultDone(LdapResult { message, ..result(code) });
                return self.send(id, op, Vec::new());
            }
            Some(Trick::Stall) => {
                thread::sleep(Duration::from_secs(60));
                return None;
            }
            Some(Trick::Hide) => objects.clear(),
            Some(Trick::NoPagingControl) => control = false,
            Some(Trick::SamePage) => {
                objects = all.iter().take(size).cloned().collect();
                "0".clone_into(&mut next);
            }
            Some(Trick::NewPages) => {
                let more = |number| object(&format!("CN=new{number},{}", search.base), &[("cn", "new")]);
                objects = (start..start + size).map(more).collect();
                next = (start + size).to_string();
            }
            Some(Trick::Crowd(most, object, last)) => {
                let end = start.saturating_add(size).min(most);
                self.crowd(&self.entry_message(id, search, &object), (start + objects.len()).min(end)..end)?;
                (next, code) = if end < most { (end.to_string(), code) } else { (String::new(), last) };
            }
            Some(Trick::NewContents) => {
                let dn = format!("CN=new,{}", search.base);
                objects = (start..start + size).map(|number| object(&dn, &[("cn", &number.to_string())])).collect();
                next = (start + size).to_string();
            }
            Some(Trick::Late(count)) => late = count,
            Some(Trick::TwoCookies) => {
                objects.truncate(1);
                cookies.push(Vec::new());
                "1".clone_into(&mut next);
            }
            Some(Trick::Before(operation)) => self.stream.write_all(&message(id, &operation)).ok()?,
            Some(Trick::EmptyPages) => {
                objects.clear();
                next = (start + 1).to_string();
            }
            Some(Trick::Flood) => {
                objects = (0..=size).map(|number| object(&format!("CN=new{number},{}", search.base), &[])).collect();
            }
            Some(Trick::Instead(object)) => (objects, next) = (vec![object], String::new()),
            Some(Trick::Refer(uris)) => {
                let op = LdapOp::SearchResultReference(LdapSearchResultReference { uris });
                self.send(id, op, Vec::new())?;
            }
            Some(Trick::Heavy(size, count)) => {
                let vals = vec![vec![b'x'; size]; count];
                return self.heavy(id, search, page, vec![LdapPartialAttribute { atype: "cn".to_owned(), vals }]);
            }
            Some(Trick::Hollow(count)) => {
                let attribute = LdapPartialAttribute { atype: "c".to_owned(), vals: Vec::new() };
                return self.heavy(id, search, page, vec![attribute; count]);
            }
            Some(Trick::ReferPages(length)) => {
                objects.clear();
                let place = "x".repeat(length) + &start.to_string();
                let place = if length == 0 { "elsewhere" } else { &place };
                let uris = vec![format!("ldap://{place}.contoso.com/DC=contoso,DC=com")];
                self.send(id, LdapOp::SearchResultReference(LdapSearchResultReference { uris }), Vec::new())?;
                next = (start + 1).to_string();
            }
            Some(Trick::Drip) => return self.drip(),
            Some(Trick::OtherId) => reply_id = id + 1000,
            Some(Trick::Raw(bytes)) => {
                self.stream.write_all(&bytes).ok()?;
                thread::sleep(Duration::from_secs(60));
                return None;
            }
        }
        let mut messages: Vec<LdapMsg> =
            objects.iter().map(|object| self.entry_message(reply_id, search, object)).collect();
        if !die {
            cookies.push(next.into_bytes());
            cookies.retain(|_| control);
            messages.insert(late.min(messages.len()), done(reply_id, code, cookies));
        }
        self.send_each(&messages, late < usize::MAX)?;
        (!die).then_some(())
    }

    /// Sends this message once for each of these numbers, fast.
    fn crowd(&mut self, message: &LdapMsg, numbers: Range<usize>) -> Option<()> {
        let mut bytes = BytesMut::new();
        LdapCodec::default().encode(message.clone(), &mut bytes).unwrap();
        let is_number = |at: &usize| bytes[*at..].starts_with(NUMBER.as_bytes());
        let places: Vec<usize> = (0..bytes.len()).filter(is_number).collect();
        for number in numbers {
            let number = format!("{number:0width$}", width = NUMBER.len());
            for at in &places {
                bytes[*at..*at + NUMBER.len()].copy_from_slice(number.as_bytes());
            }
            self.stream.write_all(&bytes).ok()?;
        }
        Some(())
    }

    /// Sends one byte at a time of a message that never ends.
    fn drip(&mut self) -> Option<()> {
        self.stream.write_all(&[0x30, 0x83, 0x0f, 0xff, 0xff]).ok()?;
        loop {
            self.stream.write_all(&[0]).ok()?;
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn entry_message(&self, msgid: i32, search: &LdapSearchRequest, object: &Object) -> LdapMsg {
        LdapMsg { msgid, op: LdapOp::SearchResultEntry(self.entry(search, object)), ctrl: Vec::new() }
    }

    /// All that a search finds.
    fn all(&self, search: &LdapSearchRequest) -> Vec<Object> {
        if search.base.is_empty() && search.scope == LdapSearchScope::Base {
            vec![self.script.root.clone()]
        } else {
            self.script.objects.iter().filter(|object| matches(search, object)).cloned().collect()
        }
    }

    /// As many objects with these attributes as a page has.
    fn heavy(
        &mut self,
        id: i32,
        search: &LdapSearchRequest,
        page: Option<&(usize, Vec<u8>)>,
        attributes: Vec<LdapPartialAttribute>,
    ) -> Option<()> {
        let entry = LdapSearchResultEntry { dn: format!("CN=heavy,{}", search.base), attributes };
        let mut bytes = BytesMut::new();
        let message = LdapMsg { msgid: id, op: LdapOp::SearchResultEntry(entry), ctrl: Vec::new() };
        LdapCodec::default().encode(message, &mut bytes).unwrap();
        for _ in 0..page?.0 {
            self.stream.write_all(&bytes).ok()?;
        }
        self.send_all(vec![done(id, LdapResultCode::Success, vec![Vec::new()])])
    }

    /// The attributes asked for, with those of very many values in ranges as Active Directory has them.
    fn entry(&self, search: &LdapSearchRequest, object: &Object) -> LdapSearchResultEntry {
        let mut attributes = Vec::new();
        for asked in &search.attrs {
            let (name, first) = match asked.split_once(";range=") {
                Some((name, range)) => (name, range.split('-').next().unwrap().parse().unwrap_or(0)),
                None => (asked.as_str(), 0),
            };
            let values: Vec<Vec<u8>> = object.texts(name).map(|value| value.as_bytes().to_vec()).collect();
            let tricked = self.script.trick.as_ref().map(|(_, trick)| trick);
            let endless =
                matches!(tricked, Some(Trick::EndlessRange | Trick::SameRange)) && values.len() > self.script.range;
            let (atype, vals) = if first == 0 && values.len() <= self.script.range {
                match tricked {
                    Some(Trick::Range(range)) if name == "servicePrincipalName" => (format!("{name};{range}"), values),
                    _ => (name.to_owned(), values),
                }
            } else {
                let first = if matches!(tricked, Some(Trick::SameRange)) { 0 } else { first };
                let from = if endless { 0 } else { first };
                let vals: Vec<_> = values.iter().skip(from).take(self.script.range).cloned().collect();
                let last = first + vals.len();
                let ends = !endless && last == values.len();
                (format!("{name};range={first}-{}", if ends { "*".to_owned() } else { (last - 1).to_string() }), vals)
            };
            if !vals.is_empty() {
                attributes.push(LdapPartialAttribute { atype, vals });
            }
        }
        LdapSearchResultEntry { dn: object.dn.clone(), attributes }
    }
}

impl Object {
    /// The values that may be read.
    fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let shown = self.values.iter().filter(|_| !self.hides(name));
        shown.filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn hides(&self, name: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
    }
}

pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[tag, 0x84][..], &length.to_be_bytes(), content].concat()
}

/// A message of this number: an operation, and what follows it.
fn message(id: i32, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(0x02, &id.to_be_bytes()), operation].concat())
}

/// The end of an answer, with a paging control for each of these cookies.
fn done(msgid: i32, code: LdapResultCode, cookies: Vec<Vec<u8>>) -> LdapMsg {
    let controls = cookies.into_iter().map(|cookie| LdapControl::SimplePagedResults { size: 0, cookie });
    LdapMsg { msgid, op: LdapOp::SearchResultDone(result(code)), ctrl: controls.collect() }
}

fn result(code: LdapResultCode) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: String::new(), referral: Vec::new() }
}

fn matches(search: &LdapSearchRequest, object: &Object) -> bool {
    let (base, dn) = (search.base.to_lowercase(), object.dn.to_lowercase());
    let below = base.is_empty() || dn.ends_with(&format!(",{base}"));
    let parent = dn.split_once(',').map_or("", |(_, parent)| parent);
    let within = match search.scope {
        LdapSearchScope::Base => dn == base,
        LdapSearchScope::OneLevel => parent == base,
        _ => dn == base || below,
    };
    within && holds(&search.filter, object) == Some(true)
}

/// Whether a filter is true of an object, as Active Directory has it (MS-ADTS 3.1.1.3.1.3): of an attribute that may not be read
/// nothing is true, and nothing is false either.
fn holds(filter: &LdapFilter, object: &Object) -> Option<bool> {
    let readable = |name: &str| (!object.hides(name)).then_some(());
    match filter {
        LdapFilter::And(parts) => unless_one(false, parts, object),
        LdapFilter::Or(parts) => unless_one(true, parts, object),
        LdapFilter::Not(part) => holds(part, object).map(|holds| !holds),
        LdapFilter::Equality(name, wanted) => {
            readable(name).map(|()| object.texts(name).any(|value| is_meant(name, value, wanted)))
        }
        LdapFilter::Present(name) if name.eq_ignore_ascii_case("objectClass") => Some(true),
        LdapFilter::Present(name) => readable(name).map(|()| object.texts(name).next().is_some()),
        LdapFilter::Substring(name, parts) => {
            let wanted = parts.initial.clone().unwrap_or_default().to_lowercase();
            readable(name).map(|()| object.texts(name).any(|value| value.to_lowercase().starts_with(&wanted)))
        }
        _ => None,
    }
}

/// What the parts come to: one of them that is `decisive` decides, else one that is neither true nor false leaves it open.
fn unless_one(decisive: bool, parts: &[LdapFilter], object: &Object) -> Option<bool> {
    let answers: Vec<Option<bool>> = parts.iter().map(|part| holds(part, object)).collect();
    if answers.contains(&Some(decisive)) {
        return Some(decisive);
    }
    (!answers.contains(&None)).then_some(!decisive)
}

/// Whether a value is the one that a filter asks for. A category may be called by the name of its class (MS-ADTS 3.1.1.3.1.3.5), which is
/// that of the object in the schema without its hyphens.
fn is_meant(attribute: &str, value: &str, wanted: &str) -> bool {
    let class = || value.split(',').next().unwrap_or_default().trim_start_matches("CN=").replace('-', "");
    value.eq_ignore_ascii_case(wanted)
        || attribute.eq_ignore_ascii_case("objectCategory") && class().eq_ignore_ascii_case(wanted)
}
