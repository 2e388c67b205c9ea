//! How long things take, as ratios to something in the same run. `make bench`.
//!
//! The figures to look at: Grad-CAM of all 49 layers of EfficientNet-B0 with upsampling, against the
//! bare forward and backward pass that any such map needs; and the audit of a data set, against
//! reading its scans.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use mrimaster::dataset::audit;
use mrimaster::explain::grad_cam::grad_cam;
use mrimaster::explain::upsample::upsample;
use mrimaster::imaging::{self, Depth, Slice, Window};
use mrimaster::model::VggHead;
use mrimaster::model::card::Architecture;
use mrimaster::model::classifier::Activations;
use mrimaster::model::network::{Network, Shape, Taps};
use mrimaster::model::prediction::{Evidence, InputRegion, TapPoint};
use rayon::prelude::*;
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

const SIDE: i64 = 224;

struct B0 {
    network: Box<dyn Network>,
    input: Tensor,
    _store: VarStore,
}

impl B0 {
    fn new() -> Self {
        tch::set_num_threads(1);
        tch::manual_seed(1);
        let mut store = VarStore::new(Device::Cpu);
        let shape = Shape {
            architecture: Architecture::EfficientnetB0,
            classes: 4,
            channels: 3,
            vgg_head: VggHead::Pooled,
        };
        let mut network = shape.build(&store).expect("built");
        store.freeze();
        network.fold().expect("folded");
        let input = Tensor::rand([1, 3, SIDE, SIDE], (Kind::Float, Device::Cpu));
        Self { network, input: input.set_requires_grad(true), _store: store }
    }

    fn forward(&self) -> (Tensor, Taps) {
        let mut taps = Taps::on();
        let logits = self.network.forward(&self.input, false, &mut taps);
        (logits, taps)
    }

    /// What any Grad-CAM of every layer needs, and nothing else.
    fn bare(&self) {
        let (logits, taps) = self.forward();
        let logit = logits.select(1, 0).sum(None);
        let gradients = Tensor::f_run_backward(&[&logit], &taps.conv, false, false);
        black_box(gradients.expect("gradients"));
    }

    /// The product: maps of all layers, upsampled to the network's input.
    fn maps(&self) {
        let evidence = self.evidence();
        upsample_all(&evidence);
    }

    fn evidence(&self) -> Evidence {
        let (logits, taps) = self.forward();
        let side = SIDE as f32;
        let activations = Activations {
            logits,
            input: self.input.shallow_clone(),
            taps,
            layers: self.network.layers().into(),
            region: InputRegion { x: 0.0, y: 0.0, width: side, height: side },
            input_size: SIDE as usize,
            model: "bench".into(),
        };
        grad_cam(&activations, 0, TapPoint::Conv).expect("maps")
    }
}

fn upsample_all(evidence: &Evidence) {
    for map in &evidence.maps {
        black_box(upsample(map, &evidence.region, SIDE as usize, SIDE as usize));
    }
}

fn grad_cam_of_all_layers(criterion: &mut Criterion) {
    let b0 = B0::new();
    let mut group = criterion.benchmark_group("efficientnet_b0");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    group.bench_function("forward and backward", |bencher| bencher.iter(|| b0.bare()));
    group.bench_function("maps of 49 layers, upsampled", |bencher| bencher.iter(|| b0.maps()));
    let evidence = b0.evidence();
    group.bench_function("upsampling alone", |bencher| bencher.iter(|| upsample_all(&evidence)));
    group.finish();

    let (bare, maps) = (|| b0.bare(), || b0.maps());
    ratio_in_turns("maps of 49 layers, upsampled", "forward and backward", 40, &bare, &maps);
}

fn window_mapping(criterion: &mut Criterion) {
    let stored = (0..512 * 512).map(|v| (v * 7919 % 65536) as f32).collect();
    let slice = Slice::new(512, 512, stored, Depth::Wide);
    let window = Window { center: 30_000.0, width: 40_000.0 };
    let mut greys = Vec::new();
    criterion.bench_function("window of 512 × 512, 16 bit", |bencher| {
        bencher.iter(|| slice.map_to_grey(black_box(window), false, &mut greys));
    });
}

/// The audit of the data set beside the repository, or of that which `MRIMASTER_DATA` names, against
/// reading every scan of it once.
fn audit_of_a_data_set(_: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("MRIMASTER_DATA").map_or(data, PathBuf::from).join("sartaj");
    let Ok(scans) = audit::find(&data) else {
        println!("audit: skipped, {} is no data set", data.display());
        return;
    };
    let read = || {
        scans.par_iter().for_each(|scan| drop(black_box(imaging::open(&scan.path))));
    };
    let whole = || drop(black_box(audit::audit(scans.clone(), &|| ())));
    // From the disk to memory.
    read();
    ratio_in_turns("audit", "reading every scan once", 7, &read, &whole);
}

/// Prints how many times as long as `base` some `work` takes: by turns, so that a noisy machine
/// disturbs both alike.
fn ratio_in_turns(name: &str, base_name: &str, pairs: usize, base: &dyn Fn(), work: &dyn Fn()) {
    let time = |work: &dyn Fn()| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> =
        (0..pairs).map(|_| (time(base), time(work))).map(|(a, b)| b / a).collect();
    ratios.sort_by(f64::total_cmp);
    println!("{name}: {:.2} × {base_name} (median of {pairs} pairs)", ratios[pairs / 2]);
}

criterion_group!(benches, grad_cam_of_all_layers, window_mapping, audit_of_a_data_set);
criterion_main!(benches);
