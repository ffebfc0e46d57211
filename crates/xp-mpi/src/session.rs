//! The start and the end of a program on several ranks.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, RwLock, Weak};
use std::time::Duration;

use xp_core::{Backend, Error, Result};

use crate::backend::Mpi;
use crate::library::Library;
use crate::transport::{self, Alone, Threads};
use crate::world::{World, error};

/// How long a rank waits for others before it gives up, unless `XP_MPI_DEADLINE` names seconds.
const DEADLINE: Duration = Duration::from_secs(600);

/// MPI of this process, from start to end, and its device.
///
/// ```no_run
/// use xp_cpu::Cpu;
/// use xp_mpi::Session;
///
/// fn main() -> xp_core::Result<()> {
///     // mpirun -n 4 program
///     Session::<Cpu>::start()?.run(|device| {
///         let x = device.from_rows::<f64, xp_core::Ix2>([1_000_000, 8], |rows| rows.flat_map(|i| (0..8).map(move |j| (i * 8 + j) as f64)).collect())?;
///         let mean = x.mean(0).to_host()?;
///         if device.rank() == 0 {
///             println!("{mean:?} on {device}");
///         }
///         Ok(())
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Session<B: Backend> {
    device: Mpi<B>,
    ended: bool,
}

/// Where a rank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The number of the rank.
    pub rank: usize,
    /// The number of ranks.
    pub size: usize,
    /// Its number among the ranks of its machine.
    pub local_rank: usize,
    /// The number of ranks of its machine.
    pub local_size: usize,
}

impl Place {
    /// Of a rank, by the names of the machines of all.
    fn of(rank: usize, machines: &[Vec<u8>]) -> Place {
        let here = |ranks: &[Vec<u8>]| ranks.iter().filter(|&machine| *machine == machines[rank]).count();
        Place { rank, size: machines.len(), local_rank: here(&machines[..rank]), local_size: here(machines) }
    }
}

impl Place {
    /// The device of a rank: the ranks of a machine take its devices, such as GPUs, in turn; a rank alone takes the default one.
    ///
    /// # Errors
    /// As for [`Backend::default_device`].
    pub fn device<B: Backend>(&self) -> Result<B> {
        if self.local_size == 1 {
            return B::default_device();
        }
        let devices = B::devices();
        devices.get(self.local_rank % devices.len().max(1)).cloned().map_or_else(B::default_device, Ok)
    }
}

static STARTED: AtomicBool = AtomicBool::new(false);
static GLOBAL: RwLock<Weak<World>> = RwLock::new(Weak::new());
thread_local! {
    static CURRENT: RefCell<Weak<World>> = const { RefCell::new(Weak::new()) };
}

/// The world of this thread's session, or of the process's; without one, a world of one rank.
pub(crate) fn current() -> Arc<World> {
    let here = CURRENT.with(|current| current.borrow().upgrade());
    let global = || GLOBAL.read().unwrap_or_else(|e| e.into_inner()).upgrade();
    here.or_else(global).unwrap_or_else(one)
}

/// The world of one rank, which needs no MPI.
fn one() -> Arc<World> {
    static ONE: OnceLock<Arc<World>> = OnceLock::new();
    ONE.get_or_init(|| World::new(0, 1, Box::new(Alone), DEADLINE).into()).clone()
}

impl<B: Backend> Mpi<B> {
    /// The device of a world of one rank, which needs no MPI: for programs that run without it too, and their tests.
    #[must_use]
    pub fn alone(device: B) -> Self {
        Mpi { device, world: one() }
    }
}

fn deadline() -> Result<Duration> {
    let Ok(text) = std::env::var("XP_MPI_DEADLINE") else { return Ok(DEADLINE) };
    let seconds: Option<f64> = text.parse().ok().filter(|&s: &f64| s > 0.0 && s < 1e9);
    seconds.map(Duration::from_secs_f64).ok_or_else(|| Error::value("XP_MPI_DEADLINE", format!("`{text}` given: a number of seconds above 0")))
}

/// Bytes of a piece of a message, unless `XP_MPI_PIECE` names fewer.
fn piece() -> Result<usize> {
    let Ok(text) = std::env::var("XP_MPI_PIECE") else { return Ok(transport::PIECE) };
    let bytes = text.parse().ok().filter(|bytes| (1..=transport::PIECE).contains(bytes));
    bytes.ok_or_else(|| Error::value("XP_MPI_PIECE", format!("`{text}` given: a number of bytes, 1 to {}", transport::PIECE)))
}

impl<B: Backend> Session<B> {
    /// Starts MPI. Where several ranks share a machine that has several devices, such as GPUs, each rank takes one of its own, in turn;
    /// otherwise it takes the default device.
    ///
    /// MPI is opened at run time: Open MPI, MPICH, or any library with the standard binary interface of MPI 5; the environment
    /// variable `XP_MPI_LIBRARY` names its file. A program that was not started by `mpirun` or its kin is a world of one rank.
    ///
    /// # Errors
    /// When no library is found, which lists those that were tried; when a session was started before; when the ranks differ
    /// in what could change results: version, program, instruction set.
    pub fn start() -> Result<Self> {
        Self::start_at(|place| place.device())
    }

    /// Starts MPI, with the device that each rank chooses, which may depend on the rank.
    ///
    /// # Errors
    /// As for [`Session::start`]; those of `choose`, on all ranks.
    pub fn start_on(choose: impl FnOnce(usize) -> Result<B>) -> Result<Self> {
        Self::start_at(|place| choose(place.rank))
    }

    /// Starts MPI, with the device that each rank chooses by its place, such as the GPU with the number of the rank on its machine.
    ///
    /// ```no_run
    /// # use xp_cpu::Cpu;
    /// use xp_mpi::Session;
    /// // With `Cuda`: `Session::start_at(|place| Cuda::new(place.local_rank))`.
    /// let session = Session::start_at(|place| {
    ///     println!("rank {} is number {} of {} here", place.rank, place.local_rank, place.local_size);
    ///     Ok(Cpu)
    /// })?;
    /// # Ok::<(), xp_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Session::start`]; those of `choose`, on all ranks.
    pub fn start_at(choose: impl FnOnce(Place) -> Result<B>) -> Result<Self> {
        let (within, piece) = (deadline()?, piece()?);
        if STARTED.swap(true, Ordering::SeqCst) {
            return Err(error("start", "a session was started before in this process, and MPI starts once".into()));
        }
        let open = || {
            let library = Library::open()?;
            let place = library.start()?;
            let machine = library.machine()?;
            Ok((library, place, machine))
        };
        let (library, (rank, size), machine) = match open() {
            Ok(opened) => opened,
            Err(why) => {
                // Nothing was started: another try may find what this one lacks.
                STARTED.store(false, Ordering::SeqCst);
                return Err(error("start", why));
            }
        };
        let world = Arc::new(World::new(rank, size, Box::new(transport::Mpi::new(library, (rank, size), piece)), within));
        *GLOBAL.write().unwrap_or_else(|e| e.into_inner()) = Arc::downgrade(&world);
        let machines = world.gather("start", 0, Ok(machine.into_bytes()))?;
        Self::begin(world, choose(Place::of(rank, &machines)), piece)
    }

    fn begin(world: Arc<World>, device: Result<B>, piece: usize) -> Result<Self> {
        CURRENT.with(|current| *current.borrow_mut() = Arc::downgrade(&world));
        let described = device.as_ref().map(|_| character::<B>(piece).into_bytes()).map_err(Clone::clone);
        let all = world.gather("start", 0, described)?;
        let device = device?;
        let (mine, session) = (&all[world.rank].clone(), Session { device: Mpi { device, world }, ended: false });
        if let Some(other) = all.iter().position(|x| x != mine) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let why = format!("rank {other} is {}, rank {} is {}", text(&all[other]), session.device.world.rank, text(mine));
            let hint = "start the same program everywhere, and name the lowest instruction set in XP_CPU_LEVEL";
            return Err(error("start", format!("{why}, which would give different bits: {hint}")));
        }
        Ok(session)
    }

    /// The device: arrays are made there.
    pub fn device(&self) -> &Mpi<B> {
        &self.device
    }

    /// Runs the program and ends the session. An error or a panic of one rank ends those that wait for it too, with its message.
    ///
    /// # Errors
    /// Those of `program`, and those of the exchange at its end, when not all ranks reach it.
    pub fn run<R, E: From<Error> + std::fmt::Display>(mut self, program: impl FnOnce(&Mpi<B>) -> Result<R, E>) -> Result<R, E> {
        let result = program(&self.device);
        match &result {
            Ok(_) => self.end()?,
            Err(e) => {
                self.device.world.give_up(&e.to_string());
                self.ended = true;
            }
        }
        result
    }

    /// Ends the session, when all ranks have come to its end.
    ///
    /// # Errors
    /// When one does not come before the deadline, or is somewhere else.
    pub fn end(&mut self) -> Result<()> {
        if !self.ended {
            self.ended = true;
            self.device.world.gather("end", 0, Ok(vec![]))?;
            self.device.world.finish();
        }
        Ok(())
    }
}

impl<B: Backend> Drop for Session<B> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.device.world.give_up("it panicked");
        } else if let Err(e) = self.end() {
            eprintln!("{e}");
        }
    }
}

/// What ranks have to have in common for their results to be the same.
fn character<B: Backend>(piece: usize) -> String {
    let program = std::env::current_exe().ok();
    let size = program.as_ref().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |meta| meta.len());
    let name = program.as_ref().and_then(|path| path.file_name()).map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let version = env!("CARGO_PKG_VERSION");
    format!("xp-mpi {version} over {} in {name} of {size} bytes with {} and messages by {piece} bytes", B::NAME, instructions())
}

/// The instruction sets that loops may be compiled for.
fn instructions() -> String {
    if let Ok(level) = std::env::var("XP_CPU_LEVEL") {
        return level;
    }
    #[cfg(target_arch = "x86_64")]
    {
        let has =
            [("avx2", is_x86_feature_detected!("avx2")), ("fma", is_x86_feature_detected!("fma")), ("avx512", is_x86_feature_detected!("avx512f"))];
        has.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect::<Vec<_>>().join("+")
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::env::consts::ARCH.to_string()
}

/// Runs a program on `size` ranks that are threads of this process, with messages between them instead of MPI: for tests of
/// programs, on machines without MPI. The results of all ranks are returned in their order; arrays among them can be read where they
/// are, and take part in no more exchanges.
///
/// # Errors
/// When `size` is 0, or `XP_MPI_DEADLINE` is no number of seconds.
///
/// # Panics
/// When the program panics on some rank; the others end with an error that says so.
///
/// ```
/// use xp_core::Ix1;
/// use xp_cpu::Cpu;
/// let sums = xp_mpi::simulate(3, &Cpu, |device| {
///     let x = device.from_rows::<i64, Ix1>([10], |rows| rows.map(|i| i as i64).collect())?;
///     x.sum(..).item()
/// })?;
/// assert_eq!(sums, [Ok(45), Ok(45), Ok(45)]);
/// # Ok::<(), xp_core::Error>(())
/// ```
pub fn simulate<B: Backend, R: Send>(size: usize, device: &B, program: impl Fn(&Mpi<B>) -> R + Sync) -> Result<Vec<R>> {
    simulate_at(size, |_| Ok(device.clone()), program)
}

/// [`simulate`] with the device that `choose` has for each rank, all of which are on this machine.
///
/// # Errors
/// As for [`simulate`]; those of `choose`.
///
/// # Panics
/// As for [`simulate`].
pub fn simulate_at<B: Backend, R: Send>(size: usize, choose: impl Fn(Place) -> Result<B>, program: impl Fn(&Mpi<B>) -> R + Sync) -> Result<Vec<R>> {
    if size == 0 {
        return Err(Error::value("simulate: size", "0 given: a program has at least one rank"));
    }
    let within = deadline()?;
    let place = |rank| Place { rank, size, local_rank: rank, local_size: size };
    let devices = (0..size).map(|rank| choose(place(rank))).collect::<Result<Vec<B>>>()?;
    let rank = |(rank, transport): (usize, Threads), device: B| {
        let world = Arc::new(World::new(rank, size, Box::new(transport), within));
        CURRENT.with(|current| *current.borrow_mut() = Arc::downgrade(&world));
        let device = Mpi { device, world };
        let ended = Ended(&device.world);
        let result = program(&device);
        std::mem::forget(ended);
        // Ranks that wait for this one are told that it has ended; its own error, if it has one, is in the result.
        let _ = device.world.gather("end", 0, Ok(vec![]));
        device.world.finish();
        result
    };
    let rank = &rank;
    Ok(std::thread::scope(|scope| {
        let places = Threads::new(size).into_iter().enumerate().zip(devices);
        let ranks: Vec<_> = places.map(|(place, device)| scope.spawn(move || rank(place, device))).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    }))
}

/// Tells the other ranks of a panic.
struct Ended<'a>(&'a World);
impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.give_up("it panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn ranks_of_a_machine() {
        let machines = ["a", "b", "a", "a", "b"].map(|name| name.as_bytes().to_vec());
        let places: Vec<_> = (0..5).map(|rank| Place::of(rank, &machines)).map(|place| (place.local_rank, place.local_size)).collect();
        assert_eq!(places, [(0, 3), (0, 2), (1, 3), (2, 3), (1, 2)]);
    }
}
