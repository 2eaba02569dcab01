//! An SMTP endpoint: who it says it is, and what it offers, before and within TLS (RFC 5321, RFC 3207). Without credentials, and without
//! mail.

use std::time::{Duration, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::directory::endpoint::Kerberos;
use crate::directory::text::{clipped, printable, same};
use crate::input::ldap::Trust;
use crate::input::net;
use crate::trouble::Trouble;

/// More bytes than any line has: RFC 5321 allows 512.
const LONGEST_LINE: usize = 2048;
/// More lines than any reply has.
const MOST_LINES: usize = 100;
/// More bytes than an endpoint says altogether.
const MOST_BYTES: usize = 64 << 10;
/// Characters of a line that are shown; a server may send far more.
const SHOWN: usize = 200;
/// A name that nobody has, for EHLO.
const NAME: &str = "spn-doctor.invalid";

/// The banner and the replies to EHLO of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// The name in its reply to EHLO, for which a sender asks for a ticket.
    pub(super) announces: String,
    /// The keywords of that reply.
    pub(super) offers: Vec<String>,
    /// The same within TLS; none where that is not offered, or could not be begun.
    pub(super) offers_within_tls: Option<Vec<String>>,
    /// The time in its banner, in seconds since 1970.
    pub(super) clock: Option<i64>,
}

/// Asks an endpoint, over one connection. The certificate is not looked at: nothing is told that anybody else must not hear.
pub(super) async fn ask(host: &str, port: u16, limit: Duration) -> Result<Heard, Trouble> {
    let asked = tokio::time::timeout(limit, converse(host, port, limit)).await;
    asked.unwrap_or_else(|_| {
        let what = format!("the SMTP endpoint does not answer within {} seconds", limit.as_secs_f32());
        Err(Trouble::new(what).hint("check that the transport service runs, and firewalls on the way"))
    })
}

async fn converse(host: &str, port: u16, limit: Duration) -> Result<Heard, Trouble> {
    let stream =
        net::connect(host, port, limit, "check that the transport service runs, and which port the connector has")
            .await?;
    let mut conversation = Conversation::new(stream);
    let banner = conversation.reply().await?.must_be(220, "greets with")?;
    let clock = banner.lines.iter().find_map(|line| time(line));
    let (announces, offers) = conversation.introduce().await?;
    let offers_tls = offers.iter().any(|offer| same(offer, "STARTTLS"));
    let mut heard = Heard { announces, offers, offers_within_tls: None, clock };
    if !offers_tls {
        conversation.quit().await;
        return Ok(heard);
    }
    if conversation.ask("STARTTLS").await?.code != 220 {
        conversation.quit().await;
        return Ok(heard);
    }
    // Whatever came before the first byte of TLS would count as said within it.
    if !conversation.buffer.is_empty() {
        return Err(nonsense("says more before it begins TLS than it was asked for"));
    }
    match Trust::blindly(host, conversation.stream).await {
        Ok(stream) => {
            let mut conversation = Conversation::new(stream);
            let (announces, offers) = conversation.introduce().await?;
            heard.announces = announces;
            heard.offers_within_tls = Some(offers);
            conversation.quit().await;
        }
        // An old version of TLS, or a certificate that is missing. What was offered in clear counts if it is what others look for.
        Err(_) if heard.offers.iter().any(|offer| is_of_kerberos(offer)) => {}
        Err(_) => {
            let what = "the SMTP endpoint offers STARTTLS, but no version of TLS that this program speaks (1.2 or 1.3) can be begun: what it offers within is not known";
            return Err(
                Trouble::new(what).hint("check the connector with an Exchange server that speaks its version of TLS")
            );
        }
    }
    Ok(heard)
}

/// Whether an offer is what any endpoint may be configured for.
fn is_of_kerberos(offer: &str) -> bool {
    const ALL: [Kerberos; 3] =
        [Kerberos::VirtualServer, Kerberos::ExchangeServer { may_fall_back: false }, Kerberos::Clients];
    ALL.iter().any(|kerberos| kerberos.is_offered(&[offer]))
}

fn nonsense(what: &str) -> Trouble {
    Trouble::new(format!("the SMTP endpoint {what}"))
        .hint("check that an SMTP server listens there, and no proxy before it")
}

/// A reply: its code, and its lines without it.
#[derive(Debug)]
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn must_be(self, code: u16, what: &str) -> Result<Self, Trouble> {
        if self.code == code {
            return Ok(self);
        }
        let said = self.lines.first().map(String::as_str).unwrap_or_default();
        Err(Trouble::new(format!("the SMTP endpoint {what} {} {said}", self.code))
            .hint("the log of its transport service may say why; it may not take connections from this computer"))
    }
}

struct Conversation<S> {
    stream: S,
    buffer: Vec<u8>,
    taken: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), taken: 0 }
    }

    /// Says EHLO: the name that is announced, and what is offered.
    async fn introduce(&mut self) -> Result<(String, Vec<String>), Trouble> {
        let reply = self.ask(&format!("EHLO {NAME}")).await?.must_be(250, "answers EHLO with")?;
        let mut lines = reply.lines.into_iter();
        let first = lines.next().unwrap_or_default();
        let announces = first.split_whitespace().next().unwrap_or_default().to_owned();
        Ok((announces, lines.collect()))
    }

    /// Says goodbye. Whether that is heard does not matter.
    async fn quit(&mut self) {
        let _ = self.ask("QUIT").await;
    }

    async fn ask(&mut self, command: &str) -> Result<Reply, Trouble> {
        let line = format!("{command}\r\n");
        let sent = async {
            self.stream.write_all(line.as_bytes()).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| nonsense(&format!("closed the connection: {error}")))?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply, Trouble> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let is_ascii = line.get(..3).is_some_and(|code| code.iter().all(u8::is_ascii_digit));
            let code = std::str::from_utf8(line.get(..3).unwrap_or_default()).ok().filter(|_| is_ascii);
            let code =
                code.and_then(|code| code.parse().ok()).ok_or_else(|| nonsense("says what is no reply of SMTP"))?;
            let text = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned();
            lines.push(clipped(printable(text.trim()).as_str(), SHOWN));
            match line.get(3) {
                None | Some(b' ') => return Ok(Reply { code, lines }),
                Some(b'-') if lines.len() < MOST_LINES => {}
                Some(_) => return Err(nonsense("says what is no reply of SMTP, or one without end")),
            }
        }
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.truncate(line.len() - 1);
                return Ok(line.strip_suffix(b"\r").map_or_else(|| line.clone(), <[u8]>::to_vec));
            }
            if self.buffer.len() > LONGEST_LINE || self.taken > MOST_BYTES {
                return Err(nonsense("sends lines without end"));
            }
            let mut bytes = [0; 1024];
            let count =
                self.stream.read(&mut bytes).await.map_err(|error| nonsense(&format!("breaks off: {error}")))?;
            if count == 0 {
                return Err(nonsense("closed the connection before it answered"));
            }
            self.taken += count;
            self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
    }
}

/// The time in a text, in seconds since 1970: `Thu, 26 Nov 2026 12:00:00 +0100` (RFC 5322, section 3.3), as Exchange ends its banner.
fn time(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(5).find_map(|words| {
        let [day, month, year, clock, zone] = words else { return None };
        let month = MONTHS.iter().position(|known| same(known, month))? + 1;
        let day: u8 = day.parse().ok()?;
        let moment = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day:02}T{clock}Z")).ok()?;
        let seconds = i64::try_from(moment.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
        Some(seconds - zone_in_seconds(zone)?)
    })
}

/// `+0100`; the names of Greenwich.
fn zone_in_seconds(zone: &str) -> Option<i64> {
    if ["GMT", "UT", "UTC", "Z"].iter().any(|known| same(known, zone)) {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.strip_prefix(['+', '-']).filter(|digits| digits.len() == 4)?;
    let (hours, minutes): (i64, i64) = (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests;
