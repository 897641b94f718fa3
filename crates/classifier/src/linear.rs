//! One linear separator for each class against the others: L2-regularised squared hinge loss, solved by coordinate
//! descent on the dual (Hsieh et al. 2008, “A Dual Coordinate Descent Method for Large-scale Linear SVM”, algorithm 1).

use serde::{Deserialize, Serialize};

use crate::vocabulary::Row;

/// Passes over the samples at most; 50 texts or 50,000, it mostly ends after 10 to 30.
const PASSES_MAX: u32 = 200;
/// The largest violation of the optimum that is left.
const VIOLATION_MAX: f64 = 0.01;

/// What is added to the weight of each n-gram outside of a class, so that none is infinitely rare.
const SMOOTHING: f64 = 0.1;

/// Weights of each n-gram for each class, and what each class starts from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Linear {
    classes: u32,
    /// `classes` weights for each n-gram.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// What to separate: each sample's row, class and cost of being wrong.
pub(crate) struct Problem<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) class_of: &'a [usize],
    /// How many classes there are.
    pub(crate) classes: usize,
    /// How many n-grams there are.
    pub(crate) grams: usize,
    /// What a sample of each class costs when it lies on the wrong side, above zero.
    pub(crate) cost: &'a [f64],
    /// How much the weights of complement naive Bayes count beside the separators.
    pub(crate) bayes: f64,
}

impl Linear {
    /// Separators of classes (one at most) between which nothing is to be told.
    pub(crate) fn none(classes: usize) -> Linear {
        Linear {
            classes: classes as u32,
            weights: Vec::new(),
            bias: vec![1.0; classes],
        }
    }

    pub(crate) fn train(problem: &Problem<'_>) -> Linear {
        let Problem { classes, grams, .. } = *problem;
        let mut linear = Linear {
            classes: classes as u32,
            weights: vec![0.0; classes * grams],
            bias: vec![0.0; classes],
        };
        for class in 0..classes {
            let separator = separate(problem, class);
            for (gram, weight) in separator[..grams].iter().enumerate() {
                linear.weights[gram * classes + class] = *weight as f32;
            }
            linear.bias[class] = separator[grams] as f32;
        }
        linear.add_bayes(problem);
        linear
    }

    /// Adds what complement naive Bayes (Rennie et al. 2003) says of each n-gram: how much rarer it is in all other
    /// classes, against the mean of the classes. With two or three samples a class, separators know little and this
    /// much.
    fn add_bayes(&mut self, problem: &Problem<'_>) {
        let Problem { classes, grams, .. } = *problem;
        let mut inside = vec![0.0_f64; classes * grams];
        let mut all = vec![0.0_f64; grams];
        let mut total = vec![0.0_f64; classes];
        for (row, class) in problem.rows.iter().zip(problem.class_of) {
            for (gram, value) in row {
                inside[*gram as usize * classes + class] += f64::from(*value);
                all[*gram as usize] += f64::from(*value);
                total[*class] += f64::from(*value);
            }
        }
        let sum: f64 = total.iter().sum();

        let outside: Vec<f64> = total
            .iter()
            .map(|own| libm::log(sum - own + SMOOTHING * grams as f64))
            .collect();
        for (gram, all) in all.iter().enumerate() {
            let here = gram * classes..(gram + 1) * classes;
            let rarer: Vec<f64> = inside[here.clone()]
                .iter()
                .zip(&outside)
                .map(|(own, outside)| outside - libm::log((all - own).max(0.0) + SMOOTHING))
                .collect();
            let mean = rarer.iter().sum::<f64>() / classes as f64;
            for (weight, rarer) in self.weights[here].iter_mut().zip(rarer) {
                *weight = (f64::from(*weight) + problem.bayes * (rarer - mean)) as f32;
            }
        }
    }

    /// How far the text lies on each class's side.
    pub(crate) fn margins(&self, row: &Row) -> Vec<f64> {
        let mut margins: Vec<f64> = self.bias.iter().map(|b| f64::from(*b)).collect();
        for (gram, value) in row {
            for (margin, weight) in margins.iter_mut().zip(self.of_gram(*gram)) {
                *margin += f64::from(*value) * f64::from(*weight);
            }
        }
        margins
    }

    /// The weights of one n-gram, class by class.
    pub(crate) fn of_gram(&self, gram: u32) -> &[f32] {
        let classes = self.classes as usize;
        &self.weights[gram as usize * classes..][..classes]
    }

    /// Moves just as far as the text needs to lie `reach` on its class's side (passive-aggressive, Crammer et al. 2006). What
    /// classes start from stays, or one correction would speak about texts that have no word in common with it.
    pub(crate) fn correct(&mut self, row: &Row, class: usize, reach: f64) {
        let margins = self.margins(row);
        let square: f64 = row.iter().map(|(_, v)| f64::from(*v) * f64::from(*v)).sum();
        if square == 0.0 {
            return;
        }
        let classes = self.classes as usize;
        for (other, margin) in margins.iter().enumerate() {
            let side = if other == class { 1.0 } else { -1.0 };
            let missing = reach - side * margin;
            if missing <= 0.0 {
                continue;
            }
            let step = side * missing / square;
            for (gram, value) in row {
                let weight = &mut self.weights[*gram as usize * classes + other];
                *weight = (f64::from(*weight) + step * f64::from(*value)) as f32;
            }
        }
    }

    /// The same separators among `grams` n-grams, of which the old ones are at `places`, with one class more at
    /// `new_class`, which starts as unlikely as a class without samples.
    pub(crate) fn widen(&mut self, grams: usize, places: &[u32], new_class: Option<usize>) {
        let old_classes = self.classes as usize;
        let classes = old_classes + usize::from(new_class.is_some());
        let place = |class: usize| class + usize::from(new_class.is_some_and(|new| class >= new));
        let mut weights = vec![0.0; classes * grams];
        for (old, new) in places.iter().enumerate() {
            for class in 0..old_classes {
                weights[*new as usize * classes + place(class)] =
                    self.weights[old * old_classes + class];
            }
        }
        if let Some(new) = new_class {
            self.bias.insert(new, -1.0);
        }
        self.weights = weights;
        self.classes = classes as u32;
    }

    /// Whether the parts belong together, for separators that were read.
    pub(crate) fn is_sound(&self, classes: usize, grams: usize) -> bool {
        self.classes as usize == classes
            && self.bias.len() == classes
            && classes.checked_mul(grams) == Some(self.weights.len())
            && self.weights.iter().chain(&self.bias).all(|w| w.is_finite())
    }
}

/// The weights of one class against the others; the last one is its bias.
fn separate(problem: &Problem<'_>, class: usize) -> Vec<f64> {
    let samples = problem.rows.len();
    let mut weights = vec![0.0; problem.grams + 1];
    let mut alphas = vec![0.0; samples];
    let sides: Vec<f64> = problem
        .class_of
        .iter()
        .map(|c| if *c == class { 1.0 } else { -1.0 })
        .collect();
    let diagonals: Vec<f64> = problem
        .class_of
        .iter()
        .map(|c| 0.5 / problem.cost[*c])
        .collect();
    let squares: Vec<f64> = problem
        .rows
        .iter()
        .map(|row| {
            1.0 + row
                .iter()
                .map(|(_, v)| f64::from(*v) * f64::from(*v))
                .sum::<f64>()
        })
        .collect();
    let mut order: Vec<usize> = (0..samples).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..PASSES_MAX {
        dice.shuffle(&mut order);
        let mut violation: f64 = 0.0;
        for &i in &order {
            let row = &problem.rows[i];
            let margin = weights[problem.grams]
                + row
                    .iter()
                    .map(|(g, v)| weights[*g as usize] * f64::from(*v))
                    .sum::<f64>();
            let slope = sides[i] * margin - 1.0 + diagonals[i] * alphas[i];
            let projected = if alphas[i] == 0.0 {
                slope.min(0.0)
            } else {
                slope
            };
            violation = violation.max(projected.abs());
            if projected == 0.0 {
                continue;
            }
            let old = alphas[i];
            alphas[i] = (old - slope / (squares[i] + diagonals[i])).max(0.0);
            let step = (alphas[i] - old) * sides[i];
            for (gram, value) in row {
                weights[*gram as usize] += step * f64::from(*value);
            }
            weights[problem.grams] += step;
        }
        if violation < VIOLATION_MAX {
            break;
        }
    }
    weights
}

/// Numbers without a pattern, the same ones each time (xorshift64*); coordinate descent needs a mixed order.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end as u64) as usize
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for end in (1..order.len()).rev() {
            order.swap(end, self.below(end + 1));
        }
    }
}
