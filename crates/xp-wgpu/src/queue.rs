//! What is queued on a device: launches are collected and submitted together, at the latest when the host reads.

use xp_core::{Error, Result};

use crate::device::{Device, lock};
use crate::kernel::Kernel;

/// Bytes of arguments, and of small uploads, that are collected before they are submitted.
const ARGUMENTS: u64 = 1 << 18;
/// Launches that are collected before they are submitted: the device starts while the host goes on.
const LAUNCHES: u32 = 64;
/// The largest upload that travels with the arguments.
const SMALL: usize = 1 << 14;
/// Words of the record of an index out of range: whether there is one, the index in two words, the length of the axis.
pub(crate) const FAULT_WORDS: usize = 4;

/// What was recorded and not yet submitted.
pub(crate) struct Work {
    encoder: Option<wgpu::CommandEncoder>,
    launches: u32,
    arguments: Vec<u8>,
    buffer: wgpu::Buffer,
    alignment: usize,
    fault: wgpu::Buffer,
    staging: Option<wgpu::Buffer>,
    counts: Counts,
}

/// What a device was asked to do since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Launches of kernels.
    pub launches: u64,
    /// Submissions to the driver, each of which holds some launches.
    pub submissions: u64,
    /// Reads by the host, each of which waits.
    pub reads: u64,
    /// Bytes that were copied to the device, arguments of kernels aside.
    pub bytes_up: u64,
    /// Bytes that were copied to the host.
    pub bytes_down: u64,
}

/// The arguments of a kernel that are no memory, in words.
#[derive(Default)]
pub(crate) struct Arguments(pub(crate) Vec<u32>);

impl Arguments {
    pub(crate) fn push(&mut self, x: usize) -> &mut Self {
        self.0.push(x as u32);
        self
    }

    /// A distance, which may be negative.
    pub(crate) fn push_signed(&mut self, x: isize) -> &mut Self {
        self.0.push(x as i32 as u32);
        self
    }

    pub(crate) fn push_wide(&mut self, x: i64) -> &mut Self {
        self.0.extend([x as u32, (x >> 32) as u32]);
        self
    }
}

impl Work {
    pub(crate) fn new(device: &wgpu::Device, limits: &wgpu::Limits) -> Self {
        let make = |size, usage| device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
        let both = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        Work {
            encoder: None,
            launches: 0,
            arguments: vec![],
            buffer: make(ARGUMENTS, both),
            alignment: limits.min_storage_buffer_offset_alignment.max(16) as usize,
            // New memory of wgpu holds zeros.
            fault: make(FAULT_WORDS as u64 * 4, both),
            staging: None,
            counts: Counts::default(),
        }
    }

    /// Room for some bytes among the arguments, and its place.
    fn place(&mut self, device: &Device, bytes: &[u8]) -> u64 {
        let at = self.arguments.len().next_multiple_of(self.alignment);
        if (at + bytes.len()) as u64 > ARGUMENTS {
            self.submit(device);
            return self.place(device, bytes);
        }
        self.arguments.resize(at, 0);
        self.arguments.extend_from_slice(bytes);
        at as u64
    }

    fn encoder(&mut self, device: &Device) -> &mut wgpu::CommandEncoder {
        self.encoder.get_or_insert_with(|| device.0.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default()))
    }

    fn submit(&mut self, device: &Device) {
        if let Some(encoder) = self.encoder.take() {
            if !self.arguments.is_empty() {
                // Runs after what was submitted before, and before what is submitted now.
                device.0.queue.write_buffer(&self.buffer, 0, &self.arguments);
            }
            device.0.queue.submit([encoder.finish()]);
            self.counts.submissions += 1;
        }
        self.arguments.clear();
        self.launches = 0;
    }
}

impl Device {
    /// Queues a kernel over this many groups of threads, more or less: threads beyond the last element do nothing. `memory` are
    /// its bindings in order.
    pub(crate) fn launch(&self, kernel: &Kernel, groups: usize, arguments: &Arguments, memory: &[&wgpu::Buffer]) -> Result<()> {
        if groups == 0 {
            return Ok(());
        }
        let per_row = self.0.limits.max_compute_workgroups_per_dimension as usize;
        let (x, y) = if groups <= per_row { (groups, 1) } else { (per_row, groups.div_ceil(per_row)) };
        if y > per_row {
            return Err(self.fail(kernel.name(), format!("{groups} groups of threads are needed, the adapter takes {per_row} x {per_row}")));
        }
        let bytes: &[u8] = bytemuck::cast_slice(&arguments.0);
        if bytes.len() as u64 > ARGUMENTS / 4 {
            return Err(self.fail(kernel.name(), format!("{} bytes of arguments: split the operation", bytes.len())));
        }
        let mut work = lock(&self.0.work);
        let at = work.place(self, bytes);
        let size = std::num::NonZero::new(bytes.len() as u64);
        let parameters = wgpu::BufferBinding { buffer: &work.buffer, offset: at, size };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(parameters) }];
        entries.extend(memory.iter().enumerate().map(|(k, m)| wgpu::BindGroupEntry { binding: k as u32 + 1, resource: m.as_entire_binding() }));
        let group = self.0.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: kernel.layout(), entries: &entries });
        drop(entries);
        let mut pass = work.encoder(self).begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(kernel.pipeline());
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(x as u32, y as u32, 1);
        drop(pass);
        work.launches += 1;
        work.counts.launches += 1;
        if work.launches == LAUNCHES {
            work.submit(self);
        }
        Ok(())
    }

    /// Queues a copy of bytes from the host to the beginning of some memory, and of zeros that fill the last word.
    pub(crate) fn write(&self, bytes: &[u8], to: &wgpu::Buffer) {
        if bytes.is_empty() {
            return;
        }
        let mut work = lock(&self.0.work);
        work.counts.bytes_up += bytes.len() as u64;
        if bytes.len() <= SMALL {
            let at = work.place(self, bytes);
            let from = work.buffer.clone();
            let filled = work.arguments.len().next_multiple_of(4);
            work.arguments.resize(filled, 0);
            work.encoder(self).copy_buffer_to_buffer(&from, at, to, 0, (bytes.len() as u64).next_multiple_of(4));
        } else {
            // What was recorded may still use the memory for something else, and a write comes before all that is recorded.
            work.submit(self);
            let (words, rest) = bytes.split_at(bytes.len() / 4 * 4);
            self.0.queue.write_buffer(to, 0, words);
            if !rest.is_empty() {
                let mut last = [0; 4];
                last[..rest.len()].copy_from_slice(rest);
                self.0.queue.write_buffer(to, words.len() as u64, &last);
            }
        }
    }

    /// Queues a copy of words within the device.
    pub(crate) fn copy(&self, from: &wgpu::Buffer, to: &wgpu::Buffer, words: usize) {
        if words > 0 {
            lock(&self.0.work).encoder(self).copy_buffer_to_buffer(from, 0, to, 0, words as u64 * 4);
        }
    }

    /// The memory in which kernels note an index out of range.
    pub(crate) fn fault(&self) -> wgpu::Buffer {
        lock(&self.0.work).fault.clone()
    }

    /// Waits for all that is queued, and copies words to the host.
    ///
    /// # Errors
    /// When something that was queued failed: [`Error::Index`] for an index out of range.
    pub(crate) fn read(&self, from: &wgpu::Buffer, start: usize, words: usize, operation: &str) -> Result<Vec<u32>> {
        let (bytes, fault_bytes) = (words as u64 * 4, FAULT_WORDS as u64 * 4);
        let (staging, fault) = {
            let mut work = lock(&self.0.work);
            let kept = work.staging.take().filter(|s| s.size() >= bytes + fault_bytes);
            let staging = kept.unwrap_or_else(|| {
                let size = (bytes + fault_bytes).next_power_of_two().max(1 << 16);
                let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
                self.0.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
            });
            let fault = work.fault.clone();
            let encoder = work.encoder(self);
            encoder.copy_buffer_to_buffer(&fault, 0, &staging, 0, fault_bytes);
            if words > 0 {
                encoder.copy_buffer_to_buffer(from, start as u64 * 4, &staging, fault_bytes, bytes);
            }
            work.submit(self);
            work.counts.reads += 1;
            work.counts.bytes_down += bytes;
            (staging, fault)
        };
        let slice = staging.slice(..bytes + fault_bytes);
        slice.map_async(wgpu::MapMode::Read, |_| {});
        let polled = self.0.device.poll(wgpu::PollType::wait_indefinitely());
        self.check(operation)?;
        polled.map_err(|e| self.fail(operation, e.to_string()))?;
        let mut all = vec![0u32; FAULT_WORDS + words];
        {
            let view = slice.get_mapped_range().map_err(|e| self.fail(operation, e.to_string()))?;
            bytemuck::cast_slice_mut::<u32, u8>(&mut all).copy_from_slice(&view);
        }
        staging.unmap();
        let mut work = lock(&self.0.work);
        if staging.size() <= 1 << 22 {
            work.staging = Some(staging);
        }
        let values = all.split_off(FAULT_WORDS);
        if all[0] != 0 {
            work.encoder(self).clear_buffer(&fault, 0, None);
            let index = (u64::from(all[2]) << 32 | u64::from(all[1])) as i64;
            return Err(Error::Index { index: index as isize, axis: 0, len: all[3] as usize, operation: None });
        }
        Ok(values)
    }

    /// What the device was asked to do.
    pub(crate) fn counts(&self) -> Counts {
        lock(&self.0.work).counts
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use xp_core::{Array, Backend, Ix1};

    use crate::Wgpu;
    use crate::kernel::{Access, Source};

    /// The shortest of some rounds, each after everything that was queued.
    fn shortest(wgpu: &Wgpu, mut round: impl FnMut()) -> Duration {
        let timed = |_| {
            wgpu.synchronize().unwrap();
            let start = Instant::now();
            round();
            start.elapsed()
        };
        (0..40).map(timed).min().unwrap()
    }

    #[test]
    fn a_cached_launch_costs_the_host_little_beside_the_driver() {
        if Wgpu::adapters().is_empty() {
            assert!(std::env::var_os("XP_WGPU_REQUIRED").is_none(), "there is no Vulkan adapter, and XP_WGPU_REQUIRED asks for one");
            return eprintln!("SKIPPED: there is no Vulkan adapter on this machine");
        }
        let wgpu = Wgpu::separate(Wgpu::default_adapter().unwrap(), None).unwrap();
        let (device, count) = (&wgpu.device, 50);
        let x = Array::<_, f32, Ix1>::from_vec(&wgpu, vec![1.0; 1000], [1000]).unwrap();
        let mut kept = Vec::with_capacity(count);
        let whole = shortest(&wgpu, || {
            kept.clear();
            (0..count).for_each(|_| kept.push((x.lazy() + 1.0f32).try_eval().unwrap()));
        });
        // What the driver's interface takes for as many launches, which are recorded and thrown away.
        let body = "@compute @workgroup_size(256)\nfn main(@builtin(local_invocation_index) i: u32) { o[i] = a[i] + p[0]; }\n";
        let source = Source::new("sum", body).binding("o", Access::Write).binding("a", Access::Read);
        let (kernel, fault, gpu) = (device.compile(&source).unwrap(), device.fault(), &device.0.device);
        let memory = [&fault, kept[0].buffer().words(), x.buffer().words()];
        let bare = shortest(&wgpu, || {
            let mut encoder = gpu.create_command_encoder(&Default::default());
            for _ in 0..count {
                let entries: Vec<_> =
                    (0..).zip(memory).map(|(binding, m)| wgpu::BindGroupEntry { binding, resource: m.as_entire_binding() }).collect();
                let group = gpu.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: kernel.layout(), entries: &entries });
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(kernel.pipeline());
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(4, 1, 1);
            }
        });
        let beyond = whole.saturating_sub(bare) / count as u32;
        println!("a launch takes the host {:?}, the driver's interface {:?}", whole / count as u32, bare / count as u32);
        assert!(beyond < Duration::from_micros(20), "{beyond:?} beyond the driver's");
    }
}
