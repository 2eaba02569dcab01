//! That no sealed frame was left out, repeated or sent in the clear.
//!
//! The Kerberos libraries look after that only if asked to, and ours cannot be asked. Without it, someone on the network
//! could take a frame out of a reply, and the directory would look complete without what was in it.
//!
//! The header of a token (RFC 4121, section 4.2.6.2) is covered by its seal, so it can be trusted once it was opened.
//! Tokens of the older encryption types (RFC 4757) hide the number; those are left to the library.

use anyhow::{Result, ensure};

/// The number that the next token must have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sequence {
    next: Option<u64>,
}

impl Sequence {
    /// Takes note of a token that was opened, and refuses it if it is not the next one, or not confidential where it must be.
    pub(crate) fn follow(&mut self, token: &[u8], confidential: bool) -> Result<()> {
        const SEALED: u8 = 2;
        let Some(([0x05, 0x04, flags, ..], rest)) = token.split_first_chunk::<8>() else { return Ok(()) };
        let Some((number, _)) = rest.split_first_chunk::<8>() else { return Ok(()) };
        let number = u64::from_be_bytes(*number);
        ensure!(!confidential || flags & SEALED != 0, "it was not sealed");
        ensure!(self.next.is_none_or(|next| next == number), "a frame before it was left out or repeated");
        self.next = Some(number.wrapping_add(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(flags: u8, number: u64) -> Vec<u8> {
        [&[0x05, 0x04, flags, 0xff, 0, 0, 0, 0][..], &number.to_be_bytes(), b"sealed"].concat()
    }

    #[test]
    fn tokens_follow_one_another() {
        let mut sequence = Sequence::default();
        assert!(sequence.follow(&token(1, 41), false).is_ok());
        assert!(sequence.follow(&token(3, 42), true).is_ok());
        assert!(sequence.follow(&token(3, 44), true).is_err());
        assert!(sequence.follow(&token(3, 42), true).is_err());
        assert!(sequence.follow(&token(1, 43), true).is_err());
        assert!(sequence.follow(&token(3, 43), true).is_ok());
    }

    #[test]
    fn the_numbers_of_older_tokens_are_hidden() {
        assert!(Sequence::default().follow(&[0x60, 0x30, 0x06, 0x09], true).is_ok());
    }
}
