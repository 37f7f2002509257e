//! The content: pieces of 64 KiB, each of which proves that it is the one that belongs there; the last one says that it is.

use std::io::{self, Read, Write};

use chacha20poly1305::{ChaCha20Poly1305, Nonce, aead::Aead};

use super::wrong;

const PIECE_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;

const CHANGED: &str = "it has been changed or cut off: a piece of it is not what was written";

/// The number of a piece and whether it is the last.
fn nonce(piece: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[3..11].copy_from_slice(&piece.to_be_bytes());
    bytes[11] = u8::from(is_last);
    bytes.into()
}

/// A file being written. Without [`Sealing::finish`] nobody can read it to its end.
#[must_use]
pub struct Sealing<W> {
    to: W,
    cipher: ChaCha20Poly1305,
    piece: u64,
    waiting: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(to: W, cipher: ChaCha20Poly1305) -> Self {
        Self { to, cipher, piece: 0, waiting: Vec::with_capacity(PIECE_BYTES) }
    }

    /// Writes the last piece.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        let sealed = self.cipher.encrypt(&nonce(self.piece, is_last), &self.waiting[..]);
        let sealed = sealed.expect("a piece is within the cipher's bounds");
        self.waiting.clear();
        self.piece += 1;
        self.to.write_all(&sealed)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits for what follows: it may be the last.
        if self.waiting.len() == PIECE_BYTES && !bytes.is_empty() {
            self.put(false)?;
        }
        let taken = bytes.len().min(PIECE_BYTES - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file being read. Its end is its end: one that was cut off is an error there.
pub struct Opened<R> {
    from: R,
    cipher: ChaCha20Poly1305,
    piece: u64,
    /// The sealed piece that comes next, read one ahead: the last is sealed otherwise.
    next: Option<Vec<u8>>,
    plain: Vec<u8>,
    given: usize,
}

impl<R: Read> Opened<R> {
    pub(super) fn new(from: R, cipher: ChaCha20Poly1305) -> Self {
        Self { from, cipher, piece: 0, next: None, plain: Vec::new(), given: 0 }
    }

    fn sealed_piece(&mut self) -> io::Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(PIECE_BYTES + TAG_BYTES);
        self.from.by_ref().take((PIECE_BYTES + TAG_BYTES) as u64).read_to_end(&mut sealed)?;
        Ok(sealed)
    }

    /// Whether there was one more.
    fn next_piece(&mut self) -> io::Result<bool> {
        let sealed = match self.next.take() {
            Some(sealed) => sealed,
            None if self.piece == 0 => self.sealed_piece()?,
            None => {
                self.plain.clear();
                self.given = 0;
                return Ok(false);
            }
        };
        let after = if sealed.len() == PIECE_BYTES + TAG_BYTES { self.sealed_piece()? } else { Vec::new() };
        let plain = self.cipher.decrypt(&nonce(self.piece, after.is_empty()), &sealed[..]);
        self.plain = plain.map_err(|_| wrong(CHANGED))?;
        // Nothing is sealed in a piece of its own only where nothing was sealed at all.
        if self.plain.is_empty() && self.piece > 0 {
            return Err(wrong(CHANGED));
        }
        self.next = (!after.is_empty()).then_some(after);
        (self.piece, self.given) = (self.piece + 1, 0);
        Ok(true)
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() {
            if !self.next_piece()? {
                return Ok(0);
            }
        }
        let taken = into.len().min(self.plain.len() - self.given);
        into[..taken].copy_from_slice(&self.plain[self.given..self.given + taken]);
        self.given += taken;
        Ok(taken)
    }
}
