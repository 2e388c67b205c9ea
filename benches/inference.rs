//! How fast networks answer, as ratios to something in the same run: `cargo bench --bench inference`.
//!
//! With `-- turns` it does one piece of work for each line of its standard input and answers with the
//! wall and processor seconds that it took: so `tests/reference/inference.py` measures it in turns with
//! PyTorch.
//!
//! | line | work | unit of the answer |
//! | --- | --- | --- |
//! | `forward BATCH TIMES` | bare forward passes of EfficientNet-B0, 224 pixels | one pass |
//! | `passes TIMES` | a forward pass and a backward pass to its 49 layers | one pair |
//! | `maps TIMES` | the same and the maps of all layers, upsampled | one scan |
//! | `evaluate MODEL FOLDER REPLICAS` | a test set from its files to answers | one scan |

use std::hint::black_box;
use std::io::BufRead as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use mrimaster::evaluate::run::{Known, ask};
use mrimaster::evaluate::test_set::TestSet;
use mrimaster::explain::grad_cam::grad_cam;
use mrimaster::explain::upsample::upsample;
use mrimaster::model::VggHead;
use mrimaster::model::card::Architecture;
use mrimaster::model::checkpoint;
use mrimaster::model::classifier::Activations;
use mrimaster::model::network::{Network, Shape, Taps};
use mrimaster::model::prediction::{DeviceChoice, InputRegion, TapPoint};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

const SIDE: i64 = 224;

fn main() {
    tch::set_num_threads(1);
    if std::env::args().any(|argument| argument == "turns") {
        return turns();
    }
    let (plain, folded) = (B0::new(false), B0::new(true));
    for (batch, pairs) in [(1, 15), (8, 5)] {
        let (before, after) = (|| plain.forward(batch, 1), || folded.forward(batch, 1));
        ratio("forward pass, unfolded", "folded", batch, pairs, &before, &after);
    }
    let (passes, maps) = (|| folded.passes(1), || folded.maps(1));
    ratio("maps of 49 layers, upsampled", "forward and backward pass", 1, 25, &maps, &passes);
}

/// Prints how many times as long as `base` some `work` takes, in turns.
fn ratio(
    work_name: &str,
    base_name: &str,
    batch: i64,
    pairs: usize,
    work: &dyn Fn() -> usize,
    base: &dyn Fn() -> usize,
) {
    let time = |work: &dyn Fn() -> usize| {
        let began = Instant::now();
        black_box(work());
        began.elapsed().as_secs_f64()
    };
    work();
    base();
    let mut ratios: Vec<f64> = (0..pairs).map(|_| time(work) / time(base)).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios[pairs / 2];
    println!("{work_name}, batch {batch}: {median:.2} × {base_name} (median of {pairs} pairs)");
}

fn turns() {
    let b0 = B0::new(true);
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| word.parse::<usize>().expect("a number");
        let (began, cpu) = (Instant::now(), processor_seconds());
        let units = match words[..] {
            ["forward", batch, times] => b0.forward(number(batch) as i64, number(times)),
            ["passes", times] => b0.passes(number(times)),
            ["maps", times] => b0.maps(number(times)),
            ["evaluate", model, folder, replicas] => evaluate(model, folder, number(replicas)),
            _ => panic!("unknown work: {line}"),
        } as f64;
        let (wall, cpu) = (began.elapsed().as_secs_f64(), processor_seconds() - cpu);
        println!("{} {}", wall / units, cpu / units);
    }
}

/// User and system time of this process, in steps of 10 ms.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Answers for every scan of a folder; how many there are.
fn evaluate(model: &str, folder: &str, replicas: usize) -> usize {
    let info = checkpoint::info(Path::new(model)).expect("a checkpoint");
    let set = TestSet::read(Path::new(folder), &info).expect("a test set");
    let mut each = |_: mrimaster::evaluate::run::Progress| ControlFlow::Continue(());
    let known = Known::default();
    let answers = ask(&set, &info, DeviceChoice::Cpu, replicas, &known, &mut each);
    black_box(answers.expect("answers"));
    set.scans.len()
}

struct B0 {
    network: Box<dyn Network>,
    _store: VarStore,
}

impl B0 {
    fn new(folded: bool) -> Self {
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
        if folded {
            network.fold().expect("folded");
        }
        Self { network, _store: store }
    }

    fn input(batch: i64) -> Tensor {
        Tensor::rand([batch, 3, SIDE, SIDE], (Kind::Float, Device::Cpu))
    }

    fn forward(&self, batch: i64, times: usize) -> usize {
        let input = Self::input(batch);
        for _ in 0..times {
            let pass = || self.network.forward(&input, false, &mut Taps::off());
            drop(black_box(tch::no_grad(pass)));
        }
        times
    }

    fn activations(&self) -> Activations {
        let input = Self::input(1).set_requires_grad(true);
        let mut taps = Taps::on();
        let logits = self.network.forward(&input, false, &mut taps);
        let side = SIDE as f32;
        Activations {
            logits,
            input,
            taps,
            layers: self.network.layers().into(),
            region: InputRegion { x: 0.0, y: 0.0, width: side, height: side },
            input_size: SIDE as usize,
            model: "bench".into(),
        }
    }

    /// What any map of every layer needs, and nothing else.
    fn passes(&self, times: usize) -> usize {
        for _ in 0..times {
            let found = self.activations();
            let logit = found.logits.select(1, 0).sum(None);
            let gradients = Tensor::f_run_backward(&[&logit], &found.taps.conv, false, false);
            black_box(gradients.expect("gradients"));
        }
        times
    }

    fn maps(&self, times: usize) -> usize {
        for _ in 0..times {
            let evidence = grad_cam(&self.activations(), 0, TapPoint::Conv).expect("maps");
            for map in &evidence.maps {
                black_box(upsample(map, &evidence.region, SIDE as usize, SIDE as usize));
            }
        }
        times
    }
}
