//! The encryption types that Active Directory uses today: AES with 256 and 128 bits (RFC 3961, RFC 3962).

use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes128, Aes256};
use cts::{CbcCs3, Decrypt as _, Encrypt as _, KeyIvInit as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{hmac, pbkdf2};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// AES with 256 bits: `aes256-cts-hmac-sha1-96`.
pub(crate) const AES256: i32 = 18;
/// AES with 128 bits: `aes128-cts-hmac-sha1-96`.
pub(crate) const AES128: i32 = 17;

const BLOCK: usize = 16;
/// An HMAC is cut to 96 bits.
pub(crate) const MAC: usize = 12;
/// More rounds than anybody configures: a KDC that asks for more wants to keep us busy.
const MOST_ROUNDS: u32 = 100_000;

/// What was decrypted is not what was encrypted, or was encrypted with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed;

/// The operating system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRandomness;

/// A key of one of the two types.
#[derive(Clone)]
pub(crate) struct Key {
    etype: i32,
    bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.etype)
    }
}

impl Key {
    /// A key from its bytes; none if it is of another type, or of the wrong length.
    pub(crate) fn new(etype: i32, bytes: &[u8]) -> Option<Self> {
        (length(etype)? == bytes.len()).then(|| Self { etype, bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// A new key of the same type.
    pub(crate) fn another(&self) -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new(vec![0; self.bytes.len()]);
        random(&mut bytes)?;
        Ok(Self { etype: self.etype, bytes })
    }

    /// The key that belongs to a password (RFC 3962, section 4); none if the type is not known or the rounds are too many.
    pub(crate) fn of_password(etype: i32, password: &str, salt: &[u8], rounds: u32) -> Option<Self> {
        let rounds = std::num::NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS)?;
        let mut bytes = Zeroizing::new(vec![0; length(etype)?]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt, password.as_bytes(), &mut bytes);
        let key = Self { etype, bytes };
        Some(Self { etype, bytes: key.derived(b"kerberos") })
    }

    /// The number of its type.
    pub(crate) fn etype(&self) -> i32 {
        self.etype
    }

    /// Its bytes, to be sent within something that is encrypted.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The type of its checksums: `hmac-sha1-96-aes256` or `-aes128`.
    pub(crate) fn checksum_type(&self) -> i32 {
        if self.etype == AES256 { 16 } else { 15 }
    }

    /// Encrypts for a use (RFC 4120, section 7.5.1).
    pub(crate) fn encrypt(&self, usage: u32, plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut bytes = vec![0; BLOCK];
        random(&mut bytes)?;
        bytes.extend_from_slice(plain);
        let mac = mac(&self.for_use(usage, 0x55), &bytes);
        self.stealing(&self.for_use(usage, 0xaa), &mut bytes, true);
        bytes.extend(mac);
        Ok(bytes)
    }

    /// Decrypts what was encrypted for a use.
    pub(crate) fn decrypt(&self, usage: u32, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Changed> {
        let end = sealed.len().checked_sub(MAC).filter(|end| *end > BLOCK).ok_or(Changed)?;
        let (sealed, found) = sealed.split_at_checked(end).ok_or(Changed)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        self.stealing(&self.for_use(usage, 0xaa), &mut bytes, false);
        let expected = mac(&self.for_use(usage, 0x55), &bytes);
        if !bool::from(expected.ct_eq(found)) {
            return Err(Changed);
        }
        Ok(Zeroizing::new(bytes.split_off(BLOCK)))
    }

    /// A keyed checksum (RFC 3961, section 4) for one of the usage numbers of RFC 4120, section 7.5.1.
    pub(crate) fn checksum(&self, usage: u32, data: &[u8]) -> Vec<u8> {
        mac(&self.for_use(usage, 0x99), data)
    }

    /// Whether a checksum is the right one.
    pub(crate) fn verify(&self, usage: u32, data: &[u8], found: &[u8]) -> bool {
        self.checksum(usage, data).ct_eq(found).into()
    }

    fn for_use(&self, usage: u32, what: u8) -> Zeroizing<Vec<u8>> {
        let [a, b, c, d] = usage.to_be_bytes();
        self.derived(&[a, b, c, d, what])
    }

    /// A key for one purpose (RFC 3961, section 5.1).
    fn derived(&self, constant: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut block = folded(constant);
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * BLOCK));
        while bytes.len() < self.bytes.len() {
            self.encrypt_block(&mut block);
            bytes.extend_from_slice(&block);
        }
        bytes.truncate(self.bytes.len());
        bytes
    }

    fn encrypt_block(&self, block: &mut [u8; BLOCK]) {
        let block: &mut Array<u8, _> = block.into();
        // The length was looked at when the key was made.
        if let Ok(cipher) = Aes256::new_from_slice(&self.bytes) {
            cipher.encrypt_block(block);
        } else if let Ok(cipher) = Aes128::new_from_slice(&self.bytes) {
            cipher.encrypt_block(block);
        }
    }

    /// CBC with ciphertext stealing, from an initial vector of zeros (RFC 3962, section 5). There is always more than one block.
    fn stealing(&self, key: &[u8], bytes: &mut [u8], encrypts: bool) {
        let start = [0; BLOCK];
        // Neither lengths nor keys can be wrong here; a failure would leave the bytes as they are, and their checksum wrong.
        let _ = match (self.etype == AES256, encrypts) {
            (true, true) => CbcCs3::<Aes256>::new_from_slices(key, &start).map(|mode| mode.encrypt(bytes)),
            (true, false) => CbcCs3::<Aes256>::new_from_slices(key, &start).map(|mode| mode.decrypt(bytes)),
            (false, true) => CbcCs3::<Aes128>::new_from_slices(key, &start).map(|mode| mode.encrypt(bytes)),
            (false, false) => CbcCs3::<Aes128>::new_from_slices(key, &start).map(|mode| mode.decrypt(bytes)),
        };
    }
}

/// Fills with what nobody can foresee.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

fn length(etype: i32) -> Option<usize> {
    match etype {
        AES256 => Some(32),
        AES128 => Some(16),
        _ => None,
    }
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), data);
    tag.as_ref().iter().take(MAC).copied().collect()
}

/// Folds a constant to the length of a block (RFC 3961, section 5.1): copies of it, each rotated by 13 bits more, added up in
/// ones' complement.
fn folded(constant: &[u8]) -> [u8; BLOCK] {
    let bits = constant.len() * 8;
    let total = lcm(constant.len().max(1), BLOCK);
    let bit = |position: usize| -> u8 {
        // The bit of the long string of rotated copies.
        let (copy, within) = (position / bits, position % bits);
        let source = (within + bits - (13 * copy) % bits) % bits;
        constant.get(source / 8).map_or(0, |byte| byte >> (7 - source % 8) & 1)
    };
    let byte = |at: usize| (0..8).fold(0_u8, |byte, offset| byte << 1 | bit(at * 8 + offset));
    let mut sum = [0_u8; BLOCK];
    if bits == 0 {
        return sum;
    }
    for chunk in 0..total / BLOCK {
        let mut carry = 0_u16;
        for (place, cell) in sum.iter_mut().enumerate().rev() {
            let added = u16::from(*cell) + u16::from(byte(chunk * BLOCK + place)) + carry;
            *cell = added.to_be_bytes()[1];
            carry = added >> 8;
        }
        // What is carried out at the top comes in at the bottom.
        for cell in sum.iter_mut().rev() {
            let added = u16::from(*cell) + carry;
            *cell = added.to_be_bytes()[1];
            carry = added >> 8;
        }
    }
    sum
}

fn lcm(one: usize, other: usize) -> usize {
    fn gcd(one: usize, other: usize) -> usize {
        if other == 0 { one } else { gcd(other, one % other) }
    }
    one / gcd(one, other) * other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 3961, appendix A.1 (128 bits) and RFC 3962.
    #[test]
    fn constants_are_folded_as_published() {
        assert_eq!(folded(b"kerberos").to_vec(), hex("6b65726265726f73 7b9b5b2b93132b93"));
    }

    /// RFC 3962, appendix B.
    #[test]
    fn passwords_become_the_published_keys() {
        for (rounds, etype, expected) in [
            (1, AES128, "42263c6e89f4fc28b8df68ee09799f15"),
            (1, AES256, "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161"),
            (2, AES128, "c651bf29e2300ac27fa469d693bdda13"),
            (1200, AES256, "55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a"),
        ] {
            let key = Key::of_password(etype, "password", b"ATHENA.MIT.EDUraeburn", rounds).unwrap();
            assert_eq!(*key.bytes, hex(expected), "{rounds} {etype}");
        }
        assert!(Key::of_password(AES256, "password", b"", u32::MAX).is_none());
        assert!(Key::of_password(23, "password", b"", 4096).is_none());
    }

    /// RFC 3962, appendix B: "chicken teriyaki", from a vector of zeros.
    #[test]
    fn ciphertext_is_stolen_as_published() {
        let key = Key::new(AES128, b"chicken teriyaki").unwrap();
        let text = b"I would like the General Gau's Chicken, please, and wonton soup.";
        for (length, expected) in [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
            (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
            (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
        ] {
            let mut bytes = text[..length].to_vec();
            key.stealing(&key.bytes, &mut bytes, true);
            assert_eq!(bytes, hex(expected), "{length}");
            key.stealing(&key.bytes, &mut bytes, false);
            assert_eq!(bytes, text[..length]);
        }
    }

    #[test]
    fn a_changed_byte_a_wrong_key_or_another_use_is_noticed() {
        let key = Key::new(AES256, &[7; 32]).unwrap();
        for length in [1, 15, 16, 17, 100] {
            let plain = vec![9; length];
            let sealed = key.encrypt(3, &plain).unwrap();
            assert_eq!(*key.decrypt(3, &sealed).unwrap(), plain);
            assert_eq!(key.decrypt(8, &sealed), Err(Changed));
            assert_eq!(Key::new(AES256, &[8; 32]).unwrap().decrypt(3, &sealed), Err(Changed));
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert_eq!(key.decrypt(3, &changed), Err(Changed));
                assert_eq!(key.decrypt(3, &sealed[..at]), Err(Changed));
            }
        }
    }
}
