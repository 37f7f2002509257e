//! A JSON document that is written piece by piece.

use std::io;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Bytes gathered before they are written on.
const GATHERED_BYTES: usize = 64 * 1024;

/// An object whose members are values and lists.
pub(super) struct Document<'w, W> {
    to: &'w mut W,
    gathered: Vec<u8>,
    /// Nothing stands before what comes next, in the object or the list that is open.
    is_first: bool,
}

impl<'w, W: AsyncWrite + Unpin> Document<'w, W> {
    pub(super) fn new(to: &'w mut W) -> Self {
        Self { to, gathered: b"{".to_vec(), is_first: true }
    }

    pub(super) async fn member(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.name(name)?;
        serde_json::to_writer(&mut self.gathered, value)?;
        self.pass_on().await
    }

    /// Opens a list; what comes next are its items, until it is closed.
    pub(super) fn open_list(&mut self, name: &str) -> io::Result<()> {
        self.name(name)?;
        self.gathered.push(b'[');
        self.is_first = true;
        Ok(())
    }

    pub(super) async fn item(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.separate();
        serde_json::to_writer(&mut self.gathered, value)?;
        self.pass_on().await
    }

    pub(super) fn close_list(&mut self) {
        self.gathered.push(b']');
        self.is_first = false;
    }

    /// Ends the object.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.gathered.extend_from_slice(b"\n}\n");
        self.to.write_all(&self.gathered).await?;
        self.to.flush().await
    }

    fn name(&mut self, name: &str) -> io::Result<()> {
        self.separate();
        serde_json::to_writer(&mut self.gathered, name)?;
        self.gathered.push(b':');
        Ok(())
    }

    fn separate(&mut self) {
        if !self.is_first {
            self.gathered.push(b',');
        }
        self.gathered.push(b'\n');
        self.is_first = false;
    }

    async fn pass_on(&mut self) -> io::Result<()> {
        if self.gathered.len() >= GATHERED_BYTES {
            self.to.write_all(&self.gathered).await?;
            self.gathered.clear();
        }
        Ok(())
    }
}
