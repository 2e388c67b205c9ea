//! AdamW (Loshchilov and Hutter, arXiv 1711.05101) and the running average of the weights. libtorch
//! has both, but not in a form whose state could be kept for resuming.

use tch::nn::VarStore;
use tch::{TchError, Tensor};

const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;
/// The longest gradient over all weights; a longer one is scaled down.
const LONGEST: f64 = 5.0;

/// AdamW over some variables of a store.
#[derive(Debug)]
pub struct AdamW {
    slots: Vec<Slot>,
    steps: i32,
    weight_decay: f64,
}

#[derive(Debug)]
struct Slot {
    name: String,
    variable: Tensor,
    mean: Tensor,
    square: Tensor,
}

impl AdamW {
    /// For the variables of `store` that are trained; weight decay for those with two or more
    /// dimensions (not for biases and batch norms).
    ///
    /// # Errors
    /// Where libtorch is out of memory.
    pub fn new(store: &VarStore, weight_decay: f64) -> Result<Self, TchError> {
        let mut variables: Vec<_> = store.variables().into_iter().collect();
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        let slots = variables
            .into_iter()
            .filter(|(_, variable)| variable.requires_grad())
            .map(|(name, variable)| {
                let (mean, square) = (variable.f_zeros_like()?, variable.f_zeros_like()?);
                Ok(Slot { name, variable, mean: mean.detach(), square: square.detach() })
            })
            .collect::<Result<_, TchError>>()?;
        Ok(Self { slots, steps: 0, weight_decay })
    }

    /// One step against the gradient of `loss`.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn step(&mut self, loss: &Tensor, rate: f64) -> Result<(), TchError> {
        for slot in &mut self.slots {
            slot.variable.zero_grad();
        }
        loss.f_backward()?;
        self.steps += 1;
        let [first, second] = BETA.map(|beta| 1.0 - beta.powi(self.steps));
        tch::no_grad(|| {
            let shrink = self.shrink()?;
            for slot in &mut self.slots {
                let gradient = slot.variable.grad();
                if !gradient.defined() {
                    continue;
                }
                let gradient = gradient.f_mul_scalar(shrink)?;
                let _ = slot.mean.f_lerp_(&gradient, 1.0 - BETA[0])?;
                let _ = slot.square.f_lerp_(&gradient.f_square()?, 1.0 - BETA[1])?;
                let size = slot.square.f_div_scalar(second)?.f_sqrt()?.f_add_scalar(EPSILON)?;
                let change = slot.mean.f_div(&size)?.f_mul_scalar(rate / first)?;
                if slot.variable.dim() > 1 {
                    let _ = slot.variable.f_mul_scalar_(1.0 - rate * self.weight_decay)?;
                }
                let _ = slot.variable.f_sub_(&change)?;
            }
            Ok(())
        })
    }

    /// What the gradients are multiplied by, so that together they are not too long.
    fn shrink(&self) -> Result<f64, TchError> {
        let lengths = self
            .slots
            .iter()
            .map(|slot| slot.variable.grad())
            .filter(Tensor::defined)
            .map(|gradient| gradient.f_norm())
            .collect::<Result<Vec<Tensor>, TchError>>()?;
        if lengths.is_empty() {
            return Ok(1.0);
        }
        let length = Tensor::f_stack(&lengths, 0)?.f_norm()?.f_double_value(&[])?;
        Ok((LONGEST / length.max(1e-12)).min(1.0))
    }

    /// Everything but the variables themselves, by name.
    pub fn state(&self) -> (i32, Vec<(String, Tensor)>) {
        let tensors = self.slots.iter().flat_map(|slot| {
            [("mean", &slot.mean), ("square", &slot.square)]
                .map(|(kind, tensor)| (format!("{kind}.{}", slot.name), tensor.shallow_clone()))
        });
        (self.steps, tensors.collect())
    }

    /// Takes back what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// Where a tensor is missing or has another shape.
    pub fn restore(
        &mut self,
        steps: i32,
        find: &dyn Fn(&str) -> Option<Tensor>,
    ) -> Result<(), TchError> {
        self.steps = steps;
        for slot in &mut self.slots {
            for (kind, tensor) in [("mean", &mut slot.mean), ("square", &mut slot.square)] {
                copy(&format!("{kind}.{}", slot.name), tensor, find)?;
            }
        }
        Ok(())
    }
}

/// The weights averaged over the last steps: steadier than the last ones alone. Izmailov et al.,
/// arXiv 1803.05407, with an exponential average.
#[derive(Debug)]
pub struct Average {
    pairs: Vec<(Tensor, Tensor)>,
    steps: f64,
}

/// The share of the average that stays in each step, in the long run.
const STAYS: f64 = 0.99;

impl Average {
    /// The average of `from`'s variables, kept in those of `into`, a store of the same network.
    ///
    /// # Errors
    /// Where the stores differ.
    pub fn new(from: &VarStore, into: &mut VarStore) -> Result<Self, TchError> {
        into.copy(from)?;
        into.freeze();
        let targets = into.variables();
        let pairs = from
            .variables()
            .into_iter()
            .filter_map(|(name, variable)| {
                targets.get(&name).map(|target| (target.shallow_clone(), variable))
            })
            .collect();
        Ok(Self { pairs, steps: 0.0 })
    }

    /// Takes in the weights after `steps` steps in all.
    ///
    /// # Errors
    /// Where libtorch fails.
    pub fn step(&mut self) -> Result<(), TchError> {
        self.steps += 1.0;
        let stays = STAYS.min((1.0 + self.steps) / (10.0 + self.steps));
        tch::no_grad(|| {
            for (average, variable) in &mut self.pairs {
                let _ = average.f_lerp_(variable, 1.0 - stays)?;
            }
            Ok(())
        })
    }

    pub fn steps(&self) -> f64 {
        self.steps
    }

    pub fn set_steps(&mut self, steps: f64) {
        self.steps = steps;
    }
}

/// Fills a tensor with what `find` has under its name.
pub(super) fn copy(
    name: &str,
    into: &mut Tensor,
    find: &dyn Fn(&str) -> Option<Tensor>,
) -> Result<(), TchError> {
    match find(name) {
        Some(found) if found.size() == into.size() => {
            tch::no_grad(|| into.f_copy_(&found.to_kind(into.kind())))
        }
        Some(_) => Err(TchError::Kind(format!("{name} has another shape"))),
        None => Err(TchError::Kind(format!("{name} is missing"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::nn::{Init, OptimizerConfig};
    use tch::{Device, Kind};

    /// libtorch's own AdamW on the same problem.
    #[test]
    fn steps_equal_libtorchs() {
        let store = || {
            let store = VarStore::new(Device::Cpu);
            let weight = store.root().var("w", &[3, 2], Init::Const(0.5));
            (store, weight)
        };
        let loss = |weight: &Tensor| {
            let target = Tensor::arange(6, (Kind::Float, Device::Cpu)).view([3, 2]);
            (weight - target).square().mean(Kind::Float)
        };
        let ((ours, weight), (theirs, other)) = (store(), store());
        let mut mine = AdamW::new(&ours, 0.1).expect("built");
        let config = tch::nn::AdamW { wd: 0.1, ..tch::nn::AdamW::default() };
        let mut reference = config.build(&theirs, 0.05).expect("built");
        for _ in 0..20 {
            mine.step(&loss(&weight), 0.05).expect("a step");
            reference.backward_step(&loss(&other));
        }
        let apart = (weight - other).abs().max().double_value(&[]);
        assert!(apart < 1e-5, "{apart}");
    }

    #[test]
    fn the_average_follows_behind() {
        let (from, mut into) = (VarStore::new(Device::Cpu), VarStore::new(Device::Cpu));
        let mut variable = from.root().var("w", &[1], Init::Const(0.0));
        let average = into.root().var("w", &[1], Init::Const(9.0));
        let mut running = Average::new(&from, &mut into).expect("the same");
        assert_eq!(average.double_value(&[0]), 0.0, "it starts where the weights are");
        let _ = tch::no_grad(|| variable.fill_(1.0));
        let mut last = 0.0;
        for _ in 0..5 {
            running.step().expect("a step");
            let now = average.double_value(&[0]);
            assert!(now > last && now < 1.0);
            last = now;
        }
        assert!(last > 0.9);
    }
}
