//! Logits and maps against torchvision, torch-cam and pytorch-grad-cam, by the figures in
//! `tests/reference` and the tolerances its README gives.

mod support;

use std::collections::HashMap;

use mrimaster::explain::grad_cam::grad_cam;
use mrimaster::explain::upsample::upsample;
use mrimaster::imaging::{Depth, Slice};
use mrimaster::model::VggHead;
use mrimaster::model::card::{Architecture, Fit, Input, Interpolation};
use mrimaster::model::classifier::Activations;
use mrimaster::model::network::{Network, Shape, Taps};
use mrimaster::model::prediction::{Evidence, InputRegion, TapPoint};
use mrimaster::model::preprocess::resize;
use safetensors::SafeTensors;
use support::formula;
use tch::nn::VarStore;
use tch::{Device, Tensor};

/// Figures by name, with their shapes.
struct Figures {
    about: Option<About>,
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

#[derive(serde::Deserialize)]
struct About {
    input: Vec<i64>,
    layers: Vec<String>,
    predicted: usize,
    other: usize,
}

impl Figures {
    fn read(name: &str) -> Self {
        let path =
            format!("{}/tests/reference/figures/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).expect("the figures are committed");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
        let about = header.metadata().as_ref().and_then(|metadata| metadata.get("about"));
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let tensors = tensors
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let values = match view.dtype() {
                    safetensors::Dtype::U8 => view.data().iter().map(|&v| f32::from(v)).collect(),
                    _ => view
                        .data()
                        .chunks_exact(4)
                        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                        .collect(),
                };
                (name, (view.shape().to_vec(), values))
            })
            .collect();
        Self { about: about.map(|text| serde_json::from_str(text).expect("JSON")), tensors }
    }

    fn get(&self, name: &str) -> &[f32] {
        &self.tensors.get(name).unwrap_or_else(|| panic!("no figure {name}")).1
    }
}

fn relative_l2(found: &[f32], wanted: &[f32]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let square = |v: f64| v * v;
    let difference: f64 =
        found.iter().zip(wanted).map(|(&a, &b)| square(f64::from(a) - f64::from(b))).sum();
    let size: f64 = wanted.iter().map(|&b| square(f64::from(b))).sum();
    if size == 0.0 { difference.sqrt() } else { (difference / size).sqrt() }
}

/// A network with weights by formula, that are not differentiated.
fn network(
    architecture: Architecture,
    channels: i64,
    vgg_head: VggHead,
) -> (Box<dyn Network>, VarStore) {
    tch::set_num_threads(1);
    let mut store = VarStore::new(Device::Cpu);
    let shape = Shape { architecture, classes: 4, channels, vgg_head };
    let network = shape.build(&store).expect("it is built");
    // ReLU6 is chaotic under the gain of the others.
    let lite = architecture == Architecture::EfficientnetLite0;
    formula::fill(&store, if lite { 2.0 } else { formula::GAIN });
    store.freeze();
    (network, store)
}

fn activations(architecture: Architecture, about: &About) -> Activations {
    let (mut network, _store) = network(architecture, about.input[1], VggHead::Torchvision);
    // As a classifier has it.
    network.fold().expect("folded");
    let input = formula::input(&about.input).set_requires_grad(true);
    let mut taps = Taps::on();
    let logits = network.forward(&input, false, &mut taps);
    Activations {
        logits,
        input,
        taps,
        layers: network.layers().into(),
        region: whole(about.input[3], about.input[2]),
        input_size: about.input[2] as usize,
        model: "reference".into(),
    }
}

fn whole(width: i64, height: i64) -> InputRegion {
    InputRegion { x: 0.0, y: 0.0, width: width as f32, height: height as f32 }
}

/// Everything that the figures of a network hold.
fn compare(architecture: Architecture, name: &str, layers: usize) {
    let figures = Figures::read(name);
    let about = figures.about.as_ref().expect("the figures say what they are");
    let activations = activations(architecture, about);

    let names: Vec<_> = activations.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, about.layers);
    assert_eq!(names.len(), layers);

    let logits = Vec::<f32>::try_from(activations.logits.detach().view([-1])).expect("floats");
    let error = relative_l2(&logits, figures.get("logits"));
    assert!(error <= 1e-4, "{name}: logits differ by {error:e}");

    for class in [about.predicted, about.other] {
        for (tap, word) in [(TapPoint::Conv, "conv"), (TapPoint::Unit, "unit")] {
            let evidence = grad_cam(&activations, class, tap).expect("maps");
            compare_maps(&figures, &evidence, &format!("{word}.{class}"));
            if tap == TapPoint::Conv {
                compare_upsampled(&figures, &evidence, about);
            }
        }
    }
}

fn compare_maps(figures: &Figures, evidence: &Evidence, prefix: &str) {
    for map in &evidence.maps {
        let name = format!("{prefix}.{}", map.layer.name);
        let (shape, wanted) = figures.tensors.get(&name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(shape[..], [map.height, map.width], "{name}");
        let error = relative_l2(&map.values, wanted);
        assert!(error <= 1e-4, "{name} differs by {error:e}");
        let largest = wanted.iter().copied().fold(0.0, f32::max);
        assert!((map.raw_max - largest).abs() <= largest * 1e-3, "{name}: raw maximum");
    }
}

fn compare_upsampled(figures: &Figures, evidence: &Evidence, about: &About) {
    let (height, width) = (about.input[2] as usize, about.input[3] as usize);
    for map in &evidence.maps {
        let name = format!("upsampled.{}.{}", evidence.class, map.layer.name);
        let Some((shape, wanted)) = figures.tensors.get(&name) else { continue };
        assert_eq!(shape[..], [height, width], "{name}");
        let found = min_max(upsample(map, &whole(width as i64, height as i64), width, height));
        let error = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error <= 2e-3, "{name} differs by {error}");
    }
}

fn min_max(mut pixels: Vec<f32>) -> Vec<f32> {
    let low = pixels.iter().copied().fold(f32::INFINITY, f32::min);
    let high = pixels.iter().copied().fold(0.0, f32::max);
    pixels.iter_mut().for_each(|pixel| *pixel = (*pixel - low) / (high - low + 1e-7));
    pixels
}

#[test]
fn small_cnn_equals_pytorch_and_torch_cam() {
    compare(Architecture::SmallCnn, "small_cnn", 5);
}

#[test]
fn vgg16_equals_torchvision_and_torch_cam() {
    compare(Architecture::Vgg16, "vgg16", 13);
}

#[test]
fn efficientnet_b0_equals_torchvision_and_torch_cam() {
    compare(Architecture::EfficientnetB0, "efficientnet_b0", 49);
}

#[test]
fn efficientnet_b0_equals_them_where_sides_are_odd() {
    compare(Architecture::EfficientnetB0, "efficientnet_b0_odd", 49);
}

#[test]
fn efficientnet_lite0_equals_tensorflows_convention_and_torch_cam() {
    compare(Architecture::EfficientnetLite0, "efficientnet_lite0", 49);
    compare(Architecture::EfficientnetLite0, "efficientnet_lite0_odd", 49);
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    Vec::<f32>::try_from(tensor.detach().flatten(0, -1)).expect("floats")
}

#[test]
fn folded_batch_norms_change_no_output_and_no_tap() {
    for (architecture, channels) in [
        (Architecture::SmallCnn, 1),
        (Architecture::Vgg16, 3),
        (Architecture::EfficientnetB0, 3),
        (Architecture::EfficientnetLite0, 3),
    ] {
        let (mut network, _store) = network(architecture, channels, VggHead::Pooled);
        // Few images take another way through 1×1 convolutions than many; odd sides are padded unevenly.
        for (batch, side) in [(1, 75), (5, 64), (17, 64)] {
            let one = formula::input(&[1, channels, side, side]);
            let images: Vec<Tensor> =
                (0..batch).map(|i| &one * (1.0 - 0.03 * f64::from(i))).collect();
            let input = Tensor::cat(&images, 0);
            let run = |network: &dyn Network, taps: &mut Taps| {
                tch::no_grad(|| network.forward(&input, false, taps))
            };
            let differs = |found: &Tensor, wanted: &Tensor, what: &str| {
                assert_eq!(found.size(), wanted.size(), "{what}");
                let error = relative_l2(&floats(found), &floats(wanted));
                assert!(error <= 1e-5, "{what} of {architecture:?}, batch {batch}: {error:e}");
            };
            let (mut before, mut after) = (Taps::on(), Taps::on());
            let wanted = run(network.as_ref(), &mut before);
            differs(&run(network.as_ref(), &mut Taps::off()), &wanted, "a bare forward pass");
            network.fold().expect("folded");
            differs(&run(network.as_ref(), &mut Taps::off()), &wanted, "a folded forward pass");
            differs(&run(network.as_ref(), &mut after), &wanted, "a tapped forward pass");
            let taps = [(&before.conv, &after.conv), (&before.unit, &after.unit)];
            for (before, after) in taps {
                assert_eq!(before.len(), network.layers().len());
                for (wanted, found) in before.iter().zip(after) {
                    differs(found, wanted, "a tap");
                }
            }
        }
    }
}

#[test]
fn folding_follows_the_weights_only_when_asked_to() {
    let (mut network, store) = network(Architecture::SmallCnn, 1, VggHead::Pooled);
    let input = formula::input(&[1, 1, 64, 64]);
    let logits = |network: &dyn Network, train: bool| {
        floats(&tch::no_grad(|| network.forward(&input, train, &mut Taps::off())))
    };
    network.fold().expect("folded");
    let (before, trained) = (logits(network.as_ref(), false), logits(network.as_ref(), true));
    let mut scale = store.variables().remove("features.0.1.weight").expect("a batch norm");
    drop(tch::no_grad(|| scale.g_mul_scalar_(-1.0)));
    assert_eq!(logits(network.as_ref(), false), before);
    assert_ne!(logits(network.as_ref(), true), trained, "training ignores what was folded");
    network.fold().expect("folded");
    assert!(relative_l2(&logits(network.as_ref(), false), &before) > 1e-2);
}

#[test]
fn another_definition_would_be_noticed() {
    // The comparison itself is tested: weights of 1 in the place of alpha give other maps.
    let figures = Figures::read("small_cnn");
    let about = figures.about.as_ref().expect("the figures say what they are");
    let activations = activations(Architecture::SmallCnn, about);
    for (layer, activation) in activations.layers.iter().zip(&activations.taps.conv) {
        let unweighted = activation.detach().sum_dim_intlist(1i64, false, None::<tch::Kind>).relu();
        let unweighted = Vec::<f32>::try_from(unweighted.view([-1])).expect("floats");
        let wanted = figures.get(&format!("conv.{}.{}", about.predicted, layer.name));
        assert!(relative_l2(&unweighted, wanted) > 1e-1, "{}", layer.name);
    }
}

#[test]
fn resizing_equals_pytorch() {
    let figures = Figures::read("preprocess");
    let pictures: Vec<_> =
        figures.tensors.iter().filter(|(name, _)| name.starts_with("picture.")).collect();
    assert_eq!(pictures.len(), 3);
    for (name, (shape, values)) in pictures {
        let slice = Slice::new(shape[1], shape[0], values.clone(), Depth::EightBit);
        for (fit, word) in [(Fit::Stretch, "stretch"), (Fit::Pad, "pad")] {
            let input = Input {
                size: 96,
                channels: 1,
                range: [0.0, 255.0],
                mean: vec![0.0],
                std: vec![1.0],
                interpolation: Interpolation::Bilinear,
                fit,
                levels: mrimaster::model::card::Levels::Stored,
            };
            let (tensor, _) = resize(&slice, &input).expect("resized");
            let found = Vec::<f32>::try_from(tensor.view([-1])).expect("floats");
            let wanted = figures.get(&name.replace("picture", word));
            let error = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error <= 1e-2, "{word} of {name} differs by {error}");
        }
    }
}
