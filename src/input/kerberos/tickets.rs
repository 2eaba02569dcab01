//! Tickets: from whoever asks, by way of the realms in between, to the service.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Mutex;

use super::crypto::{self, AES128, AES256, Key, NoRandomness};
use super::messages::{self, Answer, Credential, Moment, Opened, Refusal, Reply, Seal, Unusable, Way, Wish};
use super::principal::{NT_ENTERPRISE, Principal};
use super::{Config, cache, kdc, keytab};
use crate::directory::host::HostName;
use crate::directory::kerberos_error::{self as code, meaning};
use crate::directory::text::printable;
use crate::input::dns;
use crate::input::secret::Secret;
use crate::trouble::Trouble;

/// The encryption types that we can use.
pub(crate) const AES: [i32; 2] = [AES256, AES128];
/// What RFC 3962 takes where nothing is said. Anybody on the way can ask for fewer, to guess the password from what is sent then.
const LEAST_ROUNDS: u32 = 4096;
/// More realms than lie between any two of a forest.
const MOST_REALMS: usize = 8;

/// Whom Kerberos knows.
#[derive(Clone, Debug, Default)]
pub enum Identity {
    /// The holder of the current ticket; on Windows, whoever is logged on.
    #[default]
    Current,
    /// Whoever knows a password: an AES key is made of it.
    Password {
        /// `user@contoso.com`.
        user: String,
        /// Tried once with one KDC.
        password: Secret,
    },
    /// An account with a key in a file.
    Keytab {
        /// A keytab of MIT's format, version 2.
        path: PathBuf,
        /// `user@contoso.com`; the first account in the file if absent.
        user: Option<String>,
    },
}

/// Why there is no ticket.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// There is nothing to ask with, wherever one asks: no ticket, one that has expired, a wrong password.
    Credentials(Trouble),
    /// No KDC can be asked, or what it says cannot be used.
    Unheard(Trouble),
    /// The KDC refuses; [`kerberos_error`](code) says what that is about.
    Refused(Refusal),
}

impl From<NoRandomness> for Failure {
    fn from(_: NoRandomness) -> Self {
        Self::Unheard(Trouble::new("the operating system gives no random numbers"))
    }
}

/// What there is to ask with.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) tgt: Credential,
    /// What to add to this machine's clock to get the KDC's, in seconds.
    pub(super) offset: i64,
}

/// Gets tickets for one identity.
#[derive(Debug)]
pub(crate) struct Tickets {
    identity: Identity,
    config: Config,
    /// How long one KDC may take.
    limit: Duration,
    /// What there is to ask with, once it was looked for: a wrong password is tried once, and not with every KDC.
    login: Mutex<Option<Result<Arc<Login>, Trouble>>>,
    /// The last moment that was told to a KDC, in microseconds: none may be told twice.
    told: AtomicU64,
}

/// What a KDC gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// What stands in clear on the ticket.
    pub(crate) seal: Seal,
    /// The encryption types of the service, as in `msDS-SupportedEncryptionTypes`, where the KDC tells.
    pub(crate) etypes: Option<u32>,
}

impl Tickets {
    pub(crate) fn new(identity: Identity, limit: Duration) -> Self {
        Self::of(Config::of_machine(), identity, limit)
    }

    pub(super) fn of(config: Config, identity: Identity, limit: Duration) -> Self {
        Self { identity, config, limit, login: Mutex::default(), told: AtomicU64::new(0) }
    }

    /// Asks with this from now on.
    #[cfg(test)]
    pub(super) async fn remember(&self, login: Login) {
        *self.login.lock().await = Some(Ok(Arc::new(login)));
    }

    /// A ticket for a service such as `ldap/dc1.contoso.com`. `near` is a host that may be a KDC too, if no other is known.
    pub(crate) async fn for_service(&self, name: &str, near: &str) -> Result<Credential, Failure> {
        let login = self.login(near).await?;
        let mut tgt = login.tgt.clone();
        for _ in 0..MOST_REALMS {
            let realm = realm_of(&tgt);
            let server = Principal::service(name, &realm);
            let kdcs = self.kdcs(&realm, near).await?;
            let (opened, _) = self.ask_any(&kdcs, &tgt, &server, &login).await?;
            match opened.server.issues_tickets_of() {
                Some(_) => tgt = usable(opened.credential)?,
                None if opened.server.is_called_like(&server) => return usable(opened.credential),
                None => return Err(unusable(Unusable::Other, &kdcs.join(", "))),
            }
        }
        Err(endless(name))
    }

    /// A ticket to ask the KDCs of another realm with, or of one's own.
    pub(crate) async fn to_realm(&self, wanted: &str, near: &str) -> Result<Credential, Failure> {
        let login = self.login(near).await?;
        let mut tgt = login.tgt.clone();
        for _ in 0..MOST_REALMS {
            let realm = realm_of(&tgt);
            if realm.eq_ignore_ascii_case(wanted.as_bytes()) {
                return Ok(tgt);
            }
            let server = Principal::tickets_of(wanted.to_uppercase().as_bytes(), &realm);
            let kdcs = self.kdcs(&realm, near).await?;
            let (opened, _) = self.ask_any(&kdcs, &tgt, &server, &login).await?;
            if opened.server.issues_tickets_of().is_none() {
                return Err(unusable(Unusable::Other, &kdcs.join(", ")));
            }
            tgt = usable(opened.credential)?;
        }
        Err(endless(wanted))
    }

    /// Asks this KDC, and no other, for a ticket that is not kept.
    pub(crate) async fn ask(&self, kdc: &str, tgt: &Credential, name: &str, etypes: &[i32]) -> Result<Given, Failure> {
        let login = self.login(kdc).await?;
        let server = Principal::service(name, &realm_of(tgt));
        let (opened, seal) = self.ask_one(kdc, tgt, &server, etypes, &login).await?;
        // A ticket for another realm's KDC proves nothing: every name of a trusted suffix earns one.
        if !opened.server.is_called_like(&server) {
            let elsewhere = Refusal { realm: opened.server.issues_tickets_of().map(<[u8]>::to_vec), ..referred() };
            return Err(Failure::Refused(elsewhere));
        }
        Ok(Given { seal, etypes: opened.etypes })
    }

    /// The KDCs that answer for a realm, the one to try first first.
    async fn kdcs(&self, realm: &[u8], near: &str) -> Result<Vec<String>, Failure> {
        let realm = String::from_utf8_lossy(realm);
        let named = self.config.kdcs_of(&realm);
        if !named.is_empty() {
            return Ok(named.to_vec());
        }
        let found = match HostName::parse(&realm) {
            Ok(domain) if self.config.looks_up_kdcs() => {
                dns::services(&format!("_kerberos._tcp.{}.", domain.key())).await.unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if found.is_empty() { Ok(vec![near.to_owned()]) } else { Ok(found) }
    }

    /// Asks one KDC after the other, until one answers.
    async fn ask_any(
        &self,
        kdcs: &[String],
        tgt: &Credential,
        server: &Principal,
        login: &Login,
    ) -> Result<(Opened, Seal), Failure> {
        let mut last = None;
        for kdc in kdcs {
            match self.ask_one(kdc, tgt, server, &AES, login).await {
                Err(Failure::Unheard(trouble)) => last = Some(trouble),
                answer => return answer,
            }
        }
        Err(Failure::Unheard(last.unwrap_or_else(|| no_kdc(&tgt.server.shown_realm()))))
    }

    async fn ask_one(
        &self,
        kdc: &str,
        tgt: &Credential,
        server: &Principal,
        etypes: &[i32],
        login: &Login,
    ) -> Result<(Opened, Seal), Failure> {
        let now = self.now(login.offset);
        if tgt.end <= now.seconds {
            return Err(expired(now.seconds - tgt.end));
        }
        let nonce = nonce()?;
        let request = messages::ask(tgt, &Wish { server, etypes, nonce }, now)?;
        self.exchange(kdc, &request, |reply| {
            let seal = reply.seal;
            Ok((reply.open_answer(tgt, nonce)?, seal))
        })
        .await
    }

    /// Sends a request, and takes from the answer what is wanted.
    async fn exchange<T>(
        &self,
        kdc: &str,
        request: &[u8],
        take: impl FnOnce(Reply<'_>) -> Result<T, Unusable>,
    ) -> Result<T, Failure> {
        let bytes = kdc::exchange(kdc, request, self.limit).await.map_err(Failure::Unheard)?;
        match messages::answer(&bytes).map_err(|error| unusable(error, kdc))? {
            Answer::Refused(refusal) => Err(Failure::Refused(refusal)),
            Answer::Reply(reply) => take(reply).map_err(|error| unusable(error, kdc)),
        }
    }

    /// What there is to ask with; found once.
    async fn login(&self, near: &str) -> Result<Arc<Login>, Failure> {
        let mut known = self.login.lock().await;
        if let Some(login) = &*known {
            return login.clone().map_err(Failure::Credentials);
        }
        let found = self.find_login(near).await.map(Arc::new);
        match &found {
            Ok(login) => *known = Some(Ok(login.clone())),
            Err(Failure::Credentials(trouble)) => *known = Some(Err(trouble.clone())),
            Err(_) => {}
        }
        found
    }

    async fn find_login(&self, near: &str) -> Result<Login, Failure> {
        match &self.identity {
            Identity::Current => {
                let found = cache::current(&self.config).map_err(Failure::Credentials)?;
                Ok(Login { tgt: found.tgt, offset: found.offset })
            }
            Identity::Password { user, password } => {
                let client = self.client(user)?;
                self.log_in(client, &Proof::Password(password), near).await
            }
            Identity::Keytab { path, user } => {
                let keytab = keytab::read(path, user.as_deref()).map_err(Failure::Credentials)?;
                self.log_in(keytab.principal, &Proof::Keys(&keytab.keys), near).await
            }
        }
    }

    /// The client of `user@contoso.com`; of a bare name, in the default realm.
    fn client(&self, user: &str) -> Result<Principal, Failure> {
        let (name, realm) = match user.rsplit_once('@') {
            Some((name, realm)) => (name, Some(realm.to_uppercase())),
            None => (user, self.config.default_realm.clone()),
        };
        match realm {
            Some(realm) if !name.is_empty() && !realm.is_empty() && !name.contains('\\') => {
                Ok(Principal::user(name, &realm))
            }
            _ => Err(Failure::Credentials(
                Trouble::new(format!("{} names no realm of Kerberos", printable(user)))
                    .hint("write the user as user@contoso.com"),
            )),
        }
    }

    /// Gets a ticket with a password or a key. What another realm knows better, that one is asked.
    async fn log_in(&self, client: Principal, proof: &Proof<'_>, near: &str) -> Result<Login, Failure> {
        let named = client.to_string();
        let mut client = client;
        for _ in 0..MOST_REALMS {
            let answer = self.log_in_as(&client, &named, proof, near).await;
            match answer {
                Err(Failure::Refused(Refusal { code: code::WRONG_REALM, realm: Some(realm), .. })) => {
                    client.realm = realm;
                }
                // Active Directory tells users by their logon names, and by names with a suffix that may be no realm.
                Err(Failure::Refused(Refusal { code: code::CLIENT_UNKNOWN, .. })) if client.kind != NT_ENTERPRISE => {
                    client.kind = NT_ENTERPRISE;
                    client.parts = vec![named.clone().into_bytes()];
                }
                Err(Failure::Refused(refusal)) => return Err(Failure::Credentials(not_logged_in(&named, &refusal))),
                done => return done,
            }
        }
        Err(endless(&named))
    }

    /// Asks one KDC after the other, until one gives a ticket or says something that is about the client.
    async fn log_in_as(
        &self,
        client: &Principal,
        named: &str,
        proof: &Proof<'_>,
        near: &str,
    ) -> Result<Login, Failure> {
        let kdcs = self.kdcs(&client.realm, near).await?;
        let mut last = None;
        for kdc in &kdcs {
            match self.log_in_at(kdc, client, proof).await {
                Err(Failure::Unheard(trouble)) => last = Some(trouble),
                Err(Failure::Refused(refusal)) if !code::is_about_the_client(refusal.code) => {
                    last = Some(not_logged_in(named, &refusal));
                }
                done => return done,
            }
        }
        Err(Failure::Unheard(last.unwrap_or_else(|| no_kdc(&client.shown_realm()))))
    }

    async fn log_in_at(&self, kdc: &str, client: &Principal, proof: &Proof<'_>) -> Result<Login, Failure> {
        let server = Principal::tickets_of(&client.realm, &client.realm);
        let etypes = proof.etypes();
        let wish = Wish { server: &server, etypes: &etypes, nonce: nonce()? };
        let first = messages::login(client, &wish, None)?;
        let key_of = |ways: &[Way]| {
            let has_aes = || ways.iter().any(|way| AES.contains(&way.etype));
            let none = || if has_aes() { odd_rounds(kdc) } else { Failure::Credentials(no_aes(client)) };
            proof.key(client, ways).ok_or_else(none)
        };
        let (key, offset) = match self.exchange(kdc, &first, |reply| Ok(reply.ways)).await {
            // An account that needs no proof gets its ticket at once: ask again all the same, so that there is one way only.
            Ok(ways) => (key_of(&ways)?, 0),
            Err(Failure::Refused(refusal)) if refusal.code == code::PROOF_WANTED => {
                let here = self.now(0).seconds;
                let offset =
                    i64::try_from(refusal.now.seconds).unwrap_or_default() - i64::try_from(here).unwrap_or_default();
                (key_of(&refusal.ways)?, offset)
            }
            Err(other) => return Err(other),
        };
        let wish = Wish { nonce: nonce()?, ..wish };
        let second = messages::login(client, &wish, Some((&key, self.now(offset))))?;
        let opened = self.exchange(kdc, &second, |reply| reply.open_login(&key, wish.nonce)).await?;
        if opened.server.issues_tickets_of().is_none() {
            return Err(unusable(Unusable::Other, kdc));
        }
        Ok(Login { tgt: usable(opened.credential)?, offset })
    }

    /// The time that the KDCs have, as far as is known; never the same twice.
    pub(crate) async fn moment(&self) -> Moment {
        let offset =
            self.login.lock().await.as_ref().and_then(|login| login.as_ref().ok()).map_or(0, |login| login.offset);
        self.now(offset)
    }

    fn now(&self, offset: i64) -> Moment {
        const MILLION: u64 = 1_000_000;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = u64::try_from(since.as_micros()).unwrap_or_default();
        let last = self.told.fetch_max(micros, Ordering::Relaxed);
        let micros = if last < micros { micros } else { self.told.fetch_add(1, Ordering::Relaxed) + 1 };
        let seconds = (micros / MILLION).saturating_add_signed(offset);
        Moment { seconds, micros: u32::try_from(micros % MILLION).unwrap_or_default() }
    }
}

/// What a key can be made of.
enum Proof<'a> {
    Password(&'a Secret),
    Keys(&'a [Key]),
}

impl Proof<'_> {
    /// The encryption types there is a key of.
    fn etypes(&self) -> Vec<i32> {
        match self {
            Self::Password(_) => AES.to_vec(),
            Self::Keys(keys) => keys.iter().map(Key::etype).collect(),
        }
    }

    /// The key that the KDC means.
    fn key(&self, client: &Principal, ways: &[Way]) -> Option<Key> {
        match self {
            Self::Password(password) => {
                let way = ways.iter().find(|way| AES.contains(&way.etype) && way.rounds >= LEAST_ROUNDS)?;
                let usual = || [client.realm.as_slice(), &client.parts.concat()].concat();
                let salt = way.salt.clone().unwrap_or_else(usual);
                Key::of_password(way.etype, password.reveal(), &salt, way.rounds)
            }
            Self::Keys(keys) => {
                let meant = ways.iter().find_map(|way| keys.iter().find(|key| key.etype() == way.etype));
                meant.or(keys.first()).cloned()
            }
        }
    }
}

/// The realm whose KDCs take this ticket.
fn realm_of(tgt: &Credential) -> Vec<u8> {
    tgt.server.issues_tickets_of().unwrap_or(&tgt.server.realm).to_vec()
}

fn nonce() -> Result<u32, NoRandomness> {
    let mut bytes = [0; 4];
    crypto::random(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes) & 0x7fff_ffff)
}

fn usable(credential: Result<Credential, i32>) -> Result<Credential, Failure> {
    credential.map_err(|etype| Failure::Unheard(unsupported(etype)))
}

fn unsupported(number: i32) -> Trouble {
    let what = format!(
        "the ticket has a session key of an encryption type that this program does not support ({})",
        code::etype(number)
    );
    Trouble::new(what).hint(
        "allow AES on the account of the service (msDS-SupportedEncryptionTypes), or build with `--features libkrb5`",
    )
}

fn unusable(error: Unusable, kdc: &str) -> Failure {
    Failure::Unheard(
        Trouble::new(format!("the KDC {} cannot be believed: {error}", printable(kdc)))
            .hint("check that it is a domain controller"),
    )
}

fn referred() -> Refusal {
    let now = Moment { seconds: 0, micros: 0 };
    Refusal { code: code::SERVICE_UNKNOWN, now, realm: None, ways: Vec::new(), status: None, is_referral: true }
}

fn endless(name: &str) -> Failure {
    let what = format!("the KDCs refer from realm to realm for {} without end", printable(name));
    Failure::Unheard(Trouble::new(what).hint("check the trusts of the forest"))
}

fn expired(seconds: u64) -> Failure {
    let ago = humantime::format_duration(Duration::from_secs(seconds));
    Failure::Credentials(
        Trouble::new(format!("the Kerberos ticket has expired, {ago} ago"))
            .hint("renew the ticket with kinit, then try again"),
    )
}

fn no_kdc(realm: &str) -> Trouble {
    Trouble::new(format!("no KDC of the realm {realm} is known"))
        .hint("name it in krb5.conf, or check which DNS server this machine asks")
}

fn no_aes(client: &Principal) -> Trouble {
    Trouble::new(format!("{client} has no AES key that the KDC and this program both know"))
        .hint("change the password once, so that the domain makes AES keys; or use --auth simple")
}

/// More rounds than anybody has time for, or so few that whoever is on the way could guess the password.
fn odd_rounds(kdc: &str) -> Failure {
    let what = format!("the KDC {} asks for a key that would not keep the password safe", printable(kdc));
    Failure::Unheard(
        Trouble::new(what).hint("check that it is a domain controller, and that nobody is on the way to it"),
    )
}

fn not_logged_in(client: &str, refusal: &Refusal) -> Trouble {
    let hint = match refusal.code {
        code::CLIENT_UNKNOWN => "write the user as user@contoso.com",
        code::WRONG_PASSWORD => "check the password; for a keytab, `kinit -k -t` shows whether it still holds",
        code::SKEW => "set this machine's clock, then try again",
        code::NO_ETYPE => "change the password once, so that the domain makes AES keys; or use --auth simple",
        _ => "the security log of the domain controller may say more",
    };
    Trouble::new(format!("{client} gets no Kerberos ticket: {} (error {})", meaning(refusal.code), refusal.code))
        .hint(hint)
}
