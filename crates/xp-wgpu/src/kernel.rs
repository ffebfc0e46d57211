//! Kernels: sources in WGSL, compiled once per device and kept on disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use xp_core::Result;
use xp_core::disk_cache::DiskCache;

use crate::device::{Device, lock};
use crate::render::Code;
use crate::{strict, wgsl};

/// Threads of a group.
pub(crate) const THREADS: usize = 256;

/// What a kernel does with a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A kernel before it is compiled: its body, with the bindings that come after the arguments `p`. What the body uses of the
/// library is put in front of it.
pub(crate) struct Source {
    /// For messages.
    pub(crate) name: String,
    pub(crate) body: String,
    /// The name and the type of each binding.
    pub(crate) bindings: Vec<(String, &'static str, Access)>,
}

impl Source {
    pub(crate) fn new(name: impl Into<String>, body: impl Into<String>) -> Self {
        Source { name: name.into(), body: body.into(), bindings: vec![] }
    }

    /// One more binding of words.
    pub(crate) fn binding(self, name: impl Into<String>, access: Access) -> Self {
        self.typed(name, "array<u32>", access)
    }

    /// One more binding of elements of `size` bytes.
    pub(crate) fn elements(self, name: impl Into<String>, size: usize, access: Access) -> Self {
        self.typed(name, wgsl::array(size, access), access)
    }

    /// One more binding of a type.
    pub(crate) fn typed(mut self, name: impl Into<String>, of: &'static str, access: Access) -> Self {
        self.bindings.push((name.into(), of, access));
        self
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("@group(0) @binding(0) var<storage, read> p: array<u32>;\n");
        for (k, (name, of, access)) in self.bindings.iter().enumerate() {
            let access = if *access == Access::Read { "read" } else { "read_write" };
            text += &format!("@group(0) @binding({}) var<storage, {access}> {name}: {of};\n", k + 1);
        }
        text += "fn s(k: u32) -> i32 { return bitcast<i32>(p[k]); }\n";
        text += &wgsl::used_by(&self.body);
        text + &self.body
    }
}

/// A compiled kernel.
pub(crate) struct Kernel {
    name: String,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

impl Kernel {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn pipeline(&self) -> &wgpu::ComputePipeline {
        &self.pipeline
    }

    pub(crate) fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.layout
    }
}

/// The kernels of a device: those of expressions by their code, others by name.
pub(crate) struct Kernels {
    disk: DiskCache,
    expressions: Mutex<HashMap<Code, Arc<Kernel>>>,
    named: Mutex<HashMap<String, Arc<Kernel>>>,
}

impl Kernels {
    pub(crate) fn new(disk: DiskCache) -> Self {
        Kernels { disk, expressions: Mutex::default(), named: Mutex::default() }
    }
}

impl Device {
    /// The kernel of an expression.
    pub(crate) fn expression(&self, code: &Code, source: impl FnOnce() -> Result<Source>) -> Result<Arc<Kernel>> {
        if let Some(kernel) = lock(&self.0.kernels.expressions).get(code) {
            return Ok(kernel.clone());
        }
        let kernel = Arc::new(self.compile(&source()?)?);
        lock(&self.0.kernels.expressions).insert(code.clone(), kernel.clone());
        Ok(kernel)
    }

    /// The kernel of a name, which says all that its source depends on.
    pub(crate) fn named(&self, name: &str, source: impl FnOnce() -> Source) -> Result<Arc<Kernel>> {
        if let Some(kernel) = lock(&self.0.kernels.named).get(name) {
            return Ok(kernel.clone());
        }
        let kernel = Arc::new(self.compile(&source())?);
        lock(&self.0.kernels.named).insert(name.to_owned(), kernel.clone());
        Ok(kernel)
    }

    /// Compiles a kernel.
    pub(crate) fn compile(&self, source: &Source) -> Result<Kernel> {
        let most = self.0.limits.max_storage_buffers_per_shader_stage as usize;
        if source.bindings.len() >= most {
            let why = format!("{} arrays in one kernel, the adapter takes {}: split the expression with `eval`", source.bindings.len(), most - 1);
            return Err(self.fail(&source.name, why));
        }
        let text = source.text();
        #[cfg(test)]
        lock(&TEXTS).push((source.name.clone(), text.clone()));
        let key = format!("{} {}\n{text}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let words = match self.0.kernels.disk.load(&key).and_then(|bytes| words_of(&bytes)) {
            Some(words) => words,
            None => {
                let words = assemble(&text).map_err(|why| self.fail(&source.name, format!("the kernel does not compile: {why}")))?;
                self.0.kernels.disk.store(&key, bytemuck::cast_slice(&words));
                words
            }
        };
        self.kernel(source, words)
    }

    /// The kernel of a module.
    pub(crate) fn kernel(&self, source: &Source, words: Vec<u32>) -> Result<Kernel> {
        let device = &self.0.device;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let entry = wgpu::PassthroughShaderEntryPoint { name: "main".into(), workgroup_size: (THREADS as u32, 1, 1) };
        let descriptor =
            wgpu::ShaderModuleDescriptorPassthrough { entry_points: vec![entry].into(), spirv: Some(words.into()), ..Default::default() };
        // SAFETY: naga has validated the module, to which only decorations were added, and kernels check their bounds.
        let module = unsafe { device.create_shader_module_passthrough(descriptor) };
        let accesses = std::iter::once(Access::Read).chain(source.bindings.iter().map(|b| b.2));
        let entries: Vec<_> = accesses
            .enumerate()
            .map(|(binding, access)| wgpu::BindGroupLayoutEntry {
                binding: binding as u32,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: access == Access::Read },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let layouts = [Some(&layout)];
        let pipeline_layout =
            device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor { label: None, bind_group_layouts: &layouts, ..Default::default() });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        match pollster::block_on(scope.pop()) {
            Some(error) => Err(self.fail(&source.name, error.to_string())),
            None => Ok(Kernel { name: source.name.clone(), pipeline, layout }),
        }
    }
}

/// The names and texts of the kernels that tests compiled.
#[cfg(test)]
static TEXTS: Mutex<Vec<(String, String)>> = Mutex::new(vec![]);

#[cfg(test)]
pub(crate) fn compiled_texts() -> Vec<(String, String)> {
    lock(&TEXTS).clone()
}

/// The words of a module from its bytes; `None` when they are none.
fn words_of(bytes: &[u8]) -> Option<Vec<u32>> {
    let (words, rest) = bytes.as_chunks::<4>();
    (rest.is_empty() && words.len() > 5).then(|| words.iter().map(|w| u32::from_ne_bytes(*w)).collect())
}

/// WGSL as strict SPIR-V, or what is wrong with it.
pub(crate) fn assemble(text: &str) -> Result<Vec<u32>, String> {
    module(text).map(|words| strict::strict(&words))
}

/// WGSL as SPIR-V, whose arithmetic drivers may change.
pub(crate) fn module(text: &str) -> Result<Vec<u32>, String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|e| e.emit_to_string(text))?;
    // Barriers stand where the number of the group decides, which naga takes for divergence.
    let flags = naga::valid::ValidationFlags::all() - naga::valid::ValidationFlags::CONTROL_FLOW_UNIFORMITY;
    let info = naga::valid::Validator::new(flags, naga::valid::Capabilities::all()).validate(&module).map_err(|e| e.emit_to_string(text))?;
    let options = naga::back::spv::Options {
        lang_version: (1, 3),
        force_loop_bounding: false,
        // Every kernel writes what it reads of that memory. naga's zeros are a store for each element, by one thread, and a barrier: they took
        // Mesa's driver minutes to compile, and would take a GPU time in every group.
        zero_initialize_workgroup_memory: naga::back::spv::ZeroInitializeWorkgroupMemoryMode::None,
        ..Default::default()
    };
    naga::back::spv::write_vec(&module, &info, &options, None).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn words_are_those_whose_bytes_were_kept() {
        let words: Vec<u32> = (0..20).collect();
        let bytes: &[u8] = bytemuck::cast_slice(&words);
        assert_eq!(words_of(bytes), Some(words.clone()));
        assert_eq!(words_of(&bytes[1..]), None, "no whole words");
        assert_eq!(words_of(&bytes[..20]), None, "less than a module's head");
    }
}
