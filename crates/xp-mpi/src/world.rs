//! Collectives over the ranks, each of which carries its operation, its number and its status.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use xp_core::{Error, Result};

use crate::fold::alone;
use crate::transport::{Fault, Transport};

/// The ranks of a program, as one of them sees them.
pub(crate) struct World {
    pub(crate) rank: usize,
    pub(crate) size: usize,
    within: Duration,
    state: Mutex<State>,
}

struct State {
    transport: Box<dyn Transport>,
    /// The number of the next collective.
    number: u64,
    /// Why nothing more can be exchanged.
    broken: Option<Error>,
    traffic: Traffic,
}

/// What one rank has sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Operations in which all ranks took part.
    pub collectives: u64,
    /// Messages to other ranks.
    pub messages: u64,
    /// Bytes to other ranks, without those that say which message it is.
    pub bytes: u64,
}

/// What a rank contributes: bytes, or why it has none.
pub(crate) type Part = std::result::Result<Vec<u8>, String>;

/// What goes before every message: the number of the collective, its signature, the status, the name.
const HEADER: usize = 64;
const NAME: usize = HEADER - 18;

impl World {
    pub(crate) fn new(rank: usize, size: usize, transport: Box<dyn Transport>, within: Duration) -> Self {
        World { rank, size, within, state: Mutex::new(State { transport, number: 0, broken: None, traffic: Traffic::default() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.state().traffic
    }

    pub(crate) fn describe(&self) -> String {
        self.state().transport.describe()
    }

    /// Tells all other ranks that this one gives up.
    pub(crate) fn give_up(&self, why: &str) {
        self.state().give_up(self, why);
    }

    /// Ends the exchange for good.
    pub(crate) fn finish(&self) {
        let mut state = self.state();
        if state.broken.is_none() {
            state.transport.finish();
        }
        state.broken = Some(error("the exchange", "the session has ended".into()));
    }

    /// Begins an operation of all ranks. Those whose operation or signature differs are told apart.
    pub(crate) fn begin(&self, operation: &'static str, signature: u64) -> Result<Collective<'_>> {
        if alone() {
            return Err(error(operation, "ranks exchange nothing in a pass over the rows of one: do this before it, or after".into()));
        }
        let mut state = self.state();
        if let Some(e) = &state.broken {
            return Err(e.clone());
        }
        state.number += 1;
        state.traffic.collectives += 1;
        Ok(Collective { world: self, state, operation, signature })
    }

    /// The bytes of all ranks, in their order. An error of one is an error of all.
    pub(crate) fn gather(&self, operation: &'static str, signature: u64, mine: Result<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        self.begin(operation, signature)?.gather(mine)
    }

    /// What each rank has for this one, for what this one has for each. An error of one is an error of all.
    pub(crate) fn swap(&self, operation: &'static str, signature: u64, mine: Result<Vec<Vec<u8>>>) -> Result<Vec<Vec<u8>>> {
        self.begin(operation, signature)?.swap(mine)
    }

    /// What one rank has, for all.
    pub(crate) fn share(&self, operation: &'static str, signature: u64, owner: usize, mine: Result<Vec<u8>>) -> Result<Vec<u8>> {
        let mut collective = self.begin(operation, signature)?;
        let value = if self.rank == owner { Some(mine.as_ref().map_err(ToString::to_string).cloned()) } else { None };
        let shared = collective.broadcast(owner, value)?;
        match (mine, shared) {
            (Err(e), _) => Err(e),
            (_, shared) => shared.map_err(|why| error(operation, why)),
        }
    }

    /// The parts that a rank holds.
    pub(crate) fn parts_of(&self, rank: usize, parts: usize) -> Range<usize> {
        rank * parts / self.size..(rank + 1) * parts / self.size
    }
    pub(crate) fn my_parts(&self, parts: usize) -> Range<usize> {
        self.parts_of(self.rank, parts)
    }
    /// The rank that holds a part.
    pub(crate) fn owner(&self, part: usize, parts: usize) -> usize {
        ((part + 1) * self.size - 1) / parts
    }
}

impl State {
    fn give_up(&mut self, world: &World, why: &str) {
        if self.broken.is_some() {
            return;
        }
        for rank in (0..world.size).filter(|&rank| rank != world.rank) {
            self.transport.notify(rank, why);
        }
        self.broken = Some(error("the exchange", format!("this rank gave up: {why}")));
    }
}

/// An error of the exchange.
pub(crate) fn error(operation: &str, why: String) -> Error {
    Error::Backend { device: "mpi".into(), operation: operation.into(), why }
}

/// A running operation of all ranks.
pub(crate) struct Collective<'a> {
    pub(crate) world: &'a World,
    state: MutexGuard<'a, State>,
    pub(crate) operation: &'static str,
    signature: u64,
}

impl Collective<'_> {
    /// Sends parts to some ranks, and receives one of each of others.
    pub(crate) fn exchange(&mut self, sends: Vec<(usize, Part)>, from: &[usize]) -> Result<Vec<Part>> {
        let messages: Vec<(usize, Vec<u8>)> = sends
            .into_iter()
            .map(|(to, part)| {
                let (failed, bytes) = part.map_or_else(|why| (true, why.into_bytes()), |bytes| (false, bytes));
                self.state.traffic.messages += 1;
                self.state.traffic.bytes += bytes.len() as u64;
                (to, [&self.header(failed)[..], &bytes].concat())
            })
            .collect();
        let got = match self.state.transport.exchange(messages, from, self.world.within) {
            Ok(got) => got,
            Err(fault) => return Err(self.broken(fault)),
        };
        from.iter().zip(got).map(|(&rank, message)| self.open(rank, &message)).collect()
    }

    fn header(&self, failed: bool) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&self.state.number.to_le_bytes());
        header[8..16].copy_from_slice(&self.signature.to_le_bytes());
        header[16] = u8::from(failed);
        let name = &self.operation.as_bytes()[..self.operation.len().min(NAME)];
        header[17] = name.len() as u8;
        header[18..18 + name.len()].copy_from_slice(name);
        header
    }

    /// What a message holds, if it belongs to this operation.
    fn open(&mut self, rank: usize, message: &[u8]) -> Result<Part> {
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b));
        let (header, bytes) = message.split_at(HEADER.min(message.len()));
        if header.len() < HEADER {
            return Err(self.diverged(format!("rank {rank} sent {} bytes", message.len())));
        }
        let name = String::from_utf8_lossy(&header[18..(18 + header[17] as usize).min(HEADER)]).into_owned();
        let ours = &self.operation[..self.operation.len().min(NAME)];
        let (theirs, signature) = (number(&header[..8]), number(&header[8..16]));
        if name != ours || theirs != self.state.number {
            let why =
                format!("rank {rank} is in `{name}` (collective {theirs}), rank {} in `{ours}` (collective {})", self.world.rank, self.state.number);
            return Err(self.diverged(why));
        }
        if signature != self.signature {
            return Err(self.diverged(format!("shapes or dtypes of rank {rank} differ from those of rank {}", self.world.rank)));
        }
        Ok(if header[16] == 0 { Ok(bytes.to_vec()) } else { Err(String::from_utf8_lossy(bytes).into_owned()) })
    }

    /// The program is not the same on all ranks: none of them goes on.
    fn diverged(&mut self, why: String) -> Error {
        let e = error(self.operation, format!("the ranks do different things: {why}"));
        self.state.give_up(self.world, &e.to_string());
        self.state.broken = Some(e.clone());
        e
    }

    fn broken(&mut self, fault: Fault) -> Error {
        let e = match fault {
            Fault::Notice { rank, why } => error(self.operation, format!("rank {rank} gave up: {why}")),
            Fault::Silent(ranks) => {
                let seconds = self.world.within.as_secs_f64();
                error(self.operation, format!("nothing was heard of rank {} for {seconds} s (collective {})", list(&ranks), self.state.number))
            }
            Fault::Broken(why) => error(self.operation, why),
        };
        self.state.give_up(self.world, &e.to_string());
        self.state.broken = Some(e.clone());
        e
    }

    /// Every rank passes on what it has heard so far, to a rank twice as far away each time.
    fn gather(mut self, mine: Result<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let (rank, size) = (self.world.rank, self.world.size);
        let mut heard = vec![mine.as_ref().map_err(ToString::to_string).cloned()];
        let mut step = 1;
        while step < size {
            let some = encode(&heard[..step.min(size - step)]);
            let got = self.exchange(vec![((rank + size - step) % size, Ok(some))], &[(rank + step) % size])?;
            for part in got {
                heard.extend(decode(&part.unwrap_or_default()));
            }
            step *= 2;
        }
        mine?;
        heard.rotate_right(rank);
        self.all(heard)
    }

    fn swap(mut self, mine: Result<Vec<Vec<u8>>>) -> Result<Vec<Vec<u8>>> {
        let (rank, size) = (self.world.rank, self.world.size);
        let others: Vec<usize> = (1..size).map(|k| (rank + k) % size).collect();
        let mut parts: Vec<Part> = match &mine {
            Ok(_) => vec![],
            Err(e) => vec![Err(e.to_string()); size],
        };
        let mut own = None;
        if let Ok(mine) = mine.as_ref() {
            parts = mine.iter().map(|bytes| Ok(bytes.clone())).collect();
            own = parts.get_mut(rank).map(|part| std::mem::replace(part, Ok(vec![])));
        }
        let sends = others.iter().map(|&to| (to, std::mem::replace(&mut parts[to], Ok(vec![])))).collect();
        let got = self.exchange(sends, &others)?;
        mine?;
        let mut all = vec![Ok(vec![]); size];
        all[rank] = own.unwrap_or_else(|| Ok(vec![]));
        for (from, part) in others.into_iter().zip(got) {
            all[from] = part;
        }
        self.all(all)
    }

    /// The parts of all ranks, or the error of the first that has one.
    fn all(&self, parts: Vec<Part>) -> Result<Vec<Vec<u8>>> {
        let named = |(rank, part): (usize, Part)| part.map_err(|why| error(self.operation, format!("rank {rank}: {why}")));
        parts.into_iter().enumerate().map(named).collect()
    }

    /// From the owner to those that are a power of two away, which pass it on.
    pub(crate) fn broadcast(&mut self, owner: usize, value: Option<Part>) -> Result<Part> {
        let (rank, size) = (self.world.rank, self.world.size);
        let place = (rank + size - owner) % size;
        let top = size.next_power_of_two();
        let own = if place == 0 { top } else { 1 << place.trailing_zeros() };
        let value = match value {
            Some(value) => value,
            None => {
                let from = (place - own + owner) % size;
                self.exchange(vec![], &[from])?.pop().unwrap_or_else(|| Ok(vec![]))
            }
        };
        let mut step = own / 2;
        let mut sends = vec![];
        while step > 0 {
            if place + step < size {
                sends.push(((place + step + owner) % size, value.clone()));
            }
            step /= 2;
        }
        self.exchange(sends, &[])?;
        Ok(value)
    }
}

/// Parts of several ranks in one message.
fn encode(parts: &[Part]) -> Vec<u8> {
    let mut all = vec![];
    for part in parts {
        let (failed, bytes) = match part {
            Ok(bytes) => (0, &bytes[..]),
            Err(why) => (1, why.as_bytes()),
        };
        all.push(failed);
        all.extend((bytes.len() as u64).to_le_bytes());
        all.extend(bytes);
    }
    all
}
fn decode(mut bytes: &[u8]) -> Vec<Part> {
    let mut parts = vec![];
    while let Some((&failed, rest)) = bytes.split_first() {
        let (len, rest) = rest.split_at(8);
        let len = len.iter().rev().fold(0usize, |n, &b| n << 8 | usize::from(b));
        let (part, rest) = rest.split_at(len);
        parts.push(if failed == 0 { Ok(part.to_vec()) } else { Err(String::from_utf8_lossy(part).into_owned()) });
        bytes = rest;
    }
    parts
}

fn list(ranks: &[usize]) -> String {
    ranks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A number that differs where shapes or dtypes do.
pub(crate) fn signature(parts: &[usize]) -> u64 {
    // FNV-1a, which is the same on all machines.
    parts.iter().flat_map(|n| (*n as u64).to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}
