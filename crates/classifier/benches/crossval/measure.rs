//! Accuracy, macro F1, calibration.

use std::{collections::BTreeMap, fmt, fs};

/// What was said of one text: the class and its probability.
pub type Said = (String, f64, bool);

/// Truth beside what was said.
#[derive(Default)]
pub struct Outcome {
    rows: Vec<(String, Said)>,
}

impl Outcome {
    pub fn push(&mut self, truth: String, said: Said) {
        self.rows.push((truth, said));
    }

    pub fn joined(outcomes: Vec<Outcome>) -> Outcome {
        Outcome {
            rows: outcomes
                .into_iter()
                .flat_map(|outcome| outcome.rows)
                .collect(),
        }
    }

    pub fn accuracy(&self) -> f64 {
        self.right().count() as f64 / self.rows.len() as f64
    }

    fn right(&self) -> impl Iterator<Item = &(String, Said)> {
        self.rows.iter().filter(|(truth, (said, ..))| truth == said)
    }

    /// Where classes have levels: how often the first one is right.
    fn first_level(&self) -> f64 {
        let first = |class: &str| class.split('/').next().map(String::from);
        let right = self
            .rows
            .iter()
            .filter(|(truth, (said, ..))| first(truth) == first(said));
        right.count() as f64 / self.rows.len() as f64
    }

    pub fn macro_f1(&self) -> f64 {
        let mut counts: BTreeMap<&str, [f64; 3]> = BTreeMap::new();
        for (truth, (said, ..)) in &self.rows {
            counts.entry(truth).or_default()[0] += 1.0;
            counts.entry(said).or_default()[1] += 1.0;
            if truth == said {
                counts.entry(truth).or_default()[2] += 1.0;
            }
        }
        let real: Vec<f64> = counts
            .values()
            .filter(|c| c[0] > 0.0)
            .map(|c| 2.0 * c[2] / (c[0] + c[1]))
            .collect();
        real.iter().sum::<f64>() / real.len() as f64
    }

    /// Stated confidence against what was right, by tenths.
    pub fn reliability(&self) -> String {
        let mut bins = [(0.0, 0.0, 0.0); 10];
        for (truth, (said, share, _)) in &self.rows {
            let bin = &mut bins[((share * 10.0) as usize).min(9)];
            bin.0 += 1.0;
            bin.1 += share;
            bin.2 += f64::from(u8::from(truth == said));
        }
        let mut text = String::from("把握        条数  平均把握  实际正确\n");
        for (n, (count, stated, right)) in bins.iter().enumerate().filter(|(_, b)| b.0 > 0.0) {
            let line = format!(
                "{:.1}–{:.1}  {count:>8}    {:.3}     {:.3}\n",
                n as f64 / 10.0,
                (n + 1) as f64 / 10.0,
                stated / count,
                right / count
            );
            text.push_str(&line);
        }
        let apart: f64 = bins
            .iter()
            .map(|(_, stated, right)| (stated - right).abs())
            .sum();
        let sure = self.rows.iter().filter(|(_, said)| said.2).count();
        let sure_right = self.right().filter(|(_, said)| said.2).count();
        text + &format!(
            "期望校准误差 ECE {:.3}；有把握 {:.1} %，其中正确 {:.1} %",
            apart / self.rows.len() as f64,
            100.0 * sure as f64 / self.rows.len() as f64,
            100.0 * sure_right as f64 / sure.max(1) as f64
        )
    }
}

/// Mean and deviation over several divisions.
pub struct Spread {
    accuracy: (f64, f64),
    macro_f1: (f64, f64),
    first_level: (f64, f64),
}

impl Spread {
    pub fn of(outcomes: &[Outcome]) -> Spread {
        let over = |figure: fn(&Outcome) -> f64| {
            let figures: Vec<f64> = outcomes.iter().map(figure).collect();
            let mean = figures.iter().sum::<f64>() / figures.len() as f64;
            let square = figures.iter().map(|f| (f - mean).powi(2)).sum::<f64>();
            (mean, (square / (figures.len().max(2) - 1) as f64).sqrt())
        };
        Spread {
            accuracy: over(Outcome::accuracy),
            macro_f1: over(Outcome::macro_f1),
            first_level: over(Outcome::first_level),
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((accuracy, a), (macro_f1, m)) = (self.accuracy, self.macro_f1);
        write!(
            f,
            "准确率 {accuracy:.3} ± {a:.3}   宏 F1 {macro_f1:.3} ± {m:.3}"
        )?;
        let (first, d) = self.first_level;
        if first == accuracy {
            Ok(())
        } else {
            write!(f, "   一级分类 {first:.3} ± {d:.3}")
        }
    }
}

/// How busy the machine is, where the system says so.
pub fn load() -> String {
    match fs::read_to_string("/proc/loadavg") {
        Ok(load) => format!("负载 {}", load.split(' ').next().unwrap_or_default()),
        Err(_) => String::from("负载不明"),
    }
}
