//! What one decision changes of something that there is much of: a few entries, in the order of their keys. A tree would
//! make room for eleven of them at once, and these are large.

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Few<K, V>(Vec<(K, V)>);

impl<K: Ord + Clone, V> Few<K, V> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    /// The value of a key, `first` if there is none; `None` if that is none either.
    pub(super) fn get_or(&mut self, key: &K, first: impl FnOnce() -> Option<V>) -> Option<&mut V> {
        let place = match self.place(key) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (key.clone(), first()?));
                place
            }
        };
        Some(&mut self.0[place].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    /// All entries, by their keys.
    pub(super) fn into_vec(self) -> Vec<(K, V)> {
        self.0
    }

    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }
}
