//! The disk cache of compiled modules, for backends that compile kernels when a program runs.
//!
//! One file per key. A file holds its whole key, so a collision of file names is a miss and never a wrong module; a
//! checksum finds damage. Files are written under a temporary name and renamed. Every failure of the file system is a miss.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{env, fs, process};

const MAGIC: &[u8; 8] = b"xpcache1";

/// A folder of compiled modules, or nothing.
#[derive(Debug, Clone)]
pub struct DiskCache {
    folder: Option<PathBuf>,
    extension: &'static str,
}

impl DiskCache {
    /// The cache in the folder that an environment variable names, of which `off` turns it off; else in the folder `name` of the
    /// user's cache folder. Files end in `extension`.
    #[must_use]
    pub fn from_env(variable: &str, name: &str, extension: &'static str) -> Self {
        let user = || env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
        let folder = match env::var_os(variable) {
            Some(v) if v == "off" || v.is_empty() => None,
            Some(v) => Some(PathBuf::from(v)),
            None => user().map(|base| base.join(name)),
        };
        Self { folder, extension }
    }

    /// A cache in this folder.
    #[must_use]
    pub fn at(folder: Option<PathBuf>, extension: &'static str) -> Self {
        Self { folder, extension }
    }

    /// The keys of all modules that are there.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let files = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path());
        let key = |file: PathBuf| {
            let bytes = fs::read(file).ok()?;
            let mut reader = Reader(&bytes);
            let key = (reader.take(8)? == MAGIC).then(|| reader.block())??;
            String::from_utf8(key.to_vec()).ok()
        };
        files.filter(|file| file.extension().is_some_and(|end| end == self.extension)).filter_map(key).collect()
    }

    /// The module of a key.
    #[must_use]
    pub fn load(&self, key: &str) -> Option<Vec<u8>> {
        let bytes = fs::read(self.file(key)?).ok()?;
        let mut reader = Reader(&bytes);
        let intact = reader.take(8)? == MAGIC && reader.block()? == key.as_bytes();
        let payload = reader.block()?;
        let checksum = reader.take(16)?;
        (intact && reader.0.is_empty() && checksum == hash(payload).to_le_bytes()).then(|| payload.to_vec())
    }

    /// Keeps a module. An unwritable folder is not an error.
    pub fn store(&self, key: &str, module: &[u8]) {
        let Some(file) = self.file(key) else { return };
        let Some(folder) = file.parent() else { return };
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let temporary = folder.join(format!(".{}-{}.tmp", process::id(), NEXT.fetch_add(1, Relaxed)));
        let mut bytes = MAGIC.to_vec();
        for block in [key.as_bytes(), module] {
            bytes.extend((block.len() as u64).to_le_bytes());
            bytes.extend(block);
        }
        bytes.extend(hash(module).to_le_bytes());
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&temporary, bytes)).and_then(|()| fs::rename(&temporary, &file));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }

    /// The file of a key.
    fn file(&self, key: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{:032x}.{}", hash(key.as_bytes()), self.extension)))
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let len = u64::from_le_bytes(self.take(8)?.try_into().ok()?);
        self.take(usize::try_from(len).ok()?)
    }
}

/// FNV-1a with 128 bits.
fn hash(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62272e07bb014262b821756295c58d, |h: u128, &b| (h ^ u128::from(b)).wrapping_mul(0x0000000001000000000000000000013b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary() -> (DiskCache, PathBuf) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = env::temp_dir().join(format!("xp-disk-cache-{}-{}", process::id(), NEXT.fetch_add(1, Relaxed)));
        (DiskCache::at(Some(folder.clone()), "cubin"), folder)
    }

    #[test]
    fn hash_is_fnv_1a() {
        // The published offset basis, and the published value for "a".
        assert_eq!(hash(b""), 0x6c62272e07bb014262b821756295c58d);
        assert_eq!(hash(b"a"), 0xd228cb696f1a8caf78912b704e4a8964);
    }

    #[test]
    fn what_is_stored_is_loaded_under_its_key_only() {
        let (cache, folder) = temporary();
        assert_eq!(cache.load("key"), None);
        cache.store("key", b"module");
        assert_eq!(cache.load("key").as_deref(), Some(&b"module"[..]));
        assert_eq!(cache.load("other"), None);
        cache.store("third", b"");
        assert_eq!(cache.keys().into_iter().collect::<std::collections::BTreeSet<_>>(), ["key".to_owned(), "third".to_owned()].into());
        // A file under the name of another key is not taken for it.
        fs::copy(cache.file("key").unwrap(), cache.file("other").unwrap()).unwrap();
        assert_eq!(cache.load("other"), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn damage_is_a_miss() {
        let (cache, folder) = temporary();
        cache.store("key", &[7; 100]);
        let file = cache.file("key").unwrap();
        let good = fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert_eq!(cache.load("key"), None, "byte {at}");
            fs::write(&file, &good[..at]).unwrap();
            assert_eq!(cache.load("key"), None, "cut at {at}");
        }
        cache.store("key", &[8; 3]);
        assert_eq!(cache.load("key"), Some(vec![8; 3]));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no temporary file stays behind");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_unusable_folder_is_not_an_error() {
        for folder in [None, Some(PathBuf::from("/dev/null/x"))] {
            let cache = DiskCache::at(folder, "cubin");
            cache.store("key", b"module");
            assert_eq!(cache.load("key"), None);
        }
    }
}
