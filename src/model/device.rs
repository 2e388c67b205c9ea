//! Which device the networks run on. One binary serves all: it is linked to libtorch's CPU
//! libraries, and CUDA's are opened at run time where they are at hand.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tch::Device;

use super::prediction::DeviceChoice;

/// Names a folder with the libraries of a CUDA build of libtorch; looked into first.
pub const CUDA_FOLDER_VARIABLE: &str = "MRIMASTER_TORCH_LIB";
/// How many threads may compute at a time on the CPU; see [`computing_threads`].
pub const THREADS_VARIABLE: &str = "MRIMASTER_THREADS";

/// What libtorch can run on here.
#[derive(Debug)]
pub struct Runtime {
    cuda: bool,
    mps: bool,
}

/// A device that was asked for and is not here.
#[derive(Debug, thiserror::Error)]
#[error("{0}; choose the CPU or leave the choice to the program")]
pub struct NoSuchDevice(&'static str);

/// Readies libtorch, once. Everything that touches tch comes through here first: CUDA's libraries
/// are seen only when they are opened before libtorch's first question for a device.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        open_cuda();
        tch::set_num_threads(computing_threads(true) as i32);
        Runtime { cuda: tch::Cuda::is_available(), mps: tch::utils::has_mps() }
    })
}

impl Runtime {
    /// The device for a choice.
    ///
    /// # Errors
    /// Where a device is asked for by name and is not here.
    pub fn device(&self, choice: DeviceChoice) -> Result<Device, NoSuchDevice> {
        match choice {
            DeviceChoice::Auto if self.cuda => Ok(Device::Cuda(0)),
            DeviceChoice::Auto if self.mps => Ok(Device::Mps),
            DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda if self.cuda => Ok(Device::Cuda(0)),
            DeviceChoice::Cuda => Err(NoSuchDevice("there is no CUDA device here")),
            DeviceChoice::Mps if self.mps => Ok(Device::Mps),
            DeviceChoice::Mps => Err(NoSuchDevice("there is no MPS device here")),
        }
    }
}

/// A device's name for people.
pub fn device_name(device: Device) -> String {
    match device {
        Device::Cpu => "CPU".into(),
        Device::Cuda(index) => format!("CUDA {index}"),
        Device::Mps => "MPS".into(),
        Device::Vulkan => "Vulkan".into(),
    }
}

/// How many threads may compute at a time on the CPU: what `MRIMASTER_THREADS` says, else one for
/// each core, but for one core where a window is drawn `beside` them. With as many threads as cores
/// they spin against the window's, and everything takes many times as long.
pub fn computing_threads(beside: bool) -> usize {
    let asked = std::env::var(THREADS_VARIABLE).ok().and_then(|n| n.parse::<usize>().ok());
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let own = || if beside { cores() - 1 } else { cores() };
    asked.filter(|&n| n > 0).unwrap_or_else(own).clamp(1, i32::MAX as usize)
}

/// While this lives, each of libtorch's operations runs on one thread: on this thread, and on threads
/// that come to libtorch meanwhile. Several networks side by side share a processor better than the
/// threads of one network do, which wait for each other by spinning.
#[derive(Debug)]
pub struct SingleThreaded {
    before: i32,
}

impl SingleThreaded {
    /// From now on.
    pub fn begin() -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(1);
        Self { before }
    }
}

impl Drop for SingleThreaded {
    fn drop(&mut self) {
        tch::set_num_threads(self.before);
    }
}

/// Lets libtorch use every core for the operations of this thread, for training: nothing else runs
/// beside it. A number of threads that a person asked for stays.
pub fn use_every_core() {
    if std::env::var_os(THREADS_VARIABLE).is_none() {
        tch::set_num_threads(std::thread::available_parallelism().map_or(1, |n| n.get() as i32));
    }
}

/// Opens CUDA's libraries for the whole program, if they are anywhere to be found.
fn open_cuda() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for folder in cuda_folders() {
        if folder.join("libtorch_cuda.so").exists() && open_libraries(&folder) {
            log::info!("CUDA libraries opened");
            return;
        }
    }
}

/// The folders to look in: the one a person names, then the one libtorch itself came from.
fn cuda_folders() -> Vec<PathBuf> {
    let named = std::env::var_os(CUDA_FOLDER_VARIABLE).map(PathBuf::from);
    named.into_iter().chain(libtorch_folder()).collect()
}

/// Where the loader found libtorch_cpu.so.
fn libtorch_folder() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libtorch_cpu.so"))?;
    Path::new(&line[line.find('/')?..]).parent().map(Path::to_path_buf)
}

#[cfg(target_os = "linux")]
fn open_libraries(folder: &Path) -> bool {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

    let open = |name: &str| {
        // SAFETY: libtorch's own libraries, of the version that is running, whose initialisers
        // register kernels and do nothing else. They are kept open for the life of the program.
        let opened = unsafe { Library::open(Some(folder.join(name)), RTLD_NOW | RTLD_GLOBAL) };
        match opened {
            Ok(library) => {
                std::mem::forget(library);
                true
            }
            Err(error) => {
                log::info!("{name} cannot be opened: {error}");
                false
            }
        }
    };
    let needed = open("libc10_cuda.so") && open("libtorch_cuda.so");
    if needed {
        // Compiled-at-run-time kernels and linear algebra: no network here needs them.
        open("libcaffe2_nvrtc.so");
        open("libtorch_cuda_linalg.so");
    }
    needed
}

#[cfg(not(target_os = "linux"))]
fn open_libraries(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_goes_to_what_is_there() {
        let none = Runtime { cuda: false, mps: false };
        let both = Runtime { cuda: true, mps: true };
        let mac = Runtime { cuda: false, mps: true };
        assert!(matches!(none.device(DeviceChoice::Auto), Ok(Device::Cpu)));
        assert!(matches!(both.device(DeviceChoice::Auto), Ok(Device::Cuda(0))));
        assert!(matches!(mac.device(DeviceChoice::Auto), Ok(Device::Mps)));
        assert!(matches!(both.device(DeviceChoice::Cpu), Ok(Device::Cpu)));
    }

    #[test]
    fn a_missing_device_is_named_with_a_remedy() {
        let none = Runtime { cuda: false, mps: false };
        let error = none.device(DeviceChoice::Cuda).expect_err("no CUDA").to_string();
        assert!(error.contains("CUDA") && error.contains("CPU"), "{error}");
    }
}
