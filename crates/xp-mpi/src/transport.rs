//! How messages get from rank to rank: by MPI, between threads of one process, or not at all.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::library::{Handle, Library, Status};

/// What ends an exchange that did not take place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// A rank has sent word that it gives up.
    Notice {
        /// Which.
        rank: usize,
        /// Why.
        why: String,
    },
    /// Nothing came from these ranks before the deadline.
    Silent(Vec<usize>),
    /// The library reports an error.
    Broken(String),
}

/// Sends and receives whole messages. One exchange at a time.
pub(crate) trait Transport: Send {
    /// Sends messages to some ranks, and receives one of each of others.
    fn exchange(&mut self, sends: Vec<(usize, Vec<u8>)>, from: &[usize], within: Duration) -> Result<Vec<Vec<u8>>, Fault>;
    /// Tells a rank, whatever it waits for, that this one gives up.
    fn notify(&mut self, rank: usize, why: &str);
    /// The last call.
    fn finish(&mut self) {}
    /// What carries the messages.
    fn describe(&self) -> String;
}

/// A world of one rank.
pub(crate) struct Alone;
impl Transport for Alone {
    fn exchange(&mut self, _: Vec<(usize, Vec<u8>)>, from: &[usize], _: Duration) -> Result<Vec<Vec<u8>>, Fault> {
        if from.is_empty() { Ok(vec![]) } else { Err(Fault::Silent(from.to_vec())) }
    }
    fn notify(&mut self, _: usize, _: &str) {}
    fn describe(&self) -> String {
        "one process".into()
    }
}

/// The mailboxes of ranks that are threads.
struct Office {
    state: Mutex<Mail>,
    changed: Condvar,
}
struct Mail {
    /// From each rank to each, row by row.
    boxes: Vec<VecDeque<Vec<u8>>>,
    notices: Vec<VecDeque<(usize, String)>>,
}

/// A rank that is a thread.
pub(crate) struct Threads {
    office: Arc<Office>,
    rank: usize,
    size: usize,
}
impl Threads {
    /// The transports of `size` ranks.
    pub(crate) fn new(size: usize) -> Vec<Threads> {
        let mail = Mail { boxes: vec![VecDeque::new(); size * size], notices: vec![VecDeque::new(); size] };
        let office = Arc::new(Office { state: Mutex::new(mail), changed: Condvar::new() });
        (0..size).map(|rank| Threads { office: office.clone(), rank, size }).collect()
    }
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.office.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}
impl Transport for Threads {
    fn exchange(&mut self, sends: Vec<(usize, Vec<u8>)>, from: &[usize], within: Duration) -> Result<Vec<Vec<u8>>, Fault> {
        let until = Instant::now() + within;
        let mut mail = self.mail();
        for (to, message) in sends {
            mail.boxes[self.rank * self.size + to].push_back(message);
        }
        self.office.changed.notify_all();
        let mut got: Vec<Option<Vec<u8>>> = vec![None; from.len()];
        loop {
            for (slot, &rank) in got.iter_mut().zip(from) {
                if slot.is_none() {
                    *slot = mail.boxes[rank * self.size + self.rank].pop_front();
                }
            }
            if got.iter().all(Option::is_some) {
                return Ok(got.into_iter().flatten().collect());
            }
            if let Some((rank, why)) = mail.notices[self.rank].pop_front() {
                return Err(Fault::Notice { rank, why });
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::Silent(missing(&got, from)));
            }
            mail = self.office.changed.wait_timeout(mail, left).unwrap_or_else(|e| e.into_inner()).0;
        }
    }
    fn notify(&mut self, rank: usize, why: &str) {
        self.mail().notices[rank].push_back((self.rank, why.into()));
        self.office.changed.notify_all();
    }
    fn describe(&self) -> String {
        "threads of one process".into()
    }
}

fn missing<T>(got: &[Option<T>], from: &[usize]) -> Vec<usize> {
    got.iter().zip(from).filter(|(slot, _)| slot.is_none()).map(|(_, &rank)| rank).collect()
}

/// The first piece of every message: its length, and as much of it as there is room for.
const FRAME: usize = 512;
const HEAD: usize = 8;
/// The largest piece of a message, since counts are 32-bit integers.
pub(crate) const PIECE: usize = 1 << 30;
/// How long a rank that gives up waits for another to take the word.
const PATIENCE: Duration = Duration::from_millis(200);
/// Tags of messages and of notices.
const MESSAGE: c_int = 4711;
const NOTICE: c_int = 4712;

/// A rank of an MPI program.
pub(crate) struct Mpi {
    library: Library,
    rank: usize,
    size: usize,
    /// Bytes of a piece of a message, at most [`PIECE`].
    piece: usize,
}

/// A running transfer of a piece, and its memory, which is the library's until it has finished.
struct Transfer {
    request: Handle,
    memory: Box<[u8]>,
    done: bool,
}

/// What is received of one rank.
enum Incoming {
    Frame(Transfer),
    Rest { start: Vec<u8>, pieces: Vec<Transfer> },
    Whole(Vec<u8>),
}

impl Mpi {
    pub(crate) fn new(library: Library, (rank, size): (usize, usize), piece: usize) -> Self {
        Mpi { library, rank, size, piece }
    }

    fn send(&self, to: usize, tag: c_int, memory: Box<[u8]>) -> Result<Transfer, Fault> {
        let mut transfer = Transfer { request: 0, memory, done: false };
        let Library { functions, world, byte, .. } = &self.library;
        // SAFETY: the memory has as many bytes, at most `PIECE`, and stays where it is until the transfer has finished.
        let code = unsafe {
            let (at, len) = (transfer.memory.as_ptr().cast(), transfer.memory.len() as c_int);
            (functions.isend)(at, len, *byte, to as c_int, tag, *world, &raw mut transfer.request)
        };
        self.library.check("MPI_Isend", code).map_err(Fault::Broken).map(|()| transfer)
    }

    fn receive(&self, from: usize, tag: c_int, len: usize) -> Result<Transfer, Fault> {
        let mut transfer = Transfer { request: 0, memory: vec![0; len].into(), done: false };
        let Library { functions, world, byte, .. } = &self.library;
        // SAFETY: as in `send`.
        let code = unsafe {
            (functions.irecv)(transfer.memory.as_mut_ptr().cast(), len as c_int, *byte, from as c_int, tag, *world, &raw mut transfer.request)
        };
        self.library.check("MPI_Irecv", code).map_err(Fault::Broken).map(|()| transfer)
    }

    fn finished(&self, transfer: &mut Transfer) -> Result<bool, Fault> {
        if !transfer.done {
            let (mut flag, mut status) = (0, Status::default());
            // SAFETY: the request is a running one of this library.
            let code = unsafe { (self.library.functions.test)(&raw mut transfer.request, &raw mut flag, &raw mut status) };
            self.library.check("MPI_Test", code).map_err(Fault::Broken)?;
            transfer.done = flag != 0;
        }
        Ok(transfer.done)
    }

    /// The pieces of a message on their way.
    fn send_message(&self, to: usize, message: &[u8], sent: &mut Vec<Transfer>) -> Result<(), Fault> {
        let mut frame = vec![0; FRAME];
        frame[..HEAD].copy_from_slice(&(message.len() as u64).to_le_bytes());
        let (first, rest) = message.split_at(message.len().min(FRAME - HEAD));
        frame[HEAD..HEAD + first.len()].copy_from_slice(first);
        sent.push(self.send(to, MESSAGE, frame.into())?);
        for piece in rest.chunks(self.piece) {
            sent.push(self.send(to, MESSAGE, piece.into())?);
        }
        Ok(())
    }

    /// What became of an incoming message.
    fn advance(&self, from: usize, incoming: Incoming) -> Result<(Incoming, bool), Fault> {
        match incoming {
            Incoming::Frame(mut transfer) => {
                if !self.finished(&mut transfer)? {
                    return Ok((Incoming::Frame(transfer), false));
                }
                let frame = &transfer.memory;
                let len = frame[..HEAD].iter().rev().fold(0u64, |n, &b| n << 8 | u64::from(b)) as usize;
                let start = frame[HEAD..HEAD + len.min(FRAME - HEAD)].to_vec();
                let (mut left, mut pieces) = (len - start.len(), vec![]);
                if left == 0 {
                    return Ok((Incoming::Whole(start), true));
                }
                while left > 0 {
                    pieces.push(self.receive(from, MESSAGE, left.min(self.piece))?);
                    left -= left.min(self.piece);
                }
                Ok((Incoming::Rest { start, pieces }, true))
            }
            Incoming::Rest { mut start, mut pieces } => {
                for piece in &mut pieces {
                    if !self.finished(piece)? {
                        return Ok((Incoming::Rest { start, pieces }, false));
                    }
                }
                pieces.iter().for_each(|piece| start.extend_from_slice(&piece.memory));
                Ok((Incoming::Whole(start), true))
            }
            Incoming::Whole(message) => Ok((Incoming::Whole(message), false)),
        }
    }

    /// Word of a rank that gives up.
    fn notice(&self) -> Result<(), Fault> {
        for rank in (0..self.size).filter(|&rank| rank != self.rank) {
            let (mut flag, mut status) = (0, Status::default());
            // SAFETY: the standard's call; the variables outlive it.
            let code = unsafe { (self.library.functions.iprobe)(rank as c_int, NOTICE, self.library.world, &raw mut flag, &raw mut status) };
            self.library.check("MPI_Iprobe", code).map_err(Fault::Broken)?;
            if flag != 0 {
                let mut transfer = self.receive(rank, NOTICE, FRAME)?;
                while !self.finished(&mut transfer)? {
                    std::thread::yield_now();
                }
                let end = transfer.memory.iter().position(|&b| b == 0).unwrap_or(FRAME);
                return Err(Fault::Notice { rank, why: String::from_utf8_lossy(&transfer.memory[..end]).into_owned() });
            }
        }
        Ok(())
    }

    fn run(&self, sent: &mut [Transfer], incoming: &mut [Option<Incoming>], from: &[usize], within: Duration) -> Result<(), Fault> {
        let start = Instant::now();
        let mut idle = 0u32;
        loop {
            let mut moved = false;
            for (slot, &rank) in incoming.iter_mut().zip(from) {
                if let Some(now) = slot.take() {
                    let (next, step) = self.advance(rank, now)?;
                    *slot = Some(next);
                    moved |= step;
                }
            }
            let mut open = 0;
            for transfer in sent.iter_mut() {
                open += usize::from(!self.finished(transfer)?);
            }
            let here = incoming.iter().all(|slot| matches!(slot, Some(Incoming::Whole(_))));
            if here && open == 0 {
                return Ok(());
            }
            idle = if moved { 0 } else { idle + 1 };
            // Soon at first; then with less and less haste, for the ranks may share processors.
            match idle {
                0..100 => std::hint::spin_loop(),
                100..2000 => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
            if idle > 100 && idle.is_multiple_of(64) {
                self.notice()?;
                if start.elapsed() > within {
                    let open = incoming.iter().zip(from).filter(|(slot, _)| !matches!(slot, Some(Incoming::Whole(_)))).map(|(_, &rank)| rank);
                    return Err(Fault::Silent(open.collect()));
                }
            }
        }
    }
}

impl Transport for Mpi {
    fn exchange(&mut self, sends: Vec<(usize, Vec<u8>)>, from: &[usize], within: Duration) -> Result<Vec<Vec<u8>>, Fault> {
        let mut sent = vec![];
        let mut incoming: Vec<Option<Incoming>> = vec![];
        let mut all = || {
            for &rank in from {
                incoming.push(Some(Incoming::Frame(self.receive(rank, MESSAGE, FRAME)?)));
            }
            for (to, message) in &sends {
                self.send_message(*to, message, &mut sent)?;
            }
            self.run(&mut sent, &mut incoming, from, within)
        };
        if let Err(fault) = all() {
            // The library may still write to what was not received.
            std::mem::forget((sent, incoming));
            return Err(fault);
        }
        Ok(incoming.into_iter().filter_map(|slot| if let Some(Incoming::Whole(message)) = slot { Some(message) } else { None }).collect())
    }

    fn notify(&mut self, rank: usize, why: &str) {
        let mut frame = vec![0; FRAME];
        let len = why.len().min(FRAME - 1);
        frame[..len].copy_from_slice(&why.as_bytes()[..len]);
        if let Ok(mut transfer) = self.send(rank, NOTICE, frame.into()) {
            // Short messages are on their way soon; whoever does not listen is not waited for.
            let start = Instant::now();
            while start.elapsed() < PATIENCE {
                if self.finished(&mut transfer).unwrap_or(true) {
                    return;
                }
                std::thread::yield_now();
            }
            std::mem::forget(transfer);
        }
    }

    fn finish(&mut self) {
        // SAFETY: the last call; every transfer has finished.
        unsafe { (self.library.functions.finalize)() };
    }

    fn describe(&self) -> String {
        self.library.describe()
    }
}

impl Mpi {
    /// Ends the processes of all ranks.
    #[allow(dead_code)]
    pub(crate) fn abort(&self) {
        // SAFETY: the standard's call, which may be made at any time between the first and the last.
        unsafe { (self.library.functions.abort)(self.library.world, 1) };
    }
}
