//! Memory of all ranks: ranges of addresses that nobody can read, and what of them is where on this rank.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use xp_core::{Backend, Element, Result};

use crate::layout::Shard;
use crate::world::error;

/// Where the elements of a buffer are.
#[derive(Clone, Debug)]
pub(crate) enum State<B: Backend, T: Element> {
    /// All of them on every rank.
    Replicated(B::Buffer<T>),
    /// This rank's rows.
    Sharded(B::Buffer<T>, Shard),
}

impl<B: Backend, T: Element> State<B, T> {
    /// How the elements are spread, if they are.
    pub(crate) fn shard(&self) -> Option<&Shard> {
        match self {
            State::Replicated(_) => None,
            State::Sharded(_, shard) => Some(shard),
        }
    }
}

/// Elements that a rank can make whenever it needs them, such as zeros: some of them, which nobody else has to have.
pub(crate) type Recipe<B, T> = Arc<dyn Fn(&B, Range<usize>) -> Result<<B as Backend>::Buffer<T>> + Send + Sync>;

/// What is known of the elements of a buffer.
enum Content<B: Backend, T: Element> {
    /// Nobody has written them.
    Nothing,
    /// How to make them: nobody has asked for all of them yet.
    Recipe(Recipe<B, T>),
    There(State<B, T>),
}
impl<B: Backend, T: Element> fmt::Debug for Content<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Nothing => f.write_str("Nothing"),
            Content::Recipe(_) => f.write_str("Recipe"),
            Content::There(state) => fmt::Debug::fmt(state, f),
        }
    }
}

/// Memory on every rank. Where the elements are is decided when they are written.
#[derive(Debug)]
pub struct MpiBuffer<B: Backend, T: Element>(Arc<Core<B, T>>);
impl<B: Backend, T: Element> Clone for MpiBuffer<B, T> {
    fn clone(&self) -> Self {
        MpiBuffer(self.0.clone())
    }
}

#[derive(Debug)]
struct Core<B: Backend, T: Element> {
    len: usize,
    address: usize,
    content: RwLock<Content<B, T>>,
}
impl<B: Backend, T: Element> Drop for Core<B, T> {
    fn drop(&mut self) {
        REGISTRY.write().unwrap_or_else(|e| e.into_inner()).remove(&self.address);
    }
}
impl<B: Backend, T: Element> Core<B, T> {
    fn read(&self) -> RwLockReadGuard<'_, Content<B, T>> {
        self.content.read().unwrap_or_else(|e| e.into_inner())
    }
    fn write(&self) -> RwLockWriteGuard<'_, Content<B, T>> {
        self.content.write().unwrap_or_else(|e| e.into_inner())
    }
    fn set(&self, state: State<B, T>) {
        *self.write() = Content::There(state);
    }
    fn recipe(&self) -> Option<Recipe<B, T>> {
        match &*self.read() {
            Content::Recipe(recipe) => Some(recipe.clone()),
            _ => None,
        }
    }
    /// Where the elements are; all of those that there is a recipe for are made now, on all ranks.
    fn state(&self, device: &B) -> Result<Option<State<B, T>>> {
        if let Some(recipe) = self.recipe() {
            self.set(State::Replicated(recipe(device, 0..self.len)?));
        }
        Ok(self.known())
    }
    fn settled(&self, device: &B) -> Result<State<B, T>> {
        if let Some(state) = self.state(device)? {
            return Ok(state);
        }
        let state = State::Replicated(device.upload(vec![T::default(); self.len])?);
        self.set(state.clone());
        Ok(state)
    }
    fn known(&self) -> Option<State<B, T>> {
        match &*self.read() {
            Content::There(state) => Some(state.clone()),
            _ => None,
        }
    }
}

impl<B: Backend, T: Element> MpiBuffer<B, T> {
    /// Memory that nobody has written.
    pub(crate) fn undecided(len: usize) -> Self {
        let bytes = len.saturating_mul(size_of::<T>());
        let core = Arc::new(Core { len, address: NEXT.fetch_add((bytes + 4096) & !63, Ordering::Relaxed), content: RwLock::new(Content::Nothing) });
        let entry: Arc<dyn Erased> = core.clone();
        REGISTRY.write().unwrap_or_else(|e| e.into_inner()).insert(core.address, Arc::downgrade(&entry));
        MpiBuffer(core)
    }
    pub(crate) fn new(len: usize, state: State<B, T>) -> Self {
        let buffer = Self::undecided(len);
        buffer.set(state);
        buffer
    }
    pub(crate) fn replicated(buffer: B::Buffer<T>) -> Self {
        Self::new(B::len(&buffer), State::Replicated(buffer))
    }
    pub(crate) fn sharded(buffer: B::Buffer<T>, shard: Shard) -> Self {
        Self::new(shard.size(), State::Sharded(buffer, shard))
    }
    /// Where the elements are, if anybody has written them.
    pub(crate) fn state(&self, device: &B) -> Result<Option<State<B, T>>> {
        self.0.state(device)
    }
    /// Where the elements are; `None` also of those that there is a recipe for.
    pub(crate) fn known(&self) -> Option<State<B, T>> {
        self.0.known()
    }
    pub(crate) fn set(&self, state: State<B, T>) {
        self.0.set(state);
    }
    /// Says how to make the elements, instead of writing them.
    pub(crate) fn promise(&self, recipe: Recipe<B, T>) {
        *self.0.write() = Content::Recipe(recipe);
    }
    pub(crate) fn recipe(&self) -> Option<Recipe<B, T>> {
        self.0.recipe()
    }
    /// The state; of memory that nobody has written, which holds anything, that of zeros on all ranks.
    pub(crate) fn settled(&self, device: &B) -> Result<State<B, T>> {
        self.0.settled(device)
    }
    pub(crate) fn len(&self) -> usize {
        self.0.len
    }
    pub(crate) fn address(&self) -> *const T {
        std::ptr::without_provenance(self.0.address)
    }
    pub(crate) fn is_unique(&self) -> bool {
        Arc::strong_count(&self.0) == 1
            && match &*self.0.read() {
                Content::There(State::Replicated(b) | State::Sharded(b, _)) => B::is_unique(b),
                _ => true,
            }
    }
}

/// The address of some memory, and what keeps it.
pub(crate) type Kept = (usize, Box<dyn Any + Send + Sync>);

/// A buffer of any dtype, as an address leads to it.
pub(crate) trait Erased: Send + Sync {
    /// Its address, its length in elements, and the size of one.
    fn extent(&self) -> (usize, usize, usize);
    /// Where its elements are here: the address of the first one that is, and which those are unless all.
    fn place(&self) -> Option<(usize, Option<Shard>)>;
    /// Makes what there is a recipe for, on `device`, a `B`; what nobody has written becomes zeros.
    fn settle(&self, device: &dyn Any) -> Result<()>;
    /// Whether there is a recipe for its elements.
    fn is_promised(&self) -> bool;
    /// Memory of `device` with some elements: the address, and what keeps it; `None` unless there is a recipe for them.
    fn some(&self, device: &dyn Any, which: Range<usize>) -> Result<Option<Kept>>;
    /// Gives it memory of `device`, a `B`, for all elements or for a shard.
    fn alloc(&self, device: &dyn Any, shard: Option<Shard>) -> Result<()>;
    /// Gives it elements, by their bytes, on all ranks.
    fn fill(&self, device: &dyn Any, bytes: &[u8]) -> Result<()>;
    /// The elements of a row that this rank has, of all blocks, as bytes.
    fn row(&self, device: &dyn Any, row: usize) -> Result<Vec<u8>>;
    /// Memory of `device` with elements, by their bytes: its address, and what keeps it.
    fn copy(&self, device: &dyn Any, bytes: &[u8]) -> Result<Kept>;
    /// What keeps the memory that it has now.
    fn keep(&self) -> Box<dyn Any + Send + Sync>;
}

fn device<B: Backend>(device: &dyn Any) -> Result<&B> {
    device.downcast_ref::<B>().ok_or_else(|| error("evaluation", "memory of another backend".into()))
}

impl<B: Backend, T: Element> Erased for Core<B, T> {
    fn extent(&self) -> (usize, usize, usize) {
        (self.address, self.len, size_of::<T>())
    }
    fn place(&self) -> Option<(usize, Option<Shard>)> {
        self.known().map(|state| match state {
            State::Replicated(b) => (B::address(&b).expose_provenance(), None),
            State::Sharded(b, shard) => (B::address(&b).expose_provenance(), Some(shard)),
        })
    }
    fn settle(&self, on: &dyn Any) -> Result<()> {
        self.settled(device::<B>(on)?).map(drop)
    }
    fn is_promised(&self) -> bool {
        matches!(&*self.read(), Content::Recipe(_))
    }
    fn some(&self, on: &dyn Any, which: Range<usize>) -> Result<Option<Kept>> {
        let Some(recipe) = self.recipe() else { return Ok(None) };
        let buffer = recipe(device::<B>(on)?, which)?;
        Ok(Some((B::address(&buffer).expose_provenance(), Box::new(buffer))))
    }
    fn alloc(&self, on: &dyn Any, shard: Option<Shard>) -> Result<()> {
        let len = shard.as_ref().map_or(self.len, Shard::len);
        // SAFETY: whoever asks for the memory writes all of it.
        let buffer = unsafe { device::<B>(on)?.alloc(len)? };
        self.set(match shard {
            None => State::Replicated(buffer),
            Some(shard) => State::Sharded(buffer, shard),
        });
        Ok(())
    }
    fn fill(&self, on: &dyn Any, bytes: &[u8]) -> Result<()> {
        let buffer = device::<B>(on)?.upload(values(bytes))?;
        self.set(State::Replicated(buffer));
        Ok(())
    }
    fn row(&self, on: &dyn Any, row: usize) -> Result<Vec<u8>> {
        match self.known() {
            Some(State::Sharded(b, shard)) => {
                let one = |block: usize| {
                    let at = (block * shard.mine.len() + row - shard.mine.start) * shard.inner;
                    device::<B>(on)?.download::<T>(&b, at, shard.inner)
                };
                Ok(bytes(&(0..shard.outer).map(one).collect::<Result<Vec<_>>>()?.concat()))
            }
            _ => Err(error("evaluation", "no such row".into())),
        }
    }
    fn copy(&self, on: &dyn Any, bytes: &[u8]) -> Result<Kept> {
        let buffer = device::<B>(on)?.upload(values::<T>(bytes))?;
        Ok((B::address(&buffer).expose_provenance(), Box::new(buffer)))
    }
    fn keep(&self) -> Box<dyn Any + Send + Sync> {
        Box::new(self.known())
    }
}

static REGISTRY: RwLock<BTreeMap<usize, Weak<dyn Erased>>> = RwLock::new(BTreeMap::new());
/// The next free address: of those that no machine has memory at.
static NEXT: AtomicUsize = AtomicUsize::new(1 << (usize::BITS - 12));

/// The buffer that an address lies in.
///
/// # Panics
/// When there is none, which means that the address is not of this backend.
pub(crate) fn find(address: usize) -> Arc<dyn Erased> {
    let registry = REGISTRY.read().unwrap_or_else(|e| e.into_inner());
    let entry = registry.range(..=address).next_back().and_then(|(_, entry)| entry.upgrade());
    entry.expect("an address of a living buffer")
}

/// Elements as bytes.
pub(crate) fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    // SAFETY: elements have no padding, and every byte of them may be read.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }.to_vec()
}

/// The elements that bytes, from [`bytes`] of this dtype, stand for.
pub(crate) fn values<T: Element>(bytes: &[u8]) -> Vec<T> {
    let mut values = vec![T::default(); bytes.len() / size_of::<T>()];
    // SAFETY: there is room for as many bytes, which are those of elements of this dtype: ranks check that they are in the
    // same operation on the same dtypes.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), values.as_mut_ptr().cast(), values.len() * size_of::<T>()) };
    values
}
