//! The last step of a GSSAPI bind: which security layer the connection gets (RFC 4752, section 3.1).

use std::fmt;

use crate::input::ldap::wire::frames;

/// No layer: something below protects the connection.
const NONE: u8 = 1;
/// Everything is sealed.
const CONFIDENTIALITY: u8 = 4;

/// What a server offers: a set of layers, and the longest frame it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    layers: u8,
    /// The longest frame that the server accepts.
    pub(crate) limit: u32,
}

/// Why an offer cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDeal {
    /// It is not four bytes.
    Unreadable,
    /// The layer that is needed is not among those offered.
    NotOffered(u8),
}

impl fmt::Display for NoDeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("its offer of security layers cannot be read"),
            Self::NotOffered(layers) => {
                write!(f, "of the security layers it offers ({layers:#x}) none is the one needed")
            }
        }
    }
}

impl Offer {
    /// Reads the opened token of a server.
    pub(crate) fn parse(token: &[u8]) -> Result<Self, NoDeal> {
        let [layers, limit @ ..] = <[u8; 4]>::try_from(token).map_err(|_| NoDeal::Unreadable)?;
        let limit = limit.iter().fold(0, |limit, byte| limit << 8 | u32::from(*byte));
        Ok(Self { layers, limit })
    }

    /// The answer, still to be wrapped: sealed on a bare connection, nothing more on one that TLS protects. Never less.
    pub(crate) fn accept(self, within_tls: bool) -> Result<[u8; 4], NoDeal> {
        let (layer, limit) = if within_tls { (NONE, 0) } else { (CONFIDENTIALITY, frames::LONGEST) };
        if self.layers & layer == 0 {
            return Err(NoDeal::NotOffered(self.layers));
        }
        Ok((u32::from(layer) << 24 | limit).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_connection_is_sealed_or_not_used() {
        let offer = Offer::parse(&[7, 0x01, 0x00, 0x00]).unwrap();
        assert_eq!(offer.limit, 65_536);
        assert_eq!(offer.accept(false), Ok([4, 0xff, 0xff, 0xff]));
        for weaker in [0, 1, 2, 3] {
            let offer = Offer::parse(&[weaker, 1, 0, 0]).unwrap();
            assert_eq!(offer.accept(false), Err(NoDeal::NotOffered(weaker)));
        }
    }

    #[test]
    fn within_tls_no_second_layer_is_asked_for() {
        assert_eq!(Offer::parse(&[7, 1, 0, 0]).unwrap().accept(true), Ok([1, 0, 0, 0]));
        assert!(Offer::parse(&[4, 1, 0, 0]).unwrap().accept(true).is_err());
    }

    #[test]
    fn an_offer_has_four_bytes() {
        for token in [&[][..], &[7], &[7, 0, 0, 0, 0]] {
            assert_eq!(Offer::parse(token), Err(NoDeal::Unreadable));
        }
    }
}
