//! Where a test's store lives.

use std::sync::Arc;

use cordon::store::{self, MemoryStore, Store};

use crate::postgres;

/// Two handles on one empty store: two processes, where the store is a database.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) other: Arc<dyn Store>,
    _dir: Option<tempfile::TempDir>,
}

pub(crate) async fn memory() -> Option<Place> {
    let store = Arc::new(MemoryStore::new());
    Some(Place { store: store.clone(), other: store, _dir: None })
}

pub(crate) async fn sqlite() -> Option<Place> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", dir.path().join("cordon.db").display());
    Some(Place { store: open(&url).await, other: open(&url).await, _dir: Some(dir) })
}

pub(crate) async fn postgresql() -> Option<Place> {
    let url = postgres::fresh_database().await?;
    Some(Place { store: open(&url).await, other: open(&url).await, _dir: None })
}

async fn open(url: &str) -> Arc<dyn Store> {
    store::open(url).await.expect("the store opens")
}
