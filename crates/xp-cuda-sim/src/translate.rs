//! From CUDA C to C++: kernels get entry points, shared memory comes from the block.

/// Rewrites declarations of shared memory and appends one entry point per `__global__` function.
///
/// Kernels must be `extern "C"` functions, not templates, as in the sources that this project gives to NVRTC.
pub(crate) fn translate(cuda: &str) -> String {
    let code = blank_comments(cuda);
    let kernels = kernel_names(&code);
    let mut source = static_shared(&dynamic_shared(&code));
    source.push('\n');
    for kernel in &kernels {
        source.push_str(&format!(
            "extern \"C\" void xp_sim_entry_{kernel}(const unsigned char* a, XpSimThread* t) {{ xp_sim::run(&{kernel}, a, t); }}\n\
             extern \"C\" xp_sim::size xp_sim_parameters_{kernel}(xp_sim::size* p) {{ return xp_sim::parameters(&{kernel}, p); }}\n"
        ));
    }
    source
}

/// True when the threads of a block depend on each other.
pub(crate) fn needs_fibers(cuda: &str) -> bool {
    let code = blank_comments(cuda);
    ["__shared__", "__syncthreads", "__syncwarp", "_sync("].iter().any(|word| code.contains(word))
}

/// Replaces comments by blanks and keeps the line structure, so that compiler messages name the right line.
fn blank_comments(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            let len = string_len(rest);
            out.push_str(&rest[..len]);
            rest = &rest[len..];
            continue;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.extend(rest[..len].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[len..];
    }
    out
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return i + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The name before the parameter list of every `__global__` function.
fn kernel_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("__global__") {
        rest = &rest[at + "__global__".len()..];
        let mut head = rest;
        while let Some(open) = head.find('(') {
            let name = head[..open].trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
            if name == "__launch_bounds__" {
                head = &head[open + head[open..].find(')').map_or(1, |close| close + 1)..];
                continue;
            }
            if !name.is_empty() && !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
            break;
        }
    }
    names
}

/// `extern __shared__ [__align__(n)] T name[];` becomes a pointer to the block's dynamic shared memory.
fn dynamic_shared(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("extern __shared__") {
        let Some(end) = rest[at..].find(';').map(|e| at + e) else {
            break;
        };
        let mut declaration = rest[at + "extern __shared__".len()..end].trim();
        if let Some(aligned) = declaration.strip_prefix("__align__") {
            declaration = aligned.split_once(')').map_or(aligned, |(_, d)| d).trim();
        }
        let declarator = declaration.trim_end_matches([']', '[', ' ']);
        let split = declarator.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
        let (ty, name) = (declarator[..split].trim(), &declarator[split..]);
        out.push_str(&rest[..at]);
        out.push_str(&format!("{ty}* {name} = ({ty}*)xp_sim_thread->dynamic_shared;"));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// `__shared__ T name[n];` becomes a reference to memory that the block hands out, so that it is fresh in every block and
/// its bounds are checked. One declarator per declaration.
fn static_shared(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("__shared__") {
        let Some(end) = rest[at..].find(';').map(|e| at + e) else {
            break;
        };
        let mut declaration = rest[at + "__shared__".len()..end].trim();
        if let Some(aligned) = declaration.strip_prefix("__align__") {
            declaration = aligned.split_once(')').map_or(aligned, |(_, d)| d).trim();
        }
        let (head, extents) = declaration.split_at(declaration.find('[').unwrap_or(declaration.len()));
        let head = head.trim_end();
        let split = head.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
        let (ty, name) = (head[..split].trim(), &head[split..]);
        out.push_str(&rest[..at]);
        out.push_str(&format!(
            "typedef {ty} xp_sim_type_{name}{extents}; static char xp_sim_key_{name}; \
             xp_sim_type_{name}& {name} = *(xp_sim_type_{name}*)xp_sim_services->shared(&xp_sim_key_{name}, sizeof(xp_sim_type_{name}));"
        ));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_found_with_and_without_launch_bounds() {
        let t = kernel_names(&blank_comments(
            "// __global__ void no(int)\nextern \"C\" __global__ void a(int n) {}\n\
             extern \"C\" __global__ void __launch_bounds__(256, 2)\nb_2 (float* x) {}",
        ));
        assert_eq!(t, ["a", "b_2"]);
    }

    #[test]
    fn dynamic_shared_memory_becomes_a_pointer_on_the_same_line() {
        let t = translate("extern __shared__ __align__(16) unsigned char raw[];\nextern __shared__ double tmp[];");
        assert!(t.starts_with("unsigned char* raw = (unsigned char*)xp_sim_thread->dynamic_shared;\ndouble* tmp"), "{t}");
    }

    #[test]
    fn shared_arrays_become_references() {
        let t = static_shared("__shared__ unsigned long long a[2][N + 1]; f();\n__shared__ int total;");
        assert!(t.starts_with("typedef unsigned long long xp_sim_type_a[2][N + 1]; static char xp_sim_key_a; xp_sim_type_a& a = "), "{t}");
        assert!(t.contains(" f();\ntypedef int xp_sim_type_total;"), "{t}");
    }

    #[test]
    fn only_cooperating_kernels_need_fibers() {
        assert!(!needs_fibers("// __syncthreads()\nvoid f() {}"));
        assert!(needs_fibers("v = __shfl_down_sync(m, v, 1);"));
    }
}
